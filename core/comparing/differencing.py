"""Finite differences against the exact slope, for steps from 1e-16 to 1: a Program in, errors out.

A large step misses the curve, a small one drowns in rounding; the best lies between. The
exact slope is the engine's own at many digits, so that only the differences are in error.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.engine.numbers import Branches, backward, forward
from backprop.program.program import Program

DECADES = 16
DENSE = 8  # steps a decade
LARGE = 10_000  # stages of a program for which one step a decade has to do
DIGITS = 50


class Step(NamedTuple):
    """The errors of both differences at one step; None where a difference isn't finite."""

    h: float
    central: float | None
    forward: float | None


class Difference(NamedTuple):
    """How finite differences fare for one derivative of a program at a point."""

    output: str
    wrt: str
    point: Mapping[str, float]
    slope: float
    relative: bool  # errors are in parts of the slope, unless that is 0
    steps: tuple[Step, ...]

    def best(self, kind: str) -> Step | None:
        """The largest step at which a difference of this kind has its smallest error."""
        known = [step for step in self.steps if getattr(step, kind) is not None]
        return min(known, key=lambda step: (getattr(step, kind), -step.h), default=None)

    def to_dict(self) -> dict[str, Any]:
        best = {kind: self.best(kind) for kind in ("central", "forward")}
        return {
            "output": self.output,
            "wrt": self.wrt,
            "point": {name: plain(value) for name, value in self.point.items()},
            "slope": plain(self.slope),
            "error": "relative" if self.relative else "absolute",
            "best": {
                kind: step and {"h": step.h, "error": getattr(step, kind)}
                for kind, step in best.items()
            },
            "steps": [step._asdict() for step in self.steps],
        }


def study(
    program: Program,
    point: Mapping[str, float],
    wrt: str,
    slope: float,
    branches: str | Branches = "notes",
) -> Difference:
    """The errors of both differences at every step. `slope` is what the floats have."""
    from mpmath import mp, mpf

    def output(value: float) -> float:
        return forward(program, {**point, wrt: value})[program.output]

    large = program.size > LARGE
    with mp.workdps(DIGITS):
        exact = mpf(slope) if large else exact_slope(program, point, wrt, branches)
        if not mp.isfinite(exact):
            exact = mpf(slope)
        relative = exact != 0
        unit = abs(exact) if relative else mpf(1)

        def error(difference: float) -> float | None:
            return float(abs(mpf(difference) - exact) / unit) if math.isfinite(difference) else None

        steps = [
            Step(h, error(central), error(ahead))
            for h, central, ahead in differences(output, point[wrt], 1 if large else DENSE)
        ]
    return Difference(program.output_name, wrt, point, float(exact), relative, tuple(steps))


def exact_slope(
    program: Program, point: Mapping[str, float], wrt: str, branches: str | Branches
) -> Any:
    from backprop.arithmetic.precise import PRECISE

    values = forward(program, point, PRECISE)
    back = backward(program, values, branches, [wrt], PRECISE)
    return back.gradient(program.inputs[wrt])


def differences(
    output: Callable[[float], float], at: float, dense: int
) -> Iterator[tuple[float, float, float]]:
    """Every step from small to large, with its central and its forward difference."""
    middle = output(at)
    for place in range(-DECADES * dense, 1):
        h = float(f"1e{place // dense}") * 10 ** (place % dense / dense)
        before, after = output(at - h), output(at + h)
        yield h, (after - before) / (2 * h), (after - middle) / h
