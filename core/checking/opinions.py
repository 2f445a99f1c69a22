"""The three opinions on one gradient, each at as many digits as it takes them to be clear.

Rounding is there at any precision, and so is the curvature that a difference takes for a
kink. Both fade as digits grow; what is left at the highest level is a fact.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple, Self

from mpmath import mp, mpf

from backprop.arithmetic.precise import PRECISE
from backprop.checking.numeric import DIALECT, Difference, Direction, Sides, differences
from backprop.checking.walk import walk
from backprop.diagnosis import distance
from backprop.engine import Backward, backward, forward
from backprop.gates import GATES
from backprop.gates.rules import COMPARISONS
from backprop.language.syntax import Tree
from backprop.program import Program

LEVELS = ((60, 200, 70), (240, 800, 280), (1000, 2600, 1100))  # digits, numeric's, its step
SPREAD = 1500  # more digits for programs that add the very large to the very small
CLOSE = 30  # digits to which opinions have to agree
NOTHING = mpf(10) ** -330  # what no float can hold
WORK = 400_000  # stages times directions that are looked at one by one
SAMPLED = 20
NOISY = 10**5


class Subject(NamedTuple):
    """What is checked: a program at a point, and the floats that are shown for it."""

    tree: Tree
    program: Program
    point: Mapping[str, float]
    wrt: Sequence[str]
    ties: str
    gates: str
    value: float
    gradient: Mapping[str, float]


class Precise(NamedTuple):
    """The engine's own passes at many digits."""

    values: Sequence[Any]
    back: Backward
    digits: int

    def gradient(self, program: Program, name: str) -> Any:
        return self.back.gradient(program.inputs[name])


class Look(NamedTuple):
    """All opinions at one level, for every direction: precise, symbolic, and both sides."""

    precise: Precise
    along: list[Any]
    symbolic: list[Any] | None
    sides: list[Sides] | None
    values: dict[str, Any]

    def at(self, place: int) -> tuple[Any, Any, Sides | None]:
        """What is known of one direction."""
        return (
            self.along[place],
            None if self.symbolic is None else self.symbolic[place],
            None if self.sides is None else self.sides[place],
        )


class Opinion(NamedTuple):
    """What a direction's numbers amount to."""

    state: str  # agree, undefined, silent, jump, differ
    precise: Any
    symbolic: Any = None
    sides: Sides | None = None
    heard: tuple[str, ...] = ()  # the methods that came to a number

    @property
    def unclear(self) -> bool:
        """Could more digits change this?"""
        drowned = self.state == "silent" and self.sides is not None and self.sides.known
        return drowned or self.state in ("jump", "differ")

    @classmethod
    def of(cls, own: Any, symbolic: Any, sides: Sides | None) -> Self:
        """The engine's number beside what the others have, if they have one."""
        if not mp.isfinite(own):
            return cls("undefined", own, symbolic, sides)
        others: dict[str, Any] = {}
        if symbolic is not None and mp.isfinite(symbolic):
            others["symbolic"] = symbolic
        if sides and sides.known and not drowned(own, sides):
            if not close(sides.left, sides.right):
                return cls("jump", own, symbolic, sides)
            others["numeric"] = sides.middle
        if not all(close(own, other) for other in others.values()):
            return cls("differ", own, symbolic, sides)
        return cls("agree" if others else "silent", own, symbolic, sides, tuple(others))


def drowned(own: Any, sides: Sides) -> bool:
    """Is a slope too small beside the function's value for this difference to say anything?"""
    numbers = (own, sides.left, sides.right)
    if sides.noise <= max(map(abs, numbers)) * mpf(10) ** -CLOSE or len(set(numbers)) == 1:
        return False
    return all(abs(own - side) <= sides.noise * NOISY for side in numbers)


def precise(subject: Subject, digits: int) -> Precise:
    """Both passes with enough digits that no addition of numbers this far apart loses any."""
    program = subject.program
    with mp.workdps(digits):
        values = forward(program, subject.point, PRECISE)
        sizes = [abs(mp.mag(value)) for value in values if value and mp.isfinite(value)]
        spread = min(SPREAD, int(max(sizes, default=0) * 0.602))
    with mp.workdps(digits + spread):
        if spread > digits // 4:
            values = forward(program, subject.point, PRECISE)
        back = backward(program, values, subject.ties, None, PRECISE)
    return Precise(values, back, digits + spread)


