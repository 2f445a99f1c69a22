"""Where the largest, smallest, first entries stand: whole numbers, which values decide."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.choosing import take_along_axis
from backprop.reading.library.table import SORTING, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array


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
    return take_along_axis(m, a, argsort(m, a, axis), axis)
