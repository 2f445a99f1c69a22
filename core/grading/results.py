"""The grade of a file: its lines with their verdicts, what is missing, the totals."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.errors import BackpropError

SCHEMA = "backprop/grade/1"
RIGHT, WRONG, REDUNDANT, UNREADABLE = VERDICTS = ("right", "wrong", "redundant", "unreadable")


class Total(NamedTuple):
    """The gradient of an input; None if the code would stop before, or never give it a value."""

    yours: Any
    expected: Any


@dataclass(eq=False)
class Graded:
    """One line with its verdict."""

    line: int
    code: str
    verdict: str = RIGHT
    finding: str | None = None
    yours: Any = None
    expected: Any = None
    hint: str = ""
    fix: str = ""
    column: int | None = None
    error: BackpropError | None = None

    def to_dict(self) -> dict[str, Any]:
        return {
            "line": self.line, "code": self.code, "verdict": self.verdict,
            "finding": self.finding, "yours": shown(self.yours), "expected": shown(self.expected),
            "hint": self.hint or None, "fix": self.fix or None, "column": self.column,
        }  # fmt: skip


class Gap(NamedTuple):
    """A part of a gradient that no line holds."""

    variable: str
    finding: str  # missing or never
    through: str  # the statement that would pass it back
    expected: Any
    hint: str

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "expected": shown(self.expected)}


@dataclass(eq=False)
class Grade:
    file: str
    lines: list[Graded] = field(default_factory=list)
    missing: list[Gap] = field(default_factory=list)
    totals: dict[str, Total] = field(default_factory=dict)
    error: BackpropError | None = None  # why nothing at all could be graded

    @property
    def verdict(self) -> str:
        verdicts = {one.verdict for one in self.lines}
        if self.missing or WRONG in verdicts:
            return WRONG
        return UNREADABLE if self.error or UNREADABLE in verdicts else RIGHT

    @property
    def wrong(self) -> int:
        return sum(one.verdict == WRONG for one in self.lines) + len(self.missing)

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "file": self.file,
            "verdict": self.verdict,
            "lines": [one.to_dict() for one in self.lines],
            "missing": [gap.to_dict() for gap in self.missing],
            "totals": {
                name: {"yours": shown(one.yours), "expected": shown(one.expected)}
                for name, one in self.totals.items()
            },
            "error": self.error.render().removeprefix("error: ") if self.error else None,
        }


def shown(value: Any) -> Any:
    return None if value is None else plain(value)
