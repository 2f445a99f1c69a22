"""The stages of a program with arrays: a table where there is room for one, else a list.

A cell holds an array on several lines; how a stage passes back stands as a formula with what
it comes to below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
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
from backprop.showing.arrays import brief
from backprop.showing.columns import backward, columns
from backprop.showing.lines import Pull, pulls, shape_of, short_code
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, Gap, inputs, shown

FORMULA = 30  # columns of a formula before it is folded
HEADINGS = 14  # columns before an array, in a list
MARGIN = (0, 0, 0, 4)  # of what stands below the name of a stage, in a list


class Row(NamedTuple):
    """An input or a stage, or with no slot only a line that says something."""

    title: str
    slot: int | None
    pulls: Sequence[Pull] = ()
    output: bool = False


class ArrayStages:
    def __init__(self, report: Report, view: View) -> None:
        self.report = report
        self.view = view
        self.selection = view.selection or ALL
        self.backward = backward(report)
        given = list(inputs(report, self.selection).items())[:INPUTS]
        most = report.program.size
        self.inputs = [Row(numbered(None, name, most), slot) for name, slot in given]
        self.stages = [
            Row(str(found), None) if isinstance(found, Gap)
            else Row(
                numbered(
                    found.stage.id, f"{found.stage.name} = {short_code(found.stage.code)}", most
                ),
                found.stage.slot,
                [*pulls(report, found)],
                found.stage.slot == report.program.output,
            )
            for found in shown(report, self.selection)
        ]  # fmt: skip

    @property
    def groups(self) -> list[list[Row]]:
        """What comes first is above: with --order backward the stages."""
        found = [self.inputs, self.stages]
        return found[::-1] if self.selection.backward else found

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        table = self.table(ascii_only=options.ascii_only)
        wanted = console.measure(table, options=options.update(max_width=UNBOUNDED)).maximum
        if wanted <= options.max_width:
            yield table
        else:
            self.view = self.view._replace(width=options.max_width - HEADINGS)
            yield from self.listed(ascii_only=options.ascii_only)

    def table(self, *, ascii_only: bool) -> Table:
        table = new_table()
        table.add_column("stage", no_wrap=True)
        if self.view.shapes:
            table.add_column("shape")
        for heading, style in headings(self.report, ascii_only=ascii_only).items():
            table.add_column(heading, style=style, overflow="fold")
        if self.backward:
            table.add_column("passes back", style=BACKWARD)
        for group in self.groups:
            for row in group:
                cells: list[RenderableType] = []
                if row.slot is not None:
                    cells = [*self.cells(row.slot)]
                bold = "bold" if row.output else None
                title = folded(row.title, self.report.program.size)
                if self.backward and cells:
                    cells.append(self.passing_back(row, inline=False))
                table.add_row(title, *cells, style=bold)
            table.add_section()
        return table

    def cells(self, slot: int) -> list[str]:
        report, show = self.report, self.view.block
        shape = [shape_of(report.program, slot)] if self.view.shapes else []
        return [*shape, *(show(one.number(slot)) for one in columns(report))]

    def passing_back(self, row: Row, *, inline: bool) -> RenderableType:
        """`dW = dD @ X.T`, and what that is: below it, or beside it a number."""
        if not row.pulls:
            return ""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold", max_width=None if inline else FORMULA)
        for name, sign, formula, flow in row.pulls:
            if flow is None:
                grid.add_row(name, sign, f"{formula}: nothing passes" if sign else formula)
            elif inline and not flow.ndim:
                grid.add_row(name, sign, f"{formula} = {self.view.short(flow)}")
            else:
                grid.add_row(name, sign, formula)
                grid.add_row("", "=".rjust(len(sign)), self.passed(flow))
        return grid

    def passed(self, flow: Any) -> str:
        return brief(flow, self.view.precision) if flow.ndim else self.view.short(flow)

    def listed(self, *, ascii_only: bool) -> Iterator[RenderableType]:
        """Every stage with its value, its gradient and what it passes back below its name."""
        styles = headings(self.report, ascii_only=ascii_only)
        for row in chain(*self.groups):
            yield Text()
            yield Text(row.title, style="bold" if row.output else "", overflow="fold")
            if row.slot is None:
                continue
            grid = Table.grid(padding=(0, 2))
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            shape = ["shape"] if self.view.shapes else []
            for heading, cell in zip([*shape, *styles], self.cells(row.slot), strict=True):
                grid.add_row(heading, Text(cell, style=styles.get(heading, "")))
            yield Padding(grid, MARGIN)
            if row.pulls and self.backward:
                yield Padding(self.passing_back(row, inline=True), MARGIN, style=BACKWARD)
        yield Text()
