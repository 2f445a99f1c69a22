"""Methods of SciPy, which is an extra: L-BFGS-B, and a trust region with BFGS's second derivatives.

They choose their own steps; a step here is a point that they accept.
"""

from __future__ import annotations

import warnings
from math import isfinite, prod
from typing import Any

import numpy as np

from backprop.descending.course import Course, Step
from backprop.descending.objective import Found, Objective
from backprop.descending.quantities import FREE, Limits, Point, all_finite, kept, largest, pull
from backprop.errors import UsageError

HINT = "pip install 'backprop-cli[descend]', or --method adam"
ENDS = {"lbfgs": {0: "converged", 1: "steps"}, "trust": {0: "steps", 1: "converged"}}
CALLS = 100  # evaluations allowed for each step
ROUNDING = 1e-15  # falls by less than this share of the value are none
BARRIER = 1e-9  # how far from a bound a trust region stays
WALL = 10.0  # times the size of the last value, where there is no number
SLACK = 1e-5  # slopes, relative to the value, that rounding may leave where a method has settled


def borrow(name: str, objective: Objective, start: Point, limits: Limits, course: Course) -> None:
    try:
        from scipy.optimize import minimize
    except ImportError:
        text = f"{name} comes from SciPy, which is not installed"
        raise UsageError(text, hint=HINT) from None
    talk = Talk(objective, start, limits, course)
    if talk.visit(talk.flat(start)):
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what deserves a word is said of the run as a whole
        end = minimize(
            talk.answer, talk.flat(start), jac=True, bounds=talk.bounds(),
            callback=talk.listen, **choices(name, course),
        )  # fmt: skip
    if not course.status:
        conclude(name, end, course, talk)


def choices(name: str, course: Course) -> dict[str, Any]:
    if name == "lbfgs":
        options = {"maxiter": course.steps, "maxfun": CALLS * course.steps, "gtol": 0.0,
                   "ftol": ROUNDING}  # fmt: skip
        return {"method": "L-BFGS-B", "options": options}
    options = {
        "maxiter": course.steps, "gtol": 0.0, "xtol": ROUNDING,
        "initial_barrier_parameter": BARRIER, "initial_barrier_tolerance": BARRIER,
    }  # fmt: skip
    return {"method": "trust-constr", "options": options}


def conclude(name: str, end: Any, course: Course, talk: Talk) -> None:
    """How it ended, if it was not the course that ended it."""
    talk.visit(np.asarray(end.x), again=True)
    if course.status:
        return
    assert course.last is not None
    status = ENDS[name].get(end.status, "stalled")
    level = course.last.size <= SLACK * max(1.0, abs(course.last.value))
    if status == "converged" and not level:
        status = "stalled"
    if status == "stalled" and talk.lost is not None:
        status, course.lost = "undefined", talk.lost
    course.status = status
    course.remark = "no step lowers it any further"


class Talk:
    """What passes between a method, which knows one long vector, and an objective of names."""

    def __init__(self, objective: Objective, start: Point, limits: Limits, course: Course) -> None:
        self.objective = objective
        self.limits = limits
        self.course = course
        self.shapes = {name: np.shape(value) for name, value in start.items()}
        self.found: dict[bytes, Found] = {}  # trials since the last accepted point
        self.lost: Step | None = None  # a trial since then that came to no number
        self.at = b""  # the last accepted point

    def flat(self, point: Point) -> Any:
        return np.concatenate([np.ravel(point[name]) for name in self.shapes], dtype=float)

    def point(self, vector: Any) -> Point:
        found: Point = {}
        place = 0
        for name, shape in self.shapes.items():
            part = vector[place : place + prod(shape)]
            found[name] = part.reshape(shape).copy() if shape else float(part[0])
            place += prod(shape)
        return kept(found, self.limits)

    def bounds(self) -> Any:
        """A pair for each entry, None where a side is open."""
        if not self.limits:
            return None
        return [
            [None if not isfinite(side) else side for side in self.limits.get(name, FREE)]
            for name, shape in self.shapes.items()
            for _ in range(prod(shape))
        ]

    def look(self, vector: Any) -> Found:
        key = np.asarray(vector, dtype=float).tobytes()
        if key not in self.found:
            self.found[key] = self.objective.at(self.point(vector))
        return self.found[key]

    def answer(self, vector: Any) -> tuple[float, Any]:
        """Value and gradient of a trial; where there are none, a wall to turn back from."""
        value, gradient = self.look(vector)
        if isfinite(value) and all_finite(gradient):
            return value, self.flat(gradient)
        number = len(self.course.values)
        self.lost = Step(number, value, self.point(vector), gradient, largest(gradient))
        before = self.course.values[-1]
        return before + WALL * max(1.0, abs(before)), np.zeros(len(vector))

    def listen(self, intermediate_result: Any) -> None:
        if self.visit(np.asarray(intermediate_result.x), again=True):
            raise StopIteration

    def visit(self, vector: Any, *, again: bool = False) -> bool:
        """An accepted point; `again` one that may have been seen already."""
        key = vector.tobytes()
        if again and key == self.at:
            return False
        self.at, self.lost = key, None
        found = self.look(vector)
        self.found = {key: found}
        point = self.point(vector)
        size = largest(pull(point, found.gradient, self.limits))
        step = Step(len(self.course.values), found.value, point, found.gradient, size)
        return self.course.visit(step)
