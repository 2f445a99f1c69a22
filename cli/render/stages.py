"""The stages of a program of numbers: a table where there is room for it, else a list.

A local derivative and what it passes back stand on one line in both: a table in which a cell
would have to be folded becomes a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType
from rich.table import Table
from rich.text import Text

from backprop.answer.report import Report
from backprop.cli.output import UNBOUNDED
from backprop.cli.render.frame import (
    BACKWARD,
    INPUTS,
    folded,
    headings,
    new_table,
    numbered,
)
from backprop.showing.columns import backward, columns
from backprop.showing.lines import NOTHING, Passing, passings, shape_of
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, Gap, inputs, shown

BETWEEN = "   "  # a local derivative and what it passes back
MARGIN, LESS = 4, 2  # columns before what belongs to a stage, in a list; less where it is narrow
NARROW = 80


class Row(NamedTuple):
    """An input or a stage; with no numbers a line about stages that are left out."""

    title: str
    numbers: Sequence[str] = ()  # the shape, if it is shown, the value and the gradient
    passings: Sequence[Passing] = ()
    output: bool = False
    lowered: bool = False  # is the last of the numbers how many digits fewer bits keep?


class Stages:
    def __init__(self, report: Report, view: View) -> None:
        self.report = report
        self.view = view
        self.selection = view.selection or ALL
        self.backward = backward(report)
        given = list(inputs(report, self.selection).items())[:INPUTS]
        most = report.program.size
        self.lowered = report.lowered is not None
        self.inputs = [
            Row(numbered(None, name, most), self.numbers(slot), lowered=self.lowered)
            for name, slot in given
        ]
        self.stages = [
            Row(str(found)) if isinstance(found, Gap)
            else Row(
                numbered(found.stage.id, f"{found.stage.name} = {found.stage.code}", most),
                self.numbers(found.stage.slot),
                passings(report, found, view),
                found.stage.slot == report.program.output,
                self.lowered,
            )
            for found in shown(report, self.selection)
        ]  # fmt: skip

    def numbers(self, slot: int) -> list[str]:
        report, short = self.report, self.view.short
        shape = [shape_of(report.program, slot)] if self.view.shapes else []
        kept = [self.kept(slot)] if self.lowered else []
        return [*shape, *(short(one.number(slot)) for one in columns(report)), *kept]

    def kept(self, slot: int) -> str:
        """The digits that are left of value and gradient: `3.3 0.8`."""
        found = self.report.lowered
        return " ".join(
            f"{kept.digits:.1f}" for kept in (found.values[slot], found.gradients[slot])
        )

    @property
    def groups(self) -> list[list[Row]]:
        """What comes first is above: with --order backward the stages."""
        found = [self.inputs, self.stages]
        return found[::-1] if self.selection.backward else found

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        width = options.max_width
        table = self.table(ascii_only=options.ascii_only)
        wanted = console.measure(table, options=options.update(max_width=UNBOUNDED)).maximum
        if wanted <= width:
            yield table
        else:
            yield from self.listed(width, ascii_only=options.ascii_only)

    def table(self, *, ascii_only: bool) -> Table:
        table = new_table()
        table.add_column("stage", no_wrap=True)
        if self.view.shapes:
            table.add_column("shape", no_wrap=True)
        for heading, style in headings(self.report, ascii_only=ascii_only).items():
            table.add_column(heading, justify="right", style=style, no_wrap=True)
        if self.lowered:
            full = self.report.lowered.how.format.digits
            table.add_column(f"of {full:.1f} digits", justify="right", no_wrap=True)
        table.add_column("local derivative", no_wrap=True)
        if self.backward:
            table.add_column("passes back", style=BACKWARD, no_wrap=True)
        for group in self.groups:
            for row in group:
                self.add(table, row)
            table.add_section()
        return table

    def add(self, table: Table, row: Row) -> None:
        """A row for every passing; the first one has the stage and its numbers too."""
        first, *others = [self.cells(one) for one in row.passings] or [[""] * (1 + self.backward)]
        style = "bold" if row.output else None
        cells = [dimmed(number) for number in row.numbers]
        table.add_row(folded(row.title, self.report.program.size), *cells, *first, style=style)
        for other in others:
            table.add_row("", *[""] * len(cells), *other, style=style)

    def cells(self, passing: Passing) -> list[RenderableType]:
        return [local(passing), flow(passing)] if self.backward else [local(passing)]

    def listed(self, width: int, *, ascii_only: bool) -> Iterator[RenderableType]:
        """Every stage with its numbers and what it passes back below its name."""
        named = headings(self.report, ascii_only=ascii_only)
        for group in filter(None, self.groups):
            yield Text()
            if group is self.inputs:
                yield from listed_inputs(group, width, named)
                continue
            for row in group:
                if row is not group[0]:
                    yield Text()
                style = "bold" if row.output else ""
                yield from hanging(Text(row.title, style=style), width, margin(width) + 2)
                yield from listed_numbers(parts(row, named), width)
                if self.backward:
                    yield from listed_passings(row.passings, width)
        yield Text()


def local(passing: Passing) -> Text:
    return Text(passing.local, style="dim" if passing.number == "1" else "")


def flow(passing: Passing) -> Text:
    """What is passed back; the += of a fork stands out."""
    if not passing.flow:
        return Text(NOTHING, style="dim")
    name, sign, number = passing.flow.split(" ", 2)
    return Text.assemble(f"{name} ", (sign, "bold" if sign == "+=" else ""), f" {number}")


def dimmed(number: str) -> Text:
    return Text(number, style="dim" if number == "1" else "")


def parts(row: Row, named: dict[str, str]) -> list[Text]:
    """`value ↓ 3` and `gradient ↑ -4`."""
    styles = {"shape": "", **named}
    if row.lowered:
        styles["digits"] = ""
    titles = [*styles][-len(row.numbers) :] if row.numbers else []
    return [
        Text.assemble(f"{title} ", (number, styles[title]))
        for title, number in zip(titles, row.numbers, strict=True)
    ]


def listed_inputs(rows: Sequence[Row], width: int, named: dict[str, str]) -> Iterator[Text]:
    """Each on one line with its numbers; where that is too long, above them."""
    titles = [row.title if width >= NARROW else row.title.strip() for row in rows]
    found = [parts(row, named) for row in rows]
    columns = [titles, *([part.plain for part in column] for column in zip(*found, strict=True))]
    widths = [max(map(cell_len, column)) for column in columns[:-1]]
    for title, numbers in zip(titles, found, strict=True):
        cells = [Text(title), *numbers]
        for cell, room in zip(cells, widths, strict=False):
            cell.pad_right(room - cell.cell_len)
        line = Text(BETWEEN).join(cells)
        if line.cell_len <= width:
            yield line
        else:
            yield from hanging(Text(title), width, margin(width) + 2)
            yield from listed_numbers(numbers, width)


def listed_numbers(found: Sequence[Text], width: int) -> Iterator[Text]:
    line = Text(" " * margin(width)) + Text(BETWEEN).join(found)
    if line.cell_len <= width:
        found = [Text(BETWEEN).join(found)] if found else []
    for part in found:
        yield from hanging(Text(" " * margin(width)) + part, width, margin(width) + 2)


def listed_passings(found: Sequence[Passing], width: int) -> Iterator[Text]:
    """Each on one line, under one another; where that is too long, the formula goes above."""
    widest = max((cell_len(one.local) for one in found), default=0)
    for one in found:
        right = Text(style=BACKWARD) + flow(one)
        for room in (widest, 0):
            left = local(one)
            left.pad_right(max(0, room - left.cell_len))
            line = Text.assemble(" " * margin(width), left, BETWEEN, right)
            if line.cell_len <= width:
                yield line
                break
        else:
            yield from apart(one, right, width)


def apart(one: Passing, right: Text, width: int) -> Iterator[Text]:
    """The formula, and below it the number with what it passes back."""
    edge = " " * margin(width)
    if one.formula and one.number:
        above = Text(f"{edge}{one.slope} = {one.formula}")
        below = Text(f"{edge}  = {one.number}{BETWEEN}") + right
        if below.cell_len <= width:
            yield from hanging(above, width, margin(width) + 4)
            yield below
            return
    yield from hanging(Text(edge) + local(one), width, margin(width) + 4)
    yield from hanging(Text(f"{edge}  ") + right, width, margin(width) + 4)


def margin(width: int) -> int:
    return MARGIN if width >= NARROW else LESS


def hanging(line: Text, width: int, indent: int) -> Iterator[Text]:
    """A line; where it is longer than the screen, it goes on in the next, indented."""
    if line.cell_len <= width or width <= indent:
        yield line
        return
    head, rest = line.divide([width])
    yield head
    room = width - indent
    for piece in rest.divide(range(room, len(rest), room)):
        yield Text(" " * indent) + piece
