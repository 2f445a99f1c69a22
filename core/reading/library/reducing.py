"""What works along an axis: sums, means, norms, softmax."""

from __future__ import annotations

from math import inf, prod
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.ordering import chosen
from backprop.reading.library.table import FUNCTIONS, Pair, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array, Number
from backprop.reading.values import plain_number

SINGULAR = {"nuc": "sum", 2: "amax", -2: "amin"}  # norms, by the singular values


def reduction(name: str) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return m.reduce(name, a, axis, keepdims)

    FUNCTIONS[name] = function


for _name in ("sum", "prod"):
    reduction(_name)


@known
def mean(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return m.reduce("mean", a, axis, keepdims)


def extreme(name: str, pairwise: str, place: str) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        if isinstance(axis, Array) or (isinstance(axis, Number) and not isinstance(a, list)):
            return m.apply(pairwise, m.numeric(a), axis)  # torch.max(a, b)
        found = m.reduce(name, a, axis, keepdims)
        if m.torch and axis is not None:
            return Pair(found, chosen(m, a, axis, keepdims, place))
        return found

    FUNCTIONS[name] = function


extreme("amax", "max", "argmax")


extreme("amin", "min", "argmin")


def alone(name: str) -> None:
    """amax and amin of PyTorch, which don't say where it stands."""

    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return m.reduce(name, a, axis, keepdims)

    FUNCTIONS[f"{name}_alone"] = function


alone("amax")
alone("amin")


def spread_out(m: Machine, name: str, a: Any, axis: Any, keepdims: Any, ddof: Any) -> Any:
    array = m.array(a)
    found = m.reduce(name, array, axis, keepdims)
    less = plain_number(ddof)
    if not less:
        return found
    axes = m.axis(axis)
    sides = array.shape if axes is None else [
        array.shape[k] for k in (axes if isinstance(axes, tuple) else (axes,))
    ]  # fmt: skip
    count = prod(sides)
    factor = count / (count - less) if count != less else inf
    return m.apply("mul", found, factor if name == "var" else factor**0.5)


@known
def var(m: Machine, a: Any, axis: Any = None, keepdims: Any = False, ddof: Any = 0,
        unbiased: Any = None) -> Any:  # fmt: skip
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    return spread_out(m, "var", a, axis, keepdims, ddof if unbiased is None else int(unbiased))


@known
def std(m: Machine, a: Any, axis: Any = None, keepdims: Any = False, ddof: Any = 0,
        unbiased: Any = None) -> Any:  # fmt: skip
    if isinstance(axis, bool):
        axis, unbiased = None, axis
    return spread_out(m, "std", a, axis, keepdims, ddof if unbiased is None else int(unbiased))


@known
def norm(m: Machine, a: Any, p: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    array, along = m.array(a), m.axis(axis)
    if p is None:
        return m.reduce("norm", array, axis, keepdims)
    if isinstance(along, tuple) or (along is None and len(array.shape) == 2):
        return matrix_norm(m, array, p, along or (0, 1), keepdims)
    return vector_norm(m, array, p, along, keepdims)


@known
def vector_norm(m: Machine, a: Any, p: Any = 2, axis: Any = None, keepdims: Any = False) -> Any:
    """The length of all entries in a line, or along an axis."""
    array, order = m.array(a), plain_number(p)
    if order == "nuc":
        return matrix_norm(m, array, p, (0, 1) if axis is None else axis, keepdims)
    if order in (None, "fro", 2):
        return m.reduce("norm", array, axis, keepdims)
    size = m.apply("abs", array)
    if order == inf:
        return m.reduce("amax", size, axis, keepdims)
    if order == -inf:
        return m.reduce("amin", size, axis, keepdims)
    if order == 1:
        return m.reduce("sum", size, axis, keepdims)
    if order == 0:
        return m.reduce("sum", m.binary("ne", array, 0), axis, keepdims)
    return m.apply("pow", m.reduce("sum", m.apply("pow", size, order), axis, keepdims), 1 / order)


@known
def matrix_norm(
    m: Machine, a: Any, p: Any = "fro", axis: Any = (-2, -1), keepdims: Any = False
) -> Any:
    array, order = m.array(a), plain_number(p)
    along, count = m.axis(axis), len(array.shape)
    pair = tuple([k % count for k in along]) if isinstance(along, tuple) and count else ()
    if len({*pair}) != 2:
        raise UnreadError("the norm of a matrix is along two axes")
    if order in (None, "fro"):
        return m.reduce("norm", array, pair, keepdims)
    if order in SINGULAR:
        others = tuple([k for k in range(count) if k not in pair])
        sizes = m.apply("svdvals", m.permuted(array, (*others, *pair)))
        found = m.reduce(SINGULAR[order], sizes, -1)
    elif order in (1, -1, inf, -inf):
        first, second = pair if abs(order) == 1 else pair[::-1]
        sums = m.reduce("sum", m.apply("abs", array), first, True)
        found = m.reduce("amax" if order > 0 else "amin", sums, second, True)
    else:
        raise UnreadError(f"the norm {order} of a matrix can't be read")
    sides = [
        1 if k in pair else side for k, side in enumerate(array.shape) if keepdims or k not in pair
    ]
    return m.reshaped(found, tuple(sides)) if sides else m.element(m.array(found))


@known
def logsumexp(m: Machine, a: Any, axis: Any = None, b: Any = None, keepdims: Any = False) -> Any:
    if b is not None:
        raise UnreadError("the weights of logsumexp can't be read")
    return m.reduce("logsumexp", a, axis, keepdims)


@known
def softmax(m: Machine, a: Any, axis: Any = -1) -> Any:
    return m.reduce("softmax", a, axis)


@known
def log_softmax(m: Machine, a: Any, axis: Any = -1) -> Any:
    return m.reduce("log_softmax", a, axis)


@known
def softmax_all(m: Machine, a: Any, axis: Any = None) -> Any:
    """That of SciPy, which takes all entries together if no axis is given."""
    return m.reduce("softmax", a, axis)


@known
def log_softmax_all(m: Machine, a: Any, axis: Any = None) -> Any:
    return m.reduce("log_softmax", a, axis)


@known
def cumsum(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None and len(array.shape) != 1:
        array, axis = m.reshaped(array, (-1,)), 0
    return m.reduce("cumsum", array, 0 if axis is None else axis)


@known
def cumprod(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None and len(array.shape) != 1:
        array, axis = m.reshaped(array, (-1,)), 0
    return m.reduce("cumprod", array, 0 if axis is None else axis)


@known
def ptp(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    ends = (m.reduce(gate, a, axis, keepdims) for gate in ("amax", "amin"))
    return m.binary("sub", *ends)


@known
def average(
    m: Machine, a: Any, axis: Any = None, weights: Any = None, returned: Any = False,
    keepdims: Any = False,
) -> Any:  # fmt: skip
    if returned:
        raise UnreadError("the weights of average are not returned")
    if weights is None:
        return m.reduce("mean", a, axis, keepdims)
    array, heavy = m.array(a), m.array(weights)
    if heavy.shape != array.shape and len(heavy.shape) == 1 and axis is not None:
        place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
        heavy = m.reshaped(heavy, (-1,) + (1,) * (len(array.shape) - place - 1))
    total = m.reduce("sum", m.binary("mul", array, heavy), axis, keepdims)
    blank = Array.new(np.zeros(array.shape))
    return m.binary("div", total, m.reduce("sum", m.binary("add", heavy, blank), axis, keepdims))


@known
def diff(m: Machine, a: Any, n: Any = 1, axis: Any = -1) -> Any:
    found = m.array(a)
    place = m.whole_number(axis, "an axis") % max(1, len(found.shape))
    key = (slice(None),) * place
    for _ in range(min(m.whole_number(n, "how often"), found.shape[place])):
        ends = (slice(1, None), slice(None, -1))
        after, before = (indexing.taken(m, found, (*key, end)) for end in ends)
        found = m.array(m.binary("sub", after, before))
    return found


@known
def trapezoid(m: Machine, a: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    array = m.array(a)
    key = (slice(None),) * (m.whole_number(axis, "an axis") % max(1, len(array.shape)))
    ends = (slice(1, None), slice(None, -1))
    after, before = (indexing.taken(m, array, (*key, end)) for end in ends)
    middle = m.binary("mul", 0.5, m.binary("add", after, before))
    width = dx if x is None else diff(m, x)
    return m.reduce("sum", m.binary("mul", middle, width), axis)
