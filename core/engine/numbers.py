"""The two passes. No gate is named here, and nothing is kept between calls.

forward fills the slots from inputs to output; backward starts with 1 at the output and lets
every stage pass `local * gradient` to each of its operands, where contributions add up.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any, NamedTuple

from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.system import Arithmetic
from backprop.program.program import Program

# What a slot's gradient is before any message arrives. -0.0 is the float that adding leaves
# every float unchanged by, and this very object marks a slot that nothing has reached.
UNREACHED = float("-0.0")


class Branches(NamedTuple):
    """Which branch is taken where gates tie: by a convention, or by looking a hair away.

    `at` has, for some stages, their operands and value a hair away, much enlarged. Slopes are
    taken there. `direction` is the way there: how much each input moves."""

    convention: str = "notes"
    at: Mapping[int, tuple[Any, ...]] = MappingProxyType({})
    direction: Mapping[str, Any] | None = None
    near: Mapping[int, Sequence[Any]] = MappingProxyType({})

    @classmethod
    def of(cls, ties: str | Branches) -> Branches:
        return ties if isinstance(ties, Branches) else cls(ties)

    def slopes(
        self, arithmetic: Arithmetic, slot: int, gate: str, fed: Sequence[Any], out: Any
    ) -> tuple[Any, ...]:
        """The local derivatives of one stage."""
        if slot in self.at:
            found: tuple[Any, ...] = arithmetic.local["first"][gate](*self.at[slot])
        else:
            found = arithmetic.local[self.convention][gate](*fed, out)
        return found


class Backward(NamedTuple):
    """Gradients of the output: for every slot, and the slopes each stage multiplied by."""

    gradients: Sequence[float]
    locals: Sequence[tuple[float | None, ...] | None]  # None: no message reached the stage

    def gradient(self, slot: int) -> float:
        found = self.gradients[slot]
        return 0.0 if found is UNREACHED else found

    def reached(self, slot: int) -> bool:
        return self.gradients[slot] is not UNREACHED

    def slopes(self, slot: int) -> tuple[float | None, ...] | None:
        """The local derivatives of a stage; None if no message reached it."""
        return self.locals[slot]

    def flow(self, slot: int, position: int) -> float | None:
        """What a stage passes to one of its operands; None if nothing."""
        slopes = self.locals[slot]
        slope = None if slopes is None else slopes[position]
        return None if slope is None else slope * self.gradients[slot]


@contextmanager
def uncollected() -> Iterator[None]:
    """Pause the garbage collector, which looks through millions of new tuples in vain."""
    paused = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if paused:
            gc.enable()


@contextmanager
def unexamined() -> Iterator[None]:
    """What is there already is left alone by the garbage collector, for a long run that makes many
    small things: it would look through all of them again and again."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@uncollected()
def forward(
    program: Program, point: Mapping[str, float], arithmetic: Arithmetic = IEEE
) -> list[float]:
    """The value of every slot, in one number system."""
    value, number = arithmetic.value, arithmetic.number
    values = [0.0] * len(program.gates)
    for slot, constant in program.used_constants:
        values[slot] = number(constant)
    for name, slot in program.inputs.items():
        values[slot] = number(point[name])
    get = values.__getitem__
    for slot, gate, operands in program.forward_steps():
        values[slot] = value[gate](*map(get, operands))
    return values


@uncollected()
def backward(
    program: Program,
    values: Sequence[float],
    ties: str | Branches = "notes",
    wrt: Iterable[str] | None = None,
    arithmetic: Arithmetic = IEEE,
    only: Sequence[object] | None = None,
    upstream: float = 1.0,
) -> Backward:
    """The gradient of the output, times `upstream`, with respect to every slot, or to those that
    `wrt` needs; `only` has something true for every stage that may pass anything on."""
    branches = Branches.of(ties)
    local, nearby, at = (
        arithmetic.local[branches.convention], arithmetic.local["first"], branches.at,
    )  # fmt: skip
    gradients = [UNREACHED] * len(values)
    slopes: list[tuple[float | None, ...] | None] = [None] * len(values)
    gradients[program.output] = upstream
    get = values.__getitem__
    for slot, gate, operands in program.backward_steps(wrt, only):
        gradient = gradients[slot]
        if gradient is UNREACHED:
            continue
        if at and slot in at:
            partials = nearby[gate](*at[slot])
        else:
            partials = local[gate](*map(get, operands), values[slot])
        slopes[slot] = partials
        if len(operands) == 2:  # written out, since most stages have two and the loop is slow
            (left, right), (first, second) = operands, partials
            if first is not None:
                gradients[left] += first * gradient
            if second is not None:
                gradients[right] += second * gradient
            continue
        for operand, partial in zip(operands, partials, strict=True):
            if partial is not None:
                gradients[operand] += partial * gradient
    return Backward(gradients, slopes)
