"""The axis that losses are drawn on: logarithmic where they are positive and span decades."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

SPAN = 100.0  # times the smallest value, the largest makes a scale logarithmic
NICE = (1.0, 2.0, 5.0, 10.0)


class Scale(NamedTuple):
    low: float
    high: float
    logarithmic: bool

    def share(self, value: float) -> float:
        """How far up a value lies, from 0 to 1; what is no number lies on top."""
        if not math.isfinite(value):
            return 1.0
        low, high = self.place(self.low), self.place(self.high)
        return (self.place(value) - low) / (high - low)

    def place(self, value: float) -> float:
        return math.log10(value) if self.logarithmic else value

    def ticks(self, most: int) -> list[float]:
        """Round values on the axis, at most so many and two where that is possible."""
        if self.logarithmic:
            first, last = math.ceil(math.log10(self.low)), math.floor(math.log10(self.high))
            every = max(1, -(-(last - first + 1) // most))
            return [10.0**power for power in range(first, last + 1, every)]
        rough = (self.high - self.low) / max(1, most - 1)
        size = 10.0 ** math.floor(math.log10(rough))
        step = next(nice * size for nice in NICE if nice * size >= rough * (1 - 1e-9))
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [number * step for number in range(first, last + 1)]


def scale_of(values: Sequence[float]) -> Scale:
    """The axis for these values, as far as they are numbers."""
    finite = [value for value in values if math.isfinite(value)] or [0.0]
    low, high = min(finite), max(finite)
    if low > 0 and high / low >= SPAN:
        return Scale(low, high, True)
    if high - low <= 1e-12 * max(abs(low), abs(high), 1e-300):
        room = 0.5 * max(abs(low), 1e-300) if low else 0.5
        return Scale(low - room, high + room, False)
    return Scale(low, high, False)
