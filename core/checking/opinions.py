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

LEVELS = ((60, 200, 70), (240, 700, 250), (1000, 1900, 700))  # digits, numeric's, its step
Level = tuple[int, int, int]
SPREAD = 1500  # more digits for programs that add the very large to the very small
CLOSE = 30  # digits to which opinions have to agree
NOTHING = mpf(10) ** -330  # what no float can hold
WORK = 400_000  # stages times directions that are looked at one by one
SAMPLED = 20
NOISY = 10**5
NEARBY = mpf(10) ** -20
# What SymPy and what it compiles raise where they have no answer. Anything else is a fault of
# this program, and ends the examination.
GIVES_UP = (
    ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError,
)  # fmt: skip


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

    def by_text(self, at: Mapping[str, Any]) -> Any:
        """The program's value by walking the text."""
        return walk(self.tree, at, DIALECT)

    def by_gates(self, at: Mapping[str, Any]) -> Any:
        """The program's value by its gates."""
        return forward(self.program, at, PRECISE)[self.program.output]

    def output(self, at: Mapping[str, Any]) -> Any:
        """The value by the text, unless gates other than written compute a little another one."""
        return self.by_text(at) if self.gates == "written" else self.by_gates(at)


class Precise(NamedTuple):
    """The engine's own passes at many digits."""

    values: Sequence[Any]
    back: Backward
    digits: int
    scattered: bool = False  # are there numbers further apart than any digits reach?

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

    state: str  # agree, undefined, silent, jump (of slopes), leap (of values), differ
    precise: Any
    symbolic: Any = None
    sides: Sides | None = None
    heard: tuple[str, ...] = ()  # the methods that came to a number

    @property
    def unclear(self) -> bool:
        """Could more digits change this?"""
        known = self.sides is not None and self.sides.known
        return self.state in ("jump", "differ") or (known and self.state in ("silent", "undefined"))

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
    return all(bool(abs(own - side) <= sides.noise * NOISY) for side in numbers)


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
    return Precise(values, back, digits + spread, spread == SPREAD)


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


Opinions = list[tuple[Direction, Opinion]]


class Conclusion(NamedTuple):
    """The look at which everything was clear, and what each direction amounts to."""

    look: Look
    opinions: Opinions
    values_agree: bool
    failed: Mapping[str, str]  # methods that ended in an error of their own, and in which


