"""Arrays for people: small ones in full, large ones by shape, norm, range and corners.

`described` is one line, `block` the lines of a cell; both hold the same words.
"""

from __future__ import annotations

from math import prod
from textwrap import wrap
from typing import Any

import numpy as np

from backprop.arrays.shapes import Shape, words
from backprop.cli.render.numbers import short

SMALL = 6  # entries that are shown in full
WIDEST = 34  # columns of a vector before it goes on in the next line
GAP = "..."  # what stands for entries that are left out


def described(array: Any, precision: int, full: bool) -> str:
    """`[1, 2, 3]`, or `5x10, norm 3.2, min -1.2, max 2.3, [[0.1 ... 0.7] ... [0.3 ... 1]]`."""
    rows = " ".join(line.strip() for line in entries(array, precision, full, aligned=False))
    return ", ".join(filter(None, [*summary(array, precision, full), rows]))


def block(array: Any, precision: int, full: bool) -> str:
    """The same on several lines, a row of the array on each."""
    found = summary(array, precision, full)
    lines = [", ".join(found[:2]), ", ".join(found[2:])] if found else []
    rows = entries(array, precision, full, aligned=True)
    if array.ndim == 1 and rows:
        rows = wrap(rows[0], WIDEST, subsequent_indent=" ", break_on_hyphens=False)
    return "\n".join([*filter(None, lines), *rows])


def brief(array: Any, precision: int, full: bool) -> str:
    """A block for one that is shown elsewhere too: of a large array the shape and the norm."""
    return ", ".join(summary(array, precision, full)[:2]) or block(array, precision, full)


def in_full(array: Any, full: bool) -> bool:
    return full or array.size <= SMALL


def summary(array: Any, precision: int, full: bool) -> list[str]:
    """Shape, norm, least and largest entry of an array that isn't shown in full."""
    if not array.size:
        return [f"{words(array.shape)}, no entries"]
    if in_full(array, full):
        return []
    norm, low, high = (
        short(float(number), precision) for number in (length(array), array.min(), array.max())
    )
    return [words(array.shape), f"norm {norm}", f"min {low}", f"max {high}"]


def length(array: Any) -> float:
    """The Euclidean norm, which neither overflows nor underflows on the way."""
    largest = float(np.abs(array).max())
    if not 0.0 < largest < np.inf:
        return largest
    return largest * float(np.sqrt(np.sum((array / largest) ** 2)))


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
    texts = [[short(number, precision) for number in row] for row in shown.tolist()]
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
