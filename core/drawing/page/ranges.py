"""How far each input can be moved, and the widest text that every number has on the way."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, cached_property
from typing import Any, NamedTuple

from backprop.answer.report import Report
from backprop.drawing.circuit import Numbers

SAMPLES = 20  # points at which the program is looked at
BROADEST = 300_000  # stages that are computed for it at most
DIGIT, MINUS, POINT = 0.7, 0.85, 0.4  # parts of its height that a character is wide
USUAL = -8.88  # a number as wide as most
Use = tuple[int, int]


class Range(NamedTuple):
    """What a slider goes through."""

    low: float
    high: float
    step: float


def range_of(value: float) -> Range:
    """Up to ten times the power of ten of a value, in steps of a tenth of it: 0.001 moves in
    0.0001, and 0 as 1 does."""
    size = abs(value)
    if not 1e-290 < size < 1e290:
        size = 1.0
    power = 10.0 ** math.floor(math.log10(size))
    return Range(-10 * power, 10 * power, power / 10)


def decade_of(number: float) -> float:
    """The number of the same sign and power of ten that is written with most digits."""
    size = abs(number)
    if not 1e-300 < size < 1e300:
        return number
    found = 8.88888 * 10.0 ** math.floor(math.log10(size))
    return -found if number < 0 else found


def wide(text: str, height: int) -> int:
    """How many pixels a number takes at most."""
    em = sum(MINUS if c in "−+" else POINT if c == "." else DIGIT for c in text)
    return math.ceil(em * height)


class Rooms:
    """The texts of all numbers at many points between the ends of the sliders."""

    def __init__(self, report: Report, short: Callable[[float], str]) -> None:
        self.report = report
        self.short = short
        self.breadth = cache(self.breadth_of)
        self.slope = cache(self.slope_of)  # a wire is asked for in every picture

    def value(self, slot: int, height: int) -> int:
        return self.widest((values[slot] for values, _ in self.samples), height)

    def gradient(self, numbers: Numbers, height: int) -> int:
        slot, whole = numbers.slot, numbers.outside
        found = (
            back.gradient(slot)
            if whole
            else sum((back.flow(*use) or 0.0 for use in numbers.uses), 0.0)
            for _, back in self.samples
        )
        return self.widest(found, height)

    def slope_of(self, use: Use, height: int) -> int:
        slot, place = use
        found = ((back.slopes(slot) or ()) for _, back in self.samples)
        return self.widest((one[place] or 0.0 for one in found if len(one) > place), height)

    def widest(self, numbers: Iterable[float], height: int) -> int:
        return max(self.breadth(decade, height) for decade in {USUAL, *map(decade_of, numbers)})

    def breadth_of(self, decade: float, height: int) -> int:
        """How wide the numbers of one power of ten are at most."""
        return wide(self.short(decade), height)

    @cached_property
    def samples(self) -> list[tuple[Any, Any]]:
        """Values and backward passes at the point itself and around it."""
        report = self.report
        return [(report.values, report.every), *map(self.passes, self.points())]

    def passes(self, point: Mapping[str, float]) -> tuple[Any, Any]:
        program, kind = self.report.program, self.report.kind
        values = kind.forward(program, point)
        return values, kind.backward(program, values, 1.0, "split")

    def points(self) -> Iterator[dict[str, float]]:
        """Random points, and the ends of all sliders at once."""
        dice = random.Random(0)
        point = self.report.point
        ranges = {name: range_of(value) for name, value in point.items()}
        many = min(SAMPLES, BROADEST // (self.report.program.size + 1))
        for _ in range(many):
            yield {name: dice.uniform(low, high) for name, (low, high, _) in ranges.items()}
        for end in (0, 1):
            yield {name: one[end] for name, one in ranges.items()}
