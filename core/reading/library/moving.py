"""Entries at other places: turned, shifted, repeated."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array


def numbers_of(array: Array) -> Any:
    """The numbers of its entries, counted in a line, each where its entry is."""
    return np.arange(array.cells.size).reshape(array.shape)


def by_numbers(m: Machine, array: Array, numbers: Any) -> Any:
    """The entries of these numbers."""
    places = np.asarray(numbers)
    m.recorder.budget.room(places.shape)
    if not array.depends:
        return Array.new(array.cells.reshape(-1)[places])
    return indexing.taken(m, m.reshaped(array, (-1,)), (Array.new(places.copy()),))


@known
def rot90(m: Machine, a: Any, k: Any = 1, axes: Any = (0, 1)) -> Any:
    array = m.array(a)
    turns, both = m.whole_number(k, "how often"), m.axis(axes)
    return by_numbers(m, array, np.rot90(numbers_of(array), turns, both))  # type: ignore[arg-type]


@known
def resize(m: Machine, a: Any, shape: Sequence[Any]) -> Any:
    array, sides = m.array(a), m.shape(shape)
    m.recorder.budget.room(tuple(map(abs, sides)))
    return by_numbers(m, array, np.resize(numbers_of(array), sides))


@known
def tile(m: Machine, a: Any, times: Sequence[Any]) -> Any:
    array, counts = m.array(a), list(m.shape(times))
    missing = len(counts) - len(array.shape)
    array = m.reshaped(array, ((1,) * missing + array.shape) if missing > 0 else array.shape)
    counts = [1] * -missing + counts
    for axis, (count, side) in enumerate(zip(counts, array.shape, strict=True)):
        m.recorder.budget.room((max(0, count) * side,))
        if count != 1:
            array = along(m, array, axis, np.tile(np.arange(side), count))
    return array


def along(m: Machine, array: Array, axis: int, places: Any) -> Array:
    """The entries at these places of one axis."""
    axis %= max(1, len(array.shape))
    key = (*[slice(None)] * axis, Array.new(np.asarray(places)))
    found = indexing.taken(m, array, key)
    assert isinstance(found, Array)
    return found


@known
def repeat(m: Machine, a: Any, times: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    place = m.whole_number(axis, "an axis")
    counts = m.numeric(times)
    number = counts.cells.astype(int) if isinstance(counts, Array) else m.whole_number(
        counts, "how often"
    )  # fmt: skip
    m.recorder.budget.room(
        (abs(int(np.sum(number))) * (1 if np.ndim(number) else array.cells.size),)
    )
    return along(m, array, place, np.repeat(np.arange(array.shape[place]), number))


@known
def repeated(m: Machine, a: Any, times: Sequence[Any], axis: Any = None) -> Any:
    """The method: every entry in NumPy, the whole array in PyTorch."""
    if m.torch and axis is None:
        return tile(m, a, times)
    return repeat(m, a, *times, **({} if axis is None else {"axis": axis}))


@known
def flip(m: Machine, a: Any, axis: Any = None) -> Any:
    array, axes = m.array(a), m.axis(axis)
    count = len(array.shape)
    places = range(count) if axes is None else [
        one % count for one in (axes if isinstance(axes, tuple) else (axes,))
    ]  # fmt: skip
    key = tuple([slice(None, None, -1) if k in places else slice(None) for k in range(count)])
    return indexing.taken(m, array, key)


@known
def flipped(m: Machine, a: Any, axes: Sequence[Any]) -> Any:
    """flip of PyTorch, which takes several axes."""
    return flip(m, a, m.shape(axes) if axes else None)


@known
def fliplr(m: Machine, a: Any) -> Any:
    return flip(m, a, 1)


@known
def flipud(m: Machine, a: Any) -> Any:
    return flip(m, a, 0)


@known
def roll(m: Machine, a: Any, shift: Any, axis: Any = None) -> Any:
    array = m.array(a)
    shape = array.shape
    if axis is None:
        array, axis = m.reshaped(array, (-1,)), 0
    shifts, axes = (
        [one] if isinstance(one, int) else list(one or ()) for one in (m.axis(shift), m.axis(axis))
    )
    for step, place in zip(shifts, axes, strict=True):
        array = along(m, array, place, np.roll(np.arange(array.shape[place]), step))
    return m.reshaped(array, shape)


def triangle(name: str, function: Callable[..., Any]) -> None:
    def triangular(m: Machine, a: Any, k: Any = 0) -> Any:
        array = m.array(a)
        keep = function(np.ones(array.shape[-2:], dtype=bool), m.whole_number(k, "k"))
        if not array.depends:
            return Array.new(np.where(keep, array.cells, 0))
        return m.apply("where", Array.new(keep), array, 0.0)

    FUNCTIONS[name] = triangular


triangle("tril", np.tril)


triangle("triu", np.triu)
