"""Claims such as df/dx = y + cos(x): right everywhere, right at the point alone, or wrong.

SymPy decides whether a claim is the derivative itself, in a child process; the engine at many
digits says what it is at the given point and at random ones, where a wrong claim shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.answer.values import point
from backprop.answer.verdicts import TIMEOUT
from backprop.arithmetic.precise import PRECISE
from backprop.checking.points import read_ranges
from backprop.child.process import Child
from backprop.claims.claim_texts import Claim, read_claims
from backprop.claims.instances import Instance, instance_dict
from backprop.claims.proving import Proof, prove, refusal, subject
from backprop.claims.sampling import (
    DIGITS,
    Names,
    Spot,
    affordable,
    drawing,
    random_spots,
    same,
    spot,
    usable,
)
from backprop.claims.slips import slip
from backprop.engine.numbers import forward
from backprop.errors import UsageError
from backprop.program.program import Program

SCHEMA = "backprop/claims/1"
PASSING = ("everywhere", "sampled", "here")
NOTHING = 1e-40  # of the largest number on the way: what is left where all digits cancel


class Verdict(NamedTuple):
    """everywhere: SymPy and all points agree; sampled: the points agree; here: right at the
    given point, and nothing more is said by a number; point: right there and wrong elsewhere;
    wrong; undecided: there is no point where anything can be said."""

    claim: Claim
    state: str
    here: Instance | None = None
    counterexample: Instance | None = None
    points: int = 0  # random ones that were looked at
    proof: Proof = Proof()
    slip: str = ""
    reason: str = ""

    @property
    def passed(self) -> bool:
        return self.state in PASSING


# One claim.


def instances(claim: Claim, spots: Sequence[Spot], names: Names) -> list[Instance]:
    """What a claim comes to at every spot, beside what is right there."""
    if names.program.arrays:
        from backprop.claims.array_points import array_instances

        return array_instances(claim, spots, names)
    return [instance(claim, spot, names) for spot in spots]


def instance(claim: Claim, spot: Spot, names: Names) -> Instance:
    with mp.workdps(DIGITS):
        right = spot.gradient(claim.slot)
        values = forward(claim.program, names.at(spot, list(claim.program.inputs)), PRECISE)
        claimed = values[claim.program.output]
        if claim.number:
            return Instance(spot, claimed, right, claim.number.tells(float(right)))
        largest = max((abs(value) for value in values if mp.isfinite(value)), default=mpf(0))
        nothing = mp.isfinite(claimed) and abs(claimed - right) <= NOTHING * max(1, largest)
        return Instance(spot, claimed, right, nothing or same(claimed, right))


def verdict(claim: Claim, found: Sequence[Instance], proof: Proof, aside: str) -> Verdict:
    """What a claim amounts to. Points decide that it is wrong, since SymPy may not see it;
    where SymPy can't say that it is right, points are all there is."""
    here = next((one for one in found if one.spot.given), None)
    bad = next((one for one in found if not one.fits), None)
    points = len(found) - (here is not None)
    seen = Verdict(claim, "undecided", here, bad, points, proof)
    if not found or (claim.number and aside and bad):
        reason = aside or "no point was found where everything is finite"
        return seen._replace(reason=reason)
    if here and here.fits and claim.number and bad:
        return seen._replace(state="here", counterexample=None)
    if bad is None and (points or proof.equal):
        return seen._replace(state="everywhere" if proof.equal else "sampled")
    if bad is None:
        reason = "it is right here, and no other point was found where everything is finite"
        return seen._replace(reason=reason)
    if here and here.fits:
        return seen._replace(state="point")
    return seen._replace(state="wrong", slip=explained(claim, found))


def explained(claim: Claim, found: Sequence[Instance]) -> str:
    """What went wrong, if something obvious did."""
    first = found[0]
    if first.spot.program.arrays:
        return ""
    if claim.number is None:
        return slip(claim.slot, [(one.spot, one.claimed) for one in found])
    if not first.spot.given:
        return ""
    wanted = float(first.right)
    coarse = claim.number.fits(wanted) and claim.number.coarse(wanted)
    return "it needs three digits" if coarse else ""


# All of them.


class Asked(NamedTuple):
    """What claims are judged by."""

    points: int | None = None  # random ones
    ranges: Sequence[str] = ()
    seed: int = 0
    ties: str = "auto"
    upstream: str | None = None
    timeout: float = TIMEOUT
    symbolic: bool = True


