"""Truths: masks, what combines them, and questions about values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine, truths
from backprop.reading.memory import Array, Number


def truth_of(m: Machine, a: Any) -> Any:
    """A mask as 1 and 0; what is no mask yet becomes one."""
    a = m.numeric(a)
    is_mask = isinstance(a, bool) or (isinstance(a, Array) and a.cells.dtype == bool)
    return a if is_mask else m.binary("ne", a, 0)


@known
def both(m: Machine, a: Any, b: Any) -> Any:
    return truths(m.apply("mul", truth_of(m, a), truth_of(m, b)))


@known
def either(m: Machine, a: Any, b: Any) -> Any:
    return truths(m.apply("max", truth_of(m, a), truth_of(m, b)))


@known
def unlike(m: Machine, a: Any, b: Any) -> Any:
    return m.binary("ne", truth_of(m, a), truth_of(m, b))


def tested(name: str, test: Callable[[Any], Any]) -> None:
    """A question about values, which these answer once and for all."""

    def function(m: Machine, a: Any) -> Any:
        value = m.worth(m.numeric(a))
        found = test(value)
        return Array.new(found) if np.ndim(found) else bool(found)

    FUNCTIONS[name] = function


tested("isnan", np.isnan)


tested("isinf", np.isinf)


tested("isfinite", np.isfinite)


@known
def allclose(m: Machine, a: Any, b: Any) -> Any:
    return bool(np.allclose(m.worth(m.numeric(a)), m.worth(m.numeric(b))))


def quantified(name: str, gate: str, constant: Callable[..., Any]) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        mask = truth_of(m, m.array(a))
        if not isinstance(mask, Array):
            return mask
        if not mask.depends:
            found = constant(mask.cells, axis=m.axis(axis), keepdims=bool(keepdims))
            return Array.new(found) if np.ndim(found) else bool(found)
        return truths(m.reduce(gate, mask, axis, keepdims))

    FUNCTIONS[name] = function


quantified("any", "amax", np.any)


quantified("all", "amin", np.all)


@known
def count_nonzero(m: Machine, a: Any, axis: Any = None) -> Any:
    return m.reduce("sum", truth_of(m, m.array(a)), axis)


@known
def truth(m: Machine, a: Any) -> Any:
    return truth_of(m, a)


def places_of(m: Machine, a: Any) -> list[Any]:
    """Where something is true, along each axis."""
    return indexing.mask_places(m, m.array(truth_of(m, m.array(a))))


@known
def flatnonzero(m: Machine, a: Any) -> Any:
    return places_of(m, m.reshaped(a, (-1,)))[0]


@known
def argwhere(m: Machine, a: Any) -> Any:
    return Array.new(np.stack([place.cells for place in places_of(m, a)], axis=-1))


@known
def nonzero(m: Machine, a: Any) -> Any:
    """Places along each axis; in PyTorch a row for each entry."""
    if m.torch:
        return argwhere(m, a)
    return tuple(places_of(m, a))


@known
def isclose(m: Machine, a: Any, b: Any, rtol: Any = 1e-05, atol: Any = 1e-08) -> Any:
    a, b = m.numeric(a), m.numeric(b)
    apart = m.apply("abs", m.apply("sub", a, b))
    room = m.apply("add", atol, m.apply("mul", rtol, m.apply("abs", b)))
    return truths(m.apply("le", apart, room))


@known
def array_equal(m: Machine, a: Any, b: Any) -> Any:
    return bool(np.array_equal(m.worth(m.numeric(a)), m.worth(m.numeric(b))))


tested("isneginf", np.isneginf)
tested("isposinf", np.isposinf)


@known
def is_tensor(m: Machine, a: Any) -> bool:
    del m
    return isinstance(a, (Array, Number))


@known
def isin(m: Machine, a: Any, b: Any) -> Any:
    values, several = m.array(a), m.reshaped(m.array(b), (-1,))
    alike = m.binary("eq", m.reshaped(values, (*values.shape, 1)), several)
    return FUNCTIONS["any"](m, alike, -1)
