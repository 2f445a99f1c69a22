"""The mean of a program over the rows of a table, as something to descend.

Columns are named as variables of the program. A program of single numbers runs over all rows at
once, a column as one array; one with arrays in it runs row by row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS
from backprop.arrays.engine import backward_arrays
from backprop.descending.objective import Found, ProgramObjective, unheard
from backprop.descending.quantities import Point
from backprop.engine import forward
from backprop.errors import UsageError
from backprop.gates import GATES
from backprop.program import Program
from backprop.report import Report
from backprop.staging import stage

Columns = Mapping[str, Any]  # an array of floats for each name, all of one length


class DataObjective:
    """A program, its rows, and which of them a step sees: all, or a batch."""

    def __init__(
        self, program: Program, fixed: Mapping[str, Any], names: Sequence[str], ties: str,
        columns: Columns, batch: int | None = None, seed: int = 0,
    ) -> None:  # fmt: skip
        self.program = program  # of one row
        self.one = ProgramObjective(program, fixed, names, ties)
        self.columns = columns
        self.count = len(next(iter(columns.values())))
        self.batch = self.count if batch is None else min(batch, self.count)
        self.partial = self.batch < self.count
        self.seed = seed
        self.wide: dict[int, Program] = {}  # the program for so many rows at once
        self.order: tuple[int, Any] = (-1, None)  # an epoch, and its order of rows

    def at(self, point: Point, step: int | None = None) -> Found:
        columns: Columns = self.columns
        if step is not None and self.partial:
            rows = self.rows_of(step)
            columns = {name: column[rows] for name, column in columns.items()}
        whole = self.program.shapes is None and not any(
            name in GATES and GATES[name].array for name in set(self.program.gates)
        )
        return self.together(point, columns) if whole else self.one_by_one(point, columns)

    def rows_of(self, step: int) -> Any:
        """The rows of a step: each row once an epoch, in an order that the seed decides."""
        steps = -(-self.count // self.batch)
        epoch, part = divmod(step, steps)
        if self.order[0] != epoch:
            random = np.random.default_rng([self.seed, epoch])
            self.order = (epoch, random.permutation(self.count))
        return self.order[1][part * self.batch : (part + 1) * self.batch]

    def together(self, point: Point, columns: Columns) -> Found:
        """All rows at once. Every one weighs 1/n, and that is where the backward pass begins."""
        count = len(next(iter(columns.values())))
        program = self.wide_program(count)
        values = forward(program, {**self.one.fixed, **point, **columns}, ARRAYS)
        assert program.shapes is not None
        shape = program.shapes[program.output]
        start = np.full(shape, 1 / count) if shape else np.float64(1.0)
        back = backward_arrays(program, values, start, self.one.ties, self.one.names)
        gradient = {name: back.gradient(program.inputs[name]) for name in self.one.names}
        return Found(float(np.mean(values[program.output])), gradient)

    def wide_program(self, count: int) -> Program:
        if count not in self.wide:
            row = self.program
            shapes = dict.fromkeys(self.columns, (count,))
            self.wide[count] = stage(row.tree, row.inputs, row.granularity, row.shared, shapes)
        return self.wide[count]

    def one_by_one(self, point: Point, columns: Columns) -> Found:
        answers = [self.one.at({**point, **row}) for row in rows_in(columns)]
        count = len(answers)
        gradient = {
            name: sum(answer.gradient[name] for answer in answers) / count
            for name in self.one.names
        }
        return Found(sum(answer.value for answer in answers) / count, gradient)

    def reports(self, point: Point) -> Iterator[tuple[str, Report]]:
        for number, row in enumerate(rows_in(self.columns), 1):
            for _, report in self.one.reports({**point, **row}):
                yield f"row {number}: ", report

    def quiet(self) -> AbstractContextManager[Any]:
        return unheard()


def rows_in(columns: Columns) -> Iterator[dict[str, float]]:
    for numbers in zip(*columns.values(), strict=True):
        yield dict(zip(columns, map(float, numbers), strict=True))


def read_table(data: bytes, path: str) -> Any:
    """A table of CSV, read by Polars."""
    try:
        import polars
    except ImportError:
        raise UsageError(
            "--data is read by Polars, which is not installed",
            hint="pip install 'backprop-cli[batch]'",
        ) from None
    try:
        return polars.read_csv(data)
    except polars.exceptions.PolarsError as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"{path} can't be read: {reason[:100]}") from None


def columns_of(table: Any, names: Sequence[str], path: str) -> dict[str, Any]:
    """The columns of these names, as floats; whatever is no finite number is said by its row."""
    if not table.height:
        raise UsageError(f"{path} has no rows")
    found = {}
    for name in names:
        column = table[name]
        numbers = column.to_numpy() if column.dtype.is_numeric() else None
        if numbers is None:
            raise UsageError(f"{path}: the column {name} holds {column.dtype} instead of numbers")
        numbers = np.asarray(numbers, dtype=float)
        bad = np.flatnonzero(~np.isfinite(numbers))
        if bad.size:
            what = "is empty" if column[int(bad[0])] is None else "is not finite"
            raise UsageError(f"{path}: {name} {what} in row {bad[0] + 1}")
        found[name] = numbers
    return found
