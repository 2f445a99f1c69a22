"""Claims such as df/dx = y + cos(x): right everywhere, right at the point alone, or wrong.

SymPy decides whether a claim is the derivative itself, in a child process; the engine at many
digits says what it is at the given point and at random ones, where a wrong claim shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.arithmetic.precise import PRECISE
from backprop.checking.check import TIMEOUT
from backprop.checking.child import Child
from backprop.checking.points import read_ranges
from backprop.engine import forward
from backprop.errors import BackpropError, UsageError, closest
from backprop.grading.numerals import Numeral, numeral
from backprop.grading.proving import Proof, prove, refusal, subject
from backprop.grading.sampling import (
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
from backprop.grading.slips import slip
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program import Program
from backprop.staging import stage
from backprop.values import point

PASSING = ("everywhere", "sampled", "here")
SHOWN = 12  # names that an error lists
NOTHING = 1e-40  # of the largest number on the way: what is left where all digits cancel


class Claim(NamedTuple):
    """What somebody says a derivative is."""

    name: str  # the input or stage that the output is differentiated by
    slot: int
    of: str  # df/dx
    text: str
    program: Program  # of the text; its inputs are names of the program that is asked about
    number: Numeral | None  # what a claim without names comes to


class Instance(NamedTuple):
    """A claim at one spot."""

    spot: Spot
    claimed: Any
    right: Any
    fits: bool


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


# Reading.


def read_claims(texts: Iterable[str], program: Program) -> list[Claim]:
    names = Names(program)
    found: list[Claim] = []
    for text in texts:
        claim = read_claim(text, names)
        if any(claim.slot == other.slot for other in found):
            raise UsageError(f"{claim.of} is claimed twice")
        found.append(claim)
    return found


def read_claim(text: str, names: Names) -> Claim:
    """`x=y + cos(x)`, or `df/dx = y + cos(x)`."""
    left, equals, right = text.partition("=")
    if not equals or not left.strip():
        hint = 'write what it is claimed for, as in --claim x="y + cos(x)"'
        raise UsageError(f"--claim wants NAME=EXPRESSION, not {text[:60]}", hint=hint)
    program = names.program
    name = claimed_name(left.strip(), names)
    of = f"d{program.output_name}/d{name}"
    right = right.strip()
    origin = f"the claim {of}"
    staged = read_formula(right, origin, names)
    slot = names.slots[name]
    itself = [used for used in staged.inputs if names.gradients.get(used) == slot]
    if itself:
        raise at_name(staged.tree, itself[0], origin, f"{itself[0]} is what is claimed itself")
    number = numeral(of, right) if not staged.inputs and staged.shapes is None else None
    return Claim(name, slot, of, right, staged, number)


def claimed_name(left: str, names: Names) -> str:
    """The variable that is meant by x, dx or df/dx."""
    above, slash, below = left.replace(" ", "").partition("/")
    asked = below if slash else above
    if asked not in names.slots and asked.startswith("d") and asked[1:] in names.slots:
        asked = asked[1:]
    output = names.program.output_name
    if slash and above != f"d{output}":
        raise UsageError(f"{left} is no derivative of {output}", hint=f"write d{output}/d{asked}=...")
    if asked not in names.slots:
        raise UsageError(
            f"a claim is about an input or a stage, and {asked} is neither; {listing(names)}",
            hint=meant(asked, names.slots),
        )
    return asked


def read_formula(text: str, origin: str, names: Names) -> Program:
    """A text in the names of a program, staged with the shapes that these have."""
    if not text:
        raise UsageError(f"{origin} is empty")
    shapes, known = names.program.shapes, {**names.gradients, **names.slots}
    sizes = {name: shapes[slot] for name, slot in known.items() if shapes[slot]} if shapes else {}
    try:
        tree = parse(text)
        if tree.stored:
            raise UsageError("a claim is one expression, without names of its own")
        for name in tree.names:
            if name not in names and name not in ("e", "pi") and name:
                message = f"the program has no {name}; {listing(names)}"
                raise at_name(tree, name, "", message, meant(name, known))
        staged = stage(tree, known, shapes={k: sizes[k] for k in tree.names if k in sizes})
    except BackpropError as error:
        error.origin = origin
        raise
    if staged.shapes is not None and shapes is None:
        raise UsageError(f"{origin} is about arrays, the program about numbers")
    return staged


def at_name(tree: Tree, name: str, origin: str, message: str, hint: str = "") -> UsageError:
    span = tree.spans[tree.names[name]]
    return UsageError(message, text=tree.text, span=span, origin=origin, hint=hint)


def listing(names: Names) -> str:
    some = list(names.slots)
    return f"there is {', '.join(some[:SHOWN])}{', ...' if len(some) > SHOWN else ''}"


def meant(name: str, known: Collection[str]) -> str:
    near = closest(name, list(known))
    return f"did you mean {near}?" if near else ""


# Judging.


def instances(claim: Claim, spots: Sequence[Spot], names: Names) -> list[Instance]:
    """What a claim comes to at every spot, beside what is right there."""
    if names.program.shapes is not None:
        from backprop.grading.array_spots import array_instances

        return array_instances(claim, spots, names)
    return [instance(claim, spot, names) for spot in spots]


def instance(claim: Claim, spot: Spot, names: Names) -> Instance:
    with mp.workdps(DIGITS):
        right = spot.gradient(claim.slot)
        values = forward(claim.program, names.at(spot, list(claim.program.inputs)), PRECISE)
        claimed = values[claim.program.output]
        if claim.number:
            return Instance(spot, claimed, right, claim.number.fits(right))
        largest = max((abs(value) for value in values if mp.isfinite(value)), default=mpf(0))
        nothing = mp.isfinite(claimed) and abs(claimed - right) <= NOTHING * max(1, largest)
        return Instance(spot, claimed, right, nothing or same(claimed, right))


def verdict(claim: Claim, found: Sequence[Instance], proof: Proof, aside: str) -> Verdict:
    """What a claim amounts to. Points decide that it is wrong, since SymPy may not see it;
    where SymPy can't say that it is right, points are all there is."""
    here = next((one for one in found if one.spot.given), None)
    others = [one for one in found if not one.spot.given]
    bad = [one for one in found if not one.fits]
    about = {"here": here, "points": len(others), "proof": proof}
    if not found or (claim.number and aside and bad):
        reason = aside or "no point was found where everything is finite"
        return Verdict(claim, "undecided", reason=reason, **about)
    if not bad and (others or proof.equal):
        return Verdict(claim, "everywhere" if proof.equal else "sampled", **about)
    if here and here.fits and claim.number:
        return Verdict(claim, "here", **about)
    if not bad:
        reason = "it is right here, and no other point was found where everything is finite"
        return Verdict(claim, "undecided", reason=reason, **about)
    state = "point" if here and here.fits else "wrong"
    numbers = [(one.spot, one.claimed) for one in found]
    explained = slip(claim.slot, numbers) if state == "wrong" and not claim.number else ""
    return Verdict(claim, state, counterexample=bad[0], slip=explained, **about)


