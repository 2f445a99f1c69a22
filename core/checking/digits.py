"""How many digits of a float are right, and which stage lost the others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

from mpmath import mp, mpf

from backprop.engine.numbers import Backward
from backprop.program.program import Program

FULL = 16
TINIEST = 2.0**-1074
DUST = 1e-12  # beside the parts that cancel, what is left of 0 in floats
DROP = 3.0  # digits that a stage has to lose to be worth naming


def right_digits(number: float, exact: Any) -> float:
    """Decimal digits of `number` that are those of `exact`, 0 to 16, in tenths and less."""
    if number == exact or (exact.__class__ is mpf and number == float(exact)):
        return FULL
    if not math.isfinite(number) or not mp.isfinite(exact):
        return FULL if number != number and exact != exact else 0
    error = abs(number - exact)
    if error <= TINIEST:  # below the smallest float nothing can be kept
        return FULL
    part = float(error / abs(exact)) if exact else 1.0
    return FULL if part < 10.0**-FULL else max(0.0, -math.log10(part))


class Reached(Protocol):
    """A backward pass of numbers or of arrays."""

    def reached(self, slot: int) -> bool: ...


class Loss(NamedTuple):
    """A stage that lost digits: what it is fed keeps `before`, what comes out keeps `after`."""

    slot: int
    before: float
    after: float
    backward: bool = False
    through: int | None = None  # the one stage that its gradient comes through


def backward_digits(
    program: Program, floats: Backward, exact: Backward, sizes: Sequence[Any], digits: int
) -> list[float]:
    """The right digits of every slot's gradient, which adds up parts of these sizes."""
    return [
        kept_digits(floats.gradient(slot), exact.gradient(slot), sizes[slot], digits)
        for slot in range(len(program.gates))
    ]


def kept_digits(number: float, exact: Any, size: Any, digits: int) -> float:
    """Right digits of a sum whose parts have this size; what is 0 to within their rounding has
    all of them."""
    if abs(exact) <= size * mpf(10) ** (-digits // 2) and abs(number) <= size * DUST:
        return FULL
    return right_digits(number, exact)


def lost_forward(program: Program, digits: Sequence[float], exact: Reached) -> Loss | None:
    """The stage on the way to the output that loses the most digits forward."""
    losses = [
        Loss(slot, before, digits[slot])
        for slot, _, operands in program.forward_steps()
        if exact.reached(slot)
        and (before := min(digits[operand] for operand in operands)) - digits[slot] >= DROP
    ]
    return max(losses, key=lambda loss: loss.before - loss.after, default=None)


def lost_backward(program: Program, digits: Sequence[float], exact: Backward) -> Loss | None:
    """The slot whose contributions cancel the most."""
    before: dict[int, float] = {}
    through: dict[int, list[int]] = {}
    losses = []
    for slot, _, operands in program.backward_steps():
        for position, operand in enumerate(operands):
            if exact.flow(slot, position) is not None:
                before[operand] = min(before.get(operand, FULL), digits[slot])
                through.setdefault(operand, []).append(slot)
    for slot, fed in before.items():
        if slot not in program.constants and fed - digits[slot] >= DROP:
            stages = through[slot]
            alone = stages[0] if len(stages) == 1 else None
            losses.append(Loss(slot, fed, digits[slot], True, alone))
    return max(losses, key=lambda loss: loss.before - loss.after, default=None)
