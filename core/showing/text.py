"""A sheet as text: what `print` gives of an answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Any

from backprop.errors import columns as width_of
from backprop.errors import visible
from backprop.showing.sheets import Column, Line, Part, Table, sheet

BETWEEN = "   "


def text(answer: Any) -> str:
    return "\n".join(lines(sheet(answer)))


def lines(parts: Iterable[Part]) -> Iterator[str]:
    for part in parts:
        if isinstance(part, Table):
            yield from table_lines(part)
        elif isinstance(part, Line):
            yield from map(visible, part.text.split("\n"))


def table_lines(table: Table) -> Iterator[str]:
    """Headings, a rule, and every row on as many lines as its cells have."""
    heads = [column.heading for column in table.columns]
    rows = [[visible_cell(cell) for cell in row.cells] for row in table.rows]
    rows = [[*row, *[""] * (len(table.columns) - len(row))] for row in rows]
    widths = [
        max(
            [
                width_of(column.heading),
                *(width_of(line) for row in rows for line in row[place].split("\n")),
            ]
        )
        for place, column in enumerate(table.columns)
    ]
    yield ""
    yield joined(heads, widths, table.columns)
    yield " " + "─" * (sum(widths) + len(BETWEEN) * (len(widths) - 1))
    for row, cells in zip(table.rows, rows, strict=True):
        for parts in zip_longest(*(cell.split("\n") for cell in cells), fillvalue=""):
            yield joined(list(parts), widths, table.columns)
        if row.last:
            yield ""
    if not (table.rows and table.rows[-1].last):
        yield ""


def joined(cells: list[str], widths: list[int], columns: Iterable[Column]) -> str:
    padded = [
        " " * (width - width_of(cell)) + cell if column.right
        else cell + " " * (width - width_of(cell))
        for cell, width, column in zip(cells, widths, columns, strict=True)
    ]  # fmt: skip
    return (" " + BETWEEN.join(padded)).rstrip()


def visible_cell(cell: str) -> str:
    return "\n".join(map(visible, cell.split("\n")))
