"""NumPy arrays of floats under IEEE rules: the elementwise gates, and those on whole arrays.

Elementwise gates are the same texts of the table as everywhere. A slope that routes is 0 or 1
entry by entry, and 0 stops a message entry by entry, as None does for a single number.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any

import numpy as np

from backprop.arithmetic.ieee import PRIMITIVES
from backprop.arithmetic.system import (
    TIES,
    Arithmetic,
    Function,
    Table,
    defined,
    each_operand,
    slopes,
)
from backprop.arithmetic.texts import Target, formula, statements
from backprop.arithmetic.whole import WHOLE, picked, pieces, put_back, routed, scattered
from backprop.gates import CONSTANTS, GATES
from backprop.gates.row import Gate

Array = Any
IGNORED: Any = {"divide": "ignore", "over": "ignore", "under": "ignore", "invalid": "ignore"}


def vectorized(function: Callable[..., float], count: int = 1) -> Function:
    """A function of floats, entry by entry: for what NumPy lacks."""
    each = np.frompyfunc(function, count, 1)
    return lambda *operands: np.asarray(each(*operands), dtype=float)[()]


def chained(function: Callable[[Array, Array], Array]) -> Function:
    """A function of two operands for any number of them."""

    def every(a: Array, *others: Array) -> Array:
        for b in others:
            a = function(a, b)
        return a

    return every


def choose(condition: Array, yes: Array, no: Array) -> Array:
    chosen: Array = np.where(condition != 0, yes, no)
    return chosen[()]


ELEMENTWISE: dict[str, Function] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": np.divide,
    "pow": np.power,
    "unit": lambda a: np.ones(np.shape(a))[()],
    "sqrt": np.sqrt,
    "cbrt": np.cbrt,
    "hypot": chained(np.hypot),
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log2": np.log2,
    "log10": np.log10,
    "log1p": np.log1p,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "erf": vectorized(math.erf),
    "erfc": vectorized(math.erfc),
    "abs": np.abs,
    "sign": np.sign,
    "floor": np.floor,
    "ceil": np.ceil,
    "round": np.rint,
    "mod": np.mod,
    "max": chained(np.maximum),
    "min": chained(np.minimum),
    "where": choose,
    "lt": lambda a, b: (a < b) * 1.0,
    "le": lambda a, b: (a <= b) * 1.0,
    "gt": lambda a, b: (a > b) * 1.0,
    "ge": lambda a, b: (a >= b) * 1.0,
    "eq": lambda a, b: (a == b) * 1.0,
    "ne": lambda a, b: (a != b) * 1.0,
}
# What NumPy has nothing for is computed entry by entry.
ELEMENTWISE |= {
    name: vectorized(function, len(GATES[name].operands))
    for name, function in PRIMITIVES.items()
    if name not in ELEMENTWISE
}


def moves(slope: Array, tangent: Array) -> Array:
    """What doesn't move stays, however steep it is: entry by entry."""
    found = slope * tangent
    return found if np.all(found == found) else np.where(tangent == 0, 0.0, found)[()]


# From texts to messages.


def tied(ties: str) -> Function:
    """Who gets the gradient of max or min, entry by entry, where operands are equal."""

    def parts(*operands_and_out: Array) -> list[Array]:
        *operands, out = operands_and_out
        equal = [np.where(out != out, math.nan, (a == out) * 1.0) for a in operands]
        if ties == "split":
            return [part / sum(equal) for part in equal]
        if ties == "first":
            free = np.ones(np.shape(out))
            for place, part in enumerate(equal):
                equal[place] = np.where(part == 1, free, part)
                free = np.where(part == 1, 0.0, free)
        return equal

    return parts


def entry(value: Any) -> Any:
    """A number as NumPy's own, which never raises, and an array as a plain one; what is neither
    stays as it is."""
    if isinstance(value, float):
        return np.float64(value)
    return value.view(np.ndarray) if isinstance(value, np.ndarray) else value


