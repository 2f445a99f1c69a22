"""What has been seen of a run, and when it has to end. Every method reports each of its points
here, and goes on as long as it is told to."""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite
from typing import NamedTuple

from backprop.descending.quantities import Point, all_finite

HUGE = 1e30  # times its start, a value has run away
RISES = 10  # steps up, one after the other, that are no coincidence
FAR = 100.0  # times what was ever gained: so much loss is no detour
FEW = 3


class Step(NamedTuple):
    """A point of the run. The rate is that of the move from here, if there is one."""

    number: int
    value: float
    point: Point
    gradient: Point
    size: float  # of the largest slope that the bounds let be followed
    rate: float | None = None


class Course:
    """All values and slopes in a row, and a few points in full: steps 0, 1, 2, 5, 10, 20, 50..."""

    def __init__(self, steps: int, tol: float, tell: Callable[[Step], None] | None = None) -> None:
        self.steps = steps
        self.tol = tol
        self.tell = tell
        self.status = ""
        self.remark = ""  # what a method says of its own end
        self.values: list[float] = []
        self.sizes: list[float] = []
        self.shown: list[Step] = []
        self.last: Step | None = None  # with finite numbers
        self.lost: Step | None = None  # without
        self.rises = 0
        self.lowest = 0.0
        self.valid: list[tuple[int, float]] = []  # values on other rows, and after which step
        self.best: Step | None = None  # where that was lowest

    def visit(self, step: Step, *, whole: bool = True) -> bool:
        """Take a point down; is it the end? Only the value of all rows can be judged."""
        if self.tell:
            self.tell(step)
        self.follow(step.value)
        self.values.append(step.value)
        self.sizes.append(step.size)
        if not isfinite(step.value) or not all_finite(step.gradient):
            self.lost = step
            self.status = "undefined"
            return True
        self.last = step
        if marked(step.number):
            self.shown.append(step)
        self.status = self.judged(step, whole=whole)
        return bool(self.status)

    def compare(self, step: Step, value: float, patience: int | None) -> None:
        """Take the value on other rows down. If it was lower so many times before, the run ends,
        and its last point is the best."""
        lowest = min((found for _, found in self.valid), default=value)
        if not self.valid or value < lowest:
            self.best = step
        self.valid.append((step.number, value))
        since = len(self.valid) - 1 - min(
            range(len(self.valid)), key=lambda k: (self.valid[k][1], k)
        )  # fmt: skip
        if patience is not None and since >= patience and not self.status:
            self.status, self.last = "early", self.best

    def follow(self, value: float) -> None:
        before = self.values[-1] if self.values else value
        self.rises = self.rises + 1 if value > before else 0
        self.lowest = min(self.lowest, value) if self.values else value

    def judged(self, step: Step, *, whole: bool) -> str:
        first = self.values[0]
        if abs(step.value) > HUGE * max(1.0, abs(first)):
            return "diverged"
        if whole and step.size <= self.tol:
            return "converged"
        if whole and self.climbed(step.value, RISES, FAR * (abs(first) + first - self.lowest)):
            return "diverged"
        if step.number < self.steps:
            return ""
        climbed = whole and self.climbed(step.value, max(FEW, min(RISES, self.steps)), 0.0)
        return "diverged" if climbed else "steps"

    def climbed(self, value: float, rises: int, height: float) -> bool:
        """Has the value gone up so often, to above its start, and so high above its lowest?"""
        return self.rises >= rises and value > self.values[0] and value - self.lowest > height

    def rows(self) -> list[Step]:
        """The points that are kept in full, the last among them."""
        last = [self.last] if self.last and self.last not in self.shown[-1:] else []
        return [*self.shown, *last]


def marked(number: int) -> bool:
    """0, 1, 2, 5, 10, 20, 50, 100, ..."""
    return str(number).rstrip("0") in ("", "1", "2", "5")
