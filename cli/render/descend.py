"""A descent for people: a table of steps, the loss as a curve, how it ended, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from backprop.cli.render.curve import LossCurve
from backprop.cli.render.forms import code, escaped, markdown_table, plain_rows
from backprop.cli.render.frame import Hanging
from backprop.descending.course import Step
from backprop.descending.descend import Descent
from backprop.errors import visible
from backprop.showing.descents import COLUMNS, answers, ending, grid, loss_name, manner
from backprop.showing.lines import headline
from backprop.showing.numbers import View

EXTRA = 8  # columns that a number takes beside its digits: -0.000, e-05, and a gap
FIXED = 22  # those of the step and the largest slope
STYLES = {"converged": "green", "steps": "yellow", "early": "green"}


def render(found: Descent, view: View) -> Iterator[RenderableType]:
    yield Text(visible(headline(found.program)), style="bold", overflow="fold")
    yield Text(visible(manner(found)), style="dim", overflow="fold")
    rows = found.course.rows()
    if rows:
        yield StepTable(loss_name(found), rows, view)
    if len(found.course.values) > 1:
        yield LossCurve(found.course.values, loss_name(found))
        yield Text("")
    if found.fine:
        yield Hanging(Text(visible(ending(found)), style=STYLES[found.status], overflow="fold"))
    for place, line in enumerate(answers(found, view)):
        yield Text(line, style="" if place else "green", overflow="fold")


def render_markdown(found: Descent, view: View) -> Iterator[str]:
    yield f"{code(headline(found.program))}\n\n{escaped(manner(found))}\n"
    if rows := found.course.rows():
        yield "\n"
        yield from markdown_table(*grid(found, rows, view), range(20))
    yield "\n"
    yield from (f"- {code(line)}\n" for line in answers(found, view))
    if found.fine:
        yield f"\n{escaped(ending(found))}\n"


def render_plain(found: Descent, view: View) -> Iterator[str]:
    yield f"{visible(headline(found.program))}\n{visible(manner(found))}\n"
    headings, rows = grid(found, found.course.rows(), view)
    yield from plain_rows(headings, ([f"step {number}", *cells] for number, *cells in rows))
    if found.fine:
        yield f"{visible(ending(found))}\n"
    yield from (f"{line}\n" for line in answers(found, view))


FORMS = {"markdown": render_markdown, "plain": render_plain}


class StepTable:
    """A row for each point that is kept, with as many parameters as there is room for; arrays
    have no column."""

    def __init__(self, name: str, rows: Sequence[Step], view: View) -> None:
        self.name = name
        self.rows = rows
        self.view = view

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        wide = self.view.precision + EXTRA
        room = (options.max_width - FIXED - wide) // wide
        first = self.rows[0].point
        numbers = [name for name, value in first.items() if isinstance(value, float)]
        yield self.table(numbers[: max(0, min(room, COLUMNS))])

    def table(self, names: Sequence[str]) -> Table:
        drawn = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
        drawn.add_column("step", justify="right")
        drawn.add_column(visible(self.name), justify="right", style="green", overflow="fold")
        for name in names:
            drawn.add_column(name, justify="right", overflow="fold")
        drawn.add_column("largest slope", justify="right", style="red", overflow="fold")
        for step in self.rows:
            numbers = [step.value, *(step.point[name] for name in names), step.size]
            drawn.add_row(str(step.number), *map(self.view.short, numbers))
        return drawn
