"""A comparison as a table for people: operations and times row by row, derivatives, the plot."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

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
from backprop.showing.numbers import short

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
WIDE = 96  # columns from which operations and times stand in one table
LISTED = 12  # derivatives shown
NAMED = 12  # inputs listed above the table
LONG = 200  # characters of a text that is not repeated there
PRECISION = 8
KINDS = ("central", "forward")
STEPS = ("h", "central difference", "forward difference")


class Column(NamedTuple):
    heading: str
    cells: list[str]


def render(found: Comparison, *, times: bool) -> Iterator[RenderableType]:
    yield Text(visible(headline(found)), style="bold", overflow="fold")
    yield Tables(found.rows, times=times)
    for line in derivatives(found.rows):
        yield Hanging(Text(visible(line), overflow="fold"))
    for reason in reasons(found.rows, times=times):
        yield Hanging(Text(f"note: {reason}", style="yellow"))
    if found.difference:
        yield from render_difference(found.difference)
    for notice in found.notices:
        if found.report is None or notice not in found.report.faults:
            yield Hanging(Text(f"note: {visible(notice.message)}", style="yellow"))


def headline(found: Comparison) -> str:
    """The program, or how it is iterated."""
    if found.iterated:
        *_, last = found.program.text.split("\n")
        start = f"{found.iterated.names[0]} = {found.iterated.start}"
        return start if last == start else f"{start}, ... {last}"
    text = " ".join(found.program.text.split())
    names = list(found.program.inputs)
    inputs = ", ".join(names) if len(names) <= NAMED else "..."
    oneline = "=" not in text and len(text) <= LONG
    return f"{found.program.output_name}({inputs})" + (f" = {text}" if oneline else "")


def render_markdown(found: Comparison, *, times: bool) -> Iterator[str]:
    headings, rows = grid(found, times=times)
    yield f"{code(headline(found))}\n\n"
    yield from markdown_table(
        headings, ([code(name), *cells] for name, *cells in rows), range(1, 10)
    )
    lines = derivatives(found.rows)
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
    yield from (f"{visible(line)}\n" for line in derivatives(found.rows))
    yield from (f"note: {visible(note)}\n" for note in notes(found, times=times))
    if found.difference:
        yield f"{visible(about_difference(found.difference))}\n"
        rows = ([f"h {step}", *errors] for step, *errors in steps(found.difference))
        yield from plain_rows(STEPS, rows)
        yield from (f"{line}\n" for line in best_steps(found.difference))


FORMS = {"markdown": render_markdown, "plain": render_plain}


def grid(found: Comparison, *, times: bool) -> tuple[list[str], list[list[str]]]:
    """Headings, and the cells of each row."""
    columns = operation_columns(found.rows) + (time_columns(found.rows) if times else [])
    headings = ["program", *(column.heading.replace("\n", " ") for column in columns)]
    if times:
        headings[4], headings[-1] = "operations of staged passes", "time of staged passes"
    rows = zip(*(column.cells for column in columns), strict=True)
    return headings, [[row.name, *cells] for row, cells in zip(found.rows, rows, strict=True)]


def notes(found: Comparison, *, times: bool) -> list[str]:
    faults = () if found.report is None else found.report.faults
    said = [notice.message for notice in found.notices if notice not in faults]
    return [*reasons(found.rows, times=times), *said]


class Tables:
    """The rows: one table where there is room, else operations and times below each other."""

    def __init__(self, rows: Sequence[Row], *, times: bool) -> None:
        self.rows = rows
        self.times = times

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        names = Column("", [row.name for row in self.rows])
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


def listed(rows: Sequence[Row], groups: Sequence[Sequence[Column]]) -> Iterator[RenderableType]:
    """Row by row, each cell on a line with its heading."""
    for place, row in enumerate(rows):
        yield Text(f"\n{row.name}", style="bold", overflow="fold")
        grid = Table.grid(padding=(0, 2))
        for group in groups:
            for column in group:
                grid.add_row("", column.heading.replace("\n", " "), column.cells[place])
        yield grid
    yield Text("")


def operation_columns(rows: Sequence[Row]) -> list[Column]:
    return [
        Column("SymPy's\nvalue", [amount(row.symbolic.value) for row in rows]),
        Column("its\ngradient", [amount(row.symbolic.gradient) for row in rows]),
        Column("both\nwith cse", [amount(row.symbolic.cse) for row in rows]),
        Column("staged\npasses", [amount(row.staged.total) for row in rows]),
    ]


def time_columns(rows: Sequence[Row]) -> list[Column]:
    return [
        Column("time to\nderive", [duration(row.seconds.derive) for row in rows]),
        Column("time of\ncse", [duration(row.seconds.cse) for row in rows]),
        Column("time to\nevaluate", [duration(row.seconds.evaluate) for row in rows]),
        Column("the same\nwith cse", [duration(row.seconds.evaluate_cse) for row in rows]),
        Column("staged\npasses", [duration(row.seconds.staged) for row in rows]),
    ]


def table_of(columns: Sequence[Column]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        table.add_column(column.heading, justify="right" if place else "left", overflow="fold")
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def amount(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def duration(seconds: float | None) -> str:
    """A time in the unit that leaves one to three digits before the point: 1.2 ms."""
    if seconds is None:
        return "-"
    size, unit = next((unit for unit in UNITS if seconds >= unit[0]), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def derivatives(rows: Sequence[Row]) -> list[str]:
    """The derivatives that are short enough to read."""
    lines = [
        f"d{row.name}/d{name} = {text}"
        for row in rows
        for name, text in row.symbolic.derivative.items()
    ]
    more = len(lines) - LISTED
    return lines[:LISTED] + ([f"and {more} more derivatives; --json has them"] if more > 0 else [])


def reasons(rows: Sequence[Row], *, times: bool) -> list[str]:
    """Why something is missing, said once for all rows that it is missing for."""
    lacking: dict[str, list[str]] = {}
    for row in rows:
        if row.symbolic.reason and (times or row.symbolic.cse is None):
            lacking.setdefault(row.symbolic.reason, []).append(row.name)
    return [
        f"{names[0]}{f' to {names[-1]}' if len(names) > 1 else ''}: {reason}"
        for reason, names in lacking.items()
    ]


def about_difference(found: Difference) -> str:
    at = ", ".join(f"{name} = {short(value, PRECISION)}" for name, value in found.point.items())
    slope = short(found.slope, PRECISION)
    return f"d{found.output}/d{found.wrt} = {slope} at {at}; finite differences miss it by:"


def steps(found: Difference) -> list[list[str]]:
    """The errors of both differences at every step."""
    return [
        [f"{step.h:.1e}", short(step.central, 2), short(step.forward, 2)] for step in found.steps
    ]


def best_steps(found: Difference) -> Iterator[str]:
    for kind in KINDS:
        if best := found.best(kind):
            error = short(getattr(best, kind), 2)
            yield f"{kind} difference: best h = {best.h:.1e}, error {error}"
        else:
            yield f"{kind} difference: finite at no step"


def render_difference(found: Difference) -> Iterator[RenderableType]:
    yield Text("")
    yield Hanging(Text(visible(about_difference(found)), style="bold", overflow="fold"))
    yield Text("")
    central = [(step.h, step.central) for step in found.steps]
    ahead = [(step.h, step.forward) for step in found.steps]
    label = "relative error" if found.relative else "error"
    yield Plot(central, ahead, KINDS, label)
    yield from (Hanging(Text(line)) for line in best_steps(found))
