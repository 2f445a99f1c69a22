"""The three opinions on one gradient, each at as many digits as it takes them to be clear.

Rounding is there at any precision, and so is the curvature that a difference takes for a
kink. Both fade as digits grow; what is left at the highest level is a fact.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, ClassVar, NamedTuple, Self

from mpmath import mp, mpf

from backprop.arithmetic.precise import PRECISE
from backprop.arithmetic.texts import COMPARISONS
from backprop.checking.constants import made, numbers_inside, shaken
from backprop.checking.numeric import CLOSE, DIALECT, NOTHING, Sides, close
from backprop.checking.walk import Dialect, walk
from backprop.engine.diagnosis import distance
from backprop.engine.numbers import Backward, Branches, backward, forward
from backprop.engine.ties.sides import Slopes
from backprop.gates import GATES
from backprop.language.syntax import Tree
from backprop.program.program import Program

SPREAD = 1500  # more digits for programs that add the very large to the very small
ROUGH = 8  # digits to which a difference has to stay what it was
NOISY = 10**5
ROUNDS = 15  # digits after which floats round
STRAIGHT = 1000  # how far from in proportion a change may show


@dataclass(frozen=True)
class Subject:
    """What is checked: a program at a point, and the floats that are shown for it."""

    parts: ClassVar[str] = "inputs"  # what a sample of them is a sample of

    tree: Tree
    program: Program
    point: Mapping[str, float]
    wrt: Sequence[str]
    branches: Branches
    gates: str
    value: float
    gradient: Mapping[str, float]
    slopes: Mapping[str, Slopes] = field(default_factory=dict)  # of inputs that move at a tie
    labels: Collection[str] = ()  # inputs that stay as they are

    @property
    def variables(self) -> list[str]:
        """The inputs that move."""
        return [name for name in self.wrt if name not in self.labels]

    def walked(self, at: Mapping[str, Any], dialect: Dialect) -> Any:
        """The program's value by walking the text, in numbers of some kind."""
        return walk(self.tree, at, dialect)

    def by_text(self, at: Mapping[str, Any]) -> Any:
        """The same in exact numbers."""
        return self.walked(at, DIALECT)

    def by_gates(self, at: Mapping[str, Any]) -> Any:
        """The program's value by its gates."""
        return forward(self.program, at, PRECISE)[self.program.output]

    def steady(self, way: Mapping[str, Any]) -> bool:
        """Has the output finite slopes along a way, and no jump, as far as is known?"""
        known = [self.slopes[name] for name in way if name in self.slopes]
        return all(found.finite for found in known)

    def output(self, at: Mapping[str, Any]) -> Any:
        """The value by the text, unless gates other than written compute a little another one."""
        return self.by_text(at) if self.gates == "written" else self.by_gates(at)


