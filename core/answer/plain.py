"""Numbers and arrays as JSON can hold them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

EXACT = 2.0**53


def nested(array: Any, entry: Callable[[float], Any]) -> Any:
    """An array as lists in lists, made level by level, every number put through `entry`."""
    shape = array.shape
    level: list[Any] = [entry(number) for number in array.astype(float).ravel().tolist()]
    for size in shape[:0:-1]:
        count = len(level) // size if size else math.prod(shape[:-1])
        level = [level[k * size : (k + 1) * size] for k in range(count)]
    return level if shape else level[0]


def plain(number: Any) -> Any:
    """A float as JSON can hold it and in its shortest form: whole numbers without a point; an
    array as nested lists of these."""
    if number is None:
        return None
    if number.__class__ is not float and isinstance(number, float):
        number = float(number)  # NumPy's own would warn of inf - inf
    if not isinstance(number, float):
        return nested(number, plain)
    if number.is_integer():
        negative_zero = number == 0 and math.copysign(1.0, number) < 0
        return number if negative_zero or not -EXACT < number < EXACT else int(number)
    if number - number == 0:
        return number
    return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
