"""What every reader gives: blocks of rows, with what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

import numpy as np

from backprop.tables.frames import Frame, polars
from backprop.tables.streams import Mark

Array = Any


class Wanted(NamedTuple):
    """Columns that are read: as numbers, by variable, and as they are, by their new name; and of
    lists, by variable, each with the number of entries that a list has to have."""

    numbers: Mapping[str, str]
    kept: Mapping[str, str]
    lists: Mapping[str, tuple[str, int]] = MappingProxyType({})


class Block(NamedTuple):
    numbers: Mapping[str, Array]  # floats, whatever stands there in a bad row; of lists a matrix
    kept: Frame
    lines: Sequence[int]  # of each row
    bad: Mapping[int, str]  # rows that can't be read, and why
    end: Mark


class Table(Protocol):
    """A file, or standard input, that is open for reading."""

    name: str
    columns: Sequence[str]  # as they stand there, some perhaps twice
    unit: str  # what `lines` counts: lines, or rows

    def blocks(self, wanted: Wanted, mark: Mark = ...) -> Iterator[Block]: ...

    def lists(self, column: str) -> tuple[int, ...] | None:
        """The shape of the lists that a column holds; None if it holds none."""
        ...

    def progress(self) -> float:
        """The share of the file that has been read; 0 if nobody knows."""
        ...

    def close(self) -> None: ...


def entries_of(column: Any, count: int, name: str) -> tuple[Array, dict[int, str]]:
    """The entries of lists, a row for each; and the rows of other lists, or without one."""
    rows = len(column)
    while column.dtype.inner.is_nested():
        inner = polars.element()
        array = isinstance(column.dtype.inner, polars.Array)
        flat = inner.arr.explode() if array else inner.explode()
        whole = column.arr.to_list() if isinstance(column.dtype, polars.Array) else column
        column = whole.list.eval(flat)
    if isinstance(column.dtype, polars.Array):
        column = column.arr.to_list()
    sizes = column.list.len()
    fits = (sizes == count).fill_null(value=False)
    found = np.zeros((rows, count))
    flat = column.filter(fits).explode().cast(polars.Float64, strict=False)
    places = np.flatnonzero(fits.to_numpy())
    found[places] = flat.to_numpy().reshape((len(places), count))
    bad = {}
    for row in (~fits).arg_true().to_list():
        size = sizes[row]
        bad[row] = f"{name} is missing" if size is None else f"{name} has {size:,}, not {count:,}"
    for entry in flat.is_null().arg_true().to_list():
        bad.setdefault(int(places[entry // count]), f"{name} has an entry that is no number")
    return found, bad


def shape_of(value: Any) -> tuple[int, ...]:
    """The shape of lists in lists, by the first of each."""
    found = []
    while isinstance(value, list):
        found.append(len(value))
        value = value[0] if value else None
    return tuple(found)
