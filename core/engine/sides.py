"""Second derivatives on one side: along a direction, what ties takes the branch of that side, and
a slope that has a kink is looked up one float away."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, nextafter
from typing import Any

from backprop.engine.kinds import along, kind_of
from backprop.engine.numbers import Branches
from backprop.engine.ties.watch import Watch
from backprop.gates import CREASED, GATES
from backprop.program.program import Program, Step

Values = Sequence[Any]


def creased(program: Program, values: Values) -> list[Step]:
    """The stages whose slope has a kink at these values: none, nearly always."""
    if CREASED.isdisjoint(program.gates):
        return []
    arithmetic = kind_of(program).floats
    found = []
    for slot, gate, operands in program.forward_steps():
        if gate in CREASED:
            test = arithmetic.crease[gate](*[values[one] for one in operands], values[slot])
            if getattr(test, "any", lambda test=test: test)():
                found.append((slot, gate, operands))
    return found


def branches_along(
    watch: Watch, values: Values, direction: Mapping[str, Any], branches: Branches, upstream: Any
) -> Branches:
    """The branches on one side of a point, for what moves; elsewhere those of the answer."""
    program = watch.program
    kind = kind_of(program)
    moving = {name: part for name, part in direction.items() if moves(part)}
    found = along(watch, values, "auto", moving, upstream) if moving else branches
    sided = Branches(branches.convention, {**branches.at, **found.at}, direction)
    tangents = kind.tangents(program, values, direction, sided)
    smooth = [
        (slot, program.gates[slot], program.operands[slot])
        for slot in found.at
        if GATES[program.gates[slot]].curved
    ]
    near = {
        slot: [beside(values[one], tangents[one]) for one in operands]
        for slot, _, operands in [*creased(program, values), *smooth]
    }
    return sided._replace(near=near)


def moves(part: Any) -> bool:
    return bool(part.any()) if hasattr(part, "any") else bool(part)


def beside(value: Any, tangent: Any) -> Any:
    """The next float on the way."""
    if tangent is None:
        return value
    if getattr(value, "ndim", 0):
        import numpy as np

        with np.errstate(invalid="ignore"):
            return np.where(tangent == 0, value, np.nextafter(value, np.sign(tangent) * inf))
    return type(value)(nextafter(value, inf if tangent > 0 else -inf)) if tangent else value
