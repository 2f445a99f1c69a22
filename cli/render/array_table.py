"""The stages of a program with arrays: a table where there is room for one, else a list.

A cell holds an array on several lines; how a stage passes back stands as a formula with what
it comes to below it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backprop.answer.report import Report
from backprop.cli.output import UNBOUNDED
from backprop.cli.render.arrays import brief
from backprop.cli.render.frame import BACKWARD, FORWARD, INPUTS, WIDEST, left_out, new_table
from backprop.cli.render.lines import Pull, pulls, shape_of, short_code, shown_stages
from backprop.cli.render.numbers import View

FORMULA = 30  # columns of a formula before it is folded
HEADINGS = 12  # columns before an array, in a list
MARGIN = (0, 0, 0, 2)  # of what stands below the name of a stage, in a list


class Row(NamedTuple):
    """An input or a stage, or with no slot only a line that says something."""

    title: str
    slot: int | None
    pulls: Sequence[Pull] = ()


class ArrayStages:
    def __init__(self, report: Report, view: View) -> None:
        self.report = report
        self.view = view
        inputs = list(report.program.inputs.items())[:INPUTS]
        self.inputs = [Row(name, slot) for name, slot in inputs]
        self.stages = [
            Row(left_out(row), None) if isinstance(row, int)
            else Row(
                f"{row.stage.name} = {short_code(row.stage.code)}",
                row.stage.slot,
                [*pulls(report, row)],
            )
            for row in shown_stages(report)
        ]  # fmt: skip

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        table = self.table()
        wanted = console.measure(table, options=options.update(max_width=UNBOUNDED)).maximum
        if wanted <= options.max_width:
            yield table
        else:
            self.view = self.view._replace(width=options.max_width - HEADINGS)
            yield from self.listed()

    def table(self) -> Table:
        table = new_table()
        table.add_column("stage", overflow="fold", max_width=WIDEST)
        if self.view.shapes:
            table.add_column("shape")
        table.add_column("value", style=FORWARD, overflow="fold")
        table.add_column("gradient", style=BACKWARD, overflow="fold")
        table.add_column("passes back", style=BACKWARD)
        for group in (self.inputs, self.stages):
            for row in group:
                cells = [] if row.slot is None else self.cells(row.slot)
                table.add_row(row.title, *cells, self.passing_back(row, inline=False))
            table.add_section()
        return table

    def cells(self, slot: int) -> list[str]:
        report, show = self.report, self.view.block
        shape = [shape_of(report.program, slot)] if self.view.shapes else []
        return [*shape, show(report.values[slot]), show(report.every.gradient(slot))]

    def passing_back(self, row: Row, *, inline: bool) -> RenderableType:
        """`dW = dD @ X.T`, and what that is: below it, or beside it a number."""
        if not row.pulls:
            return ""
        grid = Table.grid(padding=(0, 1))
        grid.add_column(no_wrap=True)
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold", max_width=FORMULA)
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

    def listed(self) -> Iterator[RenderableType]:
        """Every stage with its value, its gradient and what it passes back below its name."""
        for row in [*self.inputs, *self.stages]:
            yield Text()
            yield Text(row.title, style="bold", overflow="fold")
            if row.slot is None:
                continue
            grid = Table.grid(padding=(0, 2))
            grid.add_column(no_wrap=True)
            grid.add_column(overflow="fold")
            headings = [*(["shape"] if self.view.shapes else []), "value", "gradient"]
            styles = {"value": FORWARD, "gradient": BACKWARD}
            for heading, cell in zip(headings, self.cells(row.slot), strict=True):
                grid.add_row(heading, Text(cell, style=styles.get(heading, "")))
            yield Padding(grid, MARGIN)
            if row.pulls:
                yield Padding(self.passing_back(row, inline=True), MARGIN, style=BACKWARD)
        yield Text()
