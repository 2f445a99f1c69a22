"""What every reader gives: blocks of rows, with what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from backprop.tables.frames import Frame
from backprop.tables.streams import Mark

Array = Any


class Wanted(NamedTuple):
    """Columns that are read: as numbers, by variable, and as they are, by their new name."""

    numbers: Mapping[str, str]
    kept: Mapping[str, str]


class Block(NamedTuple):
    numbers: Mapping[str, Array]  # floats, whatever stands there in a bad row
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

    def progress(self) -> float:
        """The share of the file that has been read; 0 if nobody knows."""
        ...

    def close(self) -> None: ...
