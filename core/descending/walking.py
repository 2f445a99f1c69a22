"""The walk of the methods that are our own: a gradient, a move, the next point."""

from __future__ import annotations

from itertools import count

from backprop.descending.course import Course, Step
from backprop.descending.methods import Method
from backprop.descending.objective import Objective
from backprop.descending.quantities import Limits, Point, kept, largest, pull
from backprop.descending.schedule import Rates


def walk(
    objective: Objective, start: Point, method: Method, rates: Rates, limits: Limits, course: Course
) -> None:
    """Step by step until the course ends. The last point is always judged by all rows."""
    point = start
    for number in count():
        last = number == course.steps
        part = objective.partial and not last
        value, gradient = objective.at(point, number if part else None)
        size = largest(pull(point, gradient, limits))
        rate = None if last else rates(number)
        ended = course.visit(Step(number, value, point, gradient, size, rate), whole=not part)
        if ended or rate is None:
            return
        moves = method.move(gradient, rate)
        point = kept({name: value - moves[name] for name, value in point.items()}, limits)
