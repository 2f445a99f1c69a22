"""A run that can go on where it was interrupted: all that the next step depends on, as JSON.

    {"schema": ..., "run": what has to be the same, "step": ..., "point": ..., "memory": ...}

The point of a checkpoint is its `point`, as `--at` reads one. Floats come back bit for bit, so
that a run which goes on ends with the same bytes as one that was never interrupted.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from time import monotonic
from typing import Any

from backprop.answer.plain import plain
from backprop.descending.course import Course, Step
from backprop.descending.quantities import Point
from backprop.errors import UsageError

SCHEMA = "backprop/checkpoint/1"
PACE, SHARE = 1.0, 20  # seconds between two at least, and a twentieth of the time goes into them

State = dict[str, Any]


class Keeper:
    """Writes checkpoints now and then, through a function that writes a file whole."""

    def __init__(
        self, path: str, write: Callable[[str, bytes], None], *, resume: bool = False
    ) -> None:
        self.path = path
        self.write = write
        self.resume = resume
        self.run = ""
        self.due = monotonic() + PACE

    def begin(self, told: Sequence[Any]) -> State | None:
        """Where an earlier run of the same kind stopped, if it is to go on."""
        text = json.dumps(told, sort_keys=True, default=plain)
        self.run = hashlib.sha256(text.encode()).hexdigest()
        if not self.resume or not os.path.exists(self.path):
            return None
        try:
            with open(self.path, encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError):
            found = None
        if not isinstance(found, dict) or found.get("schema") != SCHEMA:
            raise UsageError(f"{self.path} is no checkpoint of descend")
        if found.get("run") != self.run:
            raise UsageError(
                f"{self.path} is of another run: other options, another program, or data that "
                "changed since",
                hint="without --resume the run starts from the beginning",
            )
        return found

    def is_due(self) -> bool:
        return monotonic() >= self.due

    def save(self, state: State) -> None:
        begun = monotonic()
        told = {"schema": SCHEMA, "run": self.run, **state}
        self.write(self.path, json.dumps(told, default=plain).encode() + b"\n")
        ended = monotonic()
        self.due = ended + max(PACE, SHARE * (ended - begun))


# What a state is made of.


def state_of(number: int, point: Point, memory: Mapping[str, Any], course: Course) -> State:
    """Before the step of this number."""
    return {
        "step": number,
        "point": point,
        "memory": memory,
        "status": course.status,
        "values": course.values,
        "sizes": course.sizes,
        "shown": [list(step) for step in course.shown],
        "last": course.last and list(course.last),
        "rises": course.rises,
        "lowest": course.lowest,
        "valid": course.valid,
        "best": course.best and list(course.best),
    }


def go_on(course: Course, state: State) -> None:
    course.status = state["status"]
    course.values, course.sizes = state["values"], state["sizes"]
    course.shown = [step_from(one) for one in state["shown"]]
    course.last = state["last"] and step_from(state["last"])
    if course.last and course.shown and course.shown[-1].number == course.last.number:
        course.last = course.shown[-1]
    course.rises, course.lowest = state["rises"], state["lowest"]
    course.valid = [(number, value) for number, value in state["valid"]]
    course.best = state["best"] and step_from(state["best"])


def step_from(parts: Sequence[Any]) -> Step:
    number, value, point, gradient, size, rate = parts
    return Step(number, value, point_from(point), point_from(gradient), size, rate)


def point_from(found: Mapping[str, Any]) -> Point:
    return {name: quantity(value) for name, value in found.items()}


def quantity(value: Any) -> Any:
    """A number or an array, as it was."""
    if not isinstance(value, list):
        return float(value)
    import numpy as np

    return np.asarray(value, dtype=float)
