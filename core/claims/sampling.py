"""Points to judge at: the given one, if there is one, and random ones of the domain.

Every spot has both passes at many digits, so that what is equal there is equal. Points where
anything is not finite are left out, since nothing can be judged there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from random import Random
from typing import Any, NamedTuple

from mpmath import mp

from backprop.checking.points import Range
from backprop.engine.kinds import at_point, kind_of
from backprop.program.program import Program

DIGITS = 60
POINTS = 20  # random ones, if nobody asks for another number
FEWEST = 3
TRIES = 60  # points that may lie outside the domain for each one inside
WORK = 200_000  # stages that are computed, at all points together
PLACES = 2  # decimals of a random number, which are easy to read and to type
CLOSE = 1e-12  # relative difference of equal numbers: constants are rounded to 16 digits

# Where inputs are drawn from, in turn: what has a narrow domain is found by one of them.
SPREADS = (
    Range(-3, 3), Range(0.1, 3), Range(0.02, 0.98), Range(-1, 1), Range(1.1, 9), Range(-20, 20),
)  # fmt: skip

Draw = Callable[[Random, int], dict[str, Any]]


class Spot(NamedTuple):
    """A point with both passes."""

    program: Program
    point: Mapping[str, Any]
    values: Sequence[Any]
    back: Any
    given: bool = False
    kinked: bool = False  # has an input no slope here, so that there is only a convention?

    def gradient(self, slot: int) -> Any:
        return self.back.gradient(slot)


class Names:
    """What a formula about a program may be made of: its inputs, its stages under the names that
    they are shown by, and the gradient of each, such as dq."""

    def __init__(self, program: Program) -> None:
        self.program = program

    @cached_property
    def slots(self) -> dict[str, int]:
        labels = self.program.labels
        return {
            **self.program.inputs,
            **{labels[slot]: slot for slot in self.program.stage_slots},
            **self.program.names,
            self.program.output_name: self.program.output,
        }

    @cached_property
    def gradients(self) -> dict[str, int]:
        """The names of gradients; a stage that is called dx itself comes first."""
        return {
            f"d{name}": slot for name, slot in self.slots.items() if f"d{name}" not in self.slots
        }

    def __contains__(self, name: str) -> bool:
        return name in self.slots or name in self.gradients

    def at(self, spot: Spot, wanted: Sequence[str]) -> dict[str, Any]:
        """The numbers that these names stand for."""
        return {
            name: spot.values[self.slots[name]] if name in self.slots
            else spot.gradient(self.gradients[name])
            for name in wanted
        }  # fmt: skip


def spot(
    program: Program, point: Mapping[str, Any], tie: str, after: Any = 1.0, *, given: bool = False
) -> Spot:
    """Both passes at one point. `after` is the gradient of the output."""
    kind = kind_of(program)
    branches, kinked = at_point(program, point, tie, after)
    arithmetic = kind.many_digits(program)
    with mp.workdps(DIGITS), kind.quietly():
        values = kind.forward(program, point, arithmetic)
        start = arithmetic.number(after)
        back = kind.backward(program, values, start, branches, None, arithmetic)
    return Spot(program, point, values, back, given, kinked)


def values_at(program: Program, point: Mapping[str, Any]) -> Sequence[Any]:
    """The forward pass alone."""
    kind = kind_of(program)
    with mp.workdps(DIGITS):
        return kind.forward(program, point, kind.many_digits(program))


def usable(found: Spot, slots: Sequence[int]) -> bool:
    """Are the output and these gradients numbers here?"""
    numbers = [found.values[found.program.output], *map(found.gradient, slots)]
    return all(map(mp.isfinite, numbers))


def random_spots(
    program: Program, draw: Draw, slots: Sequence[int], count: int, seed: int, tie: str
) -> Iterator[Spot]:
    """Up to `count` points with a finite value and finite gradients at `slots`, away from kinks;
    fewer if the domain is hard to hit."""
    random = Random(seed)
    for tried in range(tries(program, count)):
        found = spot(program, draw(random, tried), tie)
        if usable(found, slots) and not found.kinked:
            yield found
            count -= 1
            if not count:
                return


def affordable(program: Program, wanted: int | None) -> int:
    """How many points: as many as asked for, else fewer for a large program."""
    return wanted or max(FEWEST, min(POINTS, WORK // max(1, program.size)))


def tries(program: Program, count: int) -> int:
    """How many points are looked at, where few of them may lie in the domain."""
    return max(count, min(count * TRIES, TRIES * WORK // max(1, program.size)))


def drawing(inputs: Sequence[str], fixed: Mapping[str, Any], ranges: Mapping[str, Range]) -> Draw:
    """How a random point is made: near the given values in every other try, else anywhere."""

    def draw(random: Random, tried: int) -> dict[str, Any]:
        spread = SPREADS[(tried // 2 if fixed else tried) % len(SPREADS)]
        near = tried % 2 == 0
        found = {}
        for name in inputs:
            low, high = ranges.get(name, spread)
            if near and name in fixed and name not in ranges:
                reach = max(1.0, abs(fixed[name])) * (1.0, 0.3, 0.05)[tried // 2 % 3]
                low, high = fixed[name] - reach, fixed[name] + reach
            found[name] = short(random.uniform(low, high), low, high)
        return found

    return draw


def short(number: float, low: float, high: float) -> float:
    """A number of few decimals, if there is one in a range."""
    for places in range(PLACES, 16):
        rounded = round(number, places)
        if rounded and low <= rounded <= high:
            return rounded
    return number


def same(a: Any, b: Any) -> bool:
    """Are two exact numbers one, but for the rounding of constants?"""
    if not (mp.isfinite(a) and mp.isfinite(b)):
        return False
    return bool(abs(a - b) <= CLOSE * max(abs(a), abs(b))) or bool(a == b)
