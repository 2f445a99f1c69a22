"""Arrays for people: small ones in full, large ones by shape, norm, range and corners.

`described` is one line, `block` the lines of a cell; both hold the same words.
"""

from __future__ import annotations

from math import prod
from textwrap import wrap
from typing import Any

import numpy as np

from backprop.gates.shapes import Shape, words
from backprop.showing.digits import digits

SMALL = 6  # entries that are shown in full
VECTOR = 26  # columns of a vector in a table before it goes on in the next line
LEAST = 20  # columns that are always used
GAP = "..."  # what stands for entries that are left out


def described(array: Any, precision: int, full: bool) -> str:
    """`[1, 2, 3]`, or `5x10, norm 3.2, min -1.2, max 2.3, [[0.1 ... 0.7] ... [0.3 ... 1]]`."""
    rows = " ".join(line.strip() for line in entries(array, precision, full, aligned=False))
    return ", ".join(filter(None, [*summary(array, precision, full), rows]))


def block(array: Any, precision: int, full: bool, width: int = 0) -> str:
    """The same on several lines, a row of the array on each, folded where `width` ends."""
    found = summary(array, precision, full)
    lines = [", ".join(part) for part in (found[:2], found[2:]) if part]
    rows = entries(array, precision, full, aligned=True)
    if array.ndim == 1 or width:
        width, margin = max(width or VECTOR, LEAST), " " * (array.ndim + (array.ndim > 1))
        rows = [
            line for row in rows
            for line in wrap(row, width, subsequent_indent=margin, break_on_hyphens=False)
        ]  # fmt: skip
    return "\n".join([*lines, *rows])


def brief(array: Any, precision: int) -> str:
    """A block for one that is shown elsewhere too: of a large array the shape and the norm."""
    if in_full(array, full=False):
        return block(array, precision, full=True)
    return ", ".join(summary(array, precision, full=False)[:2])


def in_full(array: Any, full: bool) -> bool:
    return full or array.size <= SMALL


def summary(array: Any, precision: int, full: bool) -> list[str]:
    """Shape, norm, least and largest entry of an array that isn't shown in full."""
    if not array.size:
        return [f"{words(array.shape)}, no entries"]
    if in_full(array, full):
        return []
    finite = array[np.isfinite(array)]
    missing = array.size - finite.size
    if not finite.size:
        return [words(array.shape), "no entry is finite"]
    low, high = (digits(float(number), precision) for number in (finite.min(), finite.max()))
    if missing:
        counted = f"{missing:,} not finite"
        return [words(array.shape), counted, f"the others from {low} to {high}"]
    return [
        words(array.shape),
        f"norm {digits(length(array), precision)}",
        f"min {low}",
        f"max {high}",
    ]


def length(array: Any) -> float:
    """The Euclidean norm of finite entries, which neither overflows nor underflows on the way."""
    largest = float(np.abs(array).max())
    return largest and largest * float(np.sqrt(np.sum((array / largest) ** 2)))


def entries(array: Any, precision: int, full: bool, *, aligned: bool) -> list[str]:
    """The rows of an array in their brackets, each on a line; of a large one its corners."""
    if not array.size:
        return []
    shape = array.shape
    rows = array.reshape(-1, shape[-1])
    cut = not in_full(array, full)
    shown = rows[:: len(rows) - 1] if cut and len(rows) > 2 else rows
    left_out = cut and shape[-1] > 2
    shown = shown[:, :: shape[-1] - 1] if left_out else shown
    texts = [[digits(number, precision) for number in row] for row in shown.tolist()]
    widths = [max(map(len, column)) if aligned else 0 for column in zip(*texts, strict=True)]
    between = f" {GAP} " if left_out else ", "
    joined = [
        between.join(text.rjust(width) for text, width in zip(row, widths, strict=True))
        for row in texts
    ]
    if len(shown) < len(rows):
        joined.insert(1, GAP)
    return bracketed(joined, shape[:-1], len(shape))


def bracketed(rows: list[str], outer: Shape, axes: int) -> list[str]:
    """Rows in the brackets of an array. Where rows are left out, the first has all that open and
    the last all that close."""
    inner = axes - 1
    if GAP in rows:
        first, _, last = rows
        margin = " " * inner
        return [f"{'[' * inner}[{first}]", f"{margin}{GAP}", f"{margin}[{last}]{']' * inner}"]
    found = []
    for number, row in enumerate(rows, 1):
        opening, closing = "[" * turns(number - 1, outer), "]" * turns(number, outer)
        comma = "," if number < len(rows) else ""
        found.append(f"{opening:>{inner}}[{row}]{closing}{comma}")
    return found


def turns(number: int, outer: Shape) -> int:
    """How many axes begin anew with this row, or end before it."""
    return sum(number % prod(outer[axis:]) == 0 for axis in range(len(outer)))
