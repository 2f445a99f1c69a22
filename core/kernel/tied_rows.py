"""Gradients of rows in which gates tie. Rows in which the same stages tie are done together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.engine.ties.watch import Watch
from backprop.kernel.exact_rows import Again
from backprop.kernel.numpy_engine import NumpyEngine
from backprop.kernel.plan import Plan
from backprop.kernel.ties import planned_at_ties, planned_patterns
from backprop.program.program import Program

Array = Any
Columns = Sequence[Array]
Spaces = dict[Any, Any]  # what a worker's engines compute in

BITS = 50  # of a pattern that a float holds
MOST = 32  # patterns with a plan of their own
WORTH = 256  # rows for which such a plan is made


class AtTies:
    """The gradients of some rows, as columns."""

    def __init__(self, program: Program, watch: Watch, again: Again) -> None:
        self.program = program
        self.watch = watch
        self.again = again
        self.engines: dict[tuple[float | None, bool], NumpyEngine] = {}
        self.beyond_notes: set[float | None] = set()  # patterns that the notes did not fit once
        self.patterns = None
        if len(watch.stages) <= BITS:
            self.patterns = self.engine(planned_patterns(program, watch))

    def __call__(self, columns: Columns, rows: int, spaces: Spaces) -> Columns:
        if self.patterns is None:
            return self.alike(None, columns, rows, spaces)
        (codes,) = ran(self.patterns, columns, 1, rows, spaces)
        first = codes[0]
        if (codes == first).all():
            return self.alike(first, columns, rows, spaces)
        found = [np.empty(rows) for _ in self.watch.wrt]
        for code in np.unique(codes):
            here = np.flatnonzero(codes == code)
            answers = self.alike(code, [column[here] for column in columns], len(here), spaces)
            for column, numbers in zip(found, answers, strict=True):
                column[here] = numbers
        return found

    def alike(self, pattern: float | None, columns: Columns, rows: int, spaces: Spaces) -> Columns:
        """Rows of one pattern, or of any."""
        results = len(self.watch.wrt) + 1
        for notes_only in (True, False):
            if pattern in self.beyond_notes and notes_only:
                continue
            engine = self.engine_for(pattern, rows, notes_only=notes_only)
            *slopes, left = ran(engine, columns, results, rows, spaces)
            if not left.any():
                return slopes
            self.beyond_notes.add(pattern)
        for row in np.flatnonzero(left):
            _, *numbers = self.again.row([float(column[row]) for column in columns])
            for column, number in zip(slopes, numbers, strict=True):
                column[row] = number
        return slopes

    def engine_for(self, pattern: float | None, rows: int, *, notes_only: bool) -> NumpyEngine:
        """For one pattern, if it is worth a plan of its own."""
        key = pattern, notes_only
        if key not in self.engines and (len(self.engines) >= MOST or rows < WORTH):
            key = None, notes_only
        if key not in self.engines:
            plan = planned_at_ties(self.program, self.watch, key[0], notes_only=notes_only)
            self.engines[key] = self.engine(plan)
        return self.engines[key]

    def engine(self, plan: Plan) -> NumpyEngine:
        return NumpyEngine(plan, len(self.program.inputs))


def ran(engine: NumpyEngine, columns: Columns, results: int, rows: int, spaces: Spaces) -> Columns:
    """What an engine makes of columns of any length."""
    found = [np.empty(rows) for _ in range(results)]
    if engine not in spaces:
        spaces[engine] = engine.workspace(engine.block)
    for start in range(0, rows, engine.block):
        here = slice(start, start + engine.block)
        fed = [column[here] for column in columns]
        engine.run(fed, [column[here] for column in found], spaces[engine])
    return found
