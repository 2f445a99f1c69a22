"""Where the variables of a program stand in a table.

w=height        a column of numbers
x=p0..p63       an array of columns that are numbered, or x=pixel_*, all of that pattern
X=img:28x28     the same in a shape; img may also be a column of lists, as of JSON or Parquet
set             a column of texts, if the program compares it with texts
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from itertools import chain
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import UsageError
from backprop.gates.shapes import words
from backprop.tables.blocks import Block, Table, Wanted

Array = Any
RANGE = re.compile(r"(?P<stem>.*?)(?P<first>\d+)\.\.(?P<other>.*?)(?P<last>\d+)", re.DOTALL)
SHAPED = re.compile(r"(?P<columns>.+):(?P<sides>\d+(x\d+)*)", re.DOTALL)
HIDDEN = "\0"  # how the name of a column of texts begins on its way
MOST = 100_000  # columns of one variable


class Vector(NamedTuple):
    """An array for each row: of columns, one for each entry, or of one column of lists."""

    columns: tuple[str, ...]
    shape: tuple[int, ...]
    lists: bool = False

    @property
    def text(self) -> str:
        """As a message names it."""
        first, *others = self.columns
        return f"{first} to {others[-1]}" if others else first


class Texts(NamedTuple):
    """A column of texts, and the number that stands for each; -1 for all others."""

    column: str
    numbers: Mapping[str, float]


@dataclass(frozen=True)
class Columns:
    numbers: Mapping[str, str]
    vectors: Mapping[str, Vector] = field(default_factory=dict)
    texts: Mapping[str, Texts] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.numbers, *self.vectors, *self.texts)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        return {name: vector.shape for name, vector in self.vectors.items()}

    @property
    def entries(self) -> int:
        """How many numbers a row has."""
        sizes = [prod(vector.shape) for vector in self.vectors.values()]
        return len(self.numbers) + sum(sizes) + len(self.texts)

    def called(self, name: str) -> str:
        """What a message calls the column of a variable."""
        if name in self.vectors:
            return self.vectors[name].text
        return self.texts[name].column if name in self.texts else self.numbers[name]

    def wanted(self, kept: Mapping[str, str]) -> Wanted:
        """What is read of a table."""
        numbers = dict(self.numbers)
        lists = {}
        for name, vector in self.vectors.items():
            if vector.lists:
                lists[name] = (vector.columns[0], prod(vector.shape))
            else:
                numbers |= {entry(name, k): column for k, column in enumerate(vector.columns)}
        texts = {HIDDEN + name: one.column for name, one in self.texts.items()}
        return Wanted(numbers, {**kept, **texts}, lists)

    def taken(self, block: Block) -> tuple[dict[str, Array], dict[int, str]]:
        """An array for each variable, the rows in front; and rows that can't be read, and why."""
        bad = dict(block.bad)
        found = {name: block.numbers[name] for name in self.numbers}
        for name, vector in self.vectors.items():
            if vector.lists:
                flat = block.numbers[name]
            else:
                flat = np.empty((len(block.lines), len(vector.columns)))
                for k in range(len(vector.columns)):
                    flat[:, k] = block.numbers[entry(name, k)]
            found[name] = flat.reshape((len(flat), *vector.shape))
        for name, texts in self.texts.items():
            column = block.kept[HIDDEN + name]
            for row in column.is_null().arg_true().to_list():
                bad.setdefault(row, f"{texts.column} is missing")
            found[name] = coded(column, texts.numbers)
        return found, bad


def coded(column: Any, numbers: Mapping[str, float]) -> Array:
    found = np.full(len(column), -1.0)
    for text, number in numbers.items():
        found[(column == text).fill_null(value=False).to_numpy()] = number
    return found


def entry(name: str, place: int) -> str:
    return f"{name} {place}"


