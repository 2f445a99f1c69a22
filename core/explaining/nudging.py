"""Is the gradient true? An input is raised a little, and what the chain rule predicts is held
against what the output really does. Both are computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.answer.report import Report

STEP = 0.01  # of an input between 1 and 10
UNSEEN = 1e-13  # parts of the output that rounding alone may move it by
FAR = 0.1  # parts of a prediction that curvature may take without a word


class Nudge(NamedTuple):
    """An input raised by a step: what is predicted, and what happens."""

    name: str  # the input, or one entry of it
    step: float
    raised: float  # what the input is then
    predicted: float
    actual: float | None  # None if rounding hides it
    finite: bool

    @property
    def flat(self) -> bool:
        """Does the output move, though its slope is 0?"""
        return self.predicted == 0 and bool(self.actual)

    def told(self, output: str, number: Callable[[Any], str]) -> str:
        head = f"Raise {self.name} by {self.step:g}, to {number(self.raised)}:"
        if self.flat and self.finite:
            assert self.actual is not None
            return (
                f"{head} the slope is 0 here, so {output} moves only because the slope changes,"
                f" by {number(self.actual)}."
            )
        says = f"{head} the chain rule says that {output} moves by {number(self.predicted)}"
        if not self.finite:
            return f"{says}; but it has no finite value there."
        if self.actual is None:
            return f"{says}; rounding hides a change that small."
        moved = number(self.actual)
        if moved == number(self.predicted):
            return f"{says}, and it does."
        text = f"{says}; it moves by {moved}"
        if abs(self.actual - self.predicted) > FAR * abs(self.predicted):
            return f"{text}, since the slope itself changes on the way."
        return f"{text}."


def nudges(report: Report, name: str) -> Iterator[Nudge]:
    """What raising an input does; of an array, the entry with the largest gradient."""
    if report.lowered is not None:
        report = report.lowered.base  # a small step would be lost in fewer bits
    shapes, slot = report.program.shapes, report.program.inputs[name]
    if not report.finite or shapes[report.program.output] or not math.prod(shapes[slot]):
        return
    yield array_nudge(report, name) if shapes[slot] else number_nudge(report, name)


def step_for(value: float) -> float:
    """A hundredth of the power of ten that a number is as large as; 0.01 for all up to 10."""
    return STEP * 10.0 ** max(0, math.floor(math.log10(abs(value) or 1.0)))


def number_nudge(report: Report, name: str) -> Nudge:
    value = float(report.point[name])
    step = step_for(value)
    raised = value + step
    found = value_at(report, name, raised)
    return nudge(name, step, raised, float(report.gradient[name]), float(report.value), found)


def array_nudge(report: Report, name: str) -> Nudge:
    given: Any = report.point[name]
    gradient, array = report.gradient[name], given.copy()
    flat = int(abs(gradient).argmax())
    value = float(array.flat[flat])
    step = step_for(value)
    array.flat[flat] = value + step
    found = value_at(report, name, array)
    slope, before = float(gradient.flat[flat]), float(report.value)
    place = f"{name}[{', '.join(map(str, place_of(flat, gradient.shape)))}]"
    return nudge(place, step, value + step, slope, before, found)


def place_of(flat: int, shape: tuple[int, ...]) -> list[int]:
    """The index of an entry that is counted from the beginning."""
    found = []
    for size in reversed(shape):
        flat, index = divmod(flat, size)
        found.append(index)
    return found[::-1]


def value_at(report: Report, name: str, value: Any) -> float:
    """The output where one input is another."""
    values = report.kind.forward(report.program, {**report.point, name: value})
    return float(values[report.program.output])


def nudge(
    name: str, step: float, raised: float, slope: float, before: float, after: float
) -> Nudge:
    predicted, moved = slope * step, after - before
    hidden = abs(moved - predicted) < UNSEEN * abs(before) and abs(predicted) < UNSEEN * abs(before)
    actual = None if hidden and predicted else moved
    return Nudge(name, step, raised, predicted, actual, math.isfinite(moved))
