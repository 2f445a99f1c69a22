"""Is a point without slope one where a descent should end? Two kinds are not: a plateau, where a
flat stage stops what is asked of it, and a saddle or a maximum, from which it goes down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from random import Random
from typing import Any, NamedTuple

from backprop.answer.report import Report
from backprop.descending.course import Step
from backprop.descending.objective import Objective
from backprop.descending.quantities import Limits, Point, kept, largest, magnitude
from backprop.engine.diagnosis import place
from backprop.gates import GATES

ROWS = 1_000  # rows of data that are looked through
AROUND = 6  # points near by that are tried
WIDE = 0.1  # how far from here a plateau reaches at least, relative to each parameter
NEAR = 1e-4  # how far from here a saddle goes down
EVEN = 1e3  # times the tolerance, a slope on a plateau
SMALL = 1e-3  # of what is asked of a stage, such a slope is next to nothing
LEAPS = (-100.0, -10.0, -1.0, 1.0, 10.0, 100.0)
ROUNDING = 1e-12
WORTH = 1e-6  # of the value, a gain that counts


class Vanished(NamedTuple):
    reason: str
    stage: str


class Stopped(NamedTuple):
    """Where the gradient of one report ends."""

    slot: int | None  # the first stage, from the output back, that hands next to nothing on
    passes: bool  # does any gradient reach a parameter?


def vanished(objective: Objective, step: Step, tol: float, limits: Limits) -> Vanished | None:
    """Which stage the gradient ends at, and why this is no minimum; None if it may be one."""
    found, could = None, False
    for number, report in islice(objective.reports(step.point), ROWS):
        slot, passes = stopped(report, step.point, tol)
        if passes:  # contributions balance, as they do at a minimum
            found = None
            break
        if slot is not None and not could:
            could = could_follow(report, slot)
            found = (number, slot)
    stage = where = ""
    if found is not None:
        number, slot = found
        stage = objective.program.labels[slot]
        where = objective.label(number) + place(objective.program, slot)
    if could and where and is_plateau(objective, step, tol, limits):
        told = f"{where} is flat here and passes almost nothing back"
        return Vanished(f"the gradient has vanished: {told}", stage)
    if goes_down(objective, step, limits):
        told = f", and {where} passes nothing back" if where else ""
        return Vanished(f"this is a saddle or a maximum: near by the value is lower{told}", stage)
    return None


def near_by(step: Step, far: float, limits: Limits) -> Iterator[Point]:
    """Points around a step, the same in every run."""
    random = Random(0)
    seeds = count()

    def moved(value: Any) -> Any:
        reach = far * max(1.0, magnitude(value))
        if isinstance(value, float):
            return value + reach * random.uniform(-1, 1)
        import numpy as np

        return value + reach * np.random.default_rng(next(seeds)).uniform(-1, 1, value.shape)

    for _ in range(AROUND):
        yield kept({name: moved(value) for name, value in step.point.items()}, limits)


def is_plateau(objective: Objective, step: Step, tol: float, limits: Limits) -> bool:
    """Is it flat far around, or without any slope at all near by, as a dead relu is?"""

    def slopes(far: float) -> Iterator[float]:
        return (largest(objective.at(at).gradient) for at in near_by(step, far, limits))

    return all(slope == 0 for slope in slopes(NEAR)) or all(
        slope <= EVEN * tol for slope in slopes(WIDE)
    )


def goes_down(objective: Objective, step: Step, limits: Limits) -> bool:
    """Is the value lower near by, by more than its slope here or rounding can account for?"""
    for point in near_by(step, NEAR, limits):
        way = {name: value - step.point[name] for name, value in point.items()}
        slope = abs(sum(gained(step.gradient[name], move) for name, move in way.items()))
        accounted = 2 * slope + ROUNDING * abs(step.value)
        if step.value - objective.at(point).value > accounted:
            return True
    return False


def stopped(report: Report, names: Iterable[str], tol: float) -> Stopped:
    program, back = report.program, report.back
    parameters = {program.inputs[name] for name in names}
    moving = program.depends_on(names)
    found = None
    for slot, _, operands in program.backward_steps(names):
        if not back.reached(slot):
            continue
        flows = {
            k: magnitude(back.flow(slot, k))
            for k, operand in enumerate(operands)
            if moving[operand] or operand in parameters
        }
        if any(flow > tol for k, flow in flows.items() if operands[k] in parameters):
            return Stopped(None, True)
        asked, passed = magnitude(back.gradient(slot)), max(flows.values())
        if found is None and asked > tol >= passed and passed < SMALL * asked * asked:
            found = slot
    return Stopped(found, False)


def could_follow(report: Report, slot: int) -> bool:
    """Does the gate, somewhere, give what is asked of it? A relu at 0 may rise, but never fall,
    and what is left of exp(-9) is not worth a word."""
    program, name = report.program, report.program.gates[slot]
    if GATES[name].array:
        return False
    value = report.kind.floats.value[name]
    fed = [report.values[operand] for operand in program.operands[slot]]
    asked, here = report.back.gradient(slot), report.values[slot]
    operands, constants = program.operands[slot], program.constants
    moving = [k for k, operand in enumerate(operands) if operand not in constants]
    least = -WORTH * max(1.0, magnitude(report.value))
    changes = (value(*leapt(fed, k, leap)) - here for k in moving for leap in LEAPS)
    return any(gained(asked, change) < least for change in changes)


def leapt(fed: Sequence[Any], k: int, leap: float) -> list[Any]:
    near = list(fed)
    near[k] = fed[k] + leap * max(1.0, magnitude(fed[k]))
    return near


def gained(asked: Any, change: Any) -> float:
    """What the output would come to gain, by its slope; below 0 it falls."""
    found = asked * change
    return float(found if isinstance(found, float) else found.sum())