class Examiner:
    """Looks at one subject, level by level, with the methods asked for."""

    def __init__(self, subject: Subject, methods: Collection[str], least: int, tell: Timer) -> None:
        self.subject = subject
        self.methods = methods
        self.least = least
        self.tell = tell
        self.directions = directions(subject)
        self.failed: dict[str, str] = {}

    def conclude(self) -> Conclusion:
        """The opinions at the first level where they are clear."""
        before: Look | None = None
        found: list[Opinion] = []
        for level in LEVELS:
            if before and self.hopeless(level, before, found):
                continue
            look = self.look(level, self.directions)
            with mp.workdps(level[1]):
                found = [opinion(look, before, k) for k in range(len(self.directions))]
                agree = values_agree(look, before)
            if agree and not any(one.unclear for one in found):
                break
            if before and agree and ties(self.subject.program, look.precise):
                break
            before = look
        opinions = list(zip(self.directions, found, strict=True))
        return Conclusion(look, self.narrowed(opinions), agree, self.failed)

    def hopeless(self, level: Level, before: Look, found: Sequence[Opinion]) -> bool:
        """Has the engine no number for what is unclear, at more digits neither?"""
        infinite = not mp.isfinite(before.values["precise"])
        states = {one.state for one in found if one.unclear}
        if not infinite and states != {"undefined"}:
            return False
        again = precise(self.subject, level[0])
        if infinite:
            return not mp.isfinite(again.values[self.subject.program.output])
        return not any(
            mp.isfinite(again.gradient(self.subject.program, name))
            for way, one in zip(self.directions, found, strict=True)
            if one.state == "undefined"
            for name in way
        )

    def narrowed(self, opinions: Opinions) -> Opinions:
        """Opinions on many inputs together, with those at fault singled out by halving."""
        together = [(way, one) for way, one in opinions if len(way) > 1]
        bad = next((way for way, one in together if one.state not in ("agree", "silent")), None)
        if bad is None:
            return opinions
        known = {next(iter(way)) for way, _ in opinions if len(way) == 1}
        groups: list[Direction] = [{name: part for name, part in bad.items() if name not in known}]
        found = [(way, one) for way, one in opinions if len(way) == 1]
        while groups and len(groups) <= SAMPLED:
            halves = [half for group in groups for half in halved(group)]
            judged = self.judged(LEVELS[:1], halves)
            found += [(way, one) for way, one in judged if one.state in ("agree", "silent")]
            groups = [way for way, one in judged if one.state not in ("agree", "silent")]
            if all(len(group) == 1 for group in groups):
                return found + self.judged(LEVELS[:2], groups)
        return found + [(group, together[0][1]) for group in groups]

    def judged(self, levels: Sequence[Level], ways: list[Direction]) -> Opinions:
        """What these directions amount to at the last of these levels."""
        looks = [None, *(self.look(level, ways) for level in levels)]
        last = looks[-1]
        assert last is not None
        with mp.workdps(levels[-1][1]):
            return [(way, opinion(last, looks[-2], place)) for place, way in enumerate(ways)]

    def look(self, level: Level, ways: Sequence[Direction]) -> Look:
        subject, digits = self.subject, max(level[0], self.least)
        engine = self.timed("precise", lambda: precise(subject, digits))
        spread = engine.digits - digits
        values = {"precise": engine.values[subject.program.output]}
        with mp.workdps(engine.digits):
            along = [
                sum((engine.gradient(subject.program, name) * part for name, part in way.items()),
                    mpf(0)) for way in ways
            ]  # fmt: skip
        sides = symbolic = None
        if "numeric" in self.methods:
            numeric: Difference = self.timed("numeric", lambda: differences(
                subject.output, subject.point, ways, level[1] + 2 * spread, level[2]
            ))  # fmt: skip
            values["numeric"], sides = numeric
        if "symbolic" in self.methods and "symbolic" not in self.failed:
            from backprop.checking.symbolic import chained

            try:
                found = self.timed("symbolic", lambda: chained(
                    subject.program, subject.point, ways, engine.digits
                ))  # fmt: skip
                values["symbolic"], symbolic = found
            except GIVES_UP as error:  # the other opinions stand; this one's failure is said
                self.failed["symbolic"] = f"{type(error).__name__}: {str(error)[:100]}"
        return Look(engine, along, symbolic, sides, values)

    def timed(self, method: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = work()
        self.tell(method, time.perf_counter() - start)
        return found


def opinion(look: Look, before: Look | None, place: int) -> Opinion:
    """One direction's numbers; if these don't fit, they less what fades as digits grow."""
    found = Opinion.of(*look.at(place))
    if before and found.state in ("jump", "differ"):
        now, then = look.at(place), before.at(place)
        sides = now[2].each(faded, then[2]) if now[2] and then[2] else None
        found = Opinion.of(faded(now[0], then[0]), faded(now[1], then[1]), sides)
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


def by_text(subject: Subject, digits: int) -> dict[str, tuple[Sides, Sides]]:
    """The slopes of the text and those of the gates made of it, by differences alike."""
    singles = [way for way in directions(subject) if len(way) == 1]
    least, most, step = LEVELS[0]
    found = [
        differences(output, subject.point, singles, most + 2 * (digits - least), step).slopes
        for output in (subject.by_text, subject.by_gates)
    ]
    return {
        next(iter(way)): pair for way, pair in zip(singles, zip(*found, strict=True), strict=True)
    }


def halved(way: Direction) -> list[Direction]:
    names = list(way)
    if len(names) <= 2:
        return [{name: 1} for name in names]
    middle = (len(names) + 1) // 2
    return [{name: way[name] for name in half} for half in (names[:middle], names[middle:]) if half]


def holds_nearby(subject: Subject, methods: Collection[str]) -> bool | None:
    """Does everybody agree a hair from here? None if what is tied stays tied there."""
    random = Random(len(subject.point))
    with mp.workdps(60):
        point: Any = {
            name: mpf(value) + (abs(mpf(value)) or 1) * random.uniform(0.5, 1) * NEARBY
            for name, value in subject.point.items()
        }
    found = Examiner(subject._replace(point=point), methods, 0, lambda *_: None).conclude()
    states = {one.state for _, one in found.opinions}
    if found.values_agree and not states & {"jump", "leap", "differ"}:
        return True
    return None if ties(subject.program, found.look.precise) else False


def close(a: Any, b: Any, digits: int = CLOSE) -> bool:
    largest = max(abs(a), abs(b))
    return largest < NOTHING or bool(abs(a - b) <= largest * mpf(10) ** -digits)


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
        fed = [values[operand] for operand in operands]
        gap = distance(name, fed, values[slot], PRECISE)
        if gap <= max(map(abs, [1, *fed])) * mpf(10) ** -CLOSE:
            found.append(slot)
    return found
