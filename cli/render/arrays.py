"""Arrays for people: small ones in full, large ones by shape, size and ends."""

from __future__ import annotations

from typing import Any

from backprop.arrays.nesting import nested
from backprop.arrays.shapes import words
from backprop.cli.render.numbers import short

SMALL = 6  # entries that are shown in full


def described(array: Any, precision: int, full: bool) -> str:
    """`[1, 2, 3]`, or `5x10, norm 3.2, -1.2 to 2.3, [0.1 ... 0.7]`."""
    if full or array.size <= SMALL:
        rows = nested(array, lambda number: short(number, precision))
        return str(rows).replace("'", "")
    flat = array.ravel()
    norm, low, high, first, last = (
        short(float(number), precision)
        for number in ((flat @ flat) ** 0.5, flat.min(), flat.max(), flat[0], flat[-1])
    )
    return f"{words(array.shape)}, norm {norm}, {low} to {high}, [{first} ... {last}]"