@dataclass(frozen=True, eq=False, repr=False)
class Claims(Shown):
    """The verdicts on all claims about one program."""

    what = "check of claims"
    asks = "claims.exit_code, or the state of each of claims.verdicts"

    program: Program
    point: Mapping[str, Any] | None
    verdicts: Sequence[Verdict]
    aside: str = ""  # why nothing is judged at the given point

    @property
    def exit_code(self) -> int:
        states = [verdict.state for verdict in self.verdicts]
        if any(state in ("wrong", "point") for state in states):
            return 1
        return 3 if "undecided" in states else 0

    @property
    def passed(self) -> bool:
        return self.exit_code == 0

    @property
    def brief(self) -> str:
        return ", ".join(f"{one.claim.of} {one.state}" for one in self.verdicts)

    def to_dict(self) -> dict[str, Any]:
        point = self.point and {name: plain(value) for name, value in self.point.items()}
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "passed": self.passed,
            "point": point or None,
            "aside": self.aside or None,
            "claims": [verdict_dict(verdict) for verdict in self.verdicts],
        }


def verdict_dict(verdict: Verdict) -> dict[str, Any]:
    bad, proof = verdict.counterexample, verdict.proof
    return {
        "name": verdict.claim.name,
        "of": verdict.claim.of,
        "claim": verdict.claim.text,
        "verdict": verdict.state,
        "here": verdict.here and instance_dict(verdict.here),
        "counterexample": bad and instance_dict(bad),
        "points": verdict.points,
        "proved": proof.equal,
        "formula": proof.formula or None,
        "latex": proof.latex or None,
        "slip": verdict.slip or None,
        "reason": verdict.reason or proof.reason or None,
    }


def check_claims(
    program: Program, values: Mapping[str, Any], texts: Iterable[str], asked: Asked,
    child: Child | None = None,
) -> Claims:  # fmt: skip
    """Judge claims about a program at a point, or without one at random points alone."""
    claims, names = read_claims(texts, program), Names(program)
    at = point(program, values) if values or program.shapes_of_inputs() else None
    spots = spots_for(program, at, [claim.slot for claim in claims], asked)
    aside = ""
    if at is not None and not (spots and spots[0].given):
        aside = "not everything is finite at the given point"
    elif at is not None and spots[0].kinked:
        aside = "the given point is at a kink"
        spots = spots[1:]
    found = [instances(claim, spots, names) for claim in claims]
    proofs = proofs_of(claims, found, program, asked, child)
    judged = [
        verdict(claim, each, proof, aside)
        for claim, each, proof in zip(claims, found, proofs, strict=True)
    ]
    return Claims(program, at, judged, aside)


def spots_for(
    program: Program, at: Mapping[str, Any] | None, slots: Sequence[int], asked: Asked
) -> list[Spot]:
    """The given point, if there is one, and random ones."""
    ranges = read_ranges(tuple(asked.ranges), program)
    if program.arrays:
        from backprop.claims.array_points import array_spots

        assert at is not None
        if ranges:
            raise UsageError("--range is for programs on numbers: arrays are drawn near the point")
        return [*array_spots(program, at, asked.upstream, asked.points, asked.seed, asked.ties)]
    draw = drawing(list(program.inputs), at or {}, ranges)
    count = affordable(program, asked.points)
    given = [spot(program, at, asked.ties, given=True)] if at else []
    drawn = random_spots(program, draw, slots, count, asked.seed, asked.ties)
    return [*(one for one in given if usable(one, slots)), *drawn]


def proofs_of(
    claims: Sequence[Claim], found: Sequence[Sequence[Instance]], program: Program, asked: Asked,
    child: Child | None,
) -> list[Proof]:  # fmt: skip
    """What SymPy says: what is right, and of a claim that no point refutes, whether it is that."""
    if not asked.symbolic or (reason := refusal(program)):
        reason = reason if asked.symbolic else "SymPy was not asked"
        return [Proof(reason=reason)] * len(claims)
    about = subject(program)
    may_hold = [all(one.fits for one in each) for each in found]
    questions = [
        {**about, "name": claim.name, "claim": claim.text if holds else None}
        for claim, holds in zip(claims, may_hold, strict=True)
    ]
    return prove(questions, child, asked.timeout)
