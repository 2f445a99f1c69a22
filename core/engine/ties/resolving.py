"""The choice of branches that lies within the slopes of everything that moves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice

from backprop.engine.numbers import Branches
from backprop.engine.ties.conventions import AUTO, Resolved, convention
from backprop.engine.ties.moving import Moving, Way
from backprop.engine.ties.sides import Slopes

PAIRS = 4  # of opposite ways on which everything moves, for a choice of branches


def chosen(kind: Moving, ties: str) -> Resolved:
    """The first candidate that lies within all slopes; if none does, the first of all. What has
    no finite value has no slopes either."""
    values, tied = kind.values, kind.tied
    if not kind.is_finite(values[kind.program.output]):
        branches = next(candidates(kind, ties))
        return Resolved(branches, kind.gradient(branches))
    slopes = [Slopes(name, way, kind.side(way, -1), kind.side(way, 1)) for name, way in kind.ways()]
    slopes += corners(kind, slopes)
    first = None
    for branches in candidates(kind, ties):
        back = kind.gradient(branches)
        misfits = frozenset(
            k for k, one in enumerate(slopes) if not one.fits(kind.along(back, one.way))
        )
        found = Resolved(branches, back, slopes, misfits, tied, values, kind.sampled)
        first = first or found
        if not misfits and kind.same(back, first.back):
            return found
    assert first is not None
    return first


def corners(kind: Moving, slopes: Sequence[Slopes]) -> list[Slopes]:
    """A way on which everything moves and the output jumps, if no input jumps alone."""
    if len(slopes) < 2 or not kind.can_jump or any(one.jumps for one in slopes):
        return []
    for way in islice(directions(kind), 0, None, 2):
        found = Slopes("", way, kind.side(way, -1), kind.side(way, 1))
        if found.jumps:
            return [found]
    return []


def candidates(kind: Moving, ties: str) -> Iterator[Branches]:
    """Conventions and branches, in the order in which they are tried."""
    yield Branches(convention(ties))
    if ties != AUTO:
        return
    for way in directions(kind):
        branches = kind.branches(way)
        if branches is not None:
            yield branches


def directions(kind: Moving) -> Iterator[Way]:
    """Ways on which everything moves: first all a hair down, the first input least; then the
    same way up; then pairs of opposite ways."""
    for seed in range(PAIRS):
        way = kind.joint(seed, falling=seed == 0)
        yield way
        yield {name: -part for name, part in way.items()}