class Precise(NamedTuple):
    """The engine's own passes at many digits."""

    values: Sequence[Any]
    back: Backward
    digits: int
    scattered: bool = False  # are there numbers further apart than any digits reach?
    sizes: Sequence[Any] = ()  # of the parts that every slot's gradient adds up

    def room(self, program: Program, name: str) -> Any:
        """What is nothing beside the parts of a derivative: it is what is left of 0."""
        return self.sizes[program.inputs[name]] * self.nothing

    @property
    def nothing(self) -> Any:
        """What is nothing beside 1."""
        return mpf(10) ** (-self.digits // 2)

    def gradient(self, program: Program, name: str) -> Any:
        return self.back.gradient(program.inputs[name])


class Look(NamedTuple):
    """All opinions at one level, for every direction: precise, symbolic, and both sides."""

    precise: Precise
    along: list[Any]
    symbolic: list[Sides | None] | None
    sides: list[Sides] | None
    values: dict[str, Any]
    rooms: Sequence[Any]

    def at(self, place: int) -> tuple[Any, Sides | None, Sides | None]:
        """What is known of one direction."""
        return (
            self.along[place],
            None if self.symbolic is None else self.symbolic[place],
            None if self.sides is None else self.sides[place],
        )


class Opinion(NamedTuple):
    """What a direction's numbers amount to."""

    state: str  # agree, undefined, silent, jump (of slopes), leap (of values), differ
    precise: Any
    symbolic: Sides | None = None
    sides: Sides | None = None
    heard: tuple[str, ...] = ()  # the methods that came to a number

    @property
    def unclear(self) -> bool:
        """Could more digits change this?"""
        known = self.sides is not None and self.sides.known
        if self.state in ("silent", "undefined"):
            return known
        return self.state in ("jump", "leap", "differ")

    def same_as(self, before: Opinion) -> bool:
        """Is this what was found with fewer digits? Then more won't change it."""
        if self.state != before.state or not self.sides or not before.sides:
            return self.state == before.state
        pairs = zip(self.sides[:2], before.sides[:2], strict=True)
        return not self.sides.known or all(close(now, then, ROUGH) for now, then in pairs)

    @classmethod
    def of(cls, own: Any, symbolic: Sides | None, sides: Sides | None, room: Any = 0) -> Self:
        """The engine's number beside what the others have, if they have one."""
        if abs(own) <= room:
            own = mpf(0)
        if not mp.isfinite(own):
            return cls("undefined", own, symbolic, sides)
        others: dict[str, Sides] = {}
        if symbolic and symbolic.known:
            others["symbolic"] = symbolic
        nothing = Sides(own, own)
        if sides and sides.known and (sides.close_to(nothing, room) or not drowned(own, sides)):
            others["numeric"] = sides
        if not others:
            return cls("silent", own, symbolic, sides)
        first, *more = others.values()
        if not all(one.close_to(first, room) for one in more):
            return cls("differ", own, symbolic, sides)
        if not close(first.left, first.right, room=room):
            return cls("jump", own, symbolic, sides)
        if not close(own, first.middle, room=room):
            return cls("differ", own, symbolic, sides)
        return cls("agree", own, symbolic, sides, tuple(others))


def drowned(own: Any, sides: Sides) -> bool:
    """Is a slope too small beside the function's value for this difference to say anything?"""
    numbers = (own, sides.left, sides.right)
    if sides.noise <= max(map(abs, numbers)) * mpf(10) ** -CLOSE or len(set(numbers)) == 1:
        return False
    return all(bool(abs(own - side) <= sides.noise * NOISY) for side in numbers)


def precise(subject: Subject, digits: int) -> Precise:
    """Both passes with enough digits that no addition of numbers this far apart loses any."""
    program = subject.program
    with mp.workdps(digits):
        values = forward(program, subject.point, PRECISE)
        numbers = [*values, *numbers_inside(program)]
        sizes = [abs(mp.mag(value)) for value in numbers if value and mp.isfinite(value)]
        spread = min(SPREAD, max(sizes, default=0) * 602 // 1000)
    with mp.workdps(digits + spread):
        if spread > digits // 4:
            values = forward(program, subject.point, PRECISE)
        back = backward(program, values, branches(subject, values), None, PRECISE)
        sizes = sizes_of(program, back)
    return Precise(values, back, digits + spread, spread == SPREAD, sizes)


def sizes_of(program: Program, back: Backward) -> list[Any]:
    """For every slot, the size of the parts that its gradient adds up."""
    sizes: list[Any] = [mpf(0)] * len(program.gates)
    sizes[program.output] = mpf(1)
    for slot, _, operands in program.backward_steps():
        for operand, slope in zip(operands, back.locals[slot] or (), strict=False):
            if slope is not None and mp.isfinite(slope):
                sizes[operand] += abs(slope) * sizes[slot]
    return sizes


class Tremor(NamedTuple):
    """By how much every slot's value and gradient change, beside the relative change of each
    stage's value: so much of them, times the rounding of a float, may be rounding."""

    values: Sequence[Any]
    gradients: Sequence[Any]


def tremor(subject: Subject, exact: Precise) -> Tremor:
    """What a small change at every stage, by chance up or down, comes to at all slots; nothing,
    where it isn't in proportion to the change, as beside a root of 0 or a maximum of equals."""
    near, nearer = (shaken_by(subject, exact, digits) for digits in (ROUNDS, exact.digits // 2))
    return Tremor(
        *(
            [a if b <= STRAIGHT * a and a <= STRAIGHT * b else mpf(0) for a, b in pairs]
            for pairs in (zip(*both, strict=True) for both in zip(near, nearer, strict=True))
        )
    )


def shaken_by(subject: Subject, exact: Precise, digits: int) -> Tremor:
    """What changes by one part in 10**digits come to, beside these."""
    program, random = subject.program, Random(len(exact.values))
    values = [*exact.values]
    with mp.workdps(exact.digits):
        change = mpf(10) ** -digits
        for slot, constant in made(program):
            values[slot] = shaken(constant, change, random)
        for slot, gate, operands in program.forward_steps():
            value = PRECISE.value[gate](*[values[operand] for operand in operands])
            rounds = not GATES[gate].routes  # what hands an operand on is exact
            values[slot] = value * (1 + rounds * change * random.uniform(-1, 1))
        back = backward(program, values, branches(subject, exact.values), None, PRECISE)
        gradients = zip(back.gradients, exact.back.gradients, strict=True)
        return Tremor(
            [abs(a - b) / change for a, b in zip(values, exact.values, strict=True)],
            [abs(a - b) / change for a, b in gradients],
        )


def opinion(look: Look, before: Look | None, place: int) -> Opinion:
    """One direction's numbers; if these don't fit, they less what fades as digits grow."""
    found = Opinion.of(*look.at(place), look.rooms[place])
    if before and found.state in ("jump", "differ"):
        now, then = look.at(place), before.at(place)
        symbolic, sides = (
            one.each(faded, other) if one and other else None
            for one, other in zip(now[1:], then[1:], strict=True)
        )
        found = Opinion.of(faded(now[0], then[0]), symbolic, sides, look.rooms[place])
        if found.state == "jump" and sides and then[2] and steeper(sides, then[2]):
            return found._replace(state="leap")
    return found


def steeper(now: Sides, then: Sides) -> bool:
    """Does a slope grow as the step shrinks? So the value itself leaps."""
    return bool(max(map(abs, now[:2])) > max(map(abs, then[:2])) * mpf(10) ** CLOSE)


def values_agree(look: Look, before: Look | None) -> bool:
    """Are the values one number? What the engine has no number for, nobody may have one for."""
    own = look.values["precise"]
    others = [value for value in look.values.values() if mp.isfinite(value)]
    if not mp.isfinite(own):
        return not others
    if all(close(own, other) for other in others):
        return True
    if before is None:
        return False
    fading = {name: faded(value, before.values.get(name)) for name, value in look.values.items()}
    known = [value for value in fading.values() if mp.isfinite(value)]
    return all(close(fading["precise"], other) for other in known)


def faded(now: Any, before: Any) -> Any:
    """0 for a number that was only rounding or curvature: at more digits almost nothing is left."""
    if now is None or before is None or not mp.isfinite(now) or not mp.isfinite(before):
        return now
    return mpf(0) if abs(now) <= abs(before) * mpf(10) ** -CLOSE else now


def ties(program: Program, engine: Precise) -> list[int]:
    """The stages at a point where they have no derivative, or closer than any rounding tells."""
    found = []
    values = engine.values
    for slot, name, operands in program.forward_steps():
        if name == "where" and program.gates[operands[0]] not in COMPARISONS:
            if abs(values[operands[0]]) < NOTHING:
                found.append(slot)
            continue
        gate = GATES[name]
        heard = engine.back.reached(slot) or not any(gate.partials)  # a step stops every message
        if not gate.kink or not heard:
            continue
        if near(name, [values[operand] for operand in operands], values[slot]):
            found.append(slot)
    return found


def near(gate: str, fed: Sequence[Any], out: Any, digits: int = CLOSE) -> bool:
    """Is a gate so close to a point where it has no derivative?"""
    gap = distance(gate, fed, out, PRECISE)
    return bool(gap <= max(map(abs, [1, *fed])) * mpf(10) ** -digits)


def endless(gate: str, fed: Sequence[Any], out: Any) -> bool:
    """Has a gate no such point, as far as is known?"""
    return bool(mp.isinf(distance(gate, fed, out, PRECISE)))


def branches(subject: Subject, values: Sequence[Any]) -> Branches:
    """Those that were taken, but where gates tie in floats only: there numbers decide."""
    taken, program = subject.branches, subject.program
    tied = {}
    for slot, way in taken.at.items():
        asked = program.operands[slot][0] if program.gates[slot] == "where" else slot
        gate, fed = program.gates[asked], [values[operand] for operand in program.operands[asked]]
        known = asked == slot or gate in COMPARISONS
        if not known or near(gate, fed, values[asked]) or endless(gate, fed, values[asked]):
            tied[slot] = way
    return taken._replace(at=tied)
