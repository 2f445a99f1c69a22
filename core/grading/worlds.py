"""The program as its statements see it, at the point that was asked for and at others around it.

A world is a point with the value of every variable, the gradient of the output by every
variable, and what every statement passes back to each variable that it uses. What is right has
to be right in all worlds: a factor that happens to be 1 at one point is not 1 at the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.gates import GATES
from backprop.language.syntax import Tree
from backprop.program.fusing import fuse
from backprop.program.program import Program
from backprop.program.stage import stage

if TYPE_CHECKING:
    pass

DIGITS = 50

Series = list[Any]  # a value for every world


class Statement(NamedTuple):
    """A statement alone, as a program of the variables that it uses."""

    name: str
    program: Program
    tree: Tree

    def closed(self) -> Program:
        """The program with known patterns as one gate each: 1/(1 + exp(-x)) is a sigmoid."""
        program = self.program
        if program.arrays:
            if any(program.shapes):
                return program
            program = stage(self.tree, program.inputs)
        return program if program.arrays else fuse(program)


class World(NamedTuple):
    values: dict[str, Any]
    gradients: dict[str, Any]  # None where nothing arrives
    flows: dict[tuple[str, str], list[Any]]  # of a variable and a statement: each use of it


def precisely() -> AbstractContextManager[Any]:
    """Many digits, whatever the numbers are made of."""
    from mpmath import mp

    manager: AbstractContextManager[Any] = mp.workdps(DIGITS)
    return manager


def staged(tree: Tree, shapes: Mapping[str, tuple[int, ...]], *, arrays: bool) -> Program:
    """A tree as a program of these names, on arrays even if all are numbers."""
    if not arrays:
        return stage(tree, shapes)
    from backprop.program.array_stager import stage_arrays

    return stage_arrays(tree, shapes, False, True, shapes)


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
