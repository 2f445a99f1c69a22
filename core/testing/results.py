"""What a check of a gradient has found, frozen: input by input, entry by entry, line by line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.errors import listed

SCHEMA = "backprop/gradient/1"
RIGHT, WRONG, KINK, UNDEFINED, UNCHECKED = VERDICTS = (
    "right", "wrong", "kink", "undefined", "unchecked",
)  # fmt: skip
SEVERITY = (WRONG, KINK, UNDEFINED, UNCHECKED, RIGHT)
LONGEST = 400  # characters of a command that holds its point
SHOWN_ENTRIES = 6  # of an array in a sentence


class Finding(NamedTuple):
    """An entry, or all of an input, where the gradient is not what it should be."""

    input: str
    verdict: str  # wrong, kink, undefined
    entry: tuple[int, ...] | None  # None: not one entry alone
    yours: Any
    right: Any
    error: float = 0.0  # how far `right` may be off
    left: float | None = None  # the slopes beside a kink
    after: float | None = None
    words: str = ""

    @property
    def place(self) -> str:
        """x, or W[1, 2]."""
        return self.input + (f"[{', '.join(map(str, self.entry))}]" if self.entry else "")

    @property
    def off(self) -> float:
        """By how much, in parts of what is right."""
        if self.yours is None or self.right is None:
            return 0.0
        gap = abs(float(self.yours) - float(self.right))
        return gap / abs(float(self.right)) if self.right else gap

    def to_dict(self) -> dict[str, Any]:
        return {
            "input": self.input, "verdict": self.verdict,
            "entry": None if self.entry is None else list(self.entry),
            "yours": shown(self.yours), "right": shown(self.right), "error": shown(self.error),
            "left": shown(self.left), "after": shown(self.after), "words": self.words or None,
        }  # fmt: skip

    def sentence(self) -> str:
        name = f"d{self.place}"
        if self.words:
            return f"{name}: {self.words}"
        if self.verdict == KINK:
            return (
                f"{name} is {number(self.yours)} at a kink: the slope is {number(self.left)} on the"
                f" left and {number(self.after)} on the right"
            )
        if self.left is not None and self.after is not None:
            return (
                f"{name} is {number(self.yours)}, which no side of the kink has: the slope is"
                f" {number(self.left)} on the left and {number(self.after)} on the right"
            )
        off = f"off by {self.off:.2g}" + (" of it" if self.right else "")
        return f"{name} is {number(self.yours)}, right is {number(self.right)}: {off}"


class Line(NamedTuple):
    """A line of a gradient's source that is wrong."""

    file: str
    line: int
    code: str
    finding: str
    hint: str
    fix: str

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file, "line": self.line, "code": self.code,
            "finding": self.finding or None, "hint": self.hint or None, "fix": self.fix or None,
        }  # fmt: skip

    def sentence(self) -> str:
        said = f"{self.file}, line {self.line}: {self.code}"
        return f"{said}\n    {self.hint}" if self.hint else said


class Row(NamedTuple):
    """One input: what was compared, and how well it agrees."""

    name: str
    shape: tuple[int, ...]
    verdict: str
    entries: int  # compared one by one, at all points together
    directions: int
    off: float  # the largest departure, in parts of the largest entry
    wrong: int  # entries at the point that is shown
    kinks: int

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "shape": list(self.shape), "off": shown(self.off)}


