"""Arrays whose every entry is rounded to a format of fewer bits, and sums that round each part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import IGNORED
from backprop.arithmetic.formats import HALF, LAST, Format

Array = Any
FLOATS = np.dtype(np.float64)
Rounding = Callable[[Array], Array]


def to_bfloat16(a: Array) -> Array:
    single = np.asarray(a, dtype=np.float64).astype(np.float32)
    bits = single.view(np.uint32)
    odd = (bits >> np.uint32(LAST)) & np.uint32(1)
    up = ((bits + np.uint32(HALF) + odd) >> np.uint32(LAST)) << np.uint32(LAST)
    found = np.where(np.isfinite(single), up.view(np.float32), single)
    return found.astype(np.float64)


def rounding(target: Format) -> Rounding:
    """How arrays of floats are rounded; single numbers stay such, and what is no number is left."""
    kinds = {"float32": np.float32, "float16": np.float16}

    def every(a: Array) -> Array:
        if not isinstance(a, (float, np.ndarray)) or getattr(a, "dtype", FLOATS) != FLOATS:
            return a
        with np.errstate(**IGNORED):
            if target.name in kinds:
                found = np.asarray(a, dtype=np.float64).astype(kinds[target.name])
                found = found.astype(np.float64)
            else:
                found = to_bfloat16(np.atleast_1d(a)).reshape(np.shape(a))
        return found[()]

    return every


def added(parts: Sequence[Array], wide: Rounding) -> Array:
    """A sum, part by part, rounded after each."""
    total = parts[0]
    for part in parts[1:]:
        total = wide(total + part)
    return total


def summed(a: Array, axis: Any, wide: Rounding, *, mean: bool = False) -> Array:
    """The sum over axes, or the mean, entry by entry in their order."""
    axes = tuple(range(np.ndim(a))) if axis is None else np.atleast_1d(axis)
    axes = tuple(sorted(int(one) % np.ndim(a) for one in axes))
    kept = [k for k in range(np.ndim(a)) if k not in axes]
    flat = np.transpose(a, (*axes, *kept)).reshape(-1, *[np.shape(a)[k] for k in kept])
    total = added(list(flat), wide)
    return total / len(flat) if mean else total


def product(a: Array, b: Array, wide: Rounding) -> Array:
    """A product of matrices or vectors, rounded after every multiplication and every addition."""
    left = np.asarray(a) if np.ndim(a) > 1 else np.asarray(a)[None, :]
    right = np.asarray(b) if np.ndim(b) > 1 else np.asarray(b)[:, None]
    with np.errstate(**IGNORED):
        parts = [
            wide(left[..., :, k, None] * right[..., k, None, :]) for k in range(left.shape[-1])
        ]
        found = added(parts, wide)
    if np.ndim(a) == 1:
        found = found[..., 0, :]
    if np.ndim(b) == 1:
        found = found[..., 0]
    return found
