"""Claims such as df/dx = y + cos(x): right everywhere, right at the point alone, or wrong.

SymPy decides whether a claim is the derivative itself, in a child process; the engine at many
digits says what it is at the given point and at random ones, where a wrong claim shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.answer.values import point
from backprop.child.process import Child
from backprop.claims.claim_texts import Claim, read_claims
from backprop.claims.instances import Asked, Instance, instance_dict
from backprop.claims.kinds import kind_of
from backprop.claims.proving import Proof, prove, subject
from backprop.claims.sampling import (
    Names,
)
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
    return seen._replace(state="wrong", slip=kind_of(found[0].spot.program).slip_of(claim, found))


# All of them.


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
    kind = kind_of(program)
    spots = kind.spots(program, at, [claim.slot for claim in claims], asked)
    aside = ""
    if at is not None and not (spots and spots[0].given):
        aside = "not everything is finite at the given point"
    elif at is not None and spots[0].kinked:
        aside = "the given point is at a kink"
        spots = spots[1:]
    found = [kind.instances(claim, spots, names) for claim in claims]
    proofs = proofs_of(claims, found, program, asked, child)
    judged = [
        verdict(claim, each, proof, aside)
        for claim, each, proof in zip(claims, found, proofs, strict=True)
    ]
    return Claims(program, at, judged, aside)


def proofs_of(
    claims: Sequence[Claim], found: Sequence[Sequence[Instance]], program: Program, asked: Asked,
    child: Child | None,
) -> list[Proof]:  # fmt: skip
    """What SymPy says: what is right, and of a claim that no point refutes, whether it is that."""
    if not asked.symbolic or (reason := kind_of(program).unasked(program)):
        reason = reason if asked.symbolic else "SymPy was not asked"
        return [Proof(reason=reason)] * len(claims)
    about = subject(program)
    may_hold = [all(one.fits for one in each) for each in found]
    questions = [
        {**about, "name": claim.name, "claim": claim.text if holds else None}
        for claim, holds in zip(claims, may_hold, strict=True)
    ]
    return prove(questions, child, asked.timeout)
