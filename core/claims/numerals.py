"""Numbers that a person wrote down: what they stand for, and how far their digits reach."""

from __future__ import annotations

import re
from decimal import Decimal
from math import isfinite
from typing import NamedTuple

from backprop.answer.values import constant
from backprop.errors import UsageError

DECIMAL = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?")
ENOUGH = 3  # significant digits of a number that has more
EXACT = 1e-9  # relative difference that is as good as none


class Numeral(NamedTuple):
    """A number as it was written: its value, half a unit of its last digit, and how many
    significant digits it has."""

    value: float
    slack: float = 0.0
    digits: int = 17

    def fits(self, right: float) -> bool:
        """Is it `right`, as far as its digits reach?"""
        return near(self.value, right) or abs(self.value - right) <= self.slack * (1 + EXACT)

    def tells(self, right: float) -> bool:
        """Is it `right`, with as many digits as that takes?"""
        return self.fits(right) and not self.coarse(right)

    def coarse(self, right: float) -> bool:
        """Does it have fewer digits than would tell `right` from a guess?"""
        return not near(self.value, right) and self.digits < ENOUGH


def near(a: float, b: float, tolerance: float = EXACT) -> bool:
    known = isfinite(a) and isfinite(b)
    return a == b or (known and abs(a - b) <= tolerance * max(abs(a), abs(b)))


def numeral(name: str, text: str) -> Numeral:
    """The number that a text stands for: digits, or an expression of numbers such as 1/3."""
    text = text.strip()
    value = constant(name, text)
    if getattr(value, "ndim", 0):
        raise UsageError(f"{text[:40]} is not a number")
    value = float(value)
    if not DECIMAL.fullmatch(text):
        return Numeral(value)
    _, digits, exponent = Decimal(text).as_tuple()
    assert isinstance(exponent, int)
    slack = 0.5 * 10.0**exponent if value else 0.0  # a zero claims to be one
    return Numeral(value, slack, len("".join(map(str, digits)).lstrip("0")))
