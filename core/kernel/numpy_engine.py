"""A plan as straight-line NumPy: one call an operation, each into a buffer that stays in cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from backprop.arithmetic.ieee import PRIMITIVES, VALUE
from backprop.kernel.buffers import Layout, Placing
from backprop.kernel.memory import aligned
from backprop.kernel.plan import Plan

Array = Any
Columns = Sequence[Array]

MOST_ROWS, LEAST_ROWS = 8192, 16
CACHE = 1 << 22  # bytes that a block's buffers may take


def filling(function: Callable[..., float]) -> Callable[..., None]:
    """A function of floats on columns, for what NumPy lacks."""

    def fill(*operands_and_out: Array) -> None:
        *operands, out = operands_and_out
        out[...] = np.frompyfunc(function, len(operands), 1)(*operands)

    return fill


def cube_root(a: Array, out: Array) -> None:
    """The C library's, up to three ulps off, mended by one step of Newton's method."""
    root = np.cbrt(a)
    size = np.abs(a)
    mended = root - (root * root * root - a) / (3 * root * root)
    np.copyto(out, np.where((size > 1e-290) & (size < 1e290), mended, root))


def largest(a: Array, b: Array, out: Array) -> None:
    np.maximum(a, b, out=out)  # which takes no third operand by place, as others do


def smallest(a: Array, b: Array, out: Array) -> None:
    np.minimum(a, b, out=out)


def copy(a: Array, out: Array) -> None:
    np.copyto(out, a)


def select(truth: Array, a: Array, b: Array, out: Array) -> None:
    if out is not b:
        np.copyto(out, b)
    np.putmask(out, truth, a)


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": np.add, "sub": np.subtract, "neg": np.negative, "mul": np.multiply, "div": np.divide,
    "pow": np.power, "sqrt": np.sqrt, "cbrt": cube_root, "hypot": np.hypot, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "log": np.log, "log2": np.log2, "log10": np.log10,
    "log1p": np.log1p, "sin": np.sin, "cos": np.cos, "tan": np.tan, "asin": np.arcsin,
    "acos": np.arccos, "atan": np.arctan, "atan2": np.arctan2, "sinh": np.sinh, "cosh": np.cosh,
    "tanh": np.tanh, "asinh": np.arcsinh, "acosh": np.arccosh, "atanh": np.arctanh,
    "erf": filling(math.erf), "erfc": filling(math.erfc), "abs": np.abs, "sign": np.sign,
    "floor": np.floor, "ceil": np.ceil, "round": np.rint, "mod": np.mod,
    "max": largest, "min": smallest, "lt": np.less, "le": np.less_equal,
    "gt": np.greater, "ge": np.greater_equal,
    "eq": np.equal, "ne": np.not_equal, "and": np.logical_and, "or": np.logical_or,
    "not": np.logical_not, "number": copy, "copy": copy, "select": select,
    "signed": np.copysign,
}  # fmt: skip
FUNCTIONS |= {name: filling(VALUE[name]) for name in PRIMITIVES if name not in FUNCTIONS}

# What NumPy computes number by number. Of anything else it is done so soon that workers would
# mostly wait for one another, as only one can begin the next operation at a time.
LONG = frozenset(["asin", "acos", "asinh", "acosh", "atan", "atan2", "atanh", "cbrt", "cos",
                  "cosh", "expm1", "hypot", "log1p", "pow", "sin", "sinh"])  # fmt: skip
SHARE = 1 / 20  # of the operations that have to take long for several workers to gain


class NumpyEngine:
    """Runs a plan block by block. `run` may be called by many threads, each with its own
    `workspace`."""

    name = "numpy"

    def __init__(
        self,
        plan: Plan,
        inputs: int,
        block: int | None = None,
        functions: Mapping[str, Callable[..., Any]] | None = None,
    ) -> None:
        layout = Placing(plan).layout()
        self.numbers, self.conditions = layout.numbers, layout.conditions
        self.block = block or fitting(inputs + len(plan.results) + self.numbers)
        long = sum(instruction.name in LONG for instruction in layout.instructions)
        self.parallel = long > SHARE * len(layout.instructions)
        self.constants = [np.array(value) for value in layout.constants.values()]
        counts = inputs, len(plan.results), self.numbers, self.conditions
        self.steps = [*steps(layout, counts, functions or FUNCTIONS)]

    def workspace(self, rows: int) -> Any:
        rows = min(rows, self.block)
        return aligned(self.numbers, rows), list(np.empty((self.conditions, rows), dtype=bool))

    def run(self, columns: Columns, results: Columns, work: Any) -> bool:
        """Where the sum of a column's squares is finite, all of it is."""
        rows = len(results[0])
        numbers, conditions = work
        if rows < self.block:
            numbers, conditions = ([w[:rows] for w in kind] for kind in work)
        columns = [*columns, *results, *numbers, *conditions, *self.constants]
        for function, operands_and_out in self.steps:
            function(*operands_and_out(columns))
        return all(math.isfinite(np.dot(column, column)) for column in results)


def steps(
    layout: Layout, counts: Sequence[int], functions: Mapping[str, Callable[..., Any]]
) -> Iterator[tuple[Callable[..., Any], Callable[[Columns], Columns]]]:
    """Every instruction as a function, and what picks its operands and result from all columns:
    so many inputs, results, and buffers of either kind, then the constants."""
    names = [f"{letter}{place}" for letter, count in zip("xowb", counts, strict=True)
             for place in range(count)]  # fmt: skip
    places = {name: place for place, name in enumerate([*names, *layout.constants])}
    for name, operands, out in layout.instructions:
        yield functions[name], itemgetter(*[places[buffer] for buffer in operands], places[out])


def fitting(columns: int) -> int:
    """The rows of a block: as many as stay in cache."""
    return max(LEAST_ROWS, min(MOST_ROWS, CACHE // (8 * columns) // LEAST_ROWS * LEAST_ROWS))


def fast_tangents() -> bool:
    """Does NumPy compute tangents many at a time on this machine? Sines it computes singly."""
    try:
        from numpy.lib.introspect import opt_func_info
    except ImportError:
        return False
    ways = opt_func_info(func_name="^tan$", signature="float64").get("tan", {})
    return any(way.get("current", "").startswith(("AVX512", "X86_V4")) for way in ways.values())
