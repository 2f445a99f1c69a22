"""Rows of data from files: held in memory if they fit, and otherwise read again at every step."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import count, islice
from typing import Any, NamedTuple

import numpy as np

from backprop.batching.choosing import Where, first_rows
from backprop.batching.columns import Columns as TableColumns
from backprop.batching.columns import refuse_nonfinite
from backprop.batching.job import check_columns
from backprop.batching.rows import Place
from backprop.batching.running import changes
from backprop.batching.tally import TOLD
from backprop.descending.rows import Columns, HeldRows, Rows, Tell, length, shuffled
from backprop.errors import UsageError
from backprop.tables.blocks import Block, Table
from backprop.tables.opening import Reading, open_table

FITS = 3 << 23  # numbers: 192 MiB


class Part(NamedTuple):
    """A block of rows, and where it comes from."""

    columns: Columns
    place: Place
    lines: Sequence[int]


class Source(NamedTuple):
    """Files, and which of their columns are variables of the program."""

    files: Sequence[str]
    reading: Reading
    columns: TableColumns
    versions: Sequence[tuple[int, int]]  # of the files, when they were first looked at
    skipped: Skipped | None = None  # where rows are told that are left out; None ends the run
    where: Where | None = None
    limit: int | None = None

    @property
    def name(self) -> str:
        names = ["standard input" if path == "-" else path for path in self.files]
        return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1:,} more"

    @property
    def again(self) -> bool:
        """Can it be read more than once?"""
        return len(self.versions) == len(self.files)

    @property
    def unchanged(self) -> bool:
        return versions(self.files) == self.versions

    @property
    def identity(self) -> Any:
        """What has to be the same when a run goes on."""
        files = [os.path.realpath(path) for path in self.files]
        where = self.where and (self.where.text, self.where.columns)
        return [files, self.reading, self.versions, asdict(self.columns), where, self.limit]

    def parts(self, first: Table | None = None) -> Iterator[Part]:
        """All rows. The first that can't be used ends it with a message. The first file may be
        open already."""
        wanted = self.columns.wanted({})
        left = self.limit
        if self.where:
            wanted = self.where.wanted(wanted)
        for number, path in enumerate(self.files):
            table = first if first and not number else open_table(path, self.reading)
            try:
                check_columns(wanted, table)
                place = Place(number, table.name, table.unit)
                for block in table.blocks(wanted):
                    if self.where:
                        block = self.where.chosen(block)
                    if left is not None:
                        block = first_rows(block, left)
                        left -= len(block.lines)
                    if len(block.lines):
                        yield self.checked(block, place)
                    if left == 0:
                        return
            finally:
                table.close()

    def checked(self, block: Block, place: Place) -> Part:
        columns, reasons = self.columns.taken(block)
        refuse_nonfinite(columns, self.columns, reasons)
        if not reasons:
            return Part(columns, place, block.lines)
        if self.skipped is None:
            row = min(reasons)
            raise UsageError(
                f"{place.where(block.lines[row])}: {reasons[row]}",
                hint="--on-error skip leaves such rows out",
            )
        for row in sorted(reasons):
            self.skipped.tell(place, block.lines[row], reasons[row])
        good = np.ones(len(block.lines), dtype=bool)
        good[list(reasons)] = False
        lines = [block.lines[row] for row in np.flatnonzero(good).tolist()]
        return Part({name: column[good] for name, column in columns.items()}, place, lines)


class Skipped:
    """Rows that are left out. Files may be read many times, and are told of the first time."""

    def __init__(self) -> None:
        self.count = 0
        self.told: list[str] = []
        self.over = False

    def tell(self, place: Place, line: int, reason: str) -> None:
        if not self.over:
            self.count += 1
            if self.count <= TOLD:
                self.told.append(f"{place.where(line)}: {reason}")

    def lines(self) -> Iterator[str]:
        if self.count:
            yield f"left out {self.count:,} row{'s' * (self.count != 1)} that can't be read"
            yield from (f"  {text}" for text in self.told)
        if self.count > TOLD:
            yield f"  and {self.count - TOLD:,} more"


def read(
    files: Sequence[str], reading: Reading, columns: TableColumns | Mapping[str, str],
    first: Table | None = None, tell: Tell | None = None, fits: int = FITS,
    skipped: Skipped | None = None, where: Where | None = None, limit: int | None = None,
) -> Rows:  # fmt: skip
    """Read all rows once, and keep them if they are no more than `fits` numbers. Rows that can't
    be read end it, unless they are to be told as `skipped`."""
    if not isinstance(columns, TableColumns):
        columns = TableColumns(columns)
    if skipped is not None:
        skipped.over = False
    source = Source(files, reading, columns, versions(files), skipped, where, limit)
    held: list[Columns] | None = []
    rows = 0
    for block, _, _ in source.parts(first):
        rows += length(block)
        if held is not None and rows * columns.entries > fits:
            held = None
            if not source.again:
                raise too_much(source, fits)
        if held is not None:
            held.append(block)
        if tell:
            tell(rows, None)
    if skipped is not None:
        skipped.over = True
    if not rows and skipped is not None and skipped.told:
        raise UsageError(f"{source.name} has no row that can be read; {skipped.told[0]}")
    if not rows:
        raise UsageError(f"{source.name} has no rows")
    return FileRows(source, rows, fits) if held is None else HeldFileRows(source, held)


def too_much(source: Source, fits: int) -> UsageError:
    most = fits // source.columns.entries
    return UsageError(
        f"{source.name} has more than the {most:,} rows that fit into memory, and can't be read "
        "again at every step",
        hint="save it as a file, best as Parquet",
    )


class HeldFileRows(HeldRows):
    """Rows of files that are in memory."""

    def __init__(self, source: Source, held: list[Columns]) -> None:
        super().__init__(joined(held))
        self.source = source

    @property
    def identity(self) -> Any:
        return self.source.identity

    def where(self, row: int) -> str:
        return line_of(self.source, row)


class FileRows:
    """Rows that are read again whenever they are needed."""

    streamed = True

    def __init__(self, source: Source, rows: int, fits: int) -> None:
        self.source = source
        self.names = source.columns.names
        self.shapes = source.columns.shapes
        self.count = rows
        self.stretch = max(1, fits // 4 // source.columns.entries)

    def blocks(self) -> Iterator[Columns]:
        self.check_unchanged()
        for columns, _, _ in self.source.parts():
            yield columns
        self.check_unchanged()

    @property
    def identity(self) -> Any:
        return self.source.identity

    def check_unchanged(self) -> None:
        if not self.source.unchanged:
            raise UsageError(f"{self.source.name} was changed while it was descended")

    def batches(self, size: int, seed: int, done: int = 0) -> Iterator[Columns]:
        """Each row once an epoch, after so many batches. The files are read in their order, and
        rows are shuffled within stretches that fit into memory."""
        if size > self.stretch:
            raise UsageError(
                f"--batch {size:,} is too large for data that doesn't fit into memory: at most "
                f"{self.stretch:,} rows, or all"
            )
        every = (
            batch
            for epoch in count()
            for number, stretch in enumerate(self.stretches(self.stretch // size * size))
            for batch in shuffled(stretch, size, [seed, epoch, number])
        )
        return islice(every, done, None)

    def stretches(self, size: int) -> Iterator[Columns]:
        """So many rows at a time, whatever the blocks are."""
        waiting: list[Columns] = []
        have = 0
        for block in self.blocks():
            waiting.append(block)
            have += length(block)
            while have >= size:
                whole = joined(waiting)
                have -= size
                waiting = [{name: column[size:].copy() for name, column in whole.items()}]
                yield {name: column[:size] for name, column in whole.items()}
        if have:
            yield joined(waiting)

    def where(self, row: int) -> str:
        return line_of(self.source, row)


def joined(parts: list[Columns]) -> Columns:
    """Blocks as one. They are taken out of the list, so that nothing is there twice for long."""
    count = sum(map(length, parts))
    whole = {name: np.empty((count, *column.shape[1:])) for name, column in parts[0].items()}
    while parts:
        last = parts.pop()
        count -= length(last)
        for name, column in last.items():
            whole[name][count : count + length(last)] = column
    return whole


def versions(files: Sequence[str]) -> list[tuple[int, int]]:
    """What is another when a file was written to; of files that can be read more than once."""
    return [changes(path) for path in files if path != "-" and os.path.isfile(path)]


def line_of(source: Source, row: int) -> str:
    """The file and line of a row, if it is still there to be looked up."""
    parts = source.parts() if source.again and source.unchanged else ()
    begin = 0
    for columns, place, lines in parts:
        if row < begin + length(columns):
            return place.where(lines[row - begin])
        begin += length(columns)
    return f"row {row + 1:,}"
