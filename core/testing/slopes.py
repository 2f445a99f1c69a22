"""The slopes of a function along a line, to the left and to the right, each with an error.

A difference at one step is a guess. Differences at steps that are halved again and again are
extrapolated to a step of 0 (Richardson; Ridders 1982), and the extrapolations tell how far they
can be trusted: by how they differ from each other, and by what rounding does to them. What a
function rounds is measured, so that one in float32 is known as such.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from math import inf, isfinite, isnan, nan
from typing import NamedTuple

EPSILON = 2.0**-52
STEPS = 12  # of a ladder, each half as long as the one before
FIRST = 0.2371  # of the scale, the longest step: no power of 2, by which nothing is rounded
LADDERS = (1.0, 2.0**-10, 2.0**-20)  # where the first ladder leaves too large an error
CAUTION = 4.0  # times an error before two slopes are called different
ASIDE = 1.03e-3  # of the scale: where rounding is measured
TREMORS = (1.1e-9, 6.3e-5)  # and at which steps
DOUBTFUL, SURE = 0.1, 1e-3  # errors beside a slope: for another scale, and of one that is taken
GOOD = 1e-11  # of the slope: an error for which no other ladder is needed

Line = Callable[[float], "Sample"]


class Sample(NamedTuple):
    """A value on the line, and the size of the parts that it is the sum of."""

    value: float
    size: float


class Slope(NamedTuple):
    """A slope and how far it may be off; nan and inf where there is none."""

    value: float = nan
    error: float = inf

    @property
    def known(self) -> bool:
        return isfinite(self.value) and isfinite(self.error)


UNKNOWN = Slope()


class Slopes(NamedTuple):
    """What is known of a function along a line, at one point."""

    left: Slope
    right: Slope
    both: Slope  # of the two sides together, if they agree

    @property
    def kinked(self) -> bool:
        """Are the slopes of the two sides different beyond their errors?"""
        return self.left.known and self.right.known and apart(self.left, self.right)

    @property
    def best(self) -> Slope:
        if self.kinked:
            return UNKNOWN
        found = [one for one in (self.both, self.left, self.right) if one.known]
        return min(found, key=lambda one: one.error, default=UNKNOWN)

    @property
    def known(self) -> bool:
        return self.best.known or self.kinked


def apart(one: Slope, other: Slope) -> bool:
    gap = abs(one.value - other.value)
    room = CAUTION * (one.error + other.error)
    return gap > max(room, 1e-7 * max(abs(one.value), abs(other.value)))


def slopes(line: Line, scales: Sequence[float], start: Sample, noise: float) -> Slopes:
    """Both slopes at 0. `scales` are lengths over which the function may change, the likeliest
    first; `noise` is what it rounds, in parts of the size of a sample."""
    found = at_scale(line, scales[0], start, noise)
    for scale in scales[1:]:
        if found.kinked or doubt(found.best) < DOUBTFUL:
            break
        other = at_scale(line, scale, start, noise)
        found = other if doubt(other.best) < SURE else found
    return found


def at_scale(line: Line, scale: float, start: Sample, noise: float) -> Slopes:
    """By steps of one scale, shorter ones where longer ones leave too large an error."""
    found = Slopes(UNKNOWN, UNKNOWN, UNKNOWN)
    for part in LADDERS:
        found = better(found, ladder(line, FIRST * scale * part, start, noise))
        if found.known and enough(found, start.size):
            break
    return found


def doubt(one: Slope) -> float:
    """The error of a slope beside the slope itself, from 0 to 1."""
    if not one.known:
        return 1.0
    return one.error / (abs(one.value) + one.error) if one.error else 0.0


def enough(found: Slopes, size: float) -> bool:
    """Would other steps say nothing more? `size` is that of the function over its scale."""
    parts = (found.left, found.right) if found.kinked else (found.best,)
    return all(one.error <= GOOD * max(abs(one.value), size) for one in parts)


def better(one: Slopes, other: Slopes) -> Slopes:
    """Of each slope the one with the smaller error."""
    pairs = zip(one, other, strict=True)
    return Slopes(*(min(pair, key=lambda slope: slope.error) for pair in pairs))


def ladder(line: Line, longest: float, start: Sample, noise: float) -> Slopes:
    """The slopes by one row of steps, the longest first."""
    steps = [longest * 0.5**k for k in range(STEPS)]
    right = [line(step) for step in steps]
    left = [line(-step) for step in steps]
    ahead = differences(right, start, steps, noise)
    behind = differences(left, start, [-step for step in steps], noise)
    middle = [
        (Slope((a.value + b.value) / 2, (a.error + b.error) / 2))
        for a, b in zip(ahead, behind, strict=True)
    ]
    both = extrapolated(middle, 4)
    found = Slopes(extrapolated(behind, 2), extrapolated(ahead, 2), UNKNOWN)
    return found if found.kinked else found._replace(both=both)


def differences(
    samples: Sequence[Sample], start: Sample, steps: Sequence[float], noise: float
) -> list[Slope]:
    """The quotients, each with what rounding does to it."""
    return [
        Slope(
            (sample.value - start.value) / step, noise * (sample.size + start.size) / abs(step)
        )
        if isfinite(sample.value) and isfinite(start.value) else UNKNOWN
        for sample, step in zip(samples, steps, strict=True)
    ]  # fmt: skip


def extrapolated(quotients: Sequence[Slope], ratio: int) -> Slope:
    """The limit of quotients whose errors shrink by powers of `ratio` from step to step."""
    best, second = UNKNOWN, UNKNOWN
    above: list[Slope] = []
    for quotient in quotients:
        row = [quotient]
        for order, before in enumerate(above, 1):
            here, weight = row[-1], float(ratio**order)
            value = here.value + (here.value - before.value) / (weight - 1)
            rounding = (weight * here.error + before.error) / (weight - 1)
            row.append(Slope(value, rounding))
            trust = max(abs(value - here.value), abs(value - before.value)) + rounding
            if isnan(trust):
                continue
            if trust < best.error:
                best, second = Slope(value, trust), best
            elif trust < second.error:
                second = Slope(value, trust)
        above = row
    if not best.known:
        return UNKNOWN
    if second.known and second.error < 100 * best.error:
        best = best._replace(error=max(best.error, abs(best.value - second.value)))
    return best._replace(error=best.error + EPSILON * abs(best.value))


def noise_of(line: Line, scale: float) -> float:
    """What a function rounds, in parts of the size of its values: sixth differences of close
    samples have nothing else left in them (Hamming). A kink may be at 0, so this is done beside
    it; with two steps, since numbers that are rounded to float32 don't feel the smaller one."""
    return max(
        EPSILON,
        *(tremor(line, side * ASIDE * scale, step * scale) for side in (1, -1) for step in TREMORS),
    )


def tremor(line: Line, middle: float, step: float) -> float:
    samples = [line(middle + step * k) for k in range(-5, 6)]
    size = max(sample.size for sample in samples)
    rows = [sample.value for sample in samples]
    if not size or not all(map(isfinite, [*rows, size])):
        return 0.0
    for _ in range(6):
        rows = [b - a for a, b in pairwise(rows)]
    return float(2 * max(map(abs, rows)) / 924**0.5 / size)