class ArrayArithmetic(Arithmetic):
    """An arithmetic that also has, for gates on whole arrays, what they pass back:
    message[ties][gate](wanted, *operands, out, g), for each operand an array, a few entries of
    one, or None. What `wanted` says False of needs no message. And how they move as their
    operands do: tangent[gate](moved, *operands, out)."""

    def __init__(
        self,
        title: str,
        elementwise: Mapping[str, Function],
        whole: Mapping[str, Function],
        *,
        constants: Mapping[str, Any] = CONSTANTS,
        number: Callable[[Any], Any] = entry,
        **more: Any,
    ) -> None:
        super().__init__(
            title, {**elementwise, **whole},
            constants={**constants, "where": choose, "moves": moves},
            number=number, arrays=True, **more,
        )  # fmt: skip
        self.scope = {**self.constants, **elementwise, **whole}
        self.message = {ties: Table(partial(self.make_message, ties)) for ties in TIES}
        self.tangent = Table(self.make_tangent)

    def make_local(self, ties: str, gate: Gate) -> Function:
        if gate.ties:
            return tied(ties)
        found = self.function(gate, (*gate.operands, "out"), gate.partials, slopes, gate.domain)
        return each_operand(found) if gate.variadic else found

    def make_message(self, ties: str, gate: Gate) -> Function:
        return LISTS[gate.name] if gate.name in LISTS else self.pull(gate, ties)

    def make_tangent(self, gate: Gate) -> Function:
        """How a gate on arrays moves as some of its operands do: `moved` has None for others."""
        if gate.name in LISTS:
            return partial(listed_tangent, self.value[gate.name])
        each = []
        target = Target(self.literal, divides=self.divides, arrays=True)
        scope = self.scope | {"picked": partial(picked, ties="first")}
        for text in filter(None, gate.tangents):
            lines, answer = statements(formula(text), target)
            signature = ", ".join(["d", *gate.operands, "out"])
            each.append(defined(signature, [*lines, f"return {answer}"], scope))

        def tangent(moved: Sequence[Array | None], *fed_and_out: Array) -> Array:
            parts = zip(each, moved, strict=False)
            return sum(part(d, *fed_and_out) for part, d in parts if d is not None)

        return tangent

    def pull(self, gate: Gate, ties: str) -> Function:
        """What a gate on arrays passes back, by the texts of its row."""
        lines: list[str] = []
        answers: list[str] = []
        target = Target(self.literal, divides=self.divides, arrays=True)
        for place, text in enumerate(gate.partials):
            more, answer = statements(formula(text), target) if text else ([], "None")
            lines += more
            answers.append(f"({answer}) if wanted[{place}] else None")
        scope = self.scope | {"routed": partial(routed, ties=ties)}
        signature = ", ".join(["wanted", *gate.operands, "out", "g"])
        return defined(signature, [*lines, f"return ({', '.join(answers)},)"], scope)


def listed_tangent(value: Function, moved: Sequence[Array | None], *fed_and_out: Array) -> Array:
    """How gates that put arrays together, or take entries out, move: as what they are fed."""
    fed = fed_and_out[:-1]
    arrays = [isinstance(operand, (float, np.ndarray)) for operand in fed]
    if value is WHOLE["index"]:
        arrays[1:] = [False] * len(fed[1:])
    still = [
        np.zeros(np.shape(a)) if is_array else a for a, is_array in zip(fed, arrays, strict=True)
    ]
    return value(*[d if d is not None else a for d, a in zip(moved, still, strict=True)])


# What has any number of operands, and says for each what goes back to it.
LISTS: dict[str, Function] = {
    "concatenate": lambda _, *fed: [*pieces(fed[-1], *fed[:-2]), None],
    "stack": lambda _, *fed: list(fed[-1]),
    "put": lambda _, *fed: put_back(fed[-1], *fed[1:-2]),
    "index": lambda _, *fed: [scattered(fed[-1], fed[0], *fed[1:-2]), *(None for _ in fed[1:-2])],
}
ARRAYS = ArrayArithmetic("arrays", ELEMENTWISE, WHOLE)


def finite(value: Any) -> bool:
    """Is every entry a finite number? What is no number at all is left alone."""
    if isinstance(value, float):
        return isfinite(value)
    if not isinstance(value, np.ndarray):
        return True
    # A sum of squares is the quickest to ask, but it overflows where the entries are large.
    return isfinite(np.vdot(value, value)) or bool(np.isfinite(value).all())
