"""Which line of a backward pass makes something of its own of a kink: at it, its value is neither
that on the left nor that on the right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from backprop.errors import BackpropError
from backprop.grading.forward import Forward
from backprop.grading.grade import reading_of
from backprop.grading.spots import spot_at
from backprop.grading.tracing import Event

ASIDE = 1e-6  # of the scale of an input, how far beside the kink
ALIKE = 1e-3  # of the largest value of a line: what that may change it by


def line_at_kink(
    forward: Forward,
    text: str,
    unit: str,
    point: Mapping[str, Any],
    name: str,
    entry: Sequence[int],
) -> tuple[int, str] | None:
    """The first line that departs where an entry of an input is at a kink, and its code."""
    points = [point, *(beside(point, name, tuple(entry), side) for side in (-1, 1))]
    try:
        with np.errstate(all="ignore"):
            spots = [spot_at(forward.program, one, None, None) for one in points]
            found = reading_of(
                replace(forward, spots=spots, ready={}), text, "", unit, None, "", {}
            ).read()
            for event in events(found.events):
                if departs(found.replay.series(event.leaf)):
                    lines = found.tracer.machine.recorder.lines
                    start, stop = lines.span(event.node)
                    return event.line, " ".join(lines.whole[start:stop].split())
    except (BackpropError, ArithmeticError, ValueError, TypeError, IndexError, KeyError):
        return None  # a line is more than was asked for
    return None


def events(found: Sequence[Event]) -> Iterator[Event]:
    return (one for one in found if one.role != "forward" and one.problem is None)


def beside(
    point: Mapping[str, Any], name: str, entry: tuple[int, ...], side: int
) -> dict[str, Any]:
    value = np.array(point[name], dtype=float)
    largest = float(np.max(np.abs(value), initial=0.0)) or 1.0
    value[entry] += side * ASIDE * largest
    return {**point, name: value if value.ndim else float(value)}


def departs(series: Sequence[Any]) -> bool:
    """Is some entry at the kink neither what it is on the left nor on the right?"""
    here, left, right = (np.asarray(one, float) for one in series)
    if not here.shape == left.shape == right.shape:
        return False
    scale = float(np.max(np.abs([left, right]), initial=0.0)) or 1.0
    own = np.minimum(np.abs(here - left), np.abs(here - right)) > ALIKE * scale
    return bool(own.any())
