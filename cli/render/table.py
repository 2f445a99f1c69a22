"""The answer for people: inputs, every stage forward and backward, the gradient, the notes.

Values are green and gradients red, as in the lecture notes; without colour the headings say
the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.answer.report import Report
from backprop.cli.colour import VERDICTS
from backprop.cli.render.frame import BACKWARD, FORWARD, Hanging
from backprop.errors import visible
from backprop.showing.answer import Answer
from backprop.showing.lines import answers, headline, notes, verdict
from backprop.showing.numbers import View


def render_stages(report: Report, view: View) -> Iterator[RenderableType]:
    yield Text(visible(headline(report.program)), style="bold", overflow="fold")
    if not report.program.arrays:
        from backprop.cli.render.stages import Stages

        yield Stages(report, view)
    else:
        from backprop.cli.render.array_table import ArrayStages

        yield ArrayStages(report, view)


def render_answers(report: Report, view: View) -> Iterator[RenderableType]:
    hanging = report.program.arrays
    for answer in answers(report, view, view.block if hanging and view.full else None):
        style = BACKWARD if "/" in answer.name else FORWARD
        yield one_answer(answer, style, hanging=hanging)
        if answer.exact:
            yield Text(f"  exactly {answer.exact}", style=style, overflow="fold")
    style = VERDICTS.get(report.check.verdict, "yellow")
    yield Hanging(Text(f"check: {verdict(report)}", style=style))
    for note in notes(report):
        yield Hanging(Text(f"note: {visible(note)}", style="yellow"))


def one_answer(answer: Answer, style: str, *, hanging: bool) -> RenderableType:
    """A line, which hangs from its equals sign if it may be long."""
    said = Text.assemble(
        answer.formula and f"{answer.formula} = ", (answer.number, style),
        answer.doubt and f"  ({answer.doubt})", overflow="fold",
    )  # fmt: skip
    name = Text(f"{answer.name} = ")
    if not hanging:
        return Hanging(name + said)
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(name, said)
    return grid
