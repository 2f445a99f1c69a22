"""The state of a file that is being graded: what its lines claim, and what its names hold."""

from __future__ import annotations

import time

from backprop.grading.evaluating import (
    Evaluator,
    gradient_names,
    leaves,
)
from backprop.grading.forward import Forward
from backprop.grading.matching import Claim
from backprop.grading.reading import Line
from backprop.grading.results import Grade, Graded
from backprop.grading.totals import Own
from backprop.grading.worlds import Series

PATIENCE = 20.0  # seconds for a file


class GradedFile:
    def __init__(self, forward: Forward, text: str, found: Grade, pattern: str | None) -> None:
        self.forward = forward
        self.text = text
        self.found = found
        self.gradients = gradient_names(forward, pattern)
        self.evaluator = Evaluator(forward, self.gradients)
        self.own = Own(self.evaluator, self.gradients, forward)
        self.claims: dict[str, list[Claim]] = {}
        self.rows: list[tuple[Graded, Claim]] = []
        self.helpers: dict[str, Line] = {}
        self.running: dict[str, Series | None] = {}
        self.tried: set[str] = set()  # the variables of lines that can't be read
        self.written = {name: self.first_way(name) for name in forward.variables}
        self.deadline = time.monotonic() + PATIENCE

    def first_way(self, name: str) -> str:
        """How the gradient of a variable is written, until the file shows another way."""
        return next(text for text, variable in self.gradients.items() if variable == name)

    def mentions(self, line: Line) -> frozenset[str]:
        """The variables whose gradients a line uses."""
        assert line.tree is not None
        names = leaves(line.tree.code)
        return frozenset(self.gradients[name] for name in names if name in self.gradients)
