"""Which rows of a table are looked at: `--where 'x > 0'`, a condition on its columns."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.batching.columns import Columns, Texts
from backprop.engine.numbers import forward
from backprop.errors import BackpropError, UsageError
from backprop.language.compared import compared_names, numbers_of_texts
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.tables.blocks import Block, Table, Wanted
from backprop.tables.frames import polars

Array = Any
OWN = "\1"  # how the names of its columns begin on their way


class Where:
    """A condition, and the columns of its variables."""

    def __init__(self, text: str, columns: Mapping[str, str]) -> None:
        self.text = text
        self.columns = dict(columns)

    @cached_property
    def program(self) -> Program:
        try:
            found = stage(parse(self.text), [*self.columns])
        except BackpropError as error:
            error.origin = error.origin or "--where"
            raise
        if found.arrays:
            raise UsageError(f"--where {self.text}: a condition is about numbers")
        return found

    @cached_property
    def placed(self) -> Columns:
        texts = compared_names(self.program.tree)
        codes = numbers_of_texts(self.program.tree)
        return Columns(
            {OWN + name: column for name, column in self.columns.items() if name not in texts},
            {}, {OWN + name: Texts(self.columns[name], codes) for name in texts},
        )  # fmt: skip

    def wanted(self, other: Wanted) -> Wanted:
        """What is read for it as well."""
        own = self.placed.wanted({})
        return Wanted({**other.numbers, **own.numbers}, {**other.kept, **own.kept}, other.lists)

    def chosen(self, block: Block) -> Block:
        """The rows for which it holds, and those of which nobody can say."""
        count = len(block.lines)
        found, _ = self.placed.taken(block)
        point = {name: found[OWN + name] for name in self.program.inputs if OWN + name in found}
        with np.errstate(**IGNORED):
            values = forward(self.program, {**self.program.defaults, **point}, ARRAYS)
        holds = np.broadcast_to(values[self.program.output] != 0, (count,)).copy()
        for row in block.bad:
            holds[row] |= any(column[row] != column[row] for column in point.values())
        return only(block, holds)


def where_of(text: str, mapped: Mapping[str, str], table: Table) -> Where:
    """A condition on this table."""
    try:
        tree = parse(text)
    except BackpropError as error:
        error.origin = "--where"
        raise
    columns = {}
    for name in tree.names:
        column = mapped.get(name, name)
        if column in table.columns:
            columns[name] = column
        elif name not in ("e", "pi") and name not in tree.stored:
            raise UsageError(f"--where {text}: {table.name} has no column {column}")
    found = Where(text, columns)
    assert found.program
    return found


def only(block: Block, holds: Array) -> Block:
    """Some rows of a block."""
    if holds.all():
        return block
    places = np.flatnonzero(holds)
    new = {int(row): k for k, row in enumerate(places)}
    return Block(
        {name: column[places] for name, column in block.numbers.items()},
        block.kept.filter(polars.Series(holds)) if block.kept.width else block.kept,
        [block.lines[row] for row in places.tolist()],
        {new[row]: reason for row, reason in block.bad.items() if row in new},
        block.end,
    )  # fmt: skip


def first_rows(block: Block, count: int) -> Block:
    return only(block, np.arange(len(block.lines)) < count)
