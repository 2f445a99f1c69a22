"""The table for people: inputs, every stage forward and backward, the gradient, the notes.

Values are green and gradients red, as in the lecture notes; without colour the column
headings say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.answer.report import Report
from backprop.cli.render.frame import BACKWARD, FORWARD, INPUTS, WIDEST, left_out, new_table
from backprop.cli.render.lines import (
    Answer,
    answers,
    headline,
    notes,
    passings,
    shape_of,
    shown_stages,
    verdict,
)
from backprop.cli.render.numbers import View
from backprop.errors import visible

VERDICT_STYLES = {"agree": "green", "unchecked": "dim", "differ": "bold red"}


def render_stages(report: Report, view: View) -> Iterator[RenderableType]:
    yield Text(visible(headline(report.program)), style="bold", overflow="fold")
    if not report.program.arrays:
        yield stage_table(report, view)
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
    yield Text(
        f"check: {verdict(report)}", style=VERDICT_STYLES.get(report.check.verdict, "yellow")
    )
    for note in notes(report):
        yield Text(f"note: {visible(note)}", style="yellow")


def one_answer(answer: Answer, style: str, *, hanging: bool) -> RenderableType:
    """A line, which hangs from its equals sign if it may be long."""
    said = Text.assemble(
        answer.formula and f"{answer.formula} = ", (answer.number, style),
        answer.doubt and f"  ({answer.doubt})", overflow="fold",
    )  # fmt: skip
    name = Text(f"{answer.name} = ")
    if not hanging:
        return name + said
    grid = Table.grid()
    grid.add_column(no_wrap=True)
    grid.add_column()
    grid.add_row(name, said)
    return grid


def stage_table(report: Report, view: View) -> Table:
    table = new_table()
    table.add_column("stage", overflow="fold", max_width=WIDEST)
    if view.shapes:
        table.add_column("shape")
    for heading, style in (("value", FORWARD), ("gradient", BACKWARD)):
        table.add_column(heading, justify="right", style=style, no_wrap=True, overflow="fold")
    table.add_column("local derivative", overflow="fold")
    table.add_column("passes back", style=BACKWARD, overflow="fold")

    def numbers(slot: int) -> list[str]:
        shape = [shape_of(report.program, slot)] if view.shapes else []
        return [*shape, view.short(report.values[slot]), view.short(report.every.gradient(slot))]

    for name, slot in list(report.program.inputs.items())[:INPUTS]:
        table.add_row(name, *numbers(slot))
    table.add_section()
    for row in shown_stages(report):
        if isinstance(row, int):
            table.add_row(left_out(row))
            continue
        stage, rows = row.stage, passings(report, row, view)
        table.add_row(
            f"{stage.name} = {stage.code}",
            *numbers(stage.slot),
            "\n".join(passing.local for passing in rows),
            "\n".join(passing.flow for passing in rows),
        )
    return table
