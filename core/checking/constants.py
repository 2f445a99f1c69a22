"""Constants that are made of others, looked into: what stands on the way to them counts as
every stage does, though they are one number to the engine."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from mpmath import mp, mpf

from backprop.arithmetic.folded import Folded, every_part, parts_of
from backprop.arithmetic.precise import constant_or_gate, exactly, settled_parts
from backprop.program.program import Program

LARGEST = sys.float_info.max


def made(program: Program) -> Iterator[tuple[int, Folded]]:
    """The constants that are made of others, and their slots."""
    for slot, value in program.used_constants:
        if value.__class__ is Folded:
            yield slot, value


def parts(value: Folded) -> dict[int, Any]:
    """All exact numbers that a constant is made of."""
    return settled_parts(value, mpf, constant_or_gate)


def numbers_inside(program: Program) -> Iterator[Any]:
    """All exact numbers that constants are made of, these included."""
    for _, value in made(program):
        yield from parts(value).values()


def pass_bounds(program: Program) -> bool:
    """Is anything inside a constant larger than any float, though a number exactly?"""
    return any(
        not math.isfinite(one) and mp.isfinite(exact[key]) and abs(exact[key]) > LARGEST
        for _, value in made(program)
        for exact in [parts(value)]
        for key, one in parts_of(value).items()
    )


def shaken(value: Folded, change: Any, random: Random) -> Any:
    """A constant, all of whose parts that floats round are a little off, up or down."""

    def off(function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *fed: function(*fed) * (1 + change * random.uniform(-1, 1))

    return every_part(value, exactly, lambda name: off(constant_or_gate(name)))[id(value)]
