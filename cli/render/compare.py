"""A comparison as a table for people: operations and times row by row, derivatives, the plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from backprop.cli.render.forms import code, escaped, markdown_table, plain_rows
from backprop.cli.render.frame import Hanging, width_of
from backprop.cli.render.plot import Plot
from backprop.comparing.compare import Comparison
from backprop.comparing.differencing import Difference
from backprop.comparing.measuring import Row
from backprop.errors import visible
from backprop.showing.comparisons import (
    KINDS,
    STEPS,
    Cells,
    about_difference,
    best_steps,
    derivatives,
    grid,
    headline,
    notes,
    operation_columns,
    reasons,
    steps,
    time_columns,
)

WIDE = 96  # columns from which operations and times stand in one table


def render(found: Comparison, *, times: bool) -> Iterator[RenderableType]:
    yield Text(visible(headline(found)), style="bold", overflow="fold")
    yield Tables(found.rows, times=times)
    for line in derivatives(found):
        yield Hanging(Text(visible(line), overflow="fold"))
    for reason in reasons(found.rows, times=times):
        yield Hanging(Text(f"note: {reason}", style="yellow"))
    if found.difference:
        yield from render_difference(found.difference)
    for notice in found.notices:
        if found.report is None or notice not in found.report.faults:
            yield Hanging(Text(f"note: {visible(notice.message)}", style="yellow"))


def render_markdown(found: Comparison, *, times: bool) -> Iterator[str]:
    headings, rows = grid(found, times=times)
    yield f"{code(headline(found))}\n\n"
    yield from markdown_table(
        headings, ([code(name), *cells] for name, *cells in rows), range(1, 10)
    )
    lines = derivatives(found)
    yield from (f"{'' if place else chr(10)}- {code(line)}\n" for place, line in enumerate(lines))
    for note in notes(found, times=times):
        yield f"\n> {escaped(note)}\n"
    if found.difference:
        yield f"\n{escaped(about_difference(found.difference))}\n\n"
        yield from markdown_table(STEPS, steps(found.difference), range(3))
        yield "\n"
        yield from (f"- {escaped(line)}\n" for line in best_steps(found.difference))


def render_plain(found: Comparison, *, times: bool) -> Iterator[str]:
    yield f"{visible(headline(found))}\n"
    yield from plain_rows(*grid(found, times=times))
    yield from (f"{visible(line)}\n" for line in derivatives(found))
    yield from (f"note: {visible(note)}\n" for note in notes(found, times=times))
    if found.difference:
        yield f"{visible(about_difference(found.difference))}\n"
        rows = ([f"h {step}", *errors] for step, *errors in steps(found.difference))
        yield from plain_rows(STEPS, rows)
        yield from (f"{line}\n" for line in best_steps(found.difference))


FORMS = {"markdown": render_markdown, "plain": render_plain}


class Tables:
    """The rows: one table where there is room, else operations and times below each other."""

    def __init__(self, rows: Sequence[Row], *, times: bool) -> None:
        self.rows = rows
        self.times = times

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = Cells("", [row.name for row in self.rows])
        groups = [operation_columns(self.rows)]
        if self.times:
            groups.append(time_columns(self.rows))
        if options.max_width >= WIDE:
            groups = [[column for group in groups for column in group]]
        tables = [table_of([names, *group]) for group in groups]
        if all(width_of(table, console, options) <= options.max_width for table in tables):
            yield from tables
        else:
            yield from listed(self.rows, groups)


def listed(rows: Sequence[Row], groups: Sequence[Sequence[Cells]]) -> Iterator[RenderableType]:
    """Row by row, each cell on a line with its heading."""
    for place, row in enumerate(rows):
        yield Text(f"\n{row.name}", style="bold", overflow="fold")
        grid = Table.grid(padding=(0, 2))
        for group in groups:
            for column in group:
                grid.add_row("", column.heading.replace("\n", " "), column.cells[place])
        yield grid
    yield Text("")


def table_of(columns: Sequence[Cells]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column.heading, justify="right" if place else "left", overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def render_difference(found: Difference) -> Iterator[RenderableType]:
    yield Text("")
    yield Hanging(Text(visible(about_difference(found)), style="bold", overflow="fold"))
    yield Text("")
    central = [(step.h, step.central) for step in found.steps]
    ahead = [(step.h, step.forward) for step in found.steps]
    label = "relative error" if found.relative else "error"
    yield Plot(central, ahead, KINDS, label)
    yield from (Hanging(Text(line)) for line in best_steps(found))