# Everything together.


class Asked(NamedTuple):
    """What claims are judged by."""

    points: int | None = None  # random ones
    ranges: Sequence[str] = ()
    seed: int = 0
    ties: str = "notes"
    upstream: str | None = None
    timeout: float = TIMEOUT
    symbolic: bool = True


class Claims(NamedTuple):
    """The verdicts on all claims about one program."""

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


def check_claims(
    program: Program, values: Mapping[str, Any], texts: Iterable[str], asked: Asked,
    child: Child | None = None,
) -> Claims:  # fmt: skip
    """Judge claims about a program at a point, or without one at random points alone."""
    claims, names = read_claims(texts, program), Names(program)
    at = point(program, values) if values or program.shapes is not None else None
    spots = spots_for(program, at, [claim.slot for claim in claims], asked)
    aside = ""
    if at is not None and not (spots and spots[0].given):
        aside = "not everything is finite at the given point"
    elif at is not None and spots[0].at_a_kink():
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
    if program.shapes is not None:
        from backprop.grading.array_spots import array_spots

        assert at is not None
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
    questions = [
        {**about, "name": claim.name, "claim": claim.text if all(one.fits for one in each) else None}
        for claim, each in zip(claims, found, strict=True)
    ]
    return prove(questions, child, asked.timeout)
