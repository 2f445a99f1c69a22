"""What a program surely is at a point: intervals that are narrowed until one float is left."""

from __future__ import annotations

import math
import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from mpmath.libmp import libmpf

from backprop.arithmetic.intervals import INTERVALS, Bits, UndecidedError, UndefinedError
from backprop.engine.numbers import backward
from backprop.program.program import Program

LEAST, MOST = 160, 9_000  # bits
ENOUGH = 64  # bits that have to be sure
LARGEST = 1.7976931348623157e308
TRIES = 200  # points drawn for each one that is inside the domain, at most
MISSES = 500  # points in a row outside the domain, after which no more are drawn

Point = Mapping[str, float]
Draw = Callable[[Random], Point]


class Exact(NamedTuple):
    """A value and its gradient, as the nearest floats, and as what surely holds them."""

    value: float
    gradient: Mapping[str, float]
    balls: tuple[Any, ...] = ()


class UnknownError(Exception):
    """No number of bits decides it, or it is no float."""


class Oracle:
    """Answers about one program; it begins with as many bits as the last question took."""

    arithmetic: Any = INTERVALS
    precise: Any = Bits.of
    proved = False

    def __init__(self, program: Program) -> None:
        self.program = program
        self.bits = LEAST

    def at(self, point: Point) -> Exact:
        """What the program is here. UndefinedError: surely no real number; UnknownError: no float,
        or not decided."""
        bits = max(LEAST, self.bits // 2)
        while True:
            try:
                found = self.tried(point, bits)
            except UndecidedError:
                found = None
            if found:
                self.bits = bits
                return self.rounded(found)
            bits *= 2
            if bits > MOST:
                raise UnknownError

    def tried(self, point: Point, bits: int) -> tuple[Any, ...] | None:
        """Value and gradient, if so many bits are enough."""
        program = self.program
        with self.precise(bits):
            values = as_needed(program, point, self.arithmetic)
            value = values[program.output]
            if self.right(value) < ENOUGH:
                return None
            back = backward(program, values, "notes", None, self.arithmetic)
            found = (value, *[back.gradient(slot) for slot in program.inputs.values()])
            return found if all(self.right(one) >= ENOUGH for one in found) else None

    def right(self, found: Any) -> int:
        """How many bits are sure."""
        return 10**6 if isinstance(found, float) else int(found.right())

    def nearest(self, found: Any) -> float:
        if isinstance(found, float):
            return found
        return float(libmpf.to_float(found.middle(), rnd="n"))

    def rounded(self, found: Sequence[Any]) -> Exact:
        try:
            value, *slopes = map(self.nearest, found)
        except OverflowError as error:
            raise UnknownError from error
        if not all(map(math.isfinite, (value, *slopes))):
            raise UnknownError
        return Exact(value, dict(zip(self.program.inputs, slopes, strict=True)), tuple(found))


def as_needed(program: Program, point: Point, arithmetic: Any) -> list[Any]:
    """The values of the slots that the output needs: a branch that isn't taken may have none."""
    number, value = arithmetic.number, arithmetic.value
    values: list[Any] = [None] * len(program.gates)
    for slot, constant in program.used_constants:
        values[slot] = number(constant)
    for name, slot in program.inputs.items():
        values[slot] = number(point[name])
    waiting = [program.output]
    while waiting:
        slot = waiting[-1]
        gate, needed = program.gates[slot], program.operands[slot]
        if values[slot] is not None:
            waiting.pop()
            continue
        if gate == "where":
            condition, yes, no = needed
            needed = (condition,)
            if values[condition] is not None:
                needed = (condition, yes if number(values[condition]) else no)
        missing = [one for one in needed if values[one] is None]
        if missing:
            waiting += missing
        elif gate != "where":
            values[slot] = value[gate](*[values[one] for one in needed])
        elif len(needed) == 2:
            values[slot] = values[needed[1]]
    return [0.0 if one is None else one for one in values]


# Points.


def place_of(number: float) -> int:
    """Which float it is, counted from 0."""
    (bits,) = struct.unpack("<q", struct.pack("<d", abs(number)))
    return -int(bits) if number < 0 else int(bits)


def float_at(place: int) -> float:
    (number,) = struct.unpack("<d", struct.pack("<q", abs(place)))
    return -float(number) if place < 0 else float(number)


def any_float(random: Random, low: float, high: float) -> float:
    """A float between two, each as likely as any other."""
    return float_at(random.randint(place_of(low), place_of(high)))


def drawing(ranges: Mapping[str, tuple[float, float]], names: Sequence[str]) -> Draw:
    """Points whose coordinates are floats of their ranges; of all floats where there is none."""

    def draw(random: Random) -> Point:
        return {name: any_float(random, *ranges.get(name, (-LARGEST, LARGEST))) for name in names}

    return draw


class Sample(NamedTuple):
    """Points inside the domain with what is exact there, and points outside."""

    points: list[Point]
    exact: list[Exact]
    outside: list[Point]
    tries: int = 0


def sampled(oracle: Oracle, draw: Draw, count: int, seed: str, seconds: float) -> Sample:
    """So many points of the domain, the same for the same seed; fewer, if it is hard to hit."""
    end = time.process_time() + seconds
    found = Sample([], [], [])
    tries = missed = 0
    for point in drawn(draw, seed, count * TRIES):
        if len(found.points) == count or missed == MISSES or time.process_time() > end:
            break
        tries, missed = tries + 1, missed + 1
        try:
            exact = oracle.at(point)
        except UndefinedError:
            if len(found.outside) < count // 4:
                found.outside.append(point)
            continue
        except UnknownError:
            continue
        missed = 0
        found.points.append(point)
        found.exact.append(exact)
    return found._replace(tries=tries)


def drawn(draw: Draw, seed: str, count: int) -> Iterator[Point]:
    random = Random(seed)
    for _ in range(count):
        yield draw(random)
