"""Looking at one subject, level by level, until every direction is clear.

Very many inputs are looked at together; where something is wrong, halving finds which.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.checking.numeric import Difference, Direction, Sides, differences
from backprop.checking.opinions import Look, Opinion, Subject, opinion, precise, ties, values_agree
from backprop.engine.numbers import Branches

LEVELS = ((60, 200, 70), (240, 700, 250), (1000, 1900, 700))  # digits, numeric's, its step
Level = tuple[int, int, int]
WORK = 400_000  # stages times directions that are looked at one by one
SINGLY = 80_000  # the same, where all are looked at together as well
SAMPLED, FEW = 20, 5
SEVERAL, LONG = 4, 40_000  # inputs, and stages times inputs, that are looked at together first
NEARBY = mpf(10) ** -20
# What SymPy and what it compiles raise where they have no answer. Anything else is a fault of
# this program, and ends the examination.
GIVES_UP = (
    ArithmeticError, AttributeError, NotImplementedError, RecursionError, TypeError, ValueError,
)  # fmt: skip


def directions(subject: Subject) -> list[Direction]:
    """Each input alone; for very many, a sample of them and two random ways through all. Long
    programs get a smaller sample."""
    wrt = subject.variables
    size = max(1, len(subject.program.gates))
    if len(wrt) <= max(SAMPLED, WORK // size):
        return [{name: 1} for name in wrt]
    random = Random(len(wrt))
    some = random.sample(wrt, max(FEW, min(SAMPLED, SINGLY // size)))
    ways = [{name: random.randint(1, 1000) for name in wrt} for _ in range(2)]
    return [*({name: 1} for name in some), *ways]


def together(subject: Subject) -> list[Direction]:
    """Two random ways through all inputs; of a long program they are looked at first, and each
    input alone only if something is in doubt."""
    wrt = subject.variables
    if not SEVERAL <= len(wrt) <= SAMPLED or len(wrt) * len(subject.program.gates) < LONG:
        return []
    random = Random(len(wrt))
    return [{name: random.randint(1, 1000) for name in wrt} for _ in range(2)]


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
        ways = together(self.subject)
        if ways and len(self.directions) > len(ways):
            look = self.look(LEVELS[0], ways)
            with mp.workdps(LEVELS[0][1]):
                found = [opinion(look, None, k) for k in range(len(ways))]
                agree = values_agree(look, None)
            if agree and all(one.state == "agree" for one in found):
                return Conclusion(look, list(zip(ways, found, strict=True)), agree, self.failed)
        return self.each_alone()

    def each_alone(self) -> Conclusion:
        """The same with a direction for each input, or a sample of them."""
        before: Look | None = None
        found: list[Opinion] = []
        for level in LEVELS:
            if before and self.hopeless(level, before, found):
                continue
            look, earlier = self.look(level, self.directions), found
            with mp.workdps(level[1]):
                found = [opinion(look, before, k) for k in range(len(self.directions))]
                agree = values_agree(look, before)
                last = [one.same_as(old) for one, old in zip(found, earlier, strict=bool(earlier))]
            if agree and not any(one.unclear for one in found):
                break
            if before and agree and all(last) and ties(self.subject.program, look.precise):
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
        sides: list[Sides] | None = None
        symbolic: list[Sides | None] | None = None
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
                values["symbolic"] = found.value
                symbolic = [Sides(slope, slope) for slope in found.slopes]
                if ties(subject.program, engine):
                    symbolic = self.timed("symbolic", lambda: self.beside(ways, engine.digits))
            except GIVES_UP as error:  # the other opinions stand; this one's failure is said
                self.failed["symbolic"] = f"{type(error).__name__}: {str(error)[:100]}"
        with mp.workdps(engine.digits):
            rooms = [
                sum(abs(part) * engine.room(subject.program, name) for name, part in way.items())
                for way in ways
            ]
        return Look(engine, along, symbolic, sides, values, rooms)

    def beside(self, ways: Sequence[Direction], digits: int) -> list[Sides | None]:
        """SymPy's slopes a hair to the left and to the right, where nothing that parts there
        ties; None along a way on which there is a jump or an infinite slope."""
        from backprop.checking.symbolic import chained

        def slope(way: Direction, side: int) -> Any:
            with mp.workdps(2 * digits):
                at: Any = {name: mpf(value) for name, value in self.subject.point.items()}
                at |= {
                    name: at[name] + side * part * (abs(at[name]) or 1) * mpf(10) ** -digits
                    for name, part in way.items()
                }
            return chained(self.subject.program, at, [way], 2 * digits).slopes[0]

        return [
            Sides(slope(way, -1), slope(way, 1)) if self.subject.steady(way) else None
            for way in ways
        ]

    def timed(self, method: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        found = work()
        self.tell(method, time.perf_counter() - start)
        return found


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
    there = replace(subject, point=point, branches=Branches("first"))
    found = Examiner(there, methods, 0, lambda *_: None).conclude()
    states = {one.state for _, one in found.opinions}
    if found.values_agree and not states & {"jump", "leap", "differ"}:
        return True
    return None if ties(subject.program, found.look.precise) else False
