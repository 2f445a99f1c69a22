"""The mean of a program over rows of data, as something to descend.

A program of single numbers is compiled for many rows at once, and the mean of what it finds is
that of exact sums; one with arrays in it runs row by row, in the order of the rows. So nothing
depends on where the rows are cut into blocks, or on how many threads there are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from math import isfinite
from typing import Any

import numpy as np

from backprop.answer.report import Report
from backprop.descending.means import Means
from backprop.descending.objective import Found, ProgramObjective, unheard
from backprop.descending.quantities import Point, all_finite
from backprop.descending.rows import Columns, Rows, Tell, cut, length
from backprop.gates import GATES
from backprop.kernel import compiled
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
        self.batches = rows.batches(self.size, seed) if self.partial else None
        self.asked = engine != "numpy"
        self.kernel: Any = None
        if numbers_only(program):
            self.kernel = compiled(
                program, names, ties=ties, engine=engine, threads=threads, rows=self.size * steps
            )

    @property
    def note(self) -> str:
        """Why it isn't the engine that was asked for."""
        if self.kernel:
            return str(self.kernel.note)
        return "a program about arrays runs row by row, by no engine" if self.asked else ""

    def at(self, point: Point, step: int | None = None) -> Found:
        """For all rows, or for the batch of a step; steps ask one after the other."""
        if step is None or self.batches is None:
            blocks = self.heard(self.rows.blocks(), self.rows.count)
        else:
            blocks = self.heard([next(self.batches)], self.size)
        return self.together(point, blocks) if self.kernel else self.one_by_one(point, blocks)

    def heard(self, blocks: Iterable[Columns], count: int) -> Iterator[Columns]:
        """Rows in small blocks, while someone hears how far it has come."""
        done = 0
        for block in blocks:
            for part in cut(block, max(1, NUMBERS // (1 + len(self.one.names)))):
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
                here = {name: float(column[row]) for name, column in columns.items()}
                for _, report in self.one.reports({**point, **here}):
                    yield number + row, report
            number += length(columns)

    def label(self, number: int) -> str:
        return f"{self.rows.where(number)}: "

    def lost_among(self, point: Point, columns: Columns) -> Iterable[int]:
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


def numbers_only(program: Program) -> bool:
    return not program.arrays and not any(
        name in GATES and GATES[name].array for name in set(program.gates)
    )


def rows_in(blocks: Iterable[Columns]) -> Iterator[dict[str, float]]:
    for columns in blocks:
        for numbers in zip(*columns.values(), strict=True):
            yield dict(zip(columns, map(float, numbers), strict=True))