@dataclass(frozen=True, eq=False, repr=False)
class GradientCheck(Shown):
    """The gradient of a function, compared with what it should be."""

    name: str
    verdict: str
    rows: tuple[Row, ...]
    findings: tuple[Finding, ...]
    lines: tuple[Line, ...]
    points: int  # that were looked at
    number: int  # of the point with the findings; the one that was given is 1
    point: Mapping[str, Any]
    value: Any
    methods: tuple[str, ...]
    notes: tuple[str, ...]
    again: str  # the command that shows it again
    allow: tuple[str, ...] = ()
    grade: Any = None  # of the gradient's source, if it was read
    report: Any = None  # of the function, if the opinions were asked

    what = "gradient check"
    asks = "check.passed, or check.verdict"

    @property
    def passed(self) -> bool:
        return self.verdict == RIGHT or self.verdict in self.allow

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "name": self.name,
            "verdict": self.verdict,
            "passed": self.passed,
            "inputs": [row.to_dict() for row in self.rows],
            "findings": [one.to_dict() for one in self.findings],
            "lines": [one.to_dict() for one in self.lines],
            "points": self.points,
            "number": self.number,
            "point": {name: held(value) for name, value in self.point.items()},
            "value": held(self.value),
            "methods": list(self.methods),
            "notes": list(self.notes),
            "again": self.again or None,
        }

    def save(self, path: str) -> None:
        """Write the point to a file, as --at reads it."""
        point = {name: held(value) for name, value in self.point.items()}
        Path(path).write_text(json.dumps(point) + "\n", "utf-8")

    @property
    def brief(self) -> str:
        return f"{self.name}: {self.headline}"

    @property
    def headline(self) -> str:
        found = [row.name for row in self.rows if row.verdict == self.verdict]
        if self.verdict == RIGHT:
            many = f"{self.points} points" if self.points != 1 else "1 point"
            return f"the gradient of {listed(found, 8)} is right at {many}"
        if self.verdict in (WRONG, KINK):
            which = f"the gradient of {listed(found, 8)}"
            counted = [
                f"{row.wrong} of {size(row.shape)} entries of {row.name}"
                for row in self.rows if row.wrong and row.shape and row.verdict == self.verdict
            ]  # fmt: skip
            where = f" in {listed(counted, 3)}" if counted else ""
            return f"{which} is wrong{where}" if self.verdict == WRONG else (
                f"{which} is neither slope of a kink{where}"
            )  # fmt: skip
        return f"{self.verdict}: {self.notes[0]}" if self.notes else self.verdict

    def sentences(self) -> Iterator[str]:
        """All that there is to say, a line for each thing."""
        yield self.headline
        for one in self.findings[:MOST_FINDINGS]:
            yield f"  {one.sentence()}"
        if len(self.findings) > MOST_FINDINGS:
            yield f"  and {len(self.findings) - MOST_FINDINGS:,} more entries"
        if self.findings:
            yield f"  at {point_text(self.point)}{self.which_point}"
        for line in self.lines:
            yield f"  {line.sentence()}"
        yield from (f"  note: {note}" for note in self.notes if note not in self.headline)
        if self.verdict == KINK:
            yield '  allow=("kink",) accepts every slope between the two'
        if self.again and not self.passed:
            yield f"  again: {self.again}"

    @property
    def which_point(self) -> str:
        if self.number <= 1:
            return ""
        return f" (point {self.number} of those around the one that was given)"


MOST_FINDINGS = 5


def size(shape: tuple[int, ...]) -> int:
    found = 1
    for length in shape:
        found *= length
    return found


def shown(value: Any) -> Any:
    return None if value is None else plain(value)


def held(value: Any) -> Any:
    """A value of a point as JSON has it; what is no number as a text."""
    if value is None or isinstance(value, (bool, str)):
        return value
    try:
        return plain(value)
    except (TypeError, ValueError, AttributeError):
        return str(value)


def number(value: Any) -> str:
    """As many digits as tell two numbers apart."""
    return "none" if value is None else f"{float(value):.12g}"


def point_text(point: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {short(value)}" for name, value in point.items()) or "no values"


def short(value: Any) -> str:
    """A number whole, since it may have to be typed; of an array its first entries."""
    if getattr(value, "ndim", 0):
        entries = [repr(float(one)) for one in value.ravel()[:SHOWN_ENTRIES].tolist()]
        more = ", ..." if value.size > SHOWN_ENTRIES else ""
        shape = "x".join(map(str, value.shape))
        return f"[{', '.join(entries)}{more}]" + (f" ({shape})" if value.ndim > 1 or more else "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return repr(value)
    return repr(value)[:60]
