"""Both passes in a format of fewer bits: every value, slope, product and sum is rounded.

A gate is one kernel: it computes in floats, and its result is rounded. Constants and inputs round
as they come in. With a loss scale the backward pass begins with that instead of 1, and what comes
out is divided by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from backprop.arithmetic.formats import Format, format_named
from backprop.arithmetic.ieee import IEEE
from backprop.engine.numbers import UNREACHED, Branches, uncollected
from backprop.errors import UsageError
from backprop.program.program import Program


class Lower(NamedTuple):
    """A way to compute with fewer bits."""

    format: Format
    wide: Format | None = None  # in which sums and products of matrices are added up
    scale: float = 1.0  # the gradient of the output

    @classmethod
    def of(cls, dtype: str, accumulate: str | None = None, scale: float = 1.0) -> Lower:
        target = format_named(dtype)
        wide = None if accumulate in (None, dtype) else format_named(str(accumulate))
        if wide is not None and wide.bits < target.bits:
            raise UsageError(f"{accumulate} has fewer bits than {dtype}")
        if not 0 < scale < float("inf"):
            raise UsageError(f"a loss scale is a number above 0, not {scale:g}")
        return cls(target, wide, scale)


class LowerBackward(NamedTuple):
    """Gradients in fewer bits, the loss scale taken out again, and what stages passed back."""

    gradients: Sequence[float | None]  # None: no message reached the slot
    locals: Sequence[tuple[float | None, ...] | None]
    flows: Mapping[tuple[int, int], float]

    def gradient(self, slot: int) -> float:
        return self.gradients[slot] or 0.0

    def reached(self, slot: int) -> bool:
        return self.gradients[slot] is not None

    def slopes(self, slot: int) -> tuple[float | None, ...] | None:
        return self.locals[slot]

    def flow(self, slot: int, position: int) -> float | None:
        return self.flows.get((slot, position))


@uncollected()
def forward_lower(program: Program, point: Mapping[str, float], how: Lower) -> list[float]:
    """The value of every slot, each rounded."""
    rounded, value = how.format.rounded, IEEE.value
    values = [0.0] * len(program.gates)
    for slot, constant in program.used_constants:
        values[slot] = rounded(constant)
    for name, slot in program.inputs.items():
        values[slot] = rounded(point[name])
    for slot, gate, operands in program.forward_steps():
        values[slot] = rounded(value[gate](*[values[operand] for operand in operands]))
    return values


@uncollected()
def backward_lower(
    program: Program, values: Sequence[float], branches: Branches, wrt: Iterable[str] | None,
    how: Lower,
) -> LowerBackward:  # fmt: skip
    """The gradient of every slot, each slope, message and sum rounded."""
    rounded, scale = how.format.rounded, how.scale
    gradients = [UNREACHED] * len(values)
    slopes: list[tuple[float | None, ...] | None] = [None] * len(values)
    flows: dict[tuple[int, int], float] = {}
    gradients[program.output] = rounded(scale)
    for slot, gate, operands in program.backward_steps(wrt):
        gradient = gradients[slot]
        if gradient is UNREACHED:
            continue
        fed = [values[operand] for operand in operands]
        found = branches.slopes(IEEE, slot, gate, fed, values[slot])
        slopes[slot] = found = tuple([None if one is None else rounded(one) for one in found])
        for place, (operand, slope) in enumerate(zip(operands, found, strict=True)):
            if slope is None:
                continue
            message = rounded(slope * gradient)
            flows[slot, place] = message / scale
            before = gradients[operand]
            gradients[operand] = message if before is UNREACHED else rounded(before + message)
    unscaled = [None if one is UNREACHED else one / scale for one in gradients]
    return LowerBackward(unscaled, slopes, flows)
