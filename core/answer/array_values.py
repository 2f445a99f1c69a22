"""Arrays that a user gives: nested lists, calls such as randn(5, 10), NumPy's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from zlib import crc32

import numpy as np

from backprop.answer.values import MAKES, constant
from backprop.errors import UsageError
from backprop.gates.shapes import LIMIT, too_many, words

RAGGED = "lists inside a list have different lengths"


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
    try:
        found = np.asarray(value)
    except ValueError as error:
        deep = "maximum number of dimension" in str(error)
        what = "nested too deeply" if deep else f"ragged: {RAGGED}"
        raise UsageError(f"the value of {name} is {what}") from None
    if found.dtype == object:
        found = from_objects(name, found)
    if found.dtype.kind not in "fiub":
        raise UsageError(f"the value of {name} holds {found.dtype} instead of numbers")
    if too_many(found.shape):
        raise UsageError(f"the value of {name} is {words(found.shape)}: {LIMIT}")
    with np.errstate(over="ignore"):  # of longer floats; what is infinite is said by others
        return np.ascontiguousarray(found, dtype=float) if found.ndim else found.astype(float)


def from_objects(name: str, array: Any) -> Any:
    """Whole numbers too long for NumPy come as objects; no other object is a number."""
    if not all(isinstance(entry, (int, float)) for entry in array.flat):
        raise UsageError(f"the value of {name} holds something other than numbers")
    try:
        return array.astype(float)
    except OverflowError:
        raise UsageError(f"the value of {name} has an entry larger than any float") from None
