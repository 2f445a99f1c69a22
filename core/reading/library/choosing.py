"""Entries chosen by their places."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described


@known
def take(m: Machine, a: Any, indices: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    place = m.whole_number(axis, "an axis") % max(1, len(array.shape))
    return indexing.taken(m, array, (*[slice(None)] * place, m.numeric(indices)))


@known
def index_select(m: Machine, a: Any, axis: Any, indices: Any) -> Any:
    return take(m, a, indices, axis)


@known
def take_along_axis(m: Machine, a: Any, indices: Any, axis: Any = -1) -> Any:
    array, places = m.array(a), m.array(indices)
    count = len(array.shape)
    along_axis = m.whole_number(axis, "an axis") % max(1, count)
    wide = places.shape if m.torch else (
        *array.shape[:along_axis], places.shape[along_axis], *array.shape[along_axis + 1 :]
    )  # fmt: skip
    key = [Array.new(grid) for grid in np.indices(wide, sparse=True)]
    key[along_axis] = places
    return indexing.taken(m, array, tuple(key))


@known
def gather(m: Machine, a: Any, axis: Any, indices: Any) -> Any:
    return take_along_axis(m, a, indices, axis)


@known
def masked_fill(m: Machine, a: Any, mask: Any, value: Any) -> Any:
    return m.apply("where", m.numeric(mask), m.numeric(value), m.numeric(a))


@known
def add_at(m: Machine, a: Any, indices: Any, b: Any) -> Any:
    if not isinstance(a, Array):
        raise UnreadError(f"np.add.at needs an array, not {described(a)}")
    indexing.add_at(m, a, indices, b)
