"""A program of Python source for many rows, of which some go another way than others: rows are
grouped by the guards that hold for them, and every group has a program and a kernel of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from backprop.engine.guards import held
from backprop.errors import BackpropError, LimitError
from backprop.program.program import Program

if TYPE_CHECKING:
    from backprop.kernel.running import Engine, Kernel

MOST = 64  # groups of the rows of a call
KEPT = 4 * MOST  # groups that are kept for later calls
SHOWN = 4  # variables of a row that a message names
Compile = Callable[[Program, Sequence[str]], "Kernel"]
Array = Any


class Way(NamedTuple):
    program: Program
    kernel: Kernel


class Ways:
    """Called like a kernel."""

    def __init__(self, program: Program, wrt: Sequence[str], compile_: Compile) -> None:
        self.wrt = tuple(wrt)
        self.compile = compile_
        self.ways = [self.way(program)]

    def way(self, program: Program) -> Way:
        names = [name for name in self.wrt if name in program.inputs]
        return Way(program, self.compile(program, names))

    @property
    def program(self) -> Program:
        """That of the rows which came last, or at first that at which the source was read."""
        return self.ways[0].program

    @property
    def engine(self) -> Engine:
        return self.ways[0].kernel.engine

    @property
    def note(self) -> str:
        return self.ways[0].kernel.note

    def __call__(
        self, columns: Mapping[str, Any], out: Sequence[Array] | None = None
    ) -> tuple[Array, dict[str, Array]]:
        given = {name: np.asarray(column, dtype=float) for name, column in columns.items()}
        rows = max((len(column) for column in given.values() if column.ndim), default=1)
        value, *others = out or [np.empty(rows), *(np.zeros(rows) for _ in self.wrt)]
        slopes = dict(zip(self.wrt, others, strict=True))
        left = np.arange(rows)
        waiting, used = list(self.ways), list[Way]()
        while left.size:
            new = not waiting
            if new and len(used) >= MOST:
                raise LimitError(
                    f"the rows go more than {MOST} ways through the source",
                    hint="conditions that depend on values make ways; np.where(...) makes none",
                )
            way = self.read_at(given, int(left[0])) if new else waiting.pop(0)
            part = {name: column[left] if column.ndim else column for name, column in given.items()}
            mask = held(way.program, part, left.size)
            mask[0] = mask[0] or new
            if mask.any():
                used.append(way)
                here = left[mask]
                fed = {n: column[here] if column.ndim else column for n, column in given.items()}
                value[here], found = way.kernel(fed)
                for name, column in found.items():
                    slopes[name][here] = column
                left = left[~mask]
        self.ways = [*used, *(way for way in self.ways if way not in used)][:KEPT]
        return value, slopes

    def read_at(self, given: Mapping[str, Any], row: int) -> Way:
        """The way of a row."""
        point = {name: float(column[row] if column.ndim else column)
                 for name, column in given.items()}  # fmt: skip
        return self.way(read_at(self.ways[0].program, point))


def read_at(program: Program, point: Mapping[str, float]) -> Program:
    """The program of a row; an error names the row by its values."""
    from backprop.reading.again import program_at

    try:
        return program_at(program, {name: point[name] for name in program.inputs})
    except BackpropError as error:
        shown = [f"{name} = {value:g}" for name, value in list(point.items())[:SHOWN]]
        error.message = f"{error.message} (where {', '.join(shown)})"
        raise
