"""What the staged passes cost: a Program in, operations out.

Forward every gate is one operation. Backward each message costs what its local derivative
takes to compute from values that are known, and one multiplication by the gradient; a slope
of 1 or -1 and a choice between branches need none. The first gradient, 1, counts like any
other. Where messages meet they are added. Constants get no message, and what they alone make
up is known beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from backprop.arithmetic.texts import formula
from backprop.gates import GATES
from backprop.language.syntax import Item, Op
from backprop.program.program import Program

FREE = (("1",), ("1", "neg"), ("0",), ("0", "neg"))  # slopes that nothing is multiplied by


class Operations(NamedTuple):
    """Operations of one forward and one backward pass."""

    forward: int
    slopes: int  # of computing local derivatives
    multiplications: int
    additions: int

    @property
    def backward(self) -> int:
        return self.slopes + self.multiplications + self.additions

    @property
    def total(self) -> int:
        return self.forward + self.backward


def count(program: Program) -> Operations:
    """The operations of both passes over every stage of a program."""
    constants, met = program.constants, set[int]()
    slopes = multiplications = additions = 0
    for _, gate, operands in program.backward_steps():
        fixed = tuple([place for place, slot in enumerate(operands) if slot in constants])
        for place, slot in enumerate(operands):
            if place in fixed or not GATES[gate].partial(place):
                continue
            work, multiplies = message(gate, place, fixed)
            slopes += work
            multiplications += multiplies
            additions += slot in met
            met.add(slot)
    return Operations(program.size, slopes, multiplications, additions)


@cache
def message(gate: str, position: int, fixed: tuple[int, ...]) -> tuple[int, bool]:
    """Operations of a local derivative, and whether the gradient is multiplied by it.

    `fixed` are the positions of operands that are constant, and what they alone make up is
    known beforehand.
    """
    row = GATES[gate]
    code = formula(row.partial(position)).code
    known = set() if row.variadic else {row.operands[place] for place in fixed}
    chooses = row.routes or row.ties
    literal = tuple([item if isinstance(item, str) else item.name for item in code])
    return varying(code, known), not chooses and literal not in FREE


def varying(code: Sequence[Item], known: set[str]) -> int:
    """How many operators of a postfix code depend on more than numbers and `known` names."""
    found = 0
    known = set(known)
    stack: list[bool] = []
    for item in code:
        if isinstance(item, str):
            stack.append(item[0] not in "0123456789." and item not in known)
            continue
        varies = any(stack[len(stack) - item.arity :])
        del stack[len(stack) - item.arity :]
        if not names(item):
            found += varies
            stack.append(varies)
        elif not varies:
            known.add(item.name)
    return found


def names(op: Op) -> bool:
    return op.kind == "store"
