"""How a program on arrays moves along a direction: every stage by an array of its own shape."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, LISTS, ArrayArithmetic
from backprop.arithmetic.arrays import moves as product
from backprop.arithmetic.moving import moved, moved_message
from backprop.arithmetic.whole import Scattered
from backprop.engine.arrays import backward_arrays, either, fitted, passed, touched, wanted_slots
from backprop.engine.numbers import Branches, uncollected
from backprop.engine.tangents import Second
from backprop.gates import GATES
from backprop.program.program import Program

Array = Any


@uncollected()
def forward_tangents_arrays(
    program: Program,
    values: Sequence[Array],
    direction: Mapping[str, Array],
    ties: str | Branches = "notes",
    arithmetic: ArrayArithmetic = ARRAYS,
) -> list[Array]:
    """How every slot moves as the inputs move so; None of what doesn't."""
    branches = Branches.of(ties)
    shapes = program.shapes
    tangents: list[Array] = [None] * len(values)
    for name, part in direction.items():
        slot = program.inputs[name]
        tangents[slot] = np.array(np.broadcast_to(arithmetic.number(part), shapes[slot]))[()]
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.forward_steps():
            moving = [tangents[operand] for operand in operands]
            if all(part is None for part in moving):
                continue
            fed, convention = fed_to(program, values, branches, slot)
            if GATES[gate].array:
                found = whole_tangent(arithmetic, gate, convention, moving, fed)
            else:
                slopes = arithmetic.local[convention][gate](*fed)
                pairs = zip(slopes, moving, strict=True)
                parts = [product(s, d) for s, d in pairs if s is not None and d is not None]
                found = sum(parts, arithmetic.number(0.0))
            tangents[slot] = np.array(np.broadcast_to(found, shapes[slot]))[()]
    return tangents


def fed_to(
    program: Program, values: Sequence[Array], branches: Branches, slot: int
) -> tuple[Sequence[Array], str]:
    """The operands and the value of a stage, or those a hair away, and the convention there."""
    if slot in branches.near:
        fed = branches.near[slot]
        return (*fed, ARRAYS.value[program.gates[slot]](*fed)), branches.convention
    if slot in branches.at:
        return branches.at[slot], "first"
    return (*[values[one] for one in program.operands[slot]], values[slot]), branches.convention


def whole_tangent(
    arithmetic: ArrayArithmetic, gate: str, ties: str, moving: Sequence[Array], fed: Sequence[Array]
) -> Array:
    """How a gate on whole arrays moves."""
    if GATES[gate].ties:
        from backprop.arithmetic.whole import picked

        array, axis, out = fed
        return picked(moving[0], array, out, axis, ties)
    return arithmetic.tangent[gate](moving, *fed)


@uncollected()
def second_arrays(
    program: Program,
    values: Sequence[Array],
    direction: Mapping[str, Array],
    upstream: Array,
    ties: str | Branches = "notes",
    wrt: Collection[str] | None = None,
    arithmetic: ArrayArithmetic = ARRAYS,
) -> Second:
    """How values and gradients move as the inputs move so."""
    branches = Branches.of(ties)
    tangents = forward_tangents_arrays(program, values, direction, branches, arithmetic)
    back = backward_arrays(program, values, upstream, branches, wrt, arithmetic)
    wanted = wanted_slots(program, wrt)
    shapes, gradients = program.shapes, back.gradients
    moving: list[Array] = [None] * len(values)
    reached: list[Array] = [None] * len(values)
    met: set[int] = set()  # slots that some gradient has come to
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.backward_steps():
            if gradients[slot] is None:
                continue
            fed, convention = fed_to(program, values, branches, slot)
            still = [tangents[one] for one in (*operands, slot)]
            heard = [wanted[operand] for operand in operands]
            change = moving[slot]
            if GATES[gate].array:
                near = slot in branches.at and slot not in branches.near
                parts = list(whole_parts(
                    arithmetic, gate, convention, heard, fed, gradients[slot],
                    [None] * len(still) if near else still, change,
                ))  # fmt: skip
                reaches = [None] * len(parts)
            else:
                parts, reaches = entry_parts(
                    arithmetic, gate, convention, heard, fed, gradients[slot], still, change,
                    reached[slot], near=slot in branches.at and slot not in branches.near,
                )  # fmt: skip
            for place, operand in enumerate(operands):
                if not heard[place] or back.message(slot, place) is None:
                    continue
                part = parts[place]
                if isinstance(part, Scattered):
                    part = part.whole()
                if part is not None:
                    part = fitted(part, shapes[operand])
                    before = moving[operand]
                    moving[operand] = part if before is None else before + part
                if program.operands[operand]:
                    reach = touched(reaches[place], shapes[operand])
                    if operand in met:
                        reach = None if reach is None else either(reached[operand], reach)
                    reached[operand] = reach
                    met.add(operand)
    zeros = [
        np.zeros(shape)[()] if d is None else d for d, shape in zip(moving, shapes, strict=True)
    ]
    return Second(tangents, gradients, zeros)


def whole_parts(
    arithmetic: ArrayArithmetic, gate: str, ties: str, heard: Sequence[bool],
    fed: Sequence[Array], gradient: Array, still: Sequence[Array], change: Array,
) -> Sequence[Array]:  # fmt: skip
    """How what a gate on whole arrays passes back moves."""
    if gate in LISTS:
        if change is None:
            return [None] * len(heard)
        listed: Sequence[Array] = arithmetic.message[ties][gate](heard, *fed, change)
        return listed
    tangents = [*still, change]
    moving = tuple([part is not None for part in tangents])
    if not any(moving):
        return [None] * len(heard)
    function = moved_message(arithmetic, gate, ties, moving)
    found: Sequence[Array] = function(heard, *fed, gradient, *tangents)
    return found


def entry_parts(
    arithmetic: ArrayArithmetic, gate: str, ties: str, heard: Sequence[bool],
    fed: Sequence[Array], gradient: Array, still: Sequence[Array], change: Array, reach: Array,
    *, near: bool,
) -> tuple[list[Array], list[Array]]:  # fmt: skip
    """The same of a gate that works entry by entry."""
    *operands, own = still
    del own
    slopes = arithmetic.local[ties][gate](*fed)
    parts: list[Array] = [None] * len(heard)
    reaches: list[Array] = [reach] * len(heard)
    if change is not None:
        parts, reaches = passed(slopes, heard, change, reach, GATES[gate].routes)
    if near or all(part is None for part in operands):
        return parts, reaches
    zero = arithmetic.number(0.0)
    at = [zero if part is None else part for part in operands]
    count = len(operands)
    row = moved(arithmetic, gate, count, ties)(*fed, *at)[count + 1 :]
    for place, slope in enumerate(row):
        if slope is None or not heard[place]:
            continue
        part = product(gradient, slope)
        here = reaches[place]
        part = part if here is None else np.where(here, part, 0.0)
        parts[place] = part if parts[place] is None else parts[place] + part
    return parts, reaches
