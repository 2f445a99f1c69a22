"""Arrays in a format of fewer bits: what a gate computes is rounded, and sums and products of
matrices after each of their additions."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.format_arrays import Rounding, product, rounding, summed
from backprop.arithmetic.whole import Scattered
from backprop.engine.arrays import ArrayBackward, backward_arrays
from backprop.engine.lower import Lower
from backprop.engine.numbers import Branches, forward
from backprop.program.program import Program

Array = Any
PRODUCTS = ("matmul", "matvec", "vecmat", "inner", "batched", "batchvec", "vecbatch")


class Wrapped(dict[str, Any]):
    """A table of functions, each made of that of another table when it is first asked for."""

    def __init__(self, table: Mapping[str, Any], make: Callable[[str, Any], Any]) -> None:
        super().__init__()
        self.table = table
        self.make = make

    def __missing__(self, name: str) -> Any:
        self[name] = found = self.make(name, self.table[name])
        return found


class LowerArrays:
    """What the passes over arrays ask of an arithmetic, in fewer bits."""

    def __init__(self, how: Lower) -> None:
        self.rounded = rounding(how.format)
        self.wide = rounding(how.wide or how.format)
        self.value = Wrapped(ARRAYS.value, self.make_value)
        self.local = {ties: Wrapped(t, self.make_slopes) for ties, t in ARRAYS.local.items()}
        self.message = {ties: Wrapped(t, self.make_message) for ties, t in ARRAYS.message.items()}

    def number(self, value: Any) -> Any:
        return self.rounded(ARRAYS.number(value))

    def make_value(self, name: str, function: Any) -> Any:
        rounded, wide = self.rounded, self.wide
        if name in PRODUCTS:
            return lambda a, b: rounded(product(a, b, wide))
        if name in ("sum", "mean"):
            return partial(self.reduced, mean=name == "mean")
        return lambda *operands: rounded(function(*operands))

    def reduced(self, a: Array, axis: Any, *, mean: bool) -> Array:
        shape = np.shape(a)
        if not np.size(a):
            return self.rounded(ARRAYS.value["mean" if mean else "sum"](a, axis))
        axes = axis.of(shape)
        with np.errstate(**IGNORED):
            found = self.rounded(summed(a, axes, self.wide, mean=mean))
        if axis.keep:
            found = np.reshape(found, np.shape(np.sum(a, axis=axes, keepdims=True)))
        return found

    def make_slopes(self, name: str, function: Any) -> Any:
        del name
        return lambda *fed: tuple([None if s is None else self.rounded(s) for s in function(*fed)])

    def make_message(self, name: str, function: Any) -> Any:
        if name in BACK:
            pull, wide = BACK[name], self.wide
            return lambda _, a, b, out, g: [self.rounded(part) for part in pull(a, b, g, wide)]

        def message(wanted: Sequence[bool], *fed: Array) -> list[Any]:
            return [self.settled(part) for part in function(wanted, *fed)]

        return message

    def settled(self, part: Any) -> Any:
        """A message, rounded; one of a few entries becomes a whole array."""
        if part is None:
            return None
        return self.rounded(part.whole() if isinstance(part, Scattered) else part)


# What products of matrices pass back, added up as they are themselves.
BACK: dict[str, Callable[[Array, Array, Array, Rounding], tuple[Array, Array]]] = {
    "matmul": lambda a, b, g, wide: (product(g, b.T, wide), product(a.T, g, wide)),
    "matvec": lambda a, b, g, wide: (np.outer(g, b), product(a.T, g, wide)),
    "vecmat": lambda a, b, g, wide: (product(b, g, wide), np.outer(a, g)),
    "inner": lambda a, b, g, wide: (g * b, g * a),
}


def forward_lower(program: Program, point: Mapping[str, Any], how: Lower) -> Sequence[Array]:
    with np.errstate(**IGNORED):
        arithmetic: Any = LowerArrays(how)
        return forward(program, point, arithmetic)


def backward_lower(
    program: Program, values: Sequence[Array], branches: Branches, wrt: Collection[str] | None,
    upstream: Any, how: Lower,
) -> ArrayBackward:  # fmt: skip
    """The gradient of every slot, the loss scale taken out again."""
    arithmetic: Any = LowerArrays(how)
    found = backward_arrays(
        program, values, arithmetic.rounded(upstream * how.scale), branches, wrt,
        arithmetic, settle=arithmetic.rounded,
    )  # fmt: skip
    return ArrayBackward(
        [None if one is None else one / how.scale for one in found.gradients],
        [
            None if parts is None else [unscaled(one, how.scale) for one in parts]
            for parts in found.messages
        ],
        found.shapes,
    )


def unscaled(part: Any, scale: float) -> Any:
    if part is None:
        return None
    return (part.whole() if isinstance(part, Scattered) else part) / scale
