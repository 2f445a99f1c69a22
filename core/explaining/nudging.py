"""Is the gradient true? An input is raised a little, and what the chain rule predicts is held
against what the output really does. Both are computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.answer.report import Report
from backprop.engine.numbers import forward

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
                f"{head} where a slope is 0, only its change moves {output}, here by"
                f" {number(self.actual)}."
            )
        says = f"{head} the chain rule says that {output} moves by {number(self.predicted)}"
        if not self.finite:
            return f"{says}; but it has no finite value there."
        if self.actual is None:
            return f"{says}; rounding hides so small a move."
        moved = number(self.actual)
        if moved == number(self.predicted):
            return f"{says}, and it does."
        text = f"{says}; it moves by {moved}"
        if abs(self.actual - self.predicted) > FAR * abs(self.predicted):
            return f"{text}, since the slope itself changes on the way."
        return f"{text}."


def nudges(report: Report, name: str) -> Iterator[Nudge]:
    """What raising an input does; of an array, the entry with the largest gradient."""
    program = report.program
    if not report.finite or not program.arrays:
        if report.finite:
            yield scalar_nudge(report, name)
        return
    if math.prod(program.shapes[program.inputs[name]]) and not program.shapes[program.output]:
        yield array_nudge(report, name)


def step_for(value: float) -> float:
    """A hundredth of the power of ten that a number is as large as; 0.01 for all up to 10."""
    return STEP * 10.0 ** max(0, math.floor(math.log10(abs(value) or 1.0)))


def scalar_nudge(report: Report, name: str) -> Nudge:
    value = report.point[name]
    step = step_for(value)
    raised = value + step
    found = forward(report.program, {**report.point, name: raised})[report.program.output]
    return nudge(name, step, raised, report.gradient[name], float(report.value), found)


def array_nudge(report: Report, name: str) -> Nudge:
    import numpy as np

    from backprop.arithmetic.arrays import ARRAYS, IGNORED

    gradient, array = np.asarray(report.gradient[name]), np.array(report.point[name])
    place = np.unravel_index(int(np.argmax(np.abs(gradient))), gradient.shape)
    value = float(array[place])
    step = step_for(value)
    array[place] = value + step
    point: dict[str, Any] = {**report.point, name: array[()]}
    with np.errstate(**IGNORED):
        values = forward(report.program, point, ARRAYS)
    entry = f"{name}[{', '.join(map(str, place))}]" if gradient.ndim else name
    found, before = float(values[report.program.output]), float(report.value)
    return nudge(entry, step, value + step, float(gradient[place]), before, found)


def nudge(
    name: str, step: float, raised: float, slope: float, before: float, after: float
) -> Nudge:
    predicted, moved = slope * step, after - before
    hidden = abs(moved - predicted) < UNSEEN * abs(before) and abs(predicted) < UNSEEN * abs(before)
    actual = None if hidden and predicted else moved
    return Nudge(name, step, raised, predicted, actual, math.isfinite(moved))
