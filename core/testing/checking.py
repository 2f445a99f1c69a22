"""One check of a gradient, from the point to what was found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError, listed
from backprop.reading.unit import Unit
from backprop.testing.again import command
from backprop.testing.calling import numeric
from backprop.testing.classes import check_source
from backprop.testing.judging import COARSE, Place, Rules, Tally
from backprop.testing.opinions import VERDICTS, opinions, verdict_of
from backprop.testing.points import around, first_point, moving_in, narrow, scale_of
from backprop.testing.results import (
    RIGHT,
    SEVERITY,
    UNCHECKED,
    UNDEFINED,
    WRONG,
    Finding,
    GradientCheck,
    Line,
    Row,
)
from backprop.testing.slopes import Sample
from backprop.testing.sources import Read, readable
from backprop.testing.subjects import FunctionSubject, TextSubject

CLOSE = 1e-4  # off by less than this, what is right as it is read is rounding
AGREES = 1e-6  # to which the engine and the function have the same value
SLOW = 30_000  # calls of a function, after which no more points are looked at


class Checking:
    """One check, from the point to what was found."""

    def __init__(self, subject: Any, f: Any, gradient: Any, rules: Rules, seed: int) -> None:
        self.subject = subject
        self.f = f
        self.own = gradient
        self.rules = rules
        self.seed = seed
        self.notes: list[str] = []
        self.methods: list[str] = []
        self.read: Read | None = None
        self.report: Any = None
        self.calls = 0
        self.points = 0
        self.random = np.random.default_rng([seed, 2])
        self.noises: dict[str, float] = {}
        self.tallies: dict[str, Tally] = {}

    def run(
        self, at: Any, shapes: Any, ranges: Any, points: int, allow: tuple[str, ...]
    ) -> GradientCheck:
        if isinstance(self.subject, (type, Unit)):
            return self.of_source(at, shapes, ranges, allow)
        first = first_point(self.subject.inputs(), at, shapes, ranges, self.seed)
        if hasattr(self.subject, "completed"):
            first = self.subject.completed(first)
        self.subject.given = list(first)
        for one in narrow(at):
            self.notes.append(f"{one}, which is checked in float64")
        value = numeric(self.subject.value(first), self.subject.name)
        moving = moving_in(first)
        if not moving:
            raise UsageError(
                f"{self.subject.name} has no input of floats to differentiate by",
                hint="arrays of whole numbers and texts are labels",
            )
        if not np.isfinite(value).all():
            self.notes.insert(0, f"the value is {described(value)} at the point")
            return self.ended(first, value, [], moving, UNDEFINED, 1, allow)
        yours = self.gradient(first, value, moving)
        if isinstance(self.subject, TextSubject) and self.own is None:
            return self.by_opinions(first, value, moving, allow)
        self.tallies = {name: Tally() for name in yours}
        self.look_into(first, value)
        place = self.place(first, value, yours, every=True)
        findings = list(place.findings())
        self.points = 1
        shown, seen, number = first, value, 1
        if not findings:
            for point in around(first, [*yours], ranges, self.seed, points):
                if self.points > points or self.calls > SLOW:
                    break
                found = self.at(point, [*yours])
                if found is None:
                    continue
                self.points += 1
                findings, seen = found
                if findings:
                    shown = point
                    break
            number = self.points if findings else 1
            if self.calls > SLOW and self.points <= points:
                self.notes.append(f"after {self.calls:,} calls, {self.points} points had to do")
            elif self.points <= points and not findings:
                self.notes.append(
                    f"at {self.points - 1} of {points} points around it the value is finite"
                )
        return self.ended(shown, seen if findings else value, findings, [*yours], "", number, allow)

    def by_opinions(
        self, point: Mapping[str, Any], value: Any, moving: Sequence[str], allow: tuple[str, ...]
    ) -> GradientCheck:
        """A text that brings no gradient is judged as `check` judges it."""
        self.report = opinions(self.subject.tree, point, self.upstream(value))
        self.methods.append("the opinions")
        if self.report is not None and self.report.check.reason:
            self.notes.append(self.report.check.reason)
        return self.ended(point, value, [], moving, verdict_of(self.report), 1, allow)

    # At a point.

    def gradient(
        self, point: Mapping[str, Any], value: Any, moving: Sequence[str]
    ) -> dict[str, Any]:
        found: dict[str, Any] = self.subject.gradient(point, self.upstream(value), moving)
        found = {name: one for name, one in found.items() if name in moving}
        if not found:
            raise UsageError(
                f"{self.subject.name} returns no gradient of {listed(list(moving))}",
                hint="give the gradient as well: check_gradient(f, gradient)",
            )
        return found

    def upstream(self, value: Any) -> Any:
        """The gradient of an output that is an array: any, if the gradient takes it."""
        shape = np.shape(value)
        if not shape:
            return 1.0
        if not self.subject.takes_upstream:
            return np.ones(shape)
        random = np.random.default_rng([self.seed, 3])
        return random.uniform(0.5, 1.5, shape) * random.choice([-1.0, 1.0], shape)

    def at(self, point: dict[str, Any], names: Sequence[str]) -> tuple[list[Finding], Any] | None:
        """What is wrong at another point; None if the function has no value there."""
        try:
            value = numeric(self.subject.value(point), self.subject.name)
            if not np.isfinite(value).all():
                return None
            yours = self.gradient(point, value, names)
        except (ArithmeticError, ValueError, UsageError, AssertionError):
            return None
        yours = {name: one for name, one in yours.items() if name in names}
        place = self.place(point, value, yours, every=False)
        return list(place.findings()), value

    def place(
        self, point: Mapping[str, Any], value: Any, yours: Mapping[str, Any], *, every: bool
    ) -> Place:
        upstream = self.upstream(value)
        engine: Mapping[str, Any] = {}
        if self.read is not None:
            engine = self.by_engine(point, upstream, value)

        def function(at: Mapping[str, Any]) -> Sample:
            self.calls += 1
            try:
                found = np.asarray(self.subject.value(at), float)
            except (ArithmeticError, ValueError, AssertionError):
                return Sample(np.nan, np.nan)
            if found.shape != np.shape(upstream):
                return Sample(np.nan, np.nan)
            if not found.shape:
                return Sample(float(found), abs(float(found)))
            parts = found * upstream
            return Sample(float(parts.sum()), float(np.abs(parts).sum()))

        def imaginary(at: Mapping[str, Any]) -> complex:
            """The same of complex numbers; nan if it takes none."""
            try:
                found = np.asarray(self.subject.complex_value(at))
                return complex((found * upstream).sum())
            except Exception:  # it was only tried
                return complex(np.nan)

        return Place(
            function, point, yours, engine, self.rules, self.random, every, self.tallies,
            self.noises, imaginary if hasattr(self.subject, "complex_value") else None,
        )  # fmt: skip

    # Reading.

    def look_into(self, point: Mapping[str, Any], value: Any) -> None:
        """Read the function and its gradient, if they can be, and see that what was read is what
        runs."""
        if isinstance(self.subject, TextSubject):
            self.methods.append("the engine")
            return
        if not isinstance(self.subject, FunctionSubject):
            self.methods.append("called")
            return
        found = readable(self.f, self.subject.own, dict(point), self.seed)
        if isinstance(found, str):
            self.notes.append(f"called, not read: {found}")
            self.methods.append("called")
            return
        self.read = found
        if not self.by_engine(point, self.upstream(value), value):
            self.read = None
            self.notes.append("called, not read: what was read has another value")
            self.methods.append("called")
        else:
            self.methods.append("read")

    def by_engine(self, point: Mapping[str, Any], upstream: Any, value: Any) -> Mapping[str, Any]:
        """The gradient by the engine; nothing where its value isn't that of the function."""
        assert self.read is not None
        try:
            own, found = self.read.gradient(dict(point), upstream)
        except Exception:  # what can't be read at this point is called there
            return {}
        if np.shape(own) != np.shape(value) or not np.allclose(
            own, value, rtol=AGREES, atol=AGREES * scale_of(np.asarray(value, float))
        ):
            return {}
        return found

    # What was found.

    def ended(
        self, point: Mapping[str, Any], value: Any, findings: list[Finding], names: Sequence[str],
        verdict: str, number: int, allow: tuple[str, ...],
    ) -> GradientCheck:  # fmt: skip
        grade, lines = None, list[Line]()
        if findings and self.read is not None and self.own is not None:
            grade, lines = self.graded(point, names, findings)
            self.report = opinions(*self.read.read(dict(point)), self.upstream(value))
            if verdict_of(self.report) == RIGHT:
                self.methods.append("the opinions")
            if grade is not None and grade.verdict == RIGHT and all(map(is_slight, findings)):
                worst = max(one.off for one in findings)
                self.notes.append(
                    f"rounding: right as it is read, the gradient is off by {worst:.1g} in float64"
                )
                findings = []
        rows = tuple(self.row(name, point, findings) for name in names)
        if not verdict:
            verdict = self.verdict(rows)
        if self.tallies:
            self.methods.append("differences")
        return GradientCheck(
            self.subject.name, verdict, rows, tuple(findings), tuple(lines), max(self.points, 1),
            number, dict(point), value, tuple(dict.fromkeys(self.methods)),
            tuple(self.said(verdict)), self.again(point), allow, grade, self.report,
        )  # fmt: skip

    def verdict(self, rows: Sequence[Row]) -> str:
        return min((row.verdict for row in rows), key=SEVERITY.index, default=UNCHECKED)

    def row(self, name: str, point: Mapping[str, Any], findings: Sequence[Finding]) -> Row:
        own = [one for one in findings if one.input == name]
        tally = self.tallies.get(name, Tally())
        verdict = min((one.verdict for one in own), key=SEVERITY.index, default=RIGHT)
        if self.report is not None and self.read is None:
            judged = self.report.check.inputs.get(name)
            verdict = VERDICTS.get(judged.verdict if judged else "", UNCHECKED)
        elif verdict == RIGHT and not tally.entries and tally.directions <= tally.unknown:
            verdict = UNCHECKED
        return Row(
            name, np.shape(point[name]), verdict, tally.entries, tally.directions, tally.off,
            len(own), tally.kinks,
        )  # fmt: skip

    def said(self, verdict: str) -> Iterator[str]:
        """What there is to say beside the verdict."""
        yield from self.notes
        kinks = [name for name, one in self.tallies.items() if one.kinks]
        if kinks and verdict == RIGHT:
            yield f"at a kink in {listed(kinks)}: one of its slopes is taken"
        coarse = max((one.coarse for one in self.tallies.values()), default=0.0)
        if coarse > max(COARSE, self.rules.rtol):
            yield f"differences say no more than {coarse:.0e} of the largest entry here"

    def graded(
        self, point: Mapping[str, Any], names: Sequence[str], findings: Sequence[Finding]
    ) -> tuple[Any, list[Line]]:
        assert self.read is not None
        try:
            found = self.read.graded(dict(point), names)
        except Exception:  # a line is more than was asked for
            return None, []
        lines = self.read.lines(found)
        if not lines and findings[0].left is not None and findings[0].entry is not None:
            lines = list(self.read.at_kink(dict(point), names, findings[0]))
        return found, lines

    def again(self, point: Mapping[str, Any]) -> str:
        """The command line that shows the same."""
        return command(self.f, self.own, point)

    # Classes and sources: read alone.

    def of_source(self, at: Any, shapes: Any, ranges: Any, allow: tuple[str, ...]) -> GradientCheck:
        """A class, or what `read` gives: read, and graded line by line."""
        return check_source(self.f, self.own, at, shapes, ranges, allow, self.seed)


def is_slight(one: Finding) -> bool:
    """Is it so little that it may be rounding?"""
    return one.verdict == WRONG and one.entry is not None and one.off < CLOSE


def described(value: Any) -> str:
    if not np.ndim(value):
        return f"{float(value)}"
    count = int(np.count_nonzero(~np.isfinite(value)))
    return f"not finite in {count:,} of {np.size(value):,} entries"