def directions(subject: Subject) -> list[Direction]:
    """Each input alone; for very many, a sample of them and two random ways through all."""
    wrt = list(subject.wrt)
    most = max(SAMPLED, WORK // max(1, len(subject.program.gates)))
    if len(wrt) <= most:
        return [{name: 1} for name in wrt]
    random = Random(len(wrt))
    some = random.sample(wrt, SAMPLED)
    ways = [{name: random.randint(1, 1000) for name in wrt} for _ in range(2)]
    return [*({name: 1} for name in some), *ways]


Timer = Callable[[str, float], None]


class Examiner:
    """Looks at one subject, level by level, with the methods asked for."""

    def __init__(self, subject: Subject, methods: Collection[str], least: int, tell: Timer) -> None:
        self.subject = subject
        self.methods = methods
        self.least = least
        self.tell = tell
        self.directions = directions(subject)

    def conclude(self) -> tuple[Look, list[tuple[Direction, Opinion]]]:
        """The opinions at the first level where they are clear."""
        before: Look | None = None
        for level in LEVELS:
            look = self.look(level)
            with mp.workdps(level[1]):
                found = [self.opinion(place, look, before) for place in range(len(self.directions))]
            unclear = any(opinion.unclear for opinion in found)
            if not unclear or (before and ties(self.subject.program, look.precise)):
                break
            before = look
        return look, list(zip(self.directions, found, strict=True))

    def look(self, level: tuple[int, int, int]) -> Look:
        subject, digits = self.subject, max(level[0], self.least)
        engine = self.timed("precise", lambda: precise(subject, digits))
        spread = engine.digits - digits
        values = {"precise": engine.values[subject.program.output]}
        with mp.workdps(engine.digits):
            along = [
                sum((engine.gradient(subject.program, name) * part for name, part in way.items()),
                    mpf(0)) for way in self.directions
            ]  # fmt: skip
        sides = symbolic = None
        if "numeric" in self.methods:
            numeric: Difference = self.timed("numeric", lambda: differences(
                self.output, subject.point, self.directions, level[1] + 2 * spread, level[2]
            ))  # fmt: skip
            values["numeric"], sides = numeric
        if "symbolic" in self.methods:
            from backprop.checking.symbolic import chained

            found = self.timed("symbolic", lambda: chained(
                subject.program, subject.point, self.directions, engine.digits
            ))  # fmt: skip
            values["symbolic"], symbolic = found
        return Look(engine, along, symbolic, sides, values)

    def output(self, at: Mapping[str, Any]) -> Any:
        """The program's value: by walking the text, unless its gates are others than written."""
        if self.subject.gates == "written":
            return walk(self.subject.tree, at, DIALECT)
        return forward(self.subject.program, at, PRECISE)[self.subject.program.output]

    def timed(self, method: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = work()
        self.tell(method, time.perf_counter() - start)
        return found

    def opinion(self, place: int, look: Look, before: Look | None) -> Opinion:
        """One direction's numbers; if these don't fit, they less what fades as digits grow."""
        found = Opinion.of(*look.at(place))
        if before and found.state in ("jump", "differ"):
            now, then = look.at(place), before.at(place)
            sides = now[2].each(faded, then[2]) if now[2] and then[2] else None
            found = Opinion.of(faded(now[0], then[0]), faded(now[1], then[1]), sides)
        return found


def close(a: Any, b: Any) -> bool:
    largest = max(abs(a), abs(b))
    return largest < NOTHING or bool(abs(a - b) <= largest * mpf(10) ** -CLOSE)


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
        if name not in COMPARISONS and not (GATES[name].kink and engine.back.reached(slot)):
            continue
        fed = [values[operand] for operand in operands]
        gap = distance(name, fed, values[slot], PRECISE)
        if gap <= max(map(abs, [1, *fed])) * mpf(10) ** -CLOSE:
            found.append(slot)
    return found
