"""The mean of a program over rows of data, as something to descend.

A program of single numbers is compiled for many rows at once, and the mean of what it finds is
that of exact sums. One about arrays sums its gradients over blocks of a size of its own, and the
sums of blocks are added exactly. So nothing depends on how many threads there are, and of numbers
nothing on where rows are cut into blocks. Where nobody knows how a program works on many rows, as
one of source that decides by values, it runs row by row, in their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from math import isfinite
from typing import Any

import numpy as np

from backprop.answer.report import Report
from backprop.descending.means import Means, Totals
from backprop.descending.objective import Found, ProgramObjective, unheard
from backprop.descending.quantities import Point, all_finite
from backprop.descending.rows import Columns, Rows, Tell, cut, length, recut
from backprop.errors import UsageError
from backprop.kernel import compiled, numbers_only
from backprop.kernel.array_rows import ArrayKernel
from backprop.program.lifting import LiftError
from backprop.program.program import Program

NUMBERS = 1 << 21  # in answers that are computed at a time


class DataObjective:
    """A program, its rows, and which of them a step sees: all, or a batch."""

    def __init__(
        self, program: Program, fixed: Mapping[str, Any], names: Sequence[str], ties: str,
        rows: Rows, batch: int | None = None, seed: int = 0, *, steps: int = 1,
        engine: str = "numpy", threads: int = 1, tell: Tell | None = None,
    ) -> None:  # fmt: skip
        self.program = program  # of one row
        self.one = ProgramObjective(program, fixed, names, ties)
        self.rows = rows
        self.tell = tell
        self.size = rows.count if batch is None else min(batch, rows.count)
        self.partial = self.size < rows.count
        self.seed = seed
        self.batches = rows.batches(self.size, seed) if self.partial else None
        self.note = ""  # why it isn't the engine that was asked for, or one row after the other
        self.kernel: Any = None
        self.whole: ArrayKernel | None = None
        if numbers_only(program):
            self.kernel = compiled(
                program, names, ties=ties, engine=engine, threads=threads, rows=self.size * steps
            )
            self.note = str(self.kernel.note)
            return
        try:
            self.whole = ArrayKernel(program, names, rows.names, ties, threads)
            self.note = "a program about arrays runs in NumPy" if engine != "numpy" else ""
        except LiftError as error:
            self.note = f"{error.message}, which takes long"

    @property
    def later(self) -> str:
        """How many rows took longer than others."""
        count = self.whole.singles if self.whole else 0
        return f"{count:,} times a row was computed alone, as gates tied in it" if count else ""

    @property
    def identity(self) -> Any:
        return self.rows.identity

    def go_on(self, step: int) -> None:
        """The next step that asks is this one."""
        if self.partial:
            self.batches = self.rows.batches(self.size, self.seed, step)

    def at(self, point: Point, step: int | None = None) -> Found:
        """For all rows, or for the batch of a step; steps ask one after the other."""
        if step is None or self.batches is None:
            count = self.rows.count
            blocks = self.heard(self.rows.blocks(), count)
        else:
            batch = next(self.batches)
            count = length(batch)
            blocks = self.heard([batch], count)
        if self.whole:
            return self.summed(self.whole, point, blocks, count)
        return self.together(point, blocks) if self.kernel else self.one_by_one(point, blocks)

    def heard(self, blocks: Iterable[Columns], count: int) -> Iterator[Columns]:
        """Rows in small blocks, while someone hears how far it has come. Those of arrays begin and
        end where the blocks of the kernel do."""
        done = 0
        most = max(1, NUMBERS // (1 + len(self.one.names)))
        if self.whole:
            size = self.whole.sizes[False]
            blocks, most = recut(blocks, size), max(size, most // size * size)
        for block in blocks:
            for part in cut(block, most):
                yield part
                done += length(part)
                if self.tell:
                    self.tell(done, count)

    def together(self, point: Point, blocks: Iterable[Columns]) -> Found:
        means = Means(1 + len(self.one.names))
        for columns in blocks:
            means.add(self.answers(point, columns))
        value, *slopes = means.found()
        return Found(value, dict(zip(self.one.names, slopes, strict=True)))

    def summed(
        self, kernel: ArrayKernel, point: Point, blocks: Iterable[Columns], count: int
    ) -> Found:
        """Of a program about arrays. A row without a finite gradient leaves none for all."""
        lost = False
        totals = Totals()
        for columns in blocks:
            given = {**self.one.fixed, **point, **columns}
            for block in kernel.blocks(given, length(columns), 1 / count):
                lost = lost or bool(block.lost)
                value = [block.value.sum() / count]
                for part in block.parts or [[np.zeros(np.shape(point[n])) for n in point]]:
                    totals.add([*value, *part])
                    value = [0.0]
        shapes = [np.shape(point[name]) for name in self.one.names]
        value, *slopes = totals.found([(), *shapes])
        if lost:
            slopes = [np.full(shape, np.nan) for shape in shapes]
        named = zip(self.one.names, slopes, strict=True)
        return Found(float(value), {n: s if np.ndim(s) else float(s) for n, s in named})

    def answers(self, point: Point, columns: Columns) -> list[Any]:
        """Columns of the value and of each gradient."""
        value, gradients = self.kernel({**self.one.fixed, **point, **columns})
        return [value, *gradients.values()]

    def one_by_one(self, point: Point, blocks: Iterable[Columns]) -> Found:
        value, count = 0.0, 0
        gradient: Point = dict.fromkeys(self.one.names, 0.0)
        for row in rows_in(blocks):
            answer = self.one.at({**point, **row})
            value, count = value + answer.value, count + 1
            gradient = {name: gradient[name] + answer.gradient[name] for name in gradient}
        return Found(value / count, {name: slope / count for name, slope in gradient.items()})

    def reports(self, point: Point, *, lost: bool = False) -> Iterator[tuple[int, Report]]:
        """Of every row, or of those alone that have no finite answer."""
        number = 0
        for columns in self.heard(self.rows.blocks(), self.rows.count):
            rows = self.lost_among(point, columns) if lost else range(length(columns))
            for row in rows:
                here = {name: entry(column[row]) for name, column in columns.items()}
                try:
                    (_, report), *_ = self.one.reports({**point, **here})
                except UsageError as error:
                    error.message = self.label(number + row) + error.message
                    raise
                yield number + row, report
            number += length(columns)

    def label(self, number: int) -> str:
        return f"{self.rows.where(number)}: "

    def lost_among(self, point: Point, columns: Columns) -> Iterable[int]:
        if self.whole:
            given = {**self.one.fixed, **point, **columns}
            blocks = self.whole.blocks(given, length(columns))
            return [block.start + row for block in blocks for row in block.lost]
        if self.kernel:
            finite = np.logical_and.reduce([*map(np.isfinite, self.answers(point, columns))])
            return map(int, np.flatnonzero(~finite))
        answers = (self.one.at({**point, **row}) for row in rows_in([columns]))
        return (
            row for row, (value, gradient) in enumerate(answers)
            if not (isfinite(value) and all_finite(gradient))
        )  # fmt: skip

    def quiet(self) -> AbstractContextManager[Any]:
        return unheard()


def rows_in(blocks: Iterable[Columns]) -> Iterator[dict[str, Any]]:
    for columns in blocks:
        for numbers in zip(*columns.values(), strict=True):
            yield dict(zip(columns, map(entry, numbers), strict=True))


def entry(value: Any) -> Any:
    """What a row has of a column."""
    return value if np.ndim(value) else float(value)
