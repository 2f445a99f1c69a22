"""The same entries in another shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.copying import copied
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described


@known
def reshape(m: Machine, a: Any, shape: Sequence[Any], order: str = "C") -> Any:
    if order == "C":
        return m.reshaped(a, m.shape(shape))
    turned = m.reshaped(transpose(m, a, []), m.shape(shape)[::-1])
    return transpose(m, turned, [])


@known
def ravel(m: Machine, a: Any, order: str = "C") -> Any:
    """All entries in a line: a view of what lies in order in memory, a copy of anything else."""
    array = m.array(a) if order == "C" else transpose(m, a, [])
    line = (array.cells.size,)
    return array.view(m.recorder, "reshape", (line,), lambda cells: cells.ravel())


@known
def flatten(m: Machine, a: Any, start: Any = 0, stop: Any = -1) -> Any:
    array = m.array(a)
    first, last = m.whole_number(start, "an axis"), m.whole_number(stop, "an axis")
    count = max(1, len(array.shape))
    first, last = first % count, last % count
    middle = prod(array.shape[first : last + 1])
    shape = (*array.shape[:first], middle, *array.shape[last + 1 :])
    return copied(m, m.reshaped(array, shape))


@known
def transpose(m: Machine, a: Any, axes: Sequence[Any]) -> Any:
    array = m.array(a)
    if not axes or axes == [None]:
        return m.permuted(array, tuple(range(len(array.shape)))[::-1])
    named = m.shape(axes)
    if len(named) == 2 and (m.torch or len(array.shape) > 2):
        return swapaxes(m, array, *named)
    return m.permuted(array, named)


@known
def swapaxes(m: Machine, a: Any, axis1: Any, axis2: Any) -> Any:
    array = m.array(a)
    order = list(range(len(array.shape)))
    first, second = m.whole_number(axis1, "an axis"), m.whole_number(axis2, "an axis")
    try:
        order[first], order[second] = order[second], order[first]
    except IndexError:
        raise UnreadError(f"{described(array)} has no axes {first} and {second}") from None
    return m.permuted(array, tuple(order))


@known
def t(m: Machine, a: Any) -> Any:
    return transpose(m, a, [])


@known
def moveaxis(m: Machine, a: Any, source: Any, destination: Any) -> Any:
    array = m.array(a)
    sources, targets = (
        [axis] if isinstance(axis := m.axis(one), int) else list(axis or ())
        for one in (source, destination)
    )
    try:
        order = np.moveaxis(np.empty((0,) * len(array.shape)), sources, targets).ndim
        marks = np.moveaxis(np.empty(tuple(range(2, 2 + len(array.shape)))), sources, targets)
    except (ValueError, np.exceptions.AxisError):
        raise UnreadError(f"{described(array)} has no such axes") from None
    del order
    return m.permuted(array, tuple([side - 2 for side in marks.shape]))


@known
def squeeze(m: Machine, a: Any, axis: Any = None) -> Any:
    array = m.array(a)
    if not array.shape and not isinstance(a, Array):
        return m.numeric(a)
    axes = m.axis(axis)
    count = len(array.shape)
    chosen_axes = None if axes is None else {
        one % count for one in (axes if isinstance(axes, tuple) else (axes,)) if count
    }  # fmt: skip
    shape = [
        side
        for place, side in enumerate(array.shape)
        if side != 1 or (chosen_axes is not None and place not in chosen_axes)
    ]
    return m.reshaped(array, tuple(shape))


@known
def expand_dims(m: Machine, a: Any, axis: Any) -> Any:
    array = m.array(a)
    axes = m.axis(axis)
    wanted = axes if isinstance(axes, tuple) else (axes or 0,)
    count = len(array.shape) + len(wanted)
    places = {one % count for one in wanted}
    sides = iter(array.shape)
    return m.reshaped(array, tuple([1 if k in places else next(sides) for k in range(count)]))


@known
def broadcast_to(m: Machine, a: Any, shape: Sequence[Any]) -> Any:
    array, wanted = m.array(a), list(m.shape(shape))
    extra = len(wanted) - len(array.shape)
    m.recorder.budget.room(tuple(map(abs, wanted)))
    for place, side in enumerate(array.shape):
        if wanted[extra + place] == -1:
            wanted[extra + place] = side
    return m.binary("add", array, Array.new(np.zeros(wanted, dtype=array.cells.dtype)))


@known
def expand_as(m: Machine, a: Any, b: Any) -> Any:
    return broadcast_to(m, a, list(m.array(b).shape))


@known
def view_as(m: Machine, a: Any, b: Any) -> Any:
    return m.reshaped(a, m.array(b).shape)


def at_least(m: Machine, a: Any, axes: int) -> Array:
    """An array with axes of 1 in front, until it has so many."""
    array = m.array(a)
    missing = axes - len(array.shape)
    return array if missing <= 0 else m.reshaped(array, (1,) * missing + array.shape)


def several(m: Machine, arrays: Sequence[Any], axes: int) -> Any:
    found = [at_least(m, array, axes) for array in arrays]
    return found[0] if len(found) == 1 else found


@known
def atleast_1d(m: Machine, arrays: Sequence[Any]) -> Any:
    return several(m, arrays, 1)


@known
def atleast_2d(m: Machine, arrays: Sequence[Any]) -> Any:
    return several(m, arrays, 2)


@known
def atleast_3d(m: Machine, arrays: Sequence[Any]) -> Any:
    deep = [at_least(m, array, 2) for array in map(m.array, arrays)]
    found = []
    for array, before in zip(deep, map(m.array, arrays), strict=True):
        if len(before.shape) < 3 and not m.torch:
            array = m.reshaped(array, (*array.shape, 1))
        found.append(at_least(m, array, 3))
    return found[0] if len(found) == 1 else found
