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


def ends_of(
    m: Machine, padding: Any, sides: Sequence[int], whole: Sequence[int], steps: Sequence[int]
) -> list[tuple[int, int]]:
    """How many entries are added before and after each axis. JAX names two for each axis."""
    how = padding.lower() if isinstance(padding, str) else padding
    if how == "same":
        found = []
        for side, window, step in zip(sides, whole, steps, strict=True):
            last = (side + step - 1) // step - 1
            lacking = max(0, last * step + window - side)
            found.append((lacking // 2, lacking - lacking // 2))
        return found
    if how == "valid":
        return [(0, 0)] * len(sides)
    if isinstance(how, (list, tuple)) and how and isinstance(how[0], (list, tuple)):
        return [(m.whole_number(low, "a padding"), m.whole_number(high, "a padding"))
                for low, high in how]  # fmt: skip
    return [(one, one) for one in pairs_of(m, padding, len(sides), "a padding")]


def windowed(
    m: Machine, array: Array, sides: Sequence[int], stride: Any, padding: Any, dilation: Any,
    filling: float = 0.0,
) -> Any:  # fmt: skip
    """Windows over the last axes: (..., where it stands, inside it)."""
    count = len(sides)
    steps, far = pairs_of(m, stride, count, "a stride"), pairs_of(m, dilation, count, "a dilation")
    if any(one < 1 for one in (*steps, *far)):
        raise UnreadError("strides and dilations are at least 1")
    whole = [(side - 1) * apart + 1 for side, apart in zip(sides, far, strict=True)]
    around = len(array.shape) - count
    ends = ends_of(m, padding, array.shape[around:], whole, steps)
    if any(one for pair in ends for one in pair):
        array = m.array(pad(m, array, [(0, 0)] * around + [list(one) for one in ends],
                            value=filling))  # fmt: skip
    axes = tuple(range(around, around + count))
    windows = np.lib.stride_tricks.sliding_window_view(numbers_of(array), tuple(whole), axes)
    key = [slice(None)] * around + [slice(None, None, step) for step in steps]
    return by_numbers(m, array, windows[(*key, *[slice(None, None, one) for one in far])])


def convolution(name: str, letters: str, inside: str) -> None:
    def convolved(
        m: Machine, a: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
        dilation: Any = 1, groups: Any = 1,
    ) -> Any:  # fmt: skip
        array, filters = m.array(a), m.array(weight)
        alone = len(array.shape) == len(letters) + 1  # no batch
        if alone:
            array = m.array(m.reshaped(array, (1, *array.shape)))
        many = m.whole_number(groups, "a number of groups")
        fits = len(array.shape) == len(filters.shape) == len(letters) + 2
        if not fits or many < 1 or array.shape[1] % many or filters.shape[0] % many:
            raise MisfitError(f"{described(array)} is not convolved with {described(filters)}")
        parts = m.array(windowed(m, array, filters.shape[2:], stride, padding, dilation))
        text = f"ngc{letters}{inside},gfc{inside}->ngf{letters}"
        found = m.array(in_groups(m, text, parts, filters, many))
        if bias is not None:
            across = m.reshaped(bias, (-1,) + (1,) * len(letters))
            found = m.array(m.binary("add", found, across))
        return m.reshaped(found, found.shape[1:]) if alone else found

    FUNCTIONS[name] = convolved


def in_groups(m: Machine, text: str, parts: Array, filters: Array, groups: int) -> Any:
    """Every group of channels with its own filters; `g` is the group."""
    if groups == 1:
        return einsum(m, text.replace("g", ""), [parts, filters])
    apart = m.reshaped(parts, (parts.shape[0], groups, -1, *parts.shape[2:]))
    several = m.reshaped(filters, (groups, -1, *filters.shape[1:]))
    made = m.array(einsum(m, text, [apart, several]))
    return m.reshaped(made, (made.shape[0], -1, *made.shape[3:]))


convolution("conv1d", "h", "k")
convolution("conv2d", "hw", "kl")


@known
def conv_general(
    m: Machine, a: Any, weight: Any, stride: Any, padding: Any, apart: Any = None,
    dilation: Any = None, letters: Any = None, groups: Any = 1,
) -> Any:  # fmt: skip
    """That of jax.lax, of batches of channels with one axis or two."""
    count = len(m.array(a).shape) - 2
    known_letters = [None, ("NCW", "OIW", "NCW"), ("NCHW", "OIHW", "NCHW")]
    if count not in (1, 2) or letters not in known_letters:
        raise UnreadError("only a convolution of NCW with OIW, or of NCHW with OIHW, can be read")
    if apart is not None and any(one != 1 for one in pairs_of(m, apart, count, "a dilation")):
        raise UnreadError("a dilation of the array itself can't be read")
    function = FUNCTIONS[f"conv{count}d"]
    return function(m, a, weight, None, stride, padding, dilation or 1, groups)


@known
def conv(m: Machine, a: Any, weight: Any, stride: Any, padding: Any) -> Any:
    return conv_general(m, a, weight, stride, padding)


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
