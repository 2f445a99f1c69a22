"""Copies, types, sizes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.library.truths import truth_of
from backprop.reading.machine import ARRAY_STEPS, Machine
from backprop.reading.memory import Array, Number


def copied(m: Machine, a: Any) -> Any:
    if not isinstance(a, Array):
        return a
    return Array.new(a.cells.copy(), a.read(m.recorder) if a.depends else None)


@known
def copy(m: Machine, a: Any) -> Any:
    return copied(m, m.numeric(a))


@known
def same(m: Machine, a: Any, more: Any = ()) -> Any:
    """An array as it is: whoever writes into one writes into both."""
    del more
    return m.numeric(a)


@known
def contiguous(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    in_order = not isinstance(found, Array) or found.cells.flags.c_contiguous
    return found if in_order else copied(m, found)


@known
def floats(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    return astype(m, found) if isinstance(found, Array) and found.cells.dtype != float else found


@known
def astype(m: Machine, a: Any, dtype: Any = None) -> Any:
    found = m.numeric(a)
    kind = getattr(dtype, "name", dtype)
    if isinstance(found, Array) and not found.depends and kind in ("int", "bool"):
        return Array.new(found.cells.astype(int if kind == "int" else bool))
    if kind == "bool":
        return truth_of(m, found)
    if isinstance(found, Array):
        return Array.new(
            found.cells.astype(float), found.read(m.recorder) if found.depends else None
        )
    return found


@known
def detach(m: Machine, a: Any) -> Any:
    """A constant, whatever it was made of."""
    found = m.numeric(a)
    if isinstance(found, Array):
        return Array.new(found.cells.copy())
    return found.value if isinstance(found, Number) else found


@known
def item(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    if not isinstance(found, Array):
        return found
    if found.cells.size == 1:
        return m.element(found)
    if not found.depends:
        m.recorder.budget.make(found.cells.size)
        return found.cells.tolist()
    m.step(ARRAY_STEPS * found.cells.size)
    flat = m.reshaped(found, (-1,))
    level: list[Any] = [flat.element(m.recorder, (k,)) for k in range(found.cells.size)]
    for size in found.shape[:0:-1]:
        level = [level[k : k + size] for k in range(0, len(level), max(1, size))]
    return level


@known
def shape_of(m: Machine, a: Any) -> Any:
    return m.array(a).shape


@known
def ndim_of(m: Machine, a: Any) -> Any:
    return len(m.array(a).shape)


@known
def size_of(m: Machine, a: Any, axis: Any = None) -> Any:
    found = m.array(a)
    return found.cells.size if axis is None else found.shape[m.whole_number(axis, "an axis")]


@known
def sides(m: Machine, a: Any, axis: Any = None) -> Any:
    """The method size of PyTorch: the shape, or one side of it."""
    shape = m.array(a).shape
    return shape if axis is None else shape[m.whole_number(axis, "an axis")]


@known
def stride(m: Machine, a: Any, axis: Any = None) -> Any:
    """The steps to the next entry along each axis, in entries."""
    array = m.array(a)
    steps = tuple([step // array.cells.itemsize for step in array.cells.strides])
    return steps if axis is None else steps[m.whole_number(axis, "an axis")]


@known
def second(m: Machine, a: Any, b: Any) -> Any:
    """What is copied into an array."""
    del a
    return m.numeric(b)


@known
def never(m: Machine, a: Any = None) -> bool:
    """What is true of nothing that is read: that a number is complex, that there is a GPU."""
    del m, a
    return False


@known
def broadcast_arrays(m: Machine, arrays: Sequence[Any]) -> Any:
    parts = [m.array(part) for part in arrays]
    shape = np.broadcast_shapes(*(part.shape for part in parts))
    return [FUNCTIONS["broadcast_to"](m, part, list(shape)) for part in parts]


@known
def isscalar(m: Machine, a: Any) -> Any:
    del m
    return not isinstance(a, (Array, list, tuple, dict))


@known
def finfo(m: Machine, a: Any = None) -> Any:
    from backprop.reading.values import Instance

    del m, a
    found = np.finfo(float)
    names = {"eps": float(found.eps), "max": float(found.max), "min": float(found.min),
             "tiny": float(found.tiny)}  # fmt: skip
    return Instance("finfo", dict(names))
