"""How the rate changes: a formula in the tool's own language, of lr, t (the step) and steps.

The schedules that have names are rows of a table, so that a new one is one line.
"""

from __future__ import annotations

from collections.abc import Callable
from math import isfinite

from backprop.engine.numbers import forward
from backprop.errors import BackpropError, UsageError
from backprop.language.parser import parse
from backprop.program.stage import stage

SCHEDULES = {
    "constant": "lr",
    "linear": "lr*(1 - t/steps)",
    "cosine": "lr*(1 + cos(pi*t/steps))/2",
    "exponential": "lr*0.99**t",
    "inverse": "lr/(1 + t)",
    "staircase": "lr*0.1**floor(3*t/steps)",
    "warmup": "lr*min(1, 10*(t + 1)/steps)",
}
LETTERS = ("lr", "t", "steps")

Rates = Callable[[int], float]  # the rate of a step


def rates_of(text: str, rate: float, steps: int) -> Rates:
    """The rate of every step, by the name of a schedule or its formula."""
    try:
        program = stage(parse(SCHEDULES.get(text, text)), LETTERS)
    except BackpropError as error:
        error.origin = error.origin or "--schedule"
        raise
    strange = [name for name in program.inputs if name not in LETTERS]
    if strange or program.arrays:
        raise UsageError(
            f"--schedule {text}: a schedule is a formula of {', '.join(LETTERS)}",
            hint=f"or one of {', '.join(SCHEDULES)}",
        )

    def at(step: int) -> float:
        letters = {"lr": rate, "t": float(step), "steps": float(steps)}
        found = forward(program, {name: letters[name] for name in program.inputs})[program.output]
        if not (isfinite(found) and found >= 0):
            raise UsageError(f"--schedule {text}: the rate of step {step} is {found}")
        return found

    return at
