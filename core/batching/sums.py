"""Sums over many rows that are exact, and so the same in any order, block, thread and cluster.

    columns of finite floats, group codes -> Sums -> totals and means, each rounded once

Every float is a whole number of 2**-1074. A sum is kept as that whole number, in digits of base
2**40: a column has an array of digits, one a group, for each place that was ever needed. At place
p a digit counts units of 2**(40*p - 1074).

Rows are folded from the highest place down. Adding 1.5 * 2**52 units rounds a row to whole units,
and the bits of the result count them; what is left of the row, exactly, is for the places below.
(Rump, Ogita and Oishi, "Accurate floating-point summation", 2008, cut numbers like this.) Two or
three places are enough for most columns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import frexp, inf, ldexp, nan
from typing import Any

import numpy as np

from backprop.kernel.memory import aligned

Array = Any
Digits = dict[int, Array]

BITS = 40
HALF = 1 << BITS - 1
LOWEST = 1074  # the smallest float is 2**-LOWEST
BLOCK = 16384  # rows at a time: what is at work stays in the cache
PLACES = 54  # 2**60 of the largest float end below
LIMIT = 1 << 62 - BITS  # so many rows fit into a digit of 64 bits before it must be carried
HUGE = 2.0**1006  # from here on 1.5 * 2**52 units would be infinite


class Sums:
    """The exact sums of several columns, by group. It isn't for several threads at once: give
    each its own, and merge them."""

    def __init__(self, columns: int) -> None:
        self.groups = 0
        self.rows = np.zeros(1, np.int64)  # of each group; arrays may be longer than needed
        self.digits: list[Digits] = [{} for _ in range(columns)]
        self.uncarried = 0  # rows since digits were carried
        self.work = aligned(3, BLOCK)

    @property
    def counts(self) -> list[int]:
        """How many rows each group has."""
        found: list[int] = self.rows[: self.groups].tolist()
        return found

    def add(self, columns: Sequence[Array], codes: Array | None = None, groups: int = 1) -> None:
        """Add rows: row i to group codes[i] of `groups`, or all to group 0. ValueError is raised
        before anything is added."""
        columns = [np.asarray(column, dtype=float) for column in columns]
        (count,) = {len(column) for column in columns}
        if len(columns) != len(self.digits):
            raise ValueError(f"{len(self.digits)} columns are summed here, not {len(columns)}")
        sizes = [largest(column) for column in columns]
        if not all(size < inf for size in sizes):
            raise ValueError("only finite numbers have an exact sum")
        if codes is not None:
            codes = checked(codes, count, groups)
        self.grow(groups)
        if codes is None:
            self.rows[0] += count
        else:
            np.add.at(self.rows, codes, 1)
        for start in range(0, count, BLOCK):
            here = slice(start, min(count, start + BLOCK))
            block = None if codes is None else codes[here]
            self.make_room(BLOCK)
            for column, size, digits in zip(columns, sizes, self.digits, strict=True):
                left = self.work[0][: here.stop - start]
                np.copyto(left, column[here])
                if size >= HUGE:
                    huge = np.where(np.abs(left) >= HUGE, left, 0.0)
                    left -= huge
                    self.fold(digits, huge * 2.0**-BITS, block, lift=1)
                self.fold(digits, left, block)

    def fold(self, digits: Digits, left: Array, codes: Array | None, lift: int = 0) -> None:
        """Move a block of numbers to the digits, `lift` places higher, until none is left."""
        shifted, units = (buffer[: len(left)] for buffer in self.work[1:])
        units = units.view(np.int64)
        while size := float(np.abs(left, out=shifted).max()):
            place = (frexp(size)[1] + LOWEST - 1) // BITS
            shift = ldexp(1.5, 52 + BITS * place - LOWEST)
            np.add(left, shift, out=shifted)
            np.subtract(shifted.view(np.int64), np.float64(shift).view(np.int64), out=units)
            shifted -= shift
            left -= shifted
            digit = self.digit(digits, place + lift)
            if codes is None:
                digit[0] += units.sum()
            else:
                np.add.at(digit, codes, units)

    def merge(self, other: Sums, codes: Sequence[int] | None = None) -> None:
        """Add the rows of `other`, whose group k is group codes[k] here (k if not given)."""
        if len(other.digits) != len(self.digits):
            raise ValueError(f"{len(self.digits)} columns are summed here, not {len(other.digits)}")
        to = np.array(range(other.groups) if codes is None else codes, dtype=np.intp)
        if len(to) != other.groups or len(np.unique(to)) != len(to) or (to < 0).any():
            raise ValueError("each group must be given a group of its own")
        self.grow(int(to.max(initial=-1)) + 1)
        self.make_room(1)  # what is carried is smaller than a row
        other.carry()
        self.rows[to] += other.rows[: other.groups]
        for mine, theirs in zip(self.digits, other.digits, strict=True):
            for place, digit in theirs.items():
                self.digit(mine, place)[to] += digit[: other.groups]

    def total(self, column: int, group: int = 0) -> float:
        """The sum, rounded once; inf or -inf if it is beyond all floats."""
        return rounded(self.whole(column, group), 1)

    def every_total(self, column: int = 0) -> Array:
        """The sums of all groups, rounded: all at once, and so not once, but to the same float in
        all but one of millions of cases."""
        self.carry()
        found, rest = np.zeros(self.groups), np.zeros(self.groups)
        for place in sorted(self.digits[column], reverse=True):
            digit = self.digits[column][place][: self.groups].astype(float)
            part = np.ldexp(digit, BITS * place - LOWEST)
            total = found + part  # and what is lost of it: the larger one is `found`
            rest += part - (total - found)
            found = total
        return found + rest

    def mean(self, column: int, group: int = 0) -> float:
        """The sum divided by the number of rows, rounded once; nan if there are none."""
        whole, count = self.whole(column, group), int(self.rows[group])
        return rounded(whole, count) if count else nan

    def whole(self, column: int, group: int) -> int:
        """The sum in units of 2**-1074."""
        if not 0 <= group < max(self.groups, 1):
            raise IndexError(f"there are {self.groups} groups, and no group {group}")
        return sum(int(d[group]) << BITS * place for place, d in self.digits[column].items())

    def state(self) -> dict[str, Any]:
        """All there is to know, for JSON. Equal sums have equal states."""
        self.carry()
        columns = [
            {str(p): digits[p][: self.groups].tolist() for p in sorted(digits) if digits[p].any()}
            for digits in self.digits
        ]
        return {"counts": self.counts, "digits": columns}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Sums:
        """What had this state; ValueError if none can have had it."""
        made = cls(len(state["digits"]))
        made.grow(len(state["counts"]))
        made.rows[: made.groups] = state["counts"]
        for digits, given in zip(made.digits, state["digits"], strict=True):
            for place, numbers in given.items():
                found = np.array(numbers, np.int64)
                fit = found.shape == (made.groups,) and int(place) in range(PLACES)
                if not fit or (found < -HALF).any() or (found >= HALF).any():
                    raise ValueError(f"place {place} has no digits of {made.groups} groups")
                made.digit(digits, int(place))[: made.groups] = found
        return made

    def digit(self, digits: Digits, place: int) -> Array:
        """A column's digits at a place."""
        if place not in digits:
            digits[place] = np.zeros_like(self.rows)
        return digits[place]

    def grow(self, groups: int) -> None:
        """Have at least so many groups. Arrays double, as new groups may come again and again."""
        self.groups = max(self.groups, groups)
        more = max(groups, 2 * len(self.rows)) - len(self.rows)
        if groups > len(self.rows):
            self.rows = np.pad(self.rows, (0, more))
            self.digits = [{p: np.pad(d, (0, more)) for p, d in c.items()} for c in self.digits]

    def make_room(self, rows: int) -> None:
        """Carry if digits could overflow with so many more rows."""
        if self.uncarried + rows > LIMIT:
            self.carry()
        self.uncarried += rows

    def carry(self) -> None:
        """Bring every digit to -HALF <= digit < HALF, in which a number has one form only."""
        for digits in self.digits:
            for place in range(PLACES):
                if place not in digits:
                    continue
                over = digits[place] + HALF >> BITS
                if over.any():
                    digits[place] -= over << BITS
                    above = self.digit(digits, place + 1)
                    above += over
        self.uncarried = 1  # digits may be as large as one row makes them


def largest(column: Array) -> float:
    """The largest absolute value; nan if there is a nan."""
    return float(np.maximum(column.max(initial=0.0), -column.min(initial=0.0)))


def checked(codes: Array, count: int, groups: int) -> Array:
    """Group codes as NumPy likes its indices."""
    found = np.asarray(codes)
    if found.shape != (count,) or found.dtype.kind not in "iu":
        raise ValueError(f"{count} rows need as many whole numbers as group codes")
    if count and not (found.min() >= 0 and found.max() < groups):
        raise ValueError(f"a group code is not one of 0 to {groups - 1}")
    return found.astype(np.intp, copy=False)


def rounded(whole: int, count: int) -> float:
    """whole * 2**-1074 / count. Python divides integers of any size with one rounding."""
    try:
        return whole / (count << LOWEST)
    except OverflowError:
        return inf if whole > 0 else -inf
