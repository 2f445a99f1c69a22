"""Arrays that a user gives: nested lists, calls such as randn(5, 10), NumPy's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from backprop.arrays.shapes import LIMIT, MAX_AXES, MAX_ENTRIES, words
from backprop.errors import UsageError
from backprop.values import MAKES, constant


def arrays_of(given: Mapping[str, Any], seed: int = 0) -> dict[str, Any]:
    """The values that are arrays, read; single numbers are left to others."""
    found = {}
    for name, value in given.items():
        if isinstance(value, str):
            if MAKES.search(value):
                found[name] = from_text(name, value, seed)
        elif isinstance(value, np.ndarray) or (
            isinstance(value, Sequence) and not isinstance(value, bytes)
        ):
            found[name] = checked(name, value)
    return {name: value for name, value in found.items() if value.ndim}


def from_text(name: str, text: str, seed: int) -> Any:
    """An expression of numbers and lists."""
    generator = [seed, crc32(name.encode())]  # other numbers for other names
    return np.asarray(constant(name, text, seed=generator))


def checked(name: str, value: Any) -> Any:
    """A float array, or an error that says why not."""
    ragged = f"the value of {name} is ragged: lists inside a list have different lengths"
    try:
        found = np.asarray(value)
    except ValueError:
        raise UsageError(ragged) from None
    if found.dtype == object:
        raise UsageError(f"the value of {name} holds something other than numbers")
    if found.dtype.kind not in "fiub":
        raise UsageError(f"the value of {name} holds {found.dtype} instead of numbers")
    if found.ndim > MAX_AXES or found.size > MAX_ENTRIES:
        raise UsageError(f"the value of {name} is {words(found.shape)}: {LIMIT}")
    return np.ascontiguousarray(found, dtype=float) if found.ndim else found.astype(float)
