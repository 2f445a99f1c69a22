"""How a program moves: the tangent of every stage along a direction, and that of its gradient.

forward_tangents goes from inputs to output: a stage moves by each slope times how its operand
moves. second goes on from there, forward over reverse: it is the backward pass of a program that
moves, so that the gradients of the inputs move by the Hessian times the direction.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.moving import moved, moves
from backprop.arithmetic.system import Arithmetic
from backprop.engine.numbers import UNREACHED, Branches, uncollected
from backprop.program.program import Program


class Second(NamedTuple):
    """How values and gradients move along a direction."""

    tangents: Sequence[Any]  # of the values, for every slot
    gradients: Sequence[Any]
    moved: Sequence[Any]  # the tangents of the gradients

    def gradient(self, slot: int) -> Any:
        """How the gradient of a slot moves."""
        return self.moved[slot]


@uncollected()
def forward_tangents(
    program: Program,
    values: Sequence[float],
    direction: Mapping[str, float],
    ties: str | Branches = "notes",
    arithmetic: Arithmetic = IEEE,
) -> list[float]:
    """How every slot moves as the inputs move so, by the same slopes as in the backward pass.
    What doesn't move stays, even where a slope is infinite."""
    branches = Branches.of(ties)
    zero = arithmetic.number(0.0)
    tangents = [zero] * len(values)
    for name, part in direction.items():
        tangents[program.inputs[name]] = arithmetic.number(part)
    get = values.__getitem__
    for slot, gate, operands in program.forward_steps():
        moving = [tangents[operand] for operand in operands]
        if not any(moving):
            continue
        slopes = branches.slopes(arithmetic, slot, gate, [*map(get, operands)], values[slot])
        total = zero
        for slope, tangent in zip(slopes, moving, strict=True):
            if slope is not None:
                total += moves(slope, tangent)
        tangents[slot] = total
    return tangents


@uncollected()
def second(
    program: Program,
    values: Sequence[float],
    direction: Mapping[str, float],
    ties: str | Branches = "notes",
    wrt: Iterable[str] | None = None,
    arithmetic: Arithmetic = IEEE,
    upstream: float = 1.0,
) -> Second:
    """How values and gradients move as the inputs move so."""
    branches = Branches.of(ties)
    convention, at, near = branches.convention, branches.at, branches.near
    zero = arithmetic.number(0.0)
    size = len(values)
    tangents = [zero] * size
    rows: list[Sequence[Any]] = [()] * size
    for name, part in direction.items():
        tangents[program.inputs[name]] = arithmetic.number(part)
    unary, binary = (Functions(arithmetic, count, convention) for count in (1, 2))
    for slot, gate, operands in program.forward_steps():
        if near and slot in near:
            count, still = len(operands), [tangents[one] for one in operands]
            out = arithmetic.value[gate](*near[slot])
            row = moved(arithmetic, gate, count, convention)(*near[slot], out, *still)
        elif at and slot in at:
            row = nearby(arithmetic, gate, at[slot], [tangents[one] for one in operands])
        elif len(operands) == 2:
            a, b = operands
            row = binary[gate](values[a], values[b], values[slot], tangents[a], tangents[b])
        elif len(operands) == 1:
            (a,) = operands
            row = unary[gate](values[a], values[slot], tangents[a])
        else:
            fed, still = [values[one] for one in operands], [tangents[one] for one in operands]
            row = moved(arithmetic, gate, len(operands), convention)(*fed, values[slot], *still)
        tangents[slot] = row[0]
        rows[slot] = row
    gradients, moving = [UNREACHED] * size, [zero] * size
    gradients[program.output] = upstream
    for slot, _, operands in program.backward_steps(wrt):
        gradient = gradients[slot]
        if gradient is UNREACHED:
            continue
        change = moving[slot]
        if len(operands) == 2:
            a, b = operands
            _, p, q, p_, q_ = rows[slot]
            if p is not None:
                gradients[a] += p * gradient
                if change:
                    moving[a] += p * change
                if p_:
                    moving[a] += p_ * gradient
            if q is not None:
                gradients[b] += q * gradient
                if change:
                    moving[b] += q * change
                if q_:
                    moving[b] += q_ * gradient
            continue
        if len(operands) == 1:
            (a,) = operands
            _, p, p_ = rows[slot]
            if p is not None:
                gradients[a] += p * gradient
                if change:
                    moving[a] += p * change
                if p_:
                    moving[a] += p_ * gradient
            continue
        count = len(operands)
        row = rows[slot]
        for operand, p, p_ in zip(operands, row[1 : count + 1], row[count + 1 :], strict=True):
            if p is not None:
                gradients[operand] += p * gradient
                moving[operand] += moves(p, change) + moves(gradient, p_)
    return Second(tangents, gradients, moving)


class Functions(dict[str, Any]):
    """How gates of so many operands move, by their names."""

    def __init__(self, arithmetic: Arithmetic, count: int, ties: str) -> None:
        super().__init__()
        self.how = arithmetic, count, ties

    def __missing__(self, gate: str) -> Any:
        arithmetic, count, ties = self.how
        self[gate] = found = moved(arithmetic, gate, count, ties)
        return found


def nearby(
    arithmetic: Arithmetic, gate: str, at: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Any, ...]:
    """How a stage moves whose branch is taken a hair away, where its operands and value, enlarged,
    are `at`: by the slopes there, which stay."""
    slopes = arithmetic.local["first"][gate](*at)
    pairs = zip(slopes, tangents, strict=True)
    total = sum([moves(slope, one) for slope, one in pairs if slope is not None])
    return (total, *slopes, *(None if slope is None else 0.0 for slope in slopes))
