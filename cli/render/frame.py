"""What all tables of stages have in common: colours, headings, and how many rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich import box
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from backprop.answer.report import Report
from backprop.showing.columns import columns

FORWARD = "green"
BACKWARD = "red"
WIDEST = 60  # columns of a stage's code before it is folded
INPUTS = 100  # inputs listed in the table; the gradient below it has all


ANY_WIDTH = 100_000
INDENT = 4  # columns by which the later lines of a paragraph are indented


class Hanging:
    """A paragraph whose later lines are indented, so that they look like no lines of their own."""

    def __init__(self, text: Text, indent: int = INDENT) -> None:
        self.text = text
        self.indent = indent

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if self.text.cell_len <= options.max_width:
            yield self.text
            return
        first = self.text.wrap(console, options.max_width, overflow="fold")[0]
        yield first
        start = len(first.plain.rstrip())
        start += len(self.text.plain[start:]) - len(self.text.plain[start:].lstrip())
        room = max(1, options.max_width - self.indent)
        for line in self.text[start:].wrap(console, room, overflow="fold"):
            yield Text.assemble(" " * self.indent, line)


class Fitting:
    """A table where there is room for it, else what it holds as a list."""

    def __init__(
        self, table: Table, listed: Callable[[], Iterable[RenderableType]], least: int = 0
    ) -> None:
        self.table = table
        self.listed = listed
        self.least = least  # columns of a table whose last column may be folded

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        if options.max_width >= (self.least or width_of(self.table, console, options)):
            yield self.table
        else:
            yield from self.listed()


def width_of(table: Table, console: Console, options: ConsoleOptions) -> int:
    """The columns that a table needs if nothing in it is folded."""
    return Measurement.get(console, options.update_width(ANY_WIDTH), table).maximum


def headings(report: Report, *, ascii_only: bool) -> dict[str, str]:
    """What stands above the numbers of a slot, and in which colour."""
    return {
        one.title if ascii_only else one.heading: FORWARD if one.forward else BACKWARD
        for one in columns(report)
    }


def new_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")


def numbered(number: int | None, code: str, most: int) -> str:
    """`(3) q = x + y`, with room for the largest number. An input has no number."""
    head = f"({number}) " if number else ""
    return head.rjust(room(most)) + code


def folded(title: str, most: int) -> str:
    """The same on several lines, if it is long."""
    margin = room(most)
    head, code = title[:margin], title[margin:]
    lines = [code[start : start + WIDEST] for start in range(0, len(code), WIDEST)] or [""]
    return head + f"\n{' ' * margin}".join(lines)


def room(most: int) -> int:
    """Columns that the largest number of a stage takes."""
    return len(str(most)) + 3 if most else 0
