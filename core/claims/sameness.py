"""Do two texts compute one function? SymPy decides where it can, many digits at the given point
and at random ones decide that they don't; and then, which stage is the first to depart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.answer.values import check_finite, no_variable, number
from backprop.child.process import Child
from backprop.claims.instances import Asked, Pair, floats
from backprop.claims.kinds import kind_of
from backprop.claims.proving import Proof, prove, subject
from backprop.errors import MissingValueError, UsageError
from backprop.program.program import Program

SCHEMA = "backprop/same/1"


class Departure(NamedTuple):
    """The first stage of a program that the other one doesn't have like this."""

    name: str
    code: str
    named: bool  # does the other have a stage of this name?
    value: Any
    other: Any


NO_PROOF = Proof()


@dataclass(frozen=True, eq=False, repr=False)
class Sameness(Shown):
    """everywhere: SymPy and all points agree; sampled: the points agree; point: the same at the
    given point alone; different; undecided: there is no point where both can be computed."""

    program: Program
    other: Program
    state: str
    point: Mapping[str, Any] | None
    points: int = 0
    counterexample: Pair | None = None
    departure: Departure | None = None
    proof: Proof = NO_PROOF

    @property
    def exit_code(self) -> int:
        return {"everywhere": 0, "sampled": 0, "undecided": 3}.get(self.state, 1)

    what = "comparison of two programs"
    asks = "passed, or its state"

    @property
    def passed(self) -> bool:
        return self.exit_code == 0

    @property
    def brief(self) -> str:
        return self.state

    def to_dict(self) -> dict[str, Any]:
        bad, first = self.counterexample, self.departure
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "other": self.other.text,
            "passed": self.passed,
            "verdict": self.state,
            "point": self.point and {name: plain(value) for name, value in self.point.items()},
            "points": self.points,
            "proved": self.proof.equal,
            "counterexample": bad and counterexample_dict(self, bad),
            "departure": first and {
                "stage": first.name,
                "code": first.code,
                "named": first.named,
                "value": floats(first.value),
                "other": None if first.other is None else floats(first.other),
            },
            "reason": self.proof.reason or None,
        }  # fmt: skip

    def values(self, pair: Pair) -> tuple[Any, Any]:
        return pair.ours[self.program.output], pair.theirs[self.other.output]


def counterexample_dict(found: Sameness, bad: Pair) -> dict[str, Any]:
    ours, theirs = found.values(bad)
    point = {name: plain(value) for name, value in bad.point.items()}
    return {"point": point, "value": floats(ours), "other": floats(theirs)}


def check_sameness(
    program: Program, other: Program, values: Mapping[str, Any], asked: Asked,
    child: Child | None = None,
) -> Sameness:  # fmt: skip
    """Compare two programs at a point, or without one at random points alone."""
    point = joint_point([program, other], values)
    kind = kind_of(program, other)
    pairs = list(kind.pairs(program, other, point, asked))
    outputs = program.output, other.output
    bad = [pair for pair in pairs if not kind.alike(pair, *outputs)]
    drawn = sum(not pair.given for pair in pairs)
    if bad:
        state = "point" if pairs[0].given and pairs[0] is not bad[0] else "different"
        found = departure(program, other, pairs, bad[0])
        return Sameness(program, other, state, point, drawn, bad[0], found)
    proof = proof_of(program, other, asked, child)
    state = "undecided" if not drawn else "everywhere" if proof.equal else "sampled"
    return Sameness(program, other, state, point, drawn, proof=proof)


def proof_of(program: Program, other: Program, asked: Asked, child: Child | None) -> Proof:
    kind = kind_of(program, other)
    reason = kind.unasked(program) or kind.unasked(other)
    if reason or not asked.symbolic:
        return Proof(reason=reason or "SymPy was not asked")
    question = {**subject(program), "same": subject(other)}
    return prove([question], child, asked.timeout)[0]


def joint_point(programs: Sequence[Program], values: Mapping[str, Any]) -> dict[str, Any] | None:
    """A value for every input of either program; None if nobody gave one."""
    inputs = list(dict.fromkeys(name for program in programs for name in program.inputs))
    for name in values:
        if name not in inputs:
            raise no_variable(name, inputs)
    if not values:
        return None
    known = {**programs[1].defaults, **programs[0].defaults, **values}
    missing = [name for name in inputs if name not in known]
    if missing and missing[0] in programs[0].inputs:
        raise MissingValueError(missing)
    if missing:
        text = f"no value for {missing[0]}, which only the other program has"
        raise UsageError(text, hint=f"give --set {missing[0]}=...")
    found = {name: number(name, known[name]) for name in inputs}
    for name, value in found.items():
        check_finite(name, value)
    return found


# Where they part.


def departure(
    program: Program, other: Program, pairs: Sequence[Pair], shown: Pair
) -> Departure | None:
    """The first stage with a name that is another in the other program; or, if they share no
    names, the first that the other doesn't compute at all."""
    given = [name for name in program.names if name in program.tree.stored]
    kind = kind_of(program, other)
    stages = [name for name in given if program.operands[program.names[name]]]
    both = [name for name in stages if name in other.names and name not in other.inputs]
    for name in both:
        ours, theirs = program.names[name], other.names[name]
        if not all(kind.alike(pair, ours, theirs) for pair in pairs):
            shown = next(pair for pair in pairs if not kind.alike(pair, ours, theirs))
            value, beside = shown.ours[ours], shown.theirs[theirs]
            return Departure(name, code_of(program, ours), True, value, beside)
    if both:
        return None
    slot = kind.lacking([program.names[name] for name in stages[:-1]], other, pairs)
    if slot is None:
        return None
    return Departure(program.labels[slot], code_of(program, slot), False, shown.ours[slot], None)


def code_of(program: Program, slot: int) -> str:
    """The statement of a stage as it stands in the text."""
    node = program.nodes[slot]
    return " ".join(program.tree.excerpt(node).split())