def refuse_nonfinite(columns: Mapping[str, Array], of: Columns, reasons: dict[int, str]) -> None:
    """Add the rows whose inputs are inf or nan, with the reason."""
    for name, column in columns.items():
        finite = np.isfinite(column)
        if finite.all():
            continue
        flat = lined(finite)
        for row in np.flatnonzero(~flat.all(axis=1)).tolist():
            place = int(np.argmin(flat[row]))
            called, number = of.called(name), column[row].ravel()[place]
            if name in of.vectors:
                vector = of.vectors[name]
                called = f"an entry of {called}" if vector.lists else vector.columns[place]
            reasons.setdefault(row, f"{called} is {plain_name(number)}")


def lined(column: Array) -> Array:
    """A line of entries for each row."""
    return column.reshape((len(column), prod(column.shape[1:])))


def plain_name(number: float) -> str:
    return "nan" if number != number else "inf" if number > 0 else "-inf"


# What a user names.


def vectors_for(
    names: Iterable[str], fixed: Collection[str], mapped: Mapping[str, str], table: Table
) -> dict[str, Vector]:
    """The variables that are arrays of columns, or of a column of lists."""
    found = {}
    for name in names:
        source = mapped.get(name, name)
        if name not in fixed and (vector := vector_of(source, table)):
            found[name] = vector
    return found


def vector_of(source: str, table: Table) -> Vector | None:
    """What `--map` names, if it is an array; None if it is a column of numbers, or nothing."""
    if source in table.columns:
        shape = table.lists(source)
        return Vector((source,), shape, lists=True) if shape else None
    shaped = SHAPED.fullmatch(source)
    columns = shaped["columns"] if shaped else source
    if shaped and columns in table.columns:
        return in_shape(listed(columns, table), sides(shaped["sides"]), source)
    some = matching(columns, table)
    if some is None and shaped:
        some = numbered(columns, table)
    if some is None:
        return None
    if len(some) > MOST:
        raise UsageError(f"{source} is {len(some):,} columns, and a variable has at most {MOST:,}")
    vector = Vector(tuple(some), (len(some),))
    return in_shape(vector, sides(shaped["sides"]), source) if shaped else vector


def listed(column: str, table: Table) -> Vector:
    """One column: of lists, or of numbers, which are arrays of 1."""
    shape = table.lists(column)
    return Vector((column,), (1,)) if shape is None else Vector((column,), shape, lists=True)


def sides(text: str) -> tuple[int, ...]:
    return tuple([int(side) for side in text.split("x")])


def in_shape(vector: Vector, shape: tuple[int, ...], source: str) -> Vector:
    if prod(shape) != prod(vector.shape):
        raise UsageError(f"{source}: {prod(vector.shape):,} entries don't fit into {words(shape)}")
    return vector._replace(shape=shape)


def matching(source: str, table: Table) -> list[str] | None:
    """The columns of a range or of a pattern, these in the order of the table."""
    if found := RANGE.fullmatch(source):
        first, last = int(found["first"]), int(found["last"])
        if found["other"] not in ("", found["stem"]) or last < first:
            raise UsageError(f"{source} is no range of columns", hint="such as p0..p63")
        width = len(found["first"]) if found["first"][0] == "0" else 1
        places = range(first, min(last, first + MOST) + 1)
        columns = [f"{found['stem']}{k:0{width}}" for k in places]
        known = {*table.columns}
        missing = [name for name in columns if name not in known]
        if missing:
            raise UsageError(f"{table.name} has no column {missing[0]}, of {source}")
        return columns
    if "*" not in source:
        return None
    columns = [name for name in table.columns if fnmatchcase(name, source)]
    if not columns:
        raise UsageError(f"{table.name} has no column like {source}")
    return columns


def numbered(stem: str, table: Table) -> list[str] | None:
    """All columns of this name and a number, in the order of the numbers."""
    numbers = re.compile(re.escape(stem) + r"_?(\d+)")
    found = [(int(one[1]), name) for name in table.columns if (one := numbers.fullmatch(name))]
    return [name for _, name in sorted(found)] or None


def column_names(columns: Columns) -> list[str]:
    """All columns that are read."""
    vectors = chain.from_iterable(vector.columns for vector in columns.vectors.values())
    return [*columns.numbers.values(), *vectors, *(one.column for one in columns.texts.values())]
