"""Methods of SciPy, which is an extra: L-BFGS-B, and a trust region with BFGS's second derivatives.

They choose their own steps; a step here is a point that they accept. Both are led astray where
one parameter's slopes are a million times another's. So a method that gives up begins again where
it stopped, with every parameter in units of its own steepest slope, as long as that gains anything.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from itertools import repeat
from math import isfinite, prod
from typing import Any

import numpy as np

from backprop.descending.course import Course, Step
from backprop.descending.objective import Found, Objective
from backprop.descending.quantities import FREE, Limits, Point, all_finite, kept, largest, pull
from backprop.errors import UsageError

HINT = "pip install 'backprop-cli[descend]', or --method adam"
STEPS = {"lbfgs": 1, "trust": 0}  # how each says that it has made its steps
FLAT = 1e-20  # curvature, relative to the steepest way's, that counts: columns of 1e10 beside 1
CALLS = 100  # evaluations allowed for each step
ROUNDING = 1e-15  # falls by less than this share of the value are none
BARRIER = 1e-9  # how far from a bound a trust region stays
WALL = 10.0  # times the size of the last value, where there is no number
SLACK = 1e-5  # slopes, relative to the value, that rounding may leave where a method has settled
WORTH = 1e-12  # of the value, a gain for which a method begins again
POWERS = 300.0  # units are powers of two, at most so large


def borrow(name: str, objective: Objective, start: Point, limits: Limits, course: Course) -> None:
    try:
        from scipy.optimize import minimize
    except ImportError:
        text = f"{name} comes from SciPy, which is not installed"
        raise UsageError(text, hint=HINT) from None
    talk = Talk(objective, start, limits, course)
    if talk.visit(talk.flat(start)):
        return
    gained = True
    while gained:
        before = course.values[-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what deserves a word is said of the run as a whole
            end = minimize(
                talk.answer, talk.here * talk.units, jac=True, bounds=talk.bounds(),
                callback=talk.listen, **choices(name, course),
            )  # fmt: skip
        if course.status or talk.visit(np.asarray(end.x) / talk.units, again=True):
            return
        if end.status == STEPS[name]:
            break
        first = not talk.rescaled
        gained = first or before - course.values[-1] > WORTH * abs(before)
        talk.rescale()
    conclude(name, end, course, talk)


def choices(name: str, course: Course) -> dict[str, Any]:
    left = course.steps - len(course.values) + 1
    if name == "lbfgs":
        options = {"maxiter": left, "maxfun": CALLS * left, "gtol": 0.0, "ftol": ROUNDING}
        return {"method": "L-BFGS-B", "options": options}
    from scipy.optimize import BFGS

    options = {
        "maxiter": left, "gtol": 0.0, "xtol": ROUNDING,
        "initial_barrier_parameter": BARRIER, "initial_barrier_tolerance": BARRIER,
    }  # fmt: skip
    return {"method": "trust-constr", "hess": BFGS(min_curvature=FLAT), "options": options}


def conclude(name: str, end: Any, course: Course, talk: Talk) -> None:
    """How it ended, if it was not the course that ended it."""
    assert course.last is not None
    status = "steps" if end.status == STEPS[name] else "converged" if talk.level() else "stalled"
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
        self.here = self.flat(start)  # the same
        self.steepest = np.zeros(len(self.here))  # slope of each entry at any accepted point
        self.units = np.ones(len(self.here))  # what a method sees is the point times these
        self.rescaled = False

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
            [None if not isfinite(side) else side * unit for side in self.limits.get(name, FREE)]
            for name, unit in zip(self.entries(), self.units, strict=True)
        ]

    def entries(self) -> Iterator[str]:
        """The name that each entry of the vector belongs to."""
        for name, shape in self.shapes.items():
            yield from repeat(name, prod(shape))

    def rescale(self) -> None:
        """From here on a method sees every entry in units of its steepest slope. They are powers
        of two, so that nothing is rounded."""
        known = np.where(self.steepest > 0, self.steepest, 1.0)
        self.units = np.exp2(np.clip(np.round(np.log2(known)), -POWERS, POWERS))
        self.rescaled = True

    def level(self) -> bool:
        """Is the last point one from which only rounding leads down?"""
        last = self.course.last
        assert last is not None
        slopes = abs(self.flat(pull(last.point, last.gradient, self.limits)))
        small = last.size <= SLACK * max(1.0, abs(last.value))
        return small or bool((slopes <= SLACK * self.steepest).all())

    def look(self, vector: Any) -> Found:
        key = np.asarray(vector, dtype=float).tobytes()
        if key not in self.found:
            self.found[key] = self.objective.at(self.point(vector))
        return self.found[key]

    def answer(self, vector: Any) -> tuple[float, Any]:
        """Value and gradient of a trial; where there are none, a wall to turn back from."""
        place = vector / self.units
        value, gradient = self.look(place)
        if isfinite(value) and all_finite(gradient):
            return value, self.flat(gradient) / self.units
        number = len(self.course.values)
        self.lost = Step(number, value, self.point(place), gradient, largest(gradient))
        before = self.course.values[-1]
        return before + WALL * max(1.0, abs(before)), np.zeros(len(vector))

    def listen(self, intermediate_result: Any) -> None:
        if self.visit(np.asarray(intermediate_result.x) / self.units, again=True):
            raise StopIteration

    def visit(self, vector: Any, *, again: bool = False) -> bool:
        """An accepted point; `again` one that may have been seen already."""
        key = vector.tobytes()
        if again and key == self.at:
            return False
        self.at, self.here, self.lost = key, vector, None
        found = self.look(vector)
        self.found = {key: found}
        self.steepest = np.fmax(self.steepest, abs(self.flat(found.gradient)))
        point = self.point(vector)
        size = largest(pull(point, found.gradient, self.limits))
        step = Step(len(self.course.values), found.value, point, found.gradient, size)
        return self.course.visit(step)
