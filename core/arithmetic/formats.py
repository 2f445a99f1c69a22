"""Formats of fewer bits than a float has, and how hardware rounds to them: to the nearest number,
to the even one of two; bfloat16 by way of float32, as processors and ml_dtypes do."""

from __future__ import annotations

import math
from collections.abc import Callable
from math import copysign, inf
from struct import pack, unpack
from typing import NamedTuple

from backprop.errors import UsageError

HALF, LAST = 0x7FFF, 16  # of the bits that bfloat16 drops: less than half a step, and their number


class Format(NamedTuple):
    """A format of floating point. `tiny` is its least normal number, `least` its least of all."""

    name: str
    bits: int
    largest: float
    tiny: float
    least: float
    rounded: Callable[[float], float]

    @property
    def digits(self) -> float:
        """The decimal digits that it has."""
        return self.bits * math.log10(2)


def to_float32(a: float) -> float:
    try:
        found: float = unpack("<f", pack("<f", a))[0]
    except OverflowError:
        return copysign(inf, a)
    return found


def to_float16(a: float) -> float:
    try:
        found: float = unpack("<e", pack("<e", a))[0]
    except OverflowError:
        return copysign(inf, a)
    return found


def to_bfloat16(a: float) -> float:
    if a != a:
        return a
    try:
        (bits,) = unpack("<I", pack("<f", a))
    except OverflowError:
        return copysign(inf, a)
    if bits & 0x7FFFFFFF < 0x7F800000:
        bits = (bits + HALF + (bits >> LAST & 1)) >> LAST << LAST
    found: float = unpack("<f", pack("<I", bits))[0]
    return found


FORMATS = {
    one.name: one
    for one in (
        Format("float32", 24, float.fromhex("0x1.fffffep127"), 2.0**-126, 2.0**-149, to_float32),
        Format("float16", 11, 65504.0, 2.0**-14, 2.0**-24, to_float16),
        Format("bfloat16", 8, float.fromhex("0x1.fep127"), 2.0**-126, 2.0**-133, to_bfloat16),
    )
}


def format_named(name: str) -> Format:
    if name not in FORMATS:
        raise UsageError(f"dtype can be {', '.join(FORMATS)}, not {name}")
    return FORMATS[name]
