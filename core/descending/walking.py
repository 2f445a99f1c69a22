"""The walk of the methods that are our own: a gradient, a move, the next point."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import Any

from backprop.descending.checkpoint import Keeper, go_on, point_from, state_of
from backprop.descending.course import Course, Step
from backprop.descending.methods import Method, memory_of
from backprop.descending.objective import Objective
from backprop.descending.quantities import Limits, Point, kept, largest, pull
from backprop.descending.schedule import Rates


@dataclass
class Training:
    """What goes with a walk: weights that decay, other rows, and checkpoints."""

    decay: float = 0.0
    valid: Objective | None = None  # the same on other rows
    every: int = 1  # steps of an epoch, after which these are looked at
    patience: int | None = None  # epochs without a lower value on other rows
    keeper: Keeper | None = None
    state: dict[str, Any] | None = None  # where an earlier run stopped


def walk(
    objective: Objective, start: Point, method: Method, rates: Rates, limits: Limits,
    course: Course, training: Training | None = None,
) -> None:  # fmt: skip
    """Step by step until the course ends. The last point is always judged by all rows."""
    training = training or Training()
    point, first = start, 0
    if training.state:
        point, first = resumed(training.state, method, course)
        if course.status:
            return
    for number in count(first):
        last = number == course.steps
        part = objective.partial and not last
        value, gradient = objective.at(point, number if part else None)
        if training.decay:
            gradient = {n: slope + training.decay * point[n] for n, slope in gradient.items()}
        size = largest(pull(point, gradient, limits))
        rate = None if last else rates(number)
        step = Step(number, value, point, gradient, size, rate)
        ended = course.visit(step, whole=not part)
        if training.valid and (number % training.every == 0 or ended) and course.last is step:
            course.compare(step, training.valid.at(point).value, training.patience)
            ended = bool(course.status)
        keeper = training.keeper
        if ended or rate is None:
            if keeper and course.last is not None:
                memory = memory_of(method)
                keeper.save(state_of(number, course.last.point, memory, course))
            return
        moves = method.move(gradient, rate)
        point = kept({name: value - moves[name] for name, value in point.items()}, limits)
        if keeper and keeper.is_due():
            keeper.save(state_of(number + 1, point, memory_of(method), course))


def resumed(state: dict[str, Any], method: Method, course: Course) -> tuple[Point, int]:
    go_on(course, state)
    for name, value in state["memory"].items():
        setattr(method, name, point_from(value) if isinstance(value, dict) else value)
    return point_from(state["point"]), state["step"]
