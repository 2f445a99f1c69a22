"""Is a form what the program is? Both are looked at in intervals, at many points.

A form that comes of rules is the program wherever both have a value. One that has a series in it
is only near it, and only where its input is near enough to the centre: where that is, is found
here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf
from typing import Any, NamedTuple

from backprop.arithmetic.intervals import UndefinedError
from backprop.improving.exact import Exact, Oracle, Point, UnknownError
from backprop.program.program import Program

CLOSE = 1e-16  # how far a form may be from the program, relatively, in any output
SAME = 2.0**-60  # what is nothing but the width of two intervals


class Probe(NamedTuple):
    """A point of the domain, and the program there."""

    point: Point
    exact: Exact


class Coordinate(NamedTuple):
    """An input, or its size: what a threshold is a threshold of."""

    name: str
    absolute: bool

    def of(self, point: Mapping[str, float]) -> float:
        value = point[self.name]
        return abs(value) if self.absolute else value


class Reach(NamedTuple):
    """Between which places, along a coordinate, a form may be taken."""

    low: float
    high: float


EVERYWHERE = Reach(-inf, inf)
NOWHERE = Reach(inf, -inf)


class Prover:
    """Looks at forms at probes; those that showed another form to be wrong come first."""

    def __init__(
        self, oracle: Oracle, program_of: Callable[[int], Program], probes: Sequence[Probe]
    ) -> None:
        self.oracle = oracle
        self.program_of = program_of
        self.probes = [*probes]
        self.oracles: dict[int, Oracle] = {}
        self.close: dict[int, bool] = {}

    def known(self, form: int) -> Oracle:
        if form not in self.oracles:
            self.oracles[form] = type(self.oracle)(self.program_of(form))
        return self.oracles[form]

    def close_everywhere(self, form: int) -> bool:
        """Is a form the program, or close to it, at all probes?"""
        if form not in self.close:
            wrong = next((k for k, far in enumerate(self.distances(form)) if far > CLOSE), None)
            self.close[form] = wrong is None
            if wrong:
                self.probes.insert(0, self.probes.pop(wrong))
        return self.close[form]

    def far_at_first(self, form: int) -> bool:
        """Is a form another than the program at the point that told this of the last one?"""
        if form not in self.close and deviation(self.known(form), self.probes[0]) > CLOSE:
            self.close[form] = False
        return not self.close.get(form, True)

    def distances(self, form: int) -> Iterator[float]:
        """How far a form is from the program at each probe; inf where it has no value."""
        oracle = self.known(form)
        for probe in self.probes:
            yield deviation(oracle, probe)

    def close_at(self, form: int, point: Point, room: float = CLOSE) -> bool | None:
        """Is a form so close to the program at a point? None outside the domain."""
        try:
            probe = Probe(point, self.oracle.at(point))
        except (UndefinedError, UnknownError):
            return None
        return deviation(self.known(form), probe) <= room


def deviation(oracle: Oracle, probe: Probe) -> float:
    """The largest relative distance of any output; 0 if it is no more than widths of intervals."""
    try:
        here = oracle.at(probe.point)
    except (UndefinedError, UnknownError):
        return inf
    exact = [probe.exact.value, *probe.exact.gradient.values()]
    names = list(probe.exact.gradient)
    order = list(oracle.program.inputs)
    balls = [here.balls[0], *[here.balls[1 + order.index(n)] if n in order else 0.0 for n in names]]
    far = 0.0
    for size, old, new in zip(exact, probe.exact.balls, balls, strict=True):
        far = max(far, apart(oracle, old, new, size))
    return 0.0 if far <= SAME else far


def apart(oracle: Oracle, old: Any, new: Any, size: float) -> float:
    """The relative distance of two numbers that intervals hold."""
    number = oracle.arithmetic.number
    with oracle.precise(128):
        difference = number(old) - number(new)
        space = oracle.nearest(abs(difference))
        if space == 0:
            return 0.0
        return space / abs(size) if size else inf
