"""Numbers on wires: two decimals like the figures of the notes, more where those say little."""

from __future__ import annotations

import math
from typing import Any

LARGE = 1e5
SMALL = 4  # entries of an array that are shown in full


def short(number: Any, decimals: int) -> str:
    """`-0.20`, but `0.0498` and `1.23e+08`: a small number has a digit more than there are
    decimals, and only zero is shown as 0.00."""
    if not isinstance(number, float):
        return short_array(number, decimals)
    if number == 0:
        number = 0.0
    elif math.isfinite(number) and not 10.0 ** (1 - decimals) <= abs(number) < LARGE:
        return f"{number:.{decimals + 1}g}"
    return f"{number:.{decimals}f}"


def short_array(array: Any, decimals: int) -> str:
    """A small array in full, of a large one its shape and norm."""
    from backprop.answer.plain import nested
    from backprop.gates.shapes import words

    if array.size <= SMALL:
        return str(nested(array, lambda number: f"{number:.{decimals + 1}g}")).replace("'", "")
    flat = array.ravel()
    norm = short(float(flat @ flat) ** 0.5, decimals)
    return f"{words(array.shape).removeprefix('a ')}, norm {norm}"


def exact(number: Any) -> str:
    """A number as data: the shortest text that is this float; an array in short."""
    from backprop.answer.plain import plain

    return str(plain(number)) if isinstance(number, float) else short_array(number, 6)
