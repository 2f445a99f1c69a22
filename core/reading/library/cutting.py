"""An array cut into several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import plain_number


def pieces(m: Machine, a: Any, ends: Sequence[int], axis: int) -> list[Any]:
    array = m.array(a)
    axis %= max(1, len(array.shape))
    starts = [0, *ends]
    return [
        indexing.taken(m, array, (*[slice(None)] * axis, slice(start, stop)))
        for start, stop in zip(starts, [*ends, array.shape[axis]], strict=True)
    ]


@known
def split(m: Machine, a: Any, parts: Any, axis: Any = 0) -> Any:
    """PyTorch is told the sizes of the parts, NumPy how many there are or where they end."""
    if not m.torch:
        return cut(m, a, parts, axis)
    place = m.whole_number(axis, "an axis")
    asked = plain_number(parts)
    if isinstance(asked, (list, tuple, Array)):
        ends = list(np.cumsum(m.shape([asked]))[:-1])
    else:
        side = max(1, m.whole_number(asked, "a size"))
        ends = list(range(side, m.array(a).shape[place], side))
    return pieces(m, a, [int(end) for end in ends], place)


def cut(m: Machine, a: Any, parts: Any, axis: Any) -> Any:
    place = m.whole_number(axis, "an axis")
    size = m.array(a).shape[place]
    asked = plain_number(parts)
    if isinstance(asked, (list, tuple, Array)):
        ends = list(m.shape([asked]))
    else:
        count = m.whole_number(asked, "how many parts")
        m.recorder.budget.make(max(0, count))
        sizes = [len(one) for one in np.array_split(np.arange(size), max(1, count))]
        ends = list(np.cumsum(sizes)[:-1])
    return pieces(m, a, [int(end) for end in ends], place)


@known
def hsplit(m: Machine, a: Any, parts: Any) -> Any:
    return cut(m, a, parts, 1 if len(m.array(a).shape) > 1 else 0)


@known
def vsplit(m: Machine, a: Any, parts: Any) -> Any:
    return cut(m, a, parts, 0)


@known
def dsplit(m: Machine, a: Any, parts: Any) -> Any:
    return cut(m, a, parts, 2)


@known
def chunk(m: Machine, a: Any, parts: Any, axis: Any = 0) -> Any:
    place = m.whole_number(axis, "an axis")
    size = m.array(a).shape[place]
    each = -(-size // max(1, m.whole_number(parts, "how many parts")))
    return tuple(pieces(m, a, list(range(each, size, max(1, each))), place))


@known
def unbind(m: Machine, a: Any, axis: Any = 0) -> Any:
    array, place = m.array(a), m.whole_number(axis, "an axis")
    place %= max(1, len(array.shape))
    key = (slice(None),) * place
    return tuple([indexing.taken(m, array, (*key, k)) for k in range(array.shape[place])])


@known
def narrow(m: Machine, a: Any, axis: Any, start: Any, length: Any) -> Any:
    array = m.array(a)
    place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
    first = m.whole_number(start, "a place")
    end = first + m.whole_number(length, "a length")
    return indexing.taken(m, array, (*[slice(None)] * place, slice(first, end)))


@known
def select_along(m: Machine, a: Any, axis: Any, at: Any) -> Any:
    """The method select of PyTorch: one entry of an axis."""
    array = m.array(a)
    place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
    return indexing.taken(m, array, (*[slice(None)] * place, m.whole_number(at, "a place")))
