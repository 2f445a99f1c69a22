"""Arrays joined to one."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.library.shaping import at_least, moveaxis
from backprop.reading.library.table import known
from backprop.reading.machine import Machine, Told
from backprop.reading.memory import Array
from backprop.reading.values import depends, described


def parts_in(m: Machine, arrays: Any) -> list[Any]:
    if isinstance(arrays, Array):
        m.step(arrays.shape[0] if arrays.shape else 1)
        return [indexing.taken(m, arrays, (k,)) for k in range(arrays.shape[0])]
    if not isinstance(arrays, (list, tuple)):
        raise UnreadError(f"{described(arrays)} is no list of arrays")
    return list(arrays)


@known
def concatenate(m: Machine, arrays: Any, axis: Any = 0) -> Any:
    parts = [m.array(part) for part in parts_in(m, arrays)]
    if axis is None:
        parts, axis = [m.reshaped(part, (-1,)) for part in parts], 0
    if not parts:
        raise UnreadError("there is nothing to join")
    place = m.whole_number(axis, "an axis")
    if not any(map(depends, parts)):
        m.recorder.budget.room((sum(part.cells.size for part in parts),))
        try:
            return Array.new(np.concatenate([part.cells for part in parts], axis=place))
        except ValueError as problem:
            raise MisfitError(f"these don't fit together: {problem}") from None
    from backprop.gates.shapes import Axis

    return m.apply("concatenate", *parts, Told(Axis(place)))


@known
def stack(m: Machine, arrays: Any, axis: Any = 0) -> Any:
    found = m.stacked(parts_in(m, arrays))
    place = m.whole_number(axis, "an axis")
    return found if place == 0 else moveaxis(m, found, 0, place)


@known
def hstack(m: Machine, arrays: Any) -> Any:
    parts = [at_least(m, part, 1) for part in parts_in(m, arrays)]
    return concatenate(m, parts, 0 if len(parts[0].shape) == 1 else 1)


@known
def vstack(m: Machine, arrays: Any) -> Any:
    return concatenate(m, [at_least(m, part, 2) for part in parts_in(m, arrays)], 0)


@known
def column_stack(m: Machine, arrays: Any) -> Any:
    parts = [m.array(part) for part in parts_in(m, arrays)]
    columns = [p if len(p.shape) > 1 else m.reshaped(p, (-1, 1)) for p in parts]
    return concatenate(m, columns, 1)


@known
def dstack(m: Machine, arrays: Any) -> Any:
    deep = []
    for part in parts_in(m, arrays):
        flat = at_least(m, part, 2)
        deep.append(flat if len(flat.shape) > 2 else m.reshaped(flat, (*flat.shape, 1)))
    return concatenate(m, deep, 2)


@known
def block(m: Machine, arrays: Any) -> Any:
    """Rows of blocks, or one row."""
    rows = list(arrays)
    if not any(isinstance(row, (list, tuple)) for row in rows):
        return concatenate(m, [at_least(m, row, 1) for row in rows], -1)
    if any(isinstance(one, (list, tuple)) for row in rows for one in row):
        raise UnreadError("blocks of more than rows and columns are not read")
    joined = [concatenate(m, [at_least(m, one, 2) for one in row], -1) for row in rows]
    return concatenate(m, joined, -2)
