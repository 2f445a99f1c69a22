"""Entries at other places: turned, repeated, padded, windows of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import plain_number


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
def sliding_window_view(m: Machine, a: Any, shape: Any, axis: Any = None) -> Any:
    """Every window, by the numbers of its entries."""
    array = m.array(a)
    numbers = np.arange(array.cells.size).reshape(array.shape)
    try:
        places = np.lib.stride_tricks.sliding_window_view(numbers, m.shape([shape]), m.axis(axis))
    except ValueError as problem:
        raise UnreadError(f"there are no such windows: {problem}") from None
    m.recorder.budget.room(places.shape)
    return indexing.taken(m, m.reshaped(array, (-1,)), (Array.new(places.copy()),))


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


@known
def pad(m: Machine, a: Any, width: Any, mode: Any = "constant", value: Any = 0) -> Any:
    if mode not in ("constant",):
        raise UnreadError(f"padding with {mode} is not read")
    array = m.array(a)
    count = len(array.shape)
    wide = plain_number(width)
    if (
        m.torch
        and isinstance(wide, (list, tuple))
        and not any(isinstance(one, (list, tuple)) for one in wide)
    ):
        flat = list(m.shape([wide]))
        pairs = [(0, 0)] * (count - len(flat) // 2) + list(zip(flat[::2], flat[1::2], strict=True))[
            ::-1
        ]
    else:
        cells = np.array([m.worth(m.numeric(wide))]).astype(int)[0]
        pairs = [tuple(map(int, one)) for one in np.broadcast_to(cells, (count, 2))]  # type: ignore[misc]
    shape = [side + sum(pair) for side, pair in zip(array.shape, pairs, strict=True)]
    found = Array.new(np.full(shape, m.worth(m.numeric(value)), dtype=float))
    inside = tuple([
        slice(before, before + side)
        for side, (before, _) in zip(array.shape, pairs, strict=True)
    ])  # fmt: skip
    indexing.put(m, found, inside, array)
    return found


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
