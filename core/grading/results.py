"""The grade of a file: the gradients that it gives, and its lines, each with a verdict."""

from __future__ import annotations

import os.path
from dataclasses import dataclass, field
from typing import Any, ClassVar

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.errors import BackpropError

SCHEMA = "backprop/grade/2"
RIGHT, SCALED, WRONG, CARRIED, STEP, NOT_GRADED, UNREADABLE = LINE_VERDICTS = (
    "right", "scaled", "wrong", "carried", "step", "not-graded", "unreadable",
)  # fmt: skip
MISSING, NOT_RETURNED = "missing", "not-returned"


@dataclass(eq=False)
class Passed:
    """A line in one turn of a loop."""

    verdict: str
    yours: Any = None
    of: str | None = None

    def to_dict(self) -> dict[str, Any]:
        return {"verdict": self.verdict, "yours": shown(self.yours), "of": self.of}


@dataclass(eq=False)
class Graded:
    """One line of the source with its verdict."""

    file: str
    line: int
    code: str
    verdict: str = STEP
    finding: str | None = None
    of: str | None = None  # whose gradient it is, or a part of it
    factor: float | None = None  # what it is times that, of a line that is scaled
    yours: Any = None
    expected: Any = None
    entries: list[tuple[int, ...]] | None = None  # those that are wrong, if only some are
    hint: str = ""
    fix: str = ""
    column: int | None = None
    passes: list[Passed] = field(default_factory=list)
    error: BackpropError | None = None
    imported: bool = False  # is it a line of a file that the graded one imports?

    @property
    def place(self) -> str:
        """The line, with its file if that isn't the one that is graded."""
        return f"{os.path.basename(self.file)}:{self.line}" if self.imported else str(self.line)

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file, "line": self.line, "code": self.code, "verdict": self.verdict,
            "finding": self.finding, "of": self.of, "factor": shown(self.factor),
            "yours": shown(self.yours), "expected": shown(self.expected),
            "entries": None if self.entries is None else [list(one) for one in self.entries],
            "hint": self.hint or None, "fix": self.fix or None, "column": self.column,
            "passes": [one.to_dict() for one in self.passes] if len(self.passes) > 1 else [],
        }  # fmt: skip


@dataclass(eq=False)
class Gradient:
    """The gradient of an input, as the file gives it."""

    name: str
    verdict: str
    yours: Any
    expected: Any
    where: str = ""  # the name or the place where it was found
    entries: list[tuple[int, ...]] | None = None
    hint: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name, "verdict": self.verdict, "yours": shown(self.yours),
            "expected": shown(self.expected), "where": self.where or None,
            "entries": None if self.entries is None else [list(one) for one in self.entries],
            "hint": self.hint or None,
        }  # fmt: skip


@dataclass(eq=False, repr=False)
class Grade(Shown):
    what: ClassVar[str] = "grade"
    asks: ClassVar[str] = "grade.verdict"

    file: str
    lines: list[Graded] = field(default_factory=list)
    gradients: list[Gradient] = field(default_factory=list)
    points: int = 0  # how many points it was judged at
    settings: dict[str, bool] = field(default_factory=dict)  # switches that had their own value
    error: BackpropError | None = None  # why nothing at all could be graded

    @property
    def brief(self) -> str:
        found = ", ".join(f"{one.name} {one.verdict}" for one in self.gradients)
        return f"{self.verdict}{': ' if found else ''}{found}"

    @property
    def verdict(self) -> str:
        verdicts = {one.verdict for one in self.gradients}
        if (
            WRONG in verdicts
            or MISSING in verdicts
            or any(one.verdict == WRONG for one in self.lines)
        ):
            return WRONG
        if self.error or NOT_GRADED in verdicts or not verdicts & {RIGHT}:
            return UNREADABLE
        return RIGHT

    @property
    def wrong(self) -> int:
        lines = sum(one.verdict == WRONG for one in self.lines)
        return lines + sum(one.verdict == MISSING for one in self.gradients)

    def to_dict(self) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "file": self.file,
            "verdict": self.verdict,
            "gradients": [one.to_dict() for one in self.gradients],
            "lines": [one.to_dict() for one in self.lines],
            "points": self.points,
            **({"settings": self.settings} if self.settings else {}),
            "error": self.error.render().removeprefix("error: ") if self.error else None,
        }


def shown(value: Any) -> Any:
    return None if value is None else plain(value)
