"""The forward pass that a backward pass is graded against: a program, and the points."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from backprop.answer.evaluation import arrays_in, staged
from backprop.answer.values import Value, checked_wrt, point
from backprop.engine.kinds import kind_of
from backprop.errors import BackpropError
from backprop.gates import GATES
from backprop.grading.spots import Spot, backward, close_to, labels, spots_of
from backprop.grading.targets import Targets, needed
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

DIGITS = 60  # where floats leave a doubt


@dataclass(frozen=True, eq=False)
class Forward:
    """A program at several points."""

    program: Program
    spots: Sequence[Spot]
    required: tuple[str, ...]  # inputs that need a gradient
    demanded: bool  # is one that is missing wrong?
    given: bool  # was the gradient of the output given?
    seed: int
    moving: Sequence[str]  # what differs from point to point
    ready: dict[Any, Targets] = field(default_factory=dict)

    @property
    def source(self) -> Mapping[str, Any]:
        """What the source was asked, if the program is Python."""
        return self.program.tree.source

    @cached_property
    def slots(self) -> dict[str, int]:
        """The variables by their names: inputs, stages that have a name, and the output."""
        program = self.program
        live = needed(program)
        named = program.names.items()
        found = {name: slot for name, slot in named if name.isidentifier() and slot in live}
        if not self.source:
            labels = enumerate(program.labels)
            found |= {
                name: slot for slot, name in labels if name.isidentifier() and name not in found
            }
        return found | dict(program.inputs)

    @property
    def output(self) -> str:
        return self.program.output_name

    @property
    def open(self) -> bool:
        """May a backward pass begin with any gradient of the output?"""
        return not self.given and bool(self.program.shapes[self.program.output])

    @cached_property
    def near(self) -> Sequence[Spot]:
        """Points so close that hardly anything takes another branch."""
        return [self.spots[0], *close_to(self.program, self.spots[0], self.moving, self.seed)]

    def targets(self, free: bool, spots: Sequence[Spot]) -> Targets:
        """The gradients to compare with. `free`: does the backward pass take any gradient of the
        output? Else it begins with 1."""
        key = (free, *map(id, spots))
        if key not in self.ready:
            backs = [backward(self.program, spot, self.upstream(spot, free)) for spot in spots]
            self.ready[key] = Targets(self.program, spots, backs)
        return self.ready[key]

    def exactly(self, spot: Spot, free: bool) -> tuple[Sequence[Any], Any] | None:
        """The values and gradients at one point, in many digits; None if that takes too long."""
        kind = kind_of(self.program)
        arithmetic = kind.many_digits(self.program)
        if arithmetic is kind.floats:
            return None
        values = kind.forward(self.program, spot.point, arithmetic)
        start = arithmetic.number(self.upstream(spot, free))
        return values, kind.backward(self.program, values, start, "first", arithmetic=arithmetic)

    def upstream(self, spot: Spot, free: bool) -> Any:
        if free or self.given:
            return spot.drawn
        return np.ones(self.program.shapes[self.program.output])[()]


def forward_of(
    tree: Tree,
    values: Mapping[str, Value],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "auto",
    upstream: Any = None,
    seed: int = 0,
    allow: Collection[str] = (),
) -> Forward:
    """The program to grade against, at a point and at random ones around it."""
    given = {**values, **(arrays := arrays_in(values, seed))}
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(tree, given, "written", True, shapes)
    used = {n: v for n, v in given.items() if n in program.inputs or n not in allow}
    at = point(program, used)
    wanted = None if wrt is None else checked_wrt(program, wrt)
    program = by_gates(tree, at, program)
    reached = differentiable(program)
    able = [name for name in program.variables if program.inputs[name] in reached]
    told = [name for name in able if name not in program.defaults and not labels(at[name])]
    required = tuple(wanted) if wanted is not None else tuple(told or able)
    drawn = [name for name in required if wrt is not None or not labels(at[name])]
    with np.errstate(all="ignore"):
        spots = spots_of(program, at, drawn or list(required), ties, upstream, seed)
    return Forward(program, spots, required, wrt is not None, upstream is not None, seed,
                   drawn or required)  # fmt: skip


def by_gates(tree: Tree, at: Mapping[str, Any], program: Program) -> Program:
    """A single expression as the stages that the tables show: q = x + y; f = q * z."""
    if tree.source or len(tree.body) > 1 or tree.functions or program.size < 2:
        return program
    text = "\n".join(f"{one.name} = {one.code}" for one in program.stages())
    try:
        again = stage(parse(text), at, shapes=program.shapes_of_inputs())
    except BackpropError:
        return program
    return again if set(again.inputs) == set(program.inputs) else program


def differentiable(program: Program) -> set[int]:
    """The slots that gradient can come to: not an index, not what is only compared."""
    found = {program.output}
    for slot, name, operands in program.backward_steps():
        if slot in found:
            gate = GATES[name]
            found |= {
                operand for place, operand in enumerate(operands)
                if operand not in program.constants and gate.partial(place)
            }  # fmt: skip
    return found
