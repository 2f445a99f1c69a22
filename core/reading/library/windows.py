"""Windows of an array, and what is computed of each: convolutions and pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.reading.budget import SUMS
from backprop.reading.contracting import einsum
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.library.editing import pad
from backprop.reading.library.moving import by_numbers, flip, numbers_of
from backprop.reading.library.products import matmul
from backprop.reading.library.shaping import transpose
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described, plain_number

BYTES = 8  # of an entry


@known
def sliding_window_view(m: Machine, a: Any, shape: Any, axis: Any = None) -> Any:
    """Every window, by the numbers of its entries."""
    array = m.array(a)
    sides, axes = m.shape([shape]), m.axis(axis)
    places = np.lib.stride_tricks.sliding_window_view(numbers_of(array), sides, axes)
    return by_numbers(m, array, places)


@known
def as_strided(m: Machine, a: Any, shape: Any = None, strides: Any = None) -> Any:
    """Any view of the memory of an array: steps are counted in bytes, as NumPy does, or in
    entries, as PyTorch does."""
    array = m.array(a)
    if not array.cells.flags.c_contiguous:
        raise UnreadError("the strides of an array that isn't in order are not read",
                          "make it np.ascontiguousarray(...) first")  # fmt: skip
    sides = array.shape if shape is None else m.shape([shape])
    steps = array.cells.strides if strides is None else m.shape([strides])
    size = BYTES if not m.torch or strides is None else 1
    if len(steps) != len(sides) or any(step % size or step < 0 for step in steps):
        raise UnreadError("these strides don't step from entry to entry")
    entries = [step // size for step in steps]
    m.recorder.budget.room(sides)
    if min(sides, default=1) < 1 or sum(
        (side - 1) * step for side, step in zip(sides, entries, strict=True)
    ) >= array.cells.size:  # fmt: skip
        raise UnreadError("these strides step out of the array")
    places = sum(
        np.arange(side).reshape((-1,) + (1,) * (len(sides) - k - 1)) * step
        for k, (side, step) in enumerate(zip(sides, entries, strict=True))
    )
    flat = m.reshaped(array, (-1,))
    in_bytes = [step * BYTES for step in entries]
    view = np.lib.stride_tricks.as_strided
    return flat.view(m.recorder, "index", (np.asarray(places, dtype=float),),
                     lambda cells: view(cells, sides, in_bytes))  # fmt: skip


@known
def unfold_along(m: Machine, a: Any, axis: Any, size: Any, step: Any) -> Any:
    """The method unfold of PyTorch: windows along one axis."""
    array, place = m.array(a), m.whole_number(axis, "an axis")
    side, each = m.whole_number(size, "a size"), m.whole_number(step, "a step")
    windows = np.lib.stride_tricks.sliding_window_view(numbers_of(array), side, place)
    key = (*[slice(None)] * (place % len(array.shape)), slice(None, None, each))
    return by_numbers(m, array, windows[key])


@known
def convolve(m: Machine, a: Any, b: Any, mode: Any = "full") -> Any:
    return correlate(m, a, flip(m, m.array(b)), mode, turned=True)


@known
def correlate(m: Machine, a: Any, b: Any, mode: Any = "valid", *, turned: bool = False) -> Any:
    """Sums of products along a line, of which the shorter moves along the longer."""
    one, other = m.array(a), m.array(b)
    if len(one.shape) != 1 or len(other.shape) != 1 or not one.shape[0] or not other.shape[0]:
        raise MisfitError(f"{described(one)} and {described(other)} are no two vectors")
    back = other.shape[0] > one.shape[0]
    if back:
        one, other = (flip(m, other), flip(m, one)) if turned else (other, one)
    if not one.depends and not other.depends and mode in ("full", "same", "valid"):
        m.recorder.budget.compute(4 * one.shape[0] * other.shape[0] / SUMS)
        line = Array.new(np.correlate(one.cells, other.cells, mode))
        return flip(m, line) if back and not turned else line
    count = other.shape[0]
    ends = {"full": (count - 1, count - 1), "valid": (0, 0),
            "same": (count // 2, (count - 1) // 2)}.get(str(mode))  # fmt: skip
    if ends is None:
        raise UnreadError(f"the mode {str(mode)[:20]} can't be read")
    wide = pad(m, one, [ends]) if any(ends) else one
    found = matmul(m, sliding_window_view(m, wide, count), other)
    return flip(m, found) if back and not turned else found


# Of pictures: a batch, channels, and one axis or two.


def pairs_of(m: Machine, value: Any, count: int, what: str) -> list[int]:
    value = plain_number(value)
    if isinstance(value, (list, tuple)):
        found = [m.whole_number(one, what) for one in value]
        return found * count if len(found) == 1 else found
    return [m.whole_number(value, what)] * count


def windowed(
    m: Machine, array: Array, sides: Sequence[int], stride: Any, padding: Any, dilation: Any,
    filling: float = 0.0,
) -> Any:  # fmt: skip
    """Windows over the last axes: (..., where it stands, inside it)."""
    count = len(sides)
    steps, far = pairs_of(m, stride, count, "a stride"), pairs_of(m, dilation, count, "a dilation")
    if padding == "same":
        wide = [(side - 1) * apart for side, apart in zip(sides, far, strict=True)]
        ends = [(one // 2, one - one // 2) for one in wide]
    elif padding == "valid":
        ends = [(0, 0)] * count
    else:
        ends = [(one, one) for one in pairs_of(m, padding, count, "a padding")]
    around = len(array.shape) - count
    if any(one for pair in ends for one in pair):
        array = m.array(pad(m, array, [(0, 0)] * around + [list(one) for one in ends],
                            value=filling))  # fmt: skip
    whole = [(side - 1) * apart + 1 for side, apart in zip(sides, far, strict=True)]
    axes = tuple(range(around, around + count))
    if any(one < 1 for one in (*steps, *far)):
        raise UnreadError("strides and dilations are at least 1")
    windows = np.lib.stride_tricks.sliding_window_view(numbers_of(array), tuple(whole), axes)
    key = [slice(None)] * around + [slice(None, None, step) for step in steps]
    return by_numbers(m, array, windows[(*key, *[slice(None, None, one) for one in far])])


def convolution(name: str, letters: str, inside: str) -> None:
    def convolved(
        m: Machine, a: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: Any = 1,
    ) -> Any:  # fmt: skip
        array, filters = m.array(a), m.array(weight)
        if plain_number(groups) != 1:
            raise UnreadError("a convolution in groups can't be read")
        if len(array.shape) != len(letters) + 2 or len(filters.shape) != len(letters) + 2:
            raise MisfitError(f"{described(array)} is not convolved with {described(filters)}")
        parts = windowed(m, array, filters.shape[2:], stride, padding, dilation)
        found = einsum(m, f"nc{letters}{inside},fc{inside}->nf{letters}", [parts, filters])
        if bias is None:
            return found
        return m.binary("add", found, m.reshaped(bias, (-1,) + (1,) * len(letters)))

    FUNCTIONS[name] = convolved


convolution("conv1d", "h", "k")
convolution("conv2d", "hw", "kl")


def pool(name: str, count: int, gate: str) -> None:
    def pooled(m: Machine, a: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
        sides = pairs_of(m, size, count, "a size")
        steps = sides if stride is None else stride
        filling = -np.inf if gate == "amax" else 0.0
        parts = windowed(m, m.array(a), sides, steps, padding, 1, filling)
        return m.reduce(gate, parts, tuple(range(-count, 0)))

    FUNCTIONS[name] = pooled


pool("max_pool1d", 1, "amax")
pool("max_pool2d", 2, "amax")
pool("avg_pool1d", 1, "mean")
pool("avg_pool2d", 2, "mean")


@known
def unfold(
    m: Machine, a: Any, size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Any:
    """Every window of every picture as a column."""
    array = m.array(a)
    sides = pairs_of(m, size, 2, "a size")
    parts = m.array(windowed(m, array, sides, stride, padding, dilation))
    turned = m.array(transpose(m, parts, [0, 1, 4, 5, 2, 3]))
    rows = array.shape[1] * sides[0] * sides[1]
    return m.reshaped(turned, (array.shape[0], rows, -1))
