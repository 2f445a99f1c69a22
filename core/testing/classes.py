"""Classes with both passes, and sources that were read: graded line by line, never called."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.errors import UsageError
from backprop.grading.results import MISSING, NOT_RETURNED
from backprop.grading.results import RIGHT as FINE
from backprop.grading.results import WRONG as AMISS
from backprop.testing.again import command
from backprop.testing.points import first_point, moving_in, narrow
from backprop.testing.results import (
    RIGHT,
    SEVERITY,
    UNCHECKED,
    WRONG,
    Finding,
    GradientCheck,
    Row,
)
from backprop.testing.sources import Read, source_of


def check_source(
    f: Any, gradient: Any, at: Any, shapes: Any, ranges: Any, allow: tuple[str, ...], seed: int
) -> GradientCheck:
    """What is read is graded at its point and at six around it."""
    source = source_of(f, gradient)
    unit = source.unit
    if isinstance(f, type) and gradient is not None:
        raise UsageError("a class has its own backward pass")
    rows = [(name, default is None) for name, default in unit.parameters]
    point = first_point(rows, at, shapes, ranges, seed)
    read = Read(source, point, seed)
    names = [name for name in read.given if name in read.program.variables]
    wrt = [
        name for name in names if name in moving_in({n: as_float(v) for n, v in read.given.items()})
    ]
    grade = read.graded(point, [])
    if grade.error is not None:
        raise grade.error
    found = [*findings(grade)]
    rows_found = tuple(
        Row(one.name, np.shape(read.given.get(one.name, 0.0)), verdict_of(one.verdict),
            int(np.size(one.expected)), 0, 0.0, sum(f.input == one.name for f in found), 0)
        for one in grade.gradients if one.verdict != NOT_RETURNED
    )  # fmt: skip
    verdict = min((row.verdict for row in rows_found), key=SEVERITY.index, default=UNCHECKED)
    verdict = WRONG if grade.verdict == AMISS else verdict
    notes = [f"{one}, which is checked in float64" for one in narrow(at)]
    if verdict == UNCHECKED:
        notes.insert(0, f"no gradient of {' or '.join(wrt) or 'an input'} was found")
    return GradientCheck(
        unit.source.unit or "the source", verdict, rows_found, tuple(found),
        tuple(read.lines(grade)), grade.points, 1, {**read.given, **point},
        None, ("read",), tuple(notes), command(f, None, point), allow, grade, None,
    )  # fmt: skip


def as_float(value: Any) -> Any:
    return np.asarray(value, float)[()] if not np.ndim(value) else np.asarray(value)


def verdict_of(word: str) -> str:
    return {FINE: RIGHT, AMISS: WRONG, MISSING: WRONG}.get(word, UNCHECKED)


def findings(grade: Any) -> Any:
    for one in grade.gradients:
        if one.verdict == MISSING:
            yield Finding(one.name, WRONG, None, None, None, words=one.hint or "it is missing")
        elif one.verdict == AMISS:
            yield from of_gradient(one)


def of_gradient(one: Any) -> Any:
    """The entries that are wrong, the worst first."""
    yours, right = np.asarray(one.yours, float), np.asarray(one.expected, float)
    if yours.shape != right.shape or one.hint:
        yield Finding(one.name, WRONG, None, None, None, words=one.hint or "it has another shape")
        return
    off = np.abs(yours - right) / np.maximum(np.abs(right), 1e-300)
    for k in np.argsort(-off.reshape(-1), kind="stable")[:8].tolist():
        if off.reshape(-1)[k] > 1e-9:
            entry = tuple(int(p) for p in np.unravel_index(k, off.shape)) if off.shape else ()
            yield Finding(one.name, WRONG, entry, float(yours[entry]), float(right[entry]))
