"""What only many digits can tell of a point's neighbourhood: which of two equal numbers is the
larger one a hair away, and a slope where floats have none."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from math import inf
from typing import Any

DIGITS = 400
HAIR = -100  # the power of 2 that is the distance at which equals are compared
STEPS = (-66, -132, -264, -528)  # powers of 2 that are the distances of a slope
NOISE = -350  # the power of 10 below which what moves over a hair is rounding
STEADY = 1e-9  # what a slope that settles may still change
DUST = 1e-14  # beside a value, what is no jump but the rounding of its literals
LARGEST = 20_000  # operations on numbers of a program that is computed in many digits

Values = Sequence[Any]
Way = Mapping[str, Any]  # how much each input moves


class Exact:
    """A program around a point. `moved(way, distance)` has the values of all stages there, and
    `total` makes one number of the output's."""

    def __init__(
        self, moved: Callable[[Way, Any], Values], total: Callable[[Values], Any], size: int
    ) -> None:
        self.moved = moved
        self.total = total
        self.possible = size <= LARGEST
        self.last: tuple[Way, Values] | None = None

    @cached_property
    def here(self) -> Values:
        from mpmath import mp, mpf

        with mp.workdps(DIGITS):
            return self.moved({}, mpf(0))

    def nearby(self, way: Way) -> Values:
        """The values a hair away; where that would take too long, those of the point itself."""
        from mpmath import mp, mpf

        if not self.possible:
            return self.here
        if self.last is None or self.last[0] is not way:
            with mp.workdps(DIGITS):
                self.last = way, self.moved(way, mpf(2) ** HAIR)
        return self.last[1]

    def side(self, way: Way, slot: int) -> Any:
        """To which side does a slot move along a way, from where it jumps to: -1, 1, or 0?"""
        from mpmath import mp, mpf

        if not self.possible:
            return 0.0
        with mp.workdps(DIGITS):
            noise = mpf(10) ** NOISE
            change = self.nearby(way)[slot] - self.moved(way, mpf(2) ** (2 * HAIR))[slot]
            return (change > noise) * 1.0 - (change < -noise) * 1.0

    def slope(self, way: Way) -> tuple[bool, float | None]:
        """Does the output jump along a way? If not, its slope: a number, an infinity, or None."""
        from mpmath import mp, mpf

        if not self.possible:
            return False, None
        with mp.workdps(DIGITS):
            start = self.total(self.here)
            moves = [self.total(self.moved(way, mpf(2) ** step)) - start for step in STEPS]
            if not mp.isfinite(start) or any(move != move for move in moves):
                return False, None
            if jumps(moves, start):
                return True, None
            slopes = [move / mpf(2) ** step for move, step in zip(moves, STEPS, strict=True)]
            return False, settled(slopes)


def jumps(moves: Sequence[Any], start: Any) -> bool:
    """Does a value stay away from where it starts, however small the distance?"""
    first, last = abs(moves[0]), abs(moves[-1])
    return bool(last >= first / 2 and last > DUST * abs(start))


def settled(slopes: Sequence[Any]) -> float | None:
    """What slopes over ever smaller distances come to."""
    *_, before, last = slopes
    if abs(last - before) <= STEADY * max(abs(last), abs(before)):
        return float(last)
    if abs(last) < min(STEADY, abs(before)):
        return 0.0
    sizes = [abs(slope) for slope in slopes]
    if sizes == sorted(sizes) and len({slope > 0 for slope in slopes[1:]}) == 1:
        return inf if last > 0 else -inf
    return None
