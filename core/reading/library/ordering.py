"""Where the largest, smallest, first entries stand: whole numbers, which values decide."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.choosing import take_along_axis
from backprop.reading.library.joining import parts_in
from backprop.reading.library.table import FUNCTIONS, SORTING, Pair, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import plain_number


def chosen(m: Machine, a: Any, axis: Any, keepdims: Any, name: str) -> Any:
    """Where the largest or smallest entry stands: whole numbers, which values decide."""
    array = m.array(a)
    along = m.axis(axis)
    if isinstance(along, tuple) or not array.cells.size:
        raise UnreadError(f"{name} works along one axis of an array with entries")
    m.recorder.budget.compute(array.cells.size)
    found = getattr(np, name)(array.cells, axis=along, keepdims=bool(keepdims))
    if array.depends:
        m.guard(array.read(m.recorder), f"{name} {along}", np.asarray(found))
    return Array.new(found) if np.ndim(found) else int(found)


@known
def argmax(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return chosen(m, a, axis, keepdims, "argmax")


@known
def argmin(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    return chosen(m, a, axis, keepdims, "argmin")


@known
def argsort(m: Machine, a: Any, axis: Any = -1) -> Any:
    array = m.array(a)
    along = m.axis(axis)
    if isinstance(along, tuple):
        raise UnreadError("argsort works along one axis")
    m.recorder.budget.compute(SORTING * array.cells.size)
    found = np.argsort(array.cells, axis=along, kind="stable")
    if array.depends:
        m.guard(array.read(m.recorder), f"argsort {along}", found)
    return Array.new(found)


@known
def sort(m: Machine, a: Any, axis: Any = -1) -> Any:
    if axis is None:
        a, axis = m.reshaped(a, (-1,)), -1
    order = argsort(m, a, axis)
    found = take_along_axis(m, a, order, axis)
    return Pair(found, order) if m.torch else found


def sorted_along(m: Machine, a: Any, axis: Any) -> tuple[Array, int]:
    """Sorted along one axis, with the number of that axis."""
    array = m.reshaped(a, (-1,)) if axis is None else m.array(a)
    place = m.whole_number(0 if axis is None else axis, "an axis") % max(1, len(array.shape))
    if not array.cells.size:
        raise UnreadError("an array without entries has none in the middle")
    return m.array(take_along_axis(m, array, argsort(m, array, place), place)), place


@known
def topk(m: Machine, a: Any, k: Any, axis: Any = -1, largest: Any = True) -> Any:
    array, count = m.array(a), m.whole_number(k, "how many")
    order = m.array(argsort(m, m.apply("neg", array) if largest else array, axis))
    place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
    first = m.array(indexing.taken(m, order, (*[slice(None)] * place, slice(0, count))))
    return Pair(take_along_axis(m, array, first, axis), first)


FUNCTIONS["top_k"] = topk  # that of jax.lax


@known
def quantile(
    m: Machine, a: Any, q: Any, axis: Any = None, keepdims: Any = False, method: Any = "linear"
) -> Any:
    """The entries in order, and straight lines between them."""
    if method != "linear":
        raise UnreadError("only the linear way between entries is read")
    parts = plain_number(q)
    if isinstance(parts, (list, tuple, Array)):
        found = [one_quantile(m, a, one, axis, keepdims) for one in parts_in(m, parts)]
        return m.stacked(found)
    return one_quantile(m, a, parts, axis, keepdims)


def one_quantile(m: Machine, a: Any, q: Any, axis: Any, keepdims: Any) -> Any:
    array, place = sorted_along(m, a, axis)
    part = float(m.worth(m.numeric(q)))
    if not 0 <= part <= 1:
        raise UnreadError("a quantile is between 0 and 1")
    at = part * (array.shape[place] - 1)
    low = int(at)
    key = (slice(None),) * place
    below, above = (
        indexing.taken(m, array, (*key, one)) for one in (low, min(low + 1, array.shape[place] - 1))
    )
    found = m.binary("add", below, m.binary("mul", m.binary("sub", above, below), at - low))
    if not keepdims:
        return found
    whole = m.array(a).shape
    gone = range(len(whole)) if axis is None else (place,)
    return m.reshaped(found, tuple([1 if k in gone else side for k, side in enumerate(whole)]))


@known
def percentile(m: Machine, a: Any, q: Any, axis: Any = None, keepdims: Any = False) -> Any:
    parts = m.binary("div", m.numeric(plain_number(q)), 100.0)
    return quantile(m, a, parts, axis, keepdims)


@known
def median(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    """PyTorch takes the lower of two in the middle, and says where it stands."""
    if not m.torch:
        return quantile(m, a, 0.5, axis, keepdims)
    array, place = sorted_along(m, a, axis)
    key = (slice(None),) * place
    middle = (array.shape[place] - 1) // 2
    found = indexing.taken(m, array, (*key, middle))
    if axis is None:
        return found
    order = m.array(argsort(m, a, axis))
    return Pair(found, indexing.taken(m, order, (*key, middle)))


def constant(m: Machine, a: Any, what: str) -> Any:
    """Cells that no input decides."""
    array = m.array(a)
    if array.depends:
        raise UnreadError(f"{what} of values that depend on an input can't be read")
    m.recorder.budget.compute(SORTING * array.cells.size)
    return array.cells


@known
def unique(
    m: Machine, a: Any, return_index: Any = False, return_inverse: Any = False,
    return_counts: Any = False, axis: Any = None,
) -> Any:  # fmt: skip
    if axis is not None:
        raise UnreadError("unique along an axis can't be read")
    cells = constant(m, a, "unique")
    more = (True, bool(return_index), bool(return_inverse), bool(return_counts))
    found = np.unique(cells, return_index=True, return_inverse=True, return_counts=True)
    asked = tuple([Array.new(part) for part, wanted in zip(found, more, strict=True) if wanted])
    return asked if len(asked) > 1 else asked[0]


@known
def searchsorted(m: Machine, a: Any, b: Any, side: Any = "left", right: Any = None) -> Any:
    """How many entries of a sorted line stand before; comparisons that values decide are guards."""
    edges, values = m.array(a), m.array(b)
    if len(edges.shape) != 1 or side not in ("left", "right"):
        raise UnreadError("searchsorted looks through one sorted line, from left or right")
    gate = "le" if side == "right" or right else "lt"
    before = m.binary(gate, edges, m.reshaped(values, (*values.shape, 1)))
    mask = m.array(before)
    if mask.depends:
        m.guard(mask.read(m.recorder), "truth", mask.cells.copy())
    found = np.sum(mask.cells, axis=-1)
    return Array.new(found) if values.shape else int(found)


@known
def digitize(m: Machine, a: Any, bins: Any, right: Any = False) -> Any:
    edges = m.array(bins)
    falling = edges.cells.size > 1 and bool(edges.cells[0] > edges.cells[-1])
    if falling:
        raise UnreadError("bins that fall are not read", "sort them")
    return searchsorted(m, edges, a, "left" if right else "right")


@known
def bucketize(m: Machine, a: Any, bins: Any, right: Any = False) -> Any:
    return searchsorted(m, bins, a, "right" if right else "left")
