"""Entries written or added at chosen places."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.copying import copied
from backprop.reading.library.making import made
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import depends, described


def changed(m: Machine, a: Any) -> Array:
    """A copy to write into, of floats."""
    array = m.array(a)
    return copied(m, array) if array.depends else Array.new(array.cells.astype(float))


def target(a: Any, name: str) -> Array:
    if not isinstance(a, Array):
        raise UnreadError(f"{name} writes into an array, not into {described(a)}")
    return a


def places_along(m: Machine, places: Array, axis: Any) -> tuple[Any, ...]:
    """An index of an array: other numbers along one axis, the same along all others."""
    key: list[Any] = [Array.new(grid) for grid in np.indices(places.shape, sparse=True)]
    key[m.whole_number(axis, "an axis") % max(1, len(places.shape))] = places
    return tuple(key)


def part_for(m: Machine, source: Any, places: Array) -> Any:
    """What is written: of an array as much as there are places."""
    found = m.numeric(source)
    if isinstance(found, Array) and found.shape and found.shape != places.shape:
        return indexing.taken(m, found, tuple([slice(0, side) for side in places.shape]))
    return found


@known
def scatter(m: Machine, a: Any, axis: Any, indices: Any, source: Any) -> Any:
    found, places = changed(m, a), m.array(indices)
    indexing.put(m, found, places_along(m, places, axis), part_for(m, source, places))
    return found


@known
def scatter_add(m: Machine, a: Any, axis: Any, indices: Any, source: Any) -> Any:
    found, places = changed(m, a), m.array(indices)
    indexing.add_at(m, found, places_along(m, places, axis), part_for(m, source, places))
    return found


@known
def index_add(m: Machine, a: Any, axis: Any, indices: Any, source: Any, alpha: Any = 1) -> Any:
    found = changed(m, a)
    place = m.whole_number(axis, "an axis") % max(1, len(found.shape))
    key = (*[slice(None)] * place, m.array(indices))
    indexing.add_at(m, found, key, m.binary("mul", m.numeric(source), alpha))
    return found


@known
def index_copy(m: Machine, a: Any, axis: Any, indices: Any, source: Any) -> Any:
    found = changed(m, a)
    place = m.whole_number(axis, "an axis") % max(1, len(found.shape))
    indexing.put(m, found, (*[slice(None)] * place, m.array(indices)), source)
    return found


@known
def index_fill(m: Machine, a: Any, axis: Any, indices: Any, value: Any) -> Any:
    return index_copy(m, a, axis, indices, value)


@known
def put_along_axis(m: Machine, a: Any, indices: Any, value: Any, axis: Any) -> None:
    found, places = target(a, "put_along_axis"), m.array(indices)
    indexing.put(m, found, places_along(m, places, axis), value)


@known
def put(m: Machine, a: Any, indices: Any, value: Any) -> None:
    found = target(a, "put")
    if not found.cells.flags.c_contiguous:
        raise UnreadError("put is read for arrays that lie in order", "index the array instead")
    indexing.put(m, m.reshaped(found, (-1,)), m.array(indices), value)


@known
def copyto(m: Machine, a: Any, b: Any) -> None:
    indexing.put(m, target(a, "copyto"), Ellipsis, b)


@known
def fill_diagonal(m: Machine, a: Any, value: Any) -> None:
    found = target(a, "fill_diagonal")
    if len(set(found.shape)) > 1 and len(found.shape) != 2:
        raise UnreadError("fill_diagonal wants equal sides")
    places = Array.new(np.arange(min(found.shape, default=0)))
    indexing.put(m, found, (places,) * len(found.shape), value)


@known
def bincount(m: Machine, a: Any, weights: Any = None, minlength: Any = 0) -> Any:
    places = indexing.whole_places(m, m.array(a))
    least = m.whole_number(minlength, "how many")
    if places.ndim != 1 or places.min(initial=0) < 0:
        raise UnreadError("bincount counts a line of whole numbers from 0")
    size = max(least, int(places.max(initial=-1)) + 1)
    m.recorder.budget.room((size,))
    if weights is None:
        return made(m, np.bincount(places, minlength=size))
    found = Array.new(np.zeros(size))
    indexing.add_at(m, found, Array.new(places), weights)
    return found


@known
def masked_select(m: Machine, a: Any, mask: Any) -> Any:
    array, chosen = m.array(a), m.array(mask)
    if chosen.shape != array.shape:
        array = m.array(m.binary("add", array, Array.new(np.zeros(chosen.shape))))
    return indexing.taken(m, array, chosen)


@known
def compress(m: Machine, c: Any, a: Any, axis: Any = None) -> Any:
    array = m.array(a) if axis is not None else m.reshaped(a, (-1,))
    place = 0 if axis is None else m.whole_number(axis, "an axis") % max(1, len(array.shape))
    chosen = m.array(c)
    if depends(chosen):
        raise UnreadError("a mask that values decide can't be read here", "index with it instead")
    return indexing.taken(
        m, array, (*[slice(None)] * place, Array.new(np.nonzero(chosen.cells)[0]))
    )


@known
def extract(m: Machine, c: Any, a: Any) -> Any:
    return compress(m, m.reshaped(c, (-1,)), a)


@known
def select(m: Machine, conditions: Any, choices: Any, default: Any = 0) -> Any:
    """The first choice whose condition holds."""
    found = m.numeric(default)
    for condition, choice in zip(reversed(conditions), reversed(choices), strict=True):
        found = m.apply("where", m.numeric(condition), m.numeric(choice), found)
    return found
