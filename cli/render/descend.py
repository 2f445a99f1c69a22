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
from backprop.cli.render.lines import headline
from backprop.cli.render.numbers import View
from backprop.descending.course import Step
from backprop.descending.descend import Descent
from backprop.errors import visible

EXTRA = 8  # columns that a number takes beside its digits: -0.000, e-05, and a gap
FIXED = 22  # those of the step and the largest slope
COLUMNS = 8  # parameters that have a column
LISTED = 40  # parameters whose last value is listed
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


def grid(found: Descent, steps: Sequence[Step], view: View) -> tuple[list[str], list[list[str]]]:
    """Headings, and a row for each step that is kept, with the parameters that are numbers."""
    first = steps[0].point if steps else {}
    names = [name for name, value in first.items() if isinstance(value, float)][:COLUMNS]
    headings = ["step", visible(loss_name(found)), *names, "largest slope"]
    rows = [
        [str(step.number), *map(view.short, (step.value, *map(step.point.get, names), step.size))]
        for step in steps
    ]
    return headings, rows


def loss_name(found: Descent) -> str:
    name = found.program.output_name
    return f"mean {name}" if found.rows else name


def manner(found: Descent) -> str:
    """What was done: `adam, lr = 0.1 (cosine), mini-batches of 16 of 150 rows`."""
    choice = found.choice
    parts = [choice.method]
    if choice.rate is not None:
        schedule = "" if choice.schedule == "constant" else f" ({choice.schedule})"
        parts.append(f"lr = {choice.rate:g}{schedule}")
    if found.rows:
        some = choice.batch is not None and choice.batch < found.rows
        parts.append(f"batches of {choice.batch} of {found.rows} rows" if some
                     else f"{found.rows} rows")  # fmt: skip
        if found.streamed:
            parts.append("read again at every step")
    return ", ".join(parts)


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


def ending(found: Descent) -> str:
    count = f"{found.steps:,} step{'' if found.steps == 1 else 's'}"
    said = {"steps": f"{count} done", "early": f"ended early after {count}"}.get(
        found.status, f"converged after {count}"
    )
    return f"{said}: {found.verdict.reason}"


def answers(found: Descent, view: View) -> Iterator[str]:
    """The loss and the parameters at the last point."""
    if found.last is None:
        return
    yield f"{visible(loss_name(found))} = {view.short(found.last.value)}"
    if found.course.valid:
        number, value = found.course.valid[-1]
        best, lowest = min(found.course.valid, key=lambda one: (one[1], one[0]))
        told = f"on other rows {view.short(value)} after step {number:,}"
        yield told + (
            f", lowest {view.short(lowest)} after step {best:,}" if best != number else ""
        )
    for name, value in list(found.last.point.items())[:LISTED]:
        yield f"{name} = {view.short(value)}"
    more = len(found.last.point) - LISTED
    if more > 0:
        yield f"and {more} more parameters; --json has them"
