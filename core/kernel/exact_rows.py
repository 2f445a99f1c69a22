"""Rows that are not finite, done again as the engine for single points does them, bit for bit.

A few are given to that engine one by one. Many go through a plan of their own, whose operations
are that engine's: NumPy's where IEEE 754 leaves no choice, its own entry by entry elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from math import nan
from typing import Any

import numpy as np

from backprop.arithmetic.ieee import EDGES, VALUE
from backprop.engine.kinds import resolve
from backprop.engine.numbers import forward
from backprop.engine.ties.conventions import convention
from backprop.engine.ties.watch import Watch
from backprop.kernel.graph import LIBRARY, Graph
from backprop.kernel.numpy_engine import FUNCTIONS, NumpyEngine, filling
from backprop.kernel.plan import planned
from backprop.program.program import Program

Array = Any
Columns = Sequence[Array]

FEW = 100  # rows that are done sooner than a plan is made


class Again:
    """Value and gradients of some rows, the first few of them one by one."""

    def __init__(self, program: Program, wrt: Sequence[str], ties: str) -> None:
        self.program = program
        self.wrt = tuple(wrt)
        self.ties = ties
        self.watch = Watch(program, wrt)
        self.done = 0

    def __call__(self, columns: Columns, rows: int) -> Columns:
        """The answers; their nans are all alike, to the sign bit."""
        self.done += rows
        found = (self.singly if self.done <= FEW else self.together)(columns, rows)
        for column in found:
            column[np.isnan(column)] = nan
        return found

    def singly(self, columns: Columns, rows: int) -> Columns:
        answers = [self.row([float(column[row]) for column in columns]) for row in range(rows)]
        return list(np.array(answers).T)

    def row(self, numbers: Sequence[float]) -> list[float]:
        program = self.program
        values = forward(program, dict(zip(program.inputs, numbers, strict=True)))
        passed = resolve(self.watch, values, self.ties).back
        return [values[program.output], *[passed.gradient(program.inputs[n]) for n in self.wrt]]

    def together(self, columns: Columns, rows: int) -> Columns:
        engine = self.engine
        found = [np.empty(rows) for _ in range(1 + len(self.wrt))]
        space = engine.workspace(rows)
        for start in range(0, rows, engine.block):
            here = slice(start, start + engine.block)
            engine.run([c[here] for c in columns], [c[here] for c in found], space)
        return found

    @cached_property
    def engine(self) -> NumpyEngine:
        plan = planned(self.program, self.wrt, convention(self.ties), ExactGraph())
        return NumpyEngine(plan, len(self.program.inputs), functions=EXACTLY)


class ExactGraph(Graph):
    """Nothing is rewritten but what keeps every bit, and no row is done again."""

    again = False

    def chained(self, name: str, operands: Sequence[int]) -> int:
        if name == "hypot":
            return self.add(name, tuple(operands))
        return super().chained(name, operands)

    def rewritten_pow(self, a: int, b: int) -> int:
        return self.add("pow", (a, b))


def sparing(name: str) -> Callable[..., None]:
    """A function that raises where it is undefined, which takes long. Where that is NumPy knows,
    but for the root of -inf as a power."""
    where, fill = FUNCTIONS[name], filling(VALUE[name])

    def filled(*operands_and_out: Array) -> None:
        *operands, out = operands_and_out
        found = np.empty_like(out)
        where(*operands, found)
        operands = [np.broadcast_to(operand, out.shape) for operand in operands]
        defined = np.logical_or.reduce([found == found, *map(np.isinf, operands)])
        numbers = np.empty(np.count_nonzero(defined))
        fill(*[operand[defined] for operand in operands], numbers)
        found[defined] = numbers
        out[...] = found

    return filled


def chosen(compared: Callable[[Array, Array], Array]) -> Callable[..., None]:
    """The larger or smaller of two; the first, if they are equal or it is nan."""

    def filled(a: Array, b: Array, out: Array) -> None:
        out[...] = np.where(compared(a, b) | np.isnan(a), a, b)

    return filled


EXACTLY = {
    **FUNCTIONS,
    **{name: sparing(name) if name in EDGES else filling(VALUE[name]) for name in LIBRARY},
    "max": chosen(np.greater_equal),
    "min": chosen(np.less_equal),
}
