"""How a run ended and why: which stage lost its numbers, or ran away."""

from __future__ import annotations

from math import isfinite
from typing import NamedTuple

from backprop.answer.report import Report
from backprop.descending.course import HUGE, Course, Step
from backprop.descending.objective import Objective
from backprop.descending.quantities import Limits, largest, magnitude
from backprop.descending.vanishing import vanished
from backprop.engine.diagnosis import place

TRIES = 40  # rates, each a tenth of the one before
ALIKE = 1e-3  # of the largest value, a value is of its size


class Verdict(NamedTuple):
    """How a run ended, in a word and in a sentence; the stage that did it, and what may help."""

    status: str
    reason: str
    stage: str = ""
    hint: str = ""


def verdict(course: Course, objective: Objective, limits: Limits, *, rated: bool) -> Verdict:
    """`rated` methods have a rate that can be made smaller."""
    if course.lost and course.status != "interrupted":
        return lost(course, course.lost, objective, rated=rated)
    assert course.last is not None
    if course.status == "interrupted":
        return Verdict("interrupted", f"the last point is that of step {course.last.number:,}")
    if course.status == "early":
        number, lowest = min(course.valid, key=lambda one: (one[1], one[0]))
        told = f"the value on other rows was lowest at step {number:,}: {lowest:.6g}"
        return Verdict("early", told)
    if course.status == "diverged":
        return diverged(course, course.last, objective, rated=rated)
    if course.status == "converged":
        if found := vanished(objective, course.last, course.tol, limits):
            return Verdict("vanished", found.reason, found.stage, "start from another point")
        small = course.last.size <= course.tol
        reason = f"no slope is above {course.tol:g}" if small else course.remark
        return Verdict("converged", reason)
    above = f", above {course.tol:g}" if course.last.size > course.tol else ""
    reason = f"the largest slope is {course.last.size:.3g}{above}"
    if course.status != "stalled":
        return Verdict(course.status, reason)
    _, report = next(iter(objective.reports(course.last.point)))
    kinks = [f"; {notice.message}" for notice in report.notices if notice.stage]
    return Verdict("stalled", f"{course.remark}, and {reason}{''.join(kinks[:1])}")


# No number.


def lost(course: Course, step: Step, objective: Objective, *, rated: bool) -> Verdict:
    """The first stage without a finite number, and whether it ran there or fell off an edge."""
    kind, message, stage, remedy = fault(objective, step)
    if course.last and ran_away(course.values[0], course.last, step, kind):
        told = f"at step {step.number} {message}"
        if course.last.number:
            told = f"{rise(course, course.last)}; {told}"
        return Verdict("diverged", told, stage, smaller(course, objective) if rated else remedy)
    hint = remedy or ("--bounds, or a smaller --lr, keeps it where it is defined" if rated
                      else "--bounds keep it where it is defined")  # fmt: skip
    if step.number == 0:
        hint = remedy or "start from another point"
    return Verdict("undefined", f"at step {step.number} {message}", stage, hint)


def ran_away(first: float, last: Step, step: Step, kind: str) -> bool:
    """Did numbers grow until they were lost? The kind alone doesn't tell for arrays."""
    grown = last.value > first or largest(step.point) > HUGE
    return kind == "overflow" or (kind == "nonfinite" and grown)


def fault(objective: Objective, step: Step) -> tuple[str, str, str, str]:
    """Kind, sentence and stage of what went wrong first, and a remedy."""
    for number, report in objective.reports(step.point, lost=True):
        notices = report.faults
        if notices:
            remedies = [notice.message for notice in notices if notice.kind == "remedy"]
            first = notices[0]
            return (
                first.kind,
                objective.label(number) + first.message,
                first.stage,
                "".join(remedies[:1]),
            )
    what = "the gradient is not finite" if isfinite(step.value) else f"the value is {step.value}"
    return "nonfinite", what, "", ""


# Running away.


def diverged(course: Course, step: Step, objective: Objective, *, rated: bool) -> Verdict:
    _, report = next(iter(objective.reports(step.point)))
    slot = earliest_of_its_size(report)
    told = rise(course, step)
    stage = ""
    if slot is not None:
        stage = report.program.labels[slot]
        told += f"; {place(report.program, slot)} is {magnitude(report.values[slot]):.3g} in size"
    if step.value < course.values[0]:
        return Verdict("diverged", told, stage, "nothing holds it from below; --bounds would")
    return Verdict("diverged", told, stage, smaller(course, objective) if rated else "")


def rise(course: Course, step: Step) -> str:
    """How the value ran away, and which parameter went furthest."""
    first = course.values[0]
    way = "fell" if step.value < first else "rose"
    ways = {
        name: magnitude(value - course.shown[0].point[name]) for name, value in step.point.items()
    }
    furthest = max(ways, key=lambda name: ways[name])
    return (
        f"the value {way} from {first:.6g} to {step.value:.3g} in {step.number} "
        f"step{'s' if step.number != 1 else ''}, and {furthest} moved by {ways[furthest]:.3g}"
    )


def smaller(course: Course, objective: Objective) -> str:
    """A rate whose first step goes down, found by trying."""
    start = course.shown[0]
    rate = start.rate or 0.0
    for _ in range(TRIES):
        rate /= 10
        ahead = {name: start.point[name] - rate * start.gradient[name] for name in start.point}
        if objective.at(ahead).value < start.value:
            return f"a smaller rate, such as --lr {rate:.2g}"
    return "a smaller --lr"


def earliest_of_its_size(report: Report) -> int | None:
    """The first stage whose value is about as large as any: where the size comes from."""
    sizes = {slot: magnitude(report.values[slot]) for slot in report.program.stage_slots}
    most = max(sizes.values(), default=0.0)
    return next((slot for slot, size in sizes.items() if size >= most * ALIKE), None)
