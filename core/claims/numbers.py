"""Claims about numbers: judged with many digits, at the given point and at random ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any

from mpmath import mp, mpf

from backprop.answer.values import no_variable
from backprop.arithmetic.precise import PRECISE
from backprop.checking.points import read_range, read_ranges
from backprop.claims.claim_texts import Claim
from backprop.claims.instances import Asked, Instance, Pair
from backprop.claims.sampling import (
    DIGITS,
    Names,
    Spot,
    affordable,
    drawing,
    random_spots,
    same,
    spot,
    tries,
    usable,
    values_at,
)
from backprop.claims.slips import slip
from backprop.engine.numbers import forward
from backprop.program.program import Program
from backprop.program.stage import stage

NOTHING = 1e-40  # of the largest number on the way: what is left where all digits cancel
SMALL = 30  # stages of a program that SymPy sees whole


# Claims.


def spots(
    program: Program, at: Mapping[str, Any] | None, slots: Sequence[int], asked: Asked
) -> list[Spot]:
    draw = drawing(list(program.inputs), at or {}, read_ranges(tuple(asked.ranges), program))
    count = affordable(program, asked.points)
    given = [spot(program, at, asked.ties, given=True)] if at else []
    drawn = random_spots(program, draw, slots, count, asked.seed, asked.ties)
    return [*(one for one in given if usable(one, slots)), *drawn]


def instances(claim: Claim, spots: Sequence[Spot], names: Names) -> list[Instance]:
    return [instance(claim, spot, names) for spot in spots]


def instance(claim: Claim, spot: Spot, names: Names) -> Instance:
    with mp.workdps(DIGITS):
        right = spot.gradient(claim.slot)
        values = forward(claim.program, names.at(spot, list(claim.program.inputs)), PRECISE)
        claimed = values[claim.program.output]
        if claim.number:
            return Instance(spot, claimed, right, claim.number.tells(float(right)))
        nothing = mp.isfinite(claimed) and abs(claimed - right) <= NOTHING * largest(values)
        return Instance(spot, claimed, right, nothing or same(claimed, right))


def slip_of(claim: Claim, found: Sequence[Instance]) -> str:
    first = found[0]
    if claim.number is None:
        return slip(claim.slot, [(one.spot, one.claimed) for one in found])
    if not first.spot.given:
        return ""
    wanted = float(first.right)
    coarse = claim.number.fits(wanted) and claim.number.coarse(wanted)
    return "it needs three digits" if coarse else ""


def unasked(program: Program) -> str:
    return "" if program.size <= SMALL else f"SymPy isn't asked about more than {SMALL} stages"


# Two programs.


def pairs(
    program: Program, other: Program, point: Mapping[str, Any] | None, asked: Asked
) -> Iterator[Pair]:
    """As far as one of the two has a value there."""
    inputs = list(dict.fromkeys([*program.inputs, *other.inputs]))
    ranges = dict(map(read_range, asked.ranges))
    for name in ranges:
        if name not in inputs:
            raise no_variable(name, inputs)
    draw = drawing(inputs, point or {}, ranges)
    if point and known(pair := pair_at(program, other, point, given=True), program, other):
        yield pair
    random, left = Random(asked.seed), affordable(program, asked.points)
    for tried in range(tries(max(program, other, key=lambda one: one.size), left)):
        pair = pair_at(program, other, draw(random, tried))
        if known(pair, program, other):
            yield pair
            left -= 1
        if not left:
            return


def pair_at(
    program: Program, other: Program, at: Mapping[str, Any], *, given: bool = False
) -> Pair:
    return Pair(at, values_at(program, at), values_at(other, at), given)


def known(pair: Pair, program: Program, other: Program) -> bool:
    """Has one of the two a value here?"""
    return bool(mp.isfinite(pair.ours[program.output]) or mp.isfinite(pair.theirs[other.output]))


def alike(pair: Pair, ours: int, theirs: int) -> bool:
    a, b = pair.ours[ours], pair.theirs[theirs]
    if not mp.isfinite(a) or not mp.isfinite(b):
        return False
    with mp.workdps(DIGITS):
        on_the_way = largest([*pair.ours, *pair.theirs])
        return same(a, b) or bool(abs(a - b) <= NOTHING * on_the_way)


def largest(values: Sequence[Any]) -> Any:
    """The largest number on the way, at which rounding has happened."""
    return max([mpf(1), *(abs(value) for value in values if mp.isfinite(value))])


def lacking(slots: Sequence[int], other: Program, pairs: Sequence[Pair]) -> int | None:
    """With the gates of the other opened up."""
    opened = stage(other.tree, other.inputs, "fine")
    wider = [wide(pair, opened) for pair in pairs]
    for slot in slots:
        if not any(
            all(alike(pair, slot, theirs) for pair in wider)
            for theirs in range(len(wider[0].theirs))
        ):
            return slot
    return None


def wide(pair: Pair, opened: Program) -> Pair:
    """The pair with everything that the other computes when its gates are opened up."""
    with mp.workdps(DIGITS):
        more = forward(opened, pair.point, PRECISE)
    return pair._replace(theirs=[*pair.theirs, *more])
