"""Program in, a program out that keeps more digits: `backprop.improve`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import exp, log
from random import Random
from typing import Any, ClassVar, NamedTuple

import numpy as np

from backprop.answer.shown import Shown
from backprop.arithmetic.intervals import UndefinedError
from backprop.engine.kinds import resolve
from backprop.engine.numbers import forward
from backprop.engine.ties.conventions import AUTO
from backprop.engine.ties.watch import Watch
from backprop.errors import UsageError
from backprop.gates import CONSTANTS
from backprop.improving.exact import (
    LARGEST,
    Draw,
    Oracle,
    Point,
    UnknownError,
    drawing,
    sampled,
)
from backprop.improving.forms import Forms, form_of
from backprop.improving.proving import Probe, Prover
from backprop.improving.regimes import joined
from backprop.improving.scoring import FULL, Scorer, digits
from backprop.improving.search import Search
from backprop.improving.writing import written
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage

SCHEMA = "backprop/improve/1"
POINTS, SECONDS = 96, 10.0
FEWEST = 8  # points of the domain that a search needs
SPARE = 3  # one more point in so many is an everyday number
WIDE = 1e4  # a range that is drawn by orders of magnitude
EVERYDAY = (1e-3, 1e6)
GAIN = 0.1  # digits that a form has to gain to be worth anything
PROBES = 32  # points of each kind at which forms are proved
AGAIN = 4  # forms that are judged, if one isn't the program after all

Range = tuple[float, float]


class Kept(NamedTuple):
    """Right digits of one output, over the points that judge."""

    mean: float
    least: float


@dataclass(frozen=True, repr=False)
class Improvement(Shown):
    """What was found. `text` is a program; the old one, where nothing better is known."""

    what: ClassVar[str] = "improvement"
    asks: ClassVar[str] = "improvement.better"

    program: Program
    text: str
    better: bool
    before: Mapping[str, Kept]  # by output: the empty name is the value
    after: Mapping[str, Kept]
    points: int  # that judged
    trained: int
    tried: int
    seconds: float
    far: float  # the largest relative distance from the program that was seen; 0 for an equal form
    ranges: Mapping[str, Range]
    proved: bool = False  # by balls of python-flint

    @property
    def brief(self) -> str:
        return self.text

    def to_dict(self) -> dict[str, Any]:
        outputs = {
            name or "value": {
                "before": rounded(self.before[name]), "after": rounded(self.after[name])
            }
            for name in self.before
        }  # fmt: skip
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "better": self.better,
            "program": self.text,
            "digits": {"value": outputs.pop("value"), "gradient": outputs},
            "full": round(FULL, 2),
            "approximation": self.far or None,
            "proved": self.proved,
            "points": self.points,
            "ranges": {name: [*found] for name, found in self.ranges.items()},
            "tried": self.tried,
            "seconds": round(self.seconds, 3),
        }

    def to_json(self) -> str:
        return json.dumps(self.to_dict(), ensure_ascii=False)


def rounded(kept: Kept) -> dict[str, float]:
    return {"mean": round(kept.mean, 2), "least": round(kept.least, 2)}


def improve(
    program: str | Program,
    ranges: Mapping[str, Range] | None = None,
    *,
    points: int = POINTS,
    seed: int = 0,
    seconds: float = SECONDS,
    draws: Sequence[Draw] = (),
    oracle: type[Oracle] | None = None,
) -> Improvement:
    """A form of a program that keeps more digits of its value and of every gradient.

    `ranges` say where each input comes from; any float, if nothing is said. `draws` draw points
    in other ways: the first judges as well. `oracle` says what the program is; by default balls of
    python-flint, if that is installed, and else intervals.
    """
    program = stage(parse(program)) if isinstance(program, str) else program
    program.numbers_only(
        "a form is looked for among numbers", "write out one entry of what the program computes"
    )
    known = dict(ranges or {})
    for name in known:
        if name not in program.inputs:
            raise UsageError(f"the program has no input {name}")
    names = list(program.inputs)
    main, *others = draws or (drawing(known, names), everyday(known, names))
    asked = (oracle or best_oracle())(program)
    return Improver(program, known, asked, main, others, points, seed, seconds).found()


def best_oracle() -> type[Oracle]:
    """Balls of python-flint, if it is installed: they are faster, and proved."""
    try:
        from backprop.improving.proved import ProvedOracle
    except ImportError:
        return Oracle
    return ProvedOracle


def everyday(ranges: Mapping[str, Range], names: Sequence[str]) -> Draw:
    """Points as people have them: evenly in a narrow range, in a wide one by its magnitudes."""

    def one(random: Random, low: float, high: float) -> float:
        if high - low <= WIDE:
            return random.uniform(low, high)
        least, most = map(log, EVERYDAY)
        for _ in range(50):
            number = exp(random.uniform(least, most)) * random.choice((-1, 1))
            if low <= number <= high:
                return number
        return random.uniform(low, high)

    def draw(random: Random) -> Point:
        return {name: one(random, *ranges.get(name, (-LARGEST, LARGEST))) for name in names}

    return draw


class Improver:
    """One search, its points and its judgement."""

    def __init__(
        self, program: Program, ranges: Mapping[str, Range], oracle: Oracle, main: Draw,
        others: Sequence[Draw], points: int, seed: int, seconds: float,
    ) -> None:  # fmt: skip
        self.program, self.ranges, self.oracle = program, ranges, oracle
        self.seconds = seconds
        self.names = list(program.inputs)
        if not self.names:
            raise UsageError("the program has no input: it is one number")
        self.forms = Forms()
        slots = form_of(self.forms, program)
        self.start = slots[program.output]
        self.named = {
            slots[slot]: name
            for name, slot in program.names.items()
            if name not in program.inputs and slot in slots
        }
        self.output = program.tree.name_of(program.tree.body[-1])
        sample = sampled(oracle, main, points, f"train {seed}", seconds)
        for other in others:
            more = sampled(oracle, other, points // SPARE, f"everyday {seed}", seconds)
            sample = sample._replace(
                points=sample.points + more.points, exact=sample.exact + more.exact,
                outside=sample.outside + more.outside,
            )  # fmt: skip
        if len(sample.points) < FEWEST:
            raise UsageError(
                f"only {len(sample.points)} of the points drawn have a value and a gradient "
                "that are floats",
                hint="--range x=1:100 says where an input comes from",
            )
        self.sample = sample
        self.judges = sampled(oracle, main, points, f"judge {seed}", seconds)

    def found(self) -> Improvement:
        forms, sample = self.forms, self.sample
        scorer = Scorer(forms, self.names, sample, self.start)
        pairs = [Probe(*pair) for pair in zip(sample.points, sample.exact, strict=True)]
        probes = (
            [*pairs[:PROBES], *pairs[len(pairs) - PROBES :]] if len(pairs) > 2 * PROBES else pairs
        )
        prover = Prover(self.oracle, self.program_of, [*probes, *self.corners()])
        search = Search(forms, scorer, self.start, prover, self.seconds)
        result = search.run()
        before = self.judged(self.program)
        text, after, far, better = self.program.text, before, 0.0, False
        for parts in result.choices(AGAIN):
            form = joined(forms, parts)
            if form == self.start:
                break
            program = self.program_of(form)
            kept = self.judged(program)
            if mean_of(kept) < mean_of(before) + GAIN:
                break
            distance = self.distance(form, prover)
            if distance is not None:
                text, after, far, better = self.text(form), kept, distance, True
                break
        return Improvement(
            self.program, text, better, before, after, len(self.judges.points),
            len(sample.points), result.tried, result.seconds, far, self.ranges, self.oracle.proved,
        )  # fmt: skip

    def corners(self) -> list[Probe]:
        """Points of the domain at which an input is at an end of its range."""
        found = []
        for name, ends in self.ranges.items():
            for place, end in enumerate(ends):
                point = {**self.sample.points[place], name: end}
                try:
                    found.append(Probe(point, self.oracle.at(point)))
                except (UndefinedError, UnknownError):
                    continue
        return found

    def distance(self, form: int, prover: Prover) -> float | None:
        """How far a form is from the program at the points that judge; None if it is another."""
        judge = Prover(self.oracle, self.program_of, [
            Probe(*pair) for pair in zip(self.judges.points, self.judges.exact, strict=True)
        ])  # fmt: skip
        far = max([*judge.distances(form), *prover.distances(form)])
        return far if far <= ALLOWED and not self.wider(form) else None

    def wider(self, form: int) -> bool:
        """Has a form a value at a point where the program rightly has none?"""
        new = self.program_of(form)
        return any(
            not np.isfinite(value(self.program, point)) and np.isfinite(value(new, point))
            for point in self.judges.outside
        )

    def text(self, form: int) -> str:
        taken = {*self.program.names, *self.program.tree.names, *self.program.tree.functions}
        return written(self.forms, form, self.named, taken, self.output)

    def program_of(self, form: int) -> Program:
        """The program as a user will have it: from its text, with the same inputs."""
        given = [name for name in self.names if name in CONSTANTS]
        return stage(parse(self.text(form)), given)

    def judged(self, program: Program) -> dict[str, Kept]:
        """What the engine itself keeps at the points that judge."""
        found: dict[str, list[float]] = {name: [] for name in ("", *self.names)}
        for point in self.judges.points:
            values = forward(program, point)
            back = resolve(Watch(program, program.inputs), values, AUTO).back
            found[""].append(values[program.output])
            for name in self.names:
                slot = program.inputs.get(name)
                found[name].append(0.0 if slot is None else back.gradient(slot))
        return {name: kept(numbers, self.exact(name)) for name, numbers in found.items()}

    def exact(self, name: str) -> list[float]:
        return [one.gradient[name] if name else one.value for one in self.judges.exact]


ALLOWED = 3e-16  # of what was found near enough at other points


def value(program: Program, point: Point) -> float:
    return forward(program, point)[program.output]


def kept(numbers: Sequence[float], exact: Sequence[float]) -> Kept:
    with np.errstate(all="ignore"):
        right = digits(np.array(numbers), np.array(exact))
    return Kept(float(right.mean()), float(right.min()))


def mean_of(kept: Mapping[str, Kept]) -> float:
    """The value counts as much as all gradients."""
    gradients = [one.mean for name, one in kept.items() if name]
    return (kept[""].mean + sum(gradients) / len(gradients)) / 2
