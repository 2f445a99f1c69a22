"""An array with entries put in, left out, or put around it."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.joining import concatenate
from backprop.reading.library.moving import by_numbers, numbers_of
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import depends, plain_number

AROUND = ("edge", "reflect", "symmetric", "wrap")  # what is padded with what is there
OF_TORCH = {"replicate": "edge", "circular": "wrap"}


def places_in(m: Machine, at: Any) -> Any:
    """Where something is put in or left out: a number, a slice, a mask or several numbers."""
    if isinstance(at, slice):
        return slice(*(end if end is None else m.whole_number(end, "an end of a slice")
                       for end in (at.start, at.stop, at.step)))  # fmt: skip
    found = m.numeric(at)
    if not isinstance(found, Array):
        return m.whole_number(found, "a place")
    return found.cells if found.cells.dtype == bool else indexing.whole_places(m, found)


@known
def insert(m: Machine, a: Any, at: Any, value: Any, axis: Any = None) -> Any:
    array, new = m.array(a), m.array(value)
    later = numbers_of(new) + array.cells.size
    place = None if axis is None else m.whole_number(axis, "an axis")
    numbers = np.insert(numbers_of(array), places_in(m, at), later, axis=place)
    both = concatenate(m, [m.reshaped(array, (-1,)), m.reshaped(new, (-1,))])
    return by_numbers(m, both, numbers)


@known
def delete(m: Machine, a: Any, at: Any, axis: Any = None) -> Any:
    array = m.array(a)
    place = None if axis is None else m.whole_number(axis, "an axis")
    return by_numbers(m, array, np.delete(numbers_of(array), places_in(m, at), axis=place))


@known
def append(m: Machine, a: Any, b: Any, axis: Any = None) -> Any:
    return concatenate(m, [m.array(a), m.array(b)], axis)


@known
def pad(m: Machine, a: Any, width: Any, mode: Any = "constant", value: Any = 0) -> Any:
    array, widths = cut_off(m, m.array(a), widths_of(m, m.array(a), width))
    shape = tuple([side + sum(map(abs, pair)) for side, pair in zip(array.shape, widths,
                                                                     strict=True)])  # fmt: skip
    m.recorder.budget.room(shape)
    mode = OF_TORCH.get(mode, mode)
    if mode in AROUND:
        return by_numbers(m, array, np.pad(numbers_of(array), widths, mode=mode))
    if mode not in ("constant", "zeros"):
        raise UnreadError(f"padding with {str(mode)[:20]} can't be read")
    filling = m.array(0 if value is None else value)
    if filling.shape:
        if depends(filling) or np.ptp(filling.cells):
            raise UnreadError("padding with several values can't be read")
        filling = Array.new(filling.cells.reshape(-1)[0])
    inside = tuple([
        slice(before, before + side)
        for side, (before, _) in zip(array.shape, widths, strict=True)
    ])  # fmt: skip
    found = Array.new(np.zeros(shape)) if depends(filling) else Array.new(
        np.full(shape, m.worth(filling), dtype=float)
    )  # fmt: skip
    if depends(filling):
        found = m.binary("add", found, m.element(filling))
    indexing.put(m, found, inside, array)
    return found


def widths_of(m: Machine, array: Array, width: Any) -> list[tuple[int, int]]:
    """How much goes before and after each axis; PyTorch counts the axes from the last."""
    count = len(array.shape)
    wide = plain_number(width)
    flat = isinstance(wide, (list, tuple)) and not any(isinstance(w, (list, tuple)) for w in wide)
    if m.torch and flat:
        numbers = list(m.shape([wide]))
        pairs = list(zip(numbers[::2], numbers[1::2], strict=True))[::-1]
        return [(0, 0)] * (count - len(pairs)) + pairs
    cells = indexing.whole_places(m, m.array(wide))
    return [(int(one), int(other)) for one, other in np.broadcast_to(cells, (count, 2))]


def cut_off(
    m: Machine, array: Array, widths: list[tuple[int, int]]
) -> tuple[Array, list[tuple[int, int]]]:
    """Where a width is less than 0 PyTorch cuts off."""
    if not any(min(pair) < 0 for pair in widths):
        return array, widths
    key = tuple([
        slice(max(0, -before), side - max(0, -after))
        for side, (before, after) in zip(array.shape, widths, strict=True)
    ])  # fmt: skip
    kept = [(max(0, before), max(0, after)) for before, after in widths]
    return m.array(indexing.taken(m, array, key)), kept
