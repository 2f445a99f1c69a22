"""Claims about arrays: at a given point and near it, where arrays have the same shapes.

Small programs are computed at many digits, larger ones in floats. Where the output is an array
and nobody says what comes after it, that is random too: a claim has to hold for all of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from mpmath import mp

from backprop.answer.upstream import upstream_of
from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS
from backprop.checking.arrays.opening import entry
from backprop.claims.claim_texts import Claim
from backprop.claims.instances import Asked, Instance, Pair
from backprop.claims.sampling import CLOSE, DIGITS, TRIES, Names, Spot, spot, values_at
from backprop.claims.slips import factor
from backprop.engine.numbers import forward
from backprop.errors import UsageError
from backprop.program.program import Program

Array = Any
POINTS = 5
IN_FLOATS = 1e-8  # of the largest entry: how far equal arrays of floats may be apart
SPREADS = (1.0, 0.3, 0.05)
FEW = 3  # points whose entries are looked at for a factor


def spots(
    program: Program, at: Mapping[str, Any] | None, slots: Sequence[int], asked: Asked
) -> list[Spot]:
    del slots
    assert at is not None
    without_ranges(asked)
    return list(around(program, at, asked.upstream, asked))


def without_ranges(asked: Asked) -> None:
    if asked.ranges:
        raise UsageError("--range is for programs on numbers: arrays are drawn near the point")


def around(
    program: Program, point: Mapping[str, Any], upstream: str | None, asked: Asked
) -> Iterator[Spot]:
    """The given point and some near it. What no gradient reaches, such as indices, stays."""
    shape = program.shapes[program.output]
    start = upstream_of(shape, upstream) if upstream is not None or not shape else None
    random = np.random.default_rng(asked.seed)

    def after() -> Array:
        return random.standard_normal(shape).round(2) if start is None else start

    given = spot(program, point, asked.ties, after(), given=True)
    yield given
    left = POINTS if asked.points is None else asked.points
    for tried in range(left * TRIES):
        spread = SPREADS[tried % len(SPREADS)]
        near = {
            name: moved(point[name], spread, random) if given.back.reached(slot) else point[name]
            for name, slot in program.inputs.items()
        }
        found = spot(program, near, asked.ties, after())
        if finite(found.values[program.output]):
            yield found
            left -= 1
        if not left:
            return


def moved(value: Any, spread: float, random: np.random.Generator) -> Any:
    """An array of numbers near these, of few decimals."""
    reach = spread * max(1.0, float(np.max(np.abs(value), initial=0.0)))
    return np.round(value + random.uniform(-reach, reach, np.shape(value)), 2)[()]


def instances(claim: Claim, spots: Sequence[Spot], names: Names) -> list[Instance]:
    """Entry by entry."""
    found = []
    for one in spots:
        right = np.asarray(one.gradient(claim.slot))
        known = names.at(one, list(claim.program.inputs))
        exact = any(value.dtype == object for value in map(np.asarray, [right, *known.values()]))
        arithmetic = PRECISE_ARRAYS if exact else ARRAYS
        with mp.workdps(DIGITS), np.errstate(**IGNORED):
            values = forward(claim.program, known, arithmetic)
        claimed = np.asarray(values[claim.program.output])
        found.append(
            Instance(one, claimed, right, equal(claimed, right, CLOSE if exact else IN_FLOATS))
        )
    return found


def slip_of(claim: Claim, found: Sequence[Instance]) -> str:
    """A sign or a factor, the same in all entries at all points."""
    some = found[:FEW]
    if any(np.shape(one.claimed) != np.shape(one.right) for one in some):
        return ""
    rows = [(np.ravel(one.claimed).tolist(), np.ravel(one.right).tolist()) for one in some]
    pairs = [
        (mp.mpf(a), mp.mpf(b)) for ours, right in rows for a, b in zip(ours, right, strict=True)
    ]
    if not all(mp.isfinite(number) for pair in pairs for number in pair):
        return ""
    pairs.sort(key=lambda pair: -abs(pair[1]))
    return factor(pairs) if pairs else ""


def unasked(program: Program) -> str:
    del program
    return "SymPy isn't asked about arrays"


def pairs(
    program: Program, other: Program, point: Mapping[str, Any] | None, asked: Asked
) -> Iterator[Pair]:
    if point is None:
        raise UsageError(
            "programs on arrays are compared at a point", hint="give every input a value"
        )
    without_ranges(asked)
    if not program.arrays:
        raise UsageError("one program is about arrays, the other about numbers")
    inputs = {name: point[name] for name in program.inputs}
    for one in around(program, inputs, "1", asked):
        at = {**point, **one.point}
        yield Pair(at, one.values, values_at(other, at), one.given)


def alike(pair: Pair, ours: int, theirs: int) -> bool:
    a, b = np.asarray(pair.ours[ours]), np.asarray(pair.theirs[theirs])
    return equal(a, b, CLOSE if a.dtype == object == b.dtype else IN_FLOATS)


def lacking(slots: Sequence[int], other: Program, pairs: Sequence[Pair]) -> int | None:
    del slots, other, pairs
    return None


def equal(a: Array, b: Array, tolerance: float) -> bool:
    """Have two arrays one shape and, beside their largest entry, the same entries?"""
    if a.shape != b.shape or not (finite(a) and finite(b)):
        return False
    largest = max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0))
    return bool(np.all(np.abs(a - b) <= tolerance * largest))


def finite(value: Array) -> bool:
    return bool(np.all(np.frompyfunc(mp.isfinite, 1, 1)(np.asarray(value, dtype=object))))


def furthest(name: str, claimed: Array, right: Array) -> tuple[str, Any, Any]:
    """The entry where two arrays of one shape differ most."""
    if not right.ndim:
        return name, claimed[()], right[()]
    gap = np.abs(np.asarray(claimed - right, dtype=float))
    place = np.unravel_index(int(np.argmax(np.where(gap == gap, gap, np.inf))), right.shape)
    return entry(name, [int(k) for k in place]), claimed[place], right[place]
