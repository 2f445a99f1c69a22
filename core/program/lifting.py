"""A program of one row -> the same for many rows at once, as a program of arrays with an axis more.

What depends on a row has the rows in front: a number becomes a vector, a vector a matrix. What
doesn't stays as it is. The gradient of something that is the same in all rows then comes out as
the sum over them, and as a product of matrices where it is one: (n, k) and (n, m) as G.T @ X.

A gate's row in the table says, in `rows`, how it works so: letters of a product, the gate that
does the same for a stack of matrices, or one of the RULES. A gate on numbers works entry by
entry, and one with an axis along the same axis.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from math import prod
from typing import Any, NamedTuple, NoReturn

import numpy as np

from backprop.errors import BackpropError
from backprop.gates import GATES
from backprop.gates.row import Gate
from backprop.gates.shapes import Axis, Places, Shape, broadcast
from backprop.program.contracting import einsum_steps
from backprop.program.making import Maker
from backprop.program.program import CONSTANT, INPUT, Program

LETTER = "Z"  # of the rows, in letters of a product


class LiftError(BackpropError):
    """A gate of which nobody knows how it works on many rows."""


class Lifted(NamedTuple):
    program: Program  # its output is a vector: that of every row
    slots: Sequence[int]  # of the program of one row -> that of many
    varies: Sequence[bool]  # which of them depend on the row


def lifted(program: Program, varying: Collection[str], rows: int) -> Lifted:
    """The program for so many rows, in which these inputs have a value for each."""
    return Lifter(program, varying, rows).lifted()


def depending(program: Program, varying: Collection[str]) -> list[bool]:
    """For every slot: does it depend on one of these inputs?"""
    found = program.depends_on([name for name in varying if name in program.inputs])
    for name in varying:
        if name in program.inputs:
            found[program.inputs[name]] = True
    return found


class Lifter:
    """What a stager is for a text: see making.py."""

    def __init__(self, program: Program, varying: Collection[str], rows: int) -> None:
        self.old = program
        self.rows = rows
        self.varies = depending(program, varying)
        self.slots: list[int] = []
        self.gates: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.nodes: list[int] = []
        self.shapes: list[Shape] = []
        self.constants: dict[int, Any] = {}
        self.literals: dict[int, str] = {}
        self.inputs: dict[str, int] = {}
        self.known: dict[tuple[Any, ...], int] = {}
        self.maker = Maker(self, "rows", {})

    def lifted(self) -> Lifted:
        old = self.old
        names = {slot: name for name, slot in old.inputs.items()}
        for slot, (gate, operands) in enumerate(zip(old.gates, old.operands, strict=True)):
            self.node = old.nodes[slot]
            if slot in names:
                front = (self.rows,) if self.varies[slot] else ()
                found = self.add(INPUT, (), (*front, *old.shapes[slot]))
                self.inputs[names[slot]] = found
            elif gate == CONSTANT:
                found = self.literal(old.literals[slot], old.constants[slot])
            elif not self.varies[slot]:
                found = self.applied(GATES[gate], tuple([self.slots[o] for o in operands]))
            else:
                found = self.varied(slot, GATES[gate], operands)
            self.slots.append(found)
        self.node = old.nodes[old.output]
        output = self.fronted(old.output)
        made = Program(
            old.tree, tuple(self.gates), tuple(self.operands), tuple(self.nodes), self.constants,
            self.literals, self.inputs, {}, self.inputs, output, arrays=True,
            shapes=tuple(self.shapes),
        )  # fmt: skip
        return Lifted(made, self.slots, self.varies)

    # What functions of arrays are made with.

    def add(self, gate: str, operands: tuple[int, ...], shape: Shape) -> int:
        self.gates.append(gate)
        self.operands.append(operands)
        self.nodes.append(self.node)
        self.shapes.append(shape)
        return len(self.gates) - 1

    def literal(self, text: str, value: Any) -> int:
        found = self.add(CONSTANT, (), np.shape(value) if isinstance(value, np.ndarray) else ())
        self.constants[found], self.literals[found] = value, text
        return found

    def applied(self, gate: Gate, operands: tuple[int, ...]) -> int:
        key = gate.name, *operands
        if key not in self.known:
            fixed = self.constants
            shapes: list[Any] = [
                self.shapes[slot]
                if slot not in fixed or isinstance(fixed[slot], (float, np.ndarray))
                else fixed[slot]
                for slot in operands
            ]
            shape = broadcast(*shapes) if gate.shape is None else gate.shape(*shapes)
            self.known[key] = self.add(gate.name, operands, shape)
        return self.known[key]

    def settled(self, slot: int) -> int:
        return slot

    def listed(self, slot: int) -> None:
        """No lists are read here, and no arguments."""

    def whole(self, slot: int, what: str) -> int:
        self.fail(f"{what} is not {self.called(slot)}")

    def axes(self, slot: int) -> int:
        return self.whole(slot, "an axis")

    def called(self, slot: int) -> str:
        return self.gates[slot]

    def product(self, operands: tuple[int, ...], *, dot: bool) -> int:
        return self.maker.gate("mul" if dot else "batched", *operands)

    def fail(self, message: str, hint: str = "") -> NoReturn:
        raise LiftError(message, hint=hint)

    # Gates that depend on the row.

    def varied(self, slot: int, gate: Gate, operands: Sequence[int]) -> int:
        if not gate.array:
            return self.entrywise(gate, operands)
        if "->" in gate.rows:
            return self.contracted(gate, operands)
        if gate.rows in RULES:
            return RULES[gate.rows](self, gate, operands, slot)
        if gate.rows in GATES:
            return self.applied(GATES[gate.rows], self.aligned(operands))
        if "axis" in gate.operands:
            return self.along(gate, operands)
        raise LiftError(f"the gate {gate.name} doesn't know how to work on many rows")

    def shape(self, operand: int) -> Shape:
        """That of one row."""
        return self.old.shapes[operand]

    def constant(self, operand: int) -> Any:
        """What is fixed: an axis, a shape, places."""
        return self.old.constants[operand]

    def axis_of(self, operand: int, axis: Axis) -> Axis:
        """The same axes where the rows come first."""
        found = tuple([place + 1 for place in axis.of(self.shape(operand))])
        return Axis(found[0] if len(found) == 1 else found, axis.keep)

    def fixed(self, value: Any) -> int:
        return self.literal(getattr(value, "text", str(value)), value)

    def fronted(self, operand: int) -> int:
        """An operand with the rows in front, also if it is the same in all of them."""
        if self.varies[operand]:
            return self.slots[operand]
        ones = np.ones((self.rows, *(1 for _ in self.shape(operand))))
        return self.maker.gate("mul", self.fixed(ones), self.slots[operand])

    def widened(self, operand: int, axes: int) -> int:
        """An operand of so many axes beside the rows; the new ones come first, and are 1."""
        shape, slot = self.shape(operand), self.slots[operand]
        if not self.varies[operand] or len(shape) >= axes:
            return slot
        return self.maker.reshaped(slot, (self.rows, *(1,) * (axes - len(shape)), *shape))

    def aligned(self, operands: Sequence[int]) -> tuple[int, ...]:
        """Operands as their entries belong together."""
        axes = max(len(self.shape(operand)) for operand in operands)
        return tuple([self.widened(operand, axes) for operand in operands])

    def entrywise(self, gate: Gate, operands: Sequence[int]) -> int:
        return self.applied(gate, self.aligned(operands))

    def along(self, gate: Gate, operands: Sequence[int]) -> int:
        array, axis = operands
        moved = self.axis_of(array, self.constant(axis))
        return self.applied(gate, (self.fronted(array), self.fixed(moved)))

    def contracted(self, gate: Gate, operands: Sequence[int]) -> int:
        terms, result = gate.rows.split("->")
        both = all(self.varies[operand] for operand in operands)
        if both and gate.rows == INNER:
            return self.maker.reduced("sum", self.entrywise(GATES["mul"], operands), 1)
        fed = [
            LETTER * self.varies[operand] + term
            for operand, term in zip(operands, terms.split(","), strict=True)
        ]
        slots = [self.slots[operand] for operand in operands]
        return einsum_steps(self.maker, f"{','.join(fed)}->{LETTER}{result}", slots)


INNER = "i,i->"
Rule = Callable[[Lifter, Gate, Sequence[int], int], int]


def transposed(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    axes = range(len(to.shape(slot)), 0, -1)
    return to.maker.permuted(to.slots[operands[0]], (0, *axes))


def permuted(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    axes = (axis + 1 for axis in to.constant(operands[1]))
    return to.maker.permuted(to.slots[operands[0]], (0, *axes))


def reshaped(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    return to.maker.reshaped(to.slots[operands[0]], (to.rows, *to.shape(slot)))


def joined(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    *parts, axis = operands
    (first,) = Axis(to.constant(axis).one).of(to.shape(parts[0]))
    place = Axis(first + 1)
    return to.applied(gate, (*map(to.fronted, parts), to.fixed(place)))


def stacked(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    """As a join of what has an axis of 1 more."""
    parts = [to.maker.reshaped(to.fronted(o), (to.rows, 1, *to.shape(o))) for o in operands]
    return to.maker.joined(parts, 1)


def diagonal(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    (a,) = operands
    shape = to.shape(a)
    if len(shape) == 1:
        column = to.maker.reshaped(to.slots[a], (to.rows, *shape, 1))
        return to.maker.gate("mul", column, to.fixed(np.eye(*shape)))
    flat = to.maker.reshaped(to.slots[a], (to.rows, prod(shape)))
    return to.maker.taken(flat, 1, [k * (shape[1] + 1) for k in range(min(shape))])


def traced(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    return to.maker.reduced("sum", diagonal(to, gate, operands, slot), 1)


def solved(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    a, b = operands
    size = len(to.shape(b))
    right = to.slots[b]
    if size == 1:
        right = to.maker.reshaped(right, (*to.shapes[right], 1))
    found = to.maker.gate("solves", to.slots[a], right)
    return to.maker.reshaped(found, (to.rows, *to.shape(slot)))


def times_vector(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    """A stack of matrices times a vector, which becomes a matrix of one column, or of one row."""
    slots = []
    axes = max(len(to.shape(operand)) for operand in operands)
    for place, operand in enumerate(operands):
        found, shape = to.slots[operand], to.shape(operand)
        if len(shape) == 1:
            column = (*shape, 1) if place else (1, *shape)
            front = (to.rows, *(1,) * (axes - 2)) if to.varies[operand] else ()
            found = to.maker.reshaped(found, (*front, *column))
        slots.append(found)
    return to.maker.reshaped(to.maker.gate("batched", *slots), (to.rows, *to.shape(slot)))


def indexed(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    """Entries of each row. A computed index may be another in every row: then rows are counted
    by an index of their own, unless the array is the same in all of them."""
    a, *places = operands
    fixed = to.old.constants
    known: list[Any] = [fixed.get(place) for place in places]
    computed = [k for k, one in enumerate(known) if one is None or isinstance(one, np.ndarray)]
    if not any(to.varies[place] for place in places):
        every = to.fixed(slice(None))
        return to.applied(gate, (to.slots[a], every, *[to.slots[place] for place in places]))
    picking = [k for k, one in enumerate(known) if not isinstance(one, slice)]
    together = picking[-1] - picking[0] < len(picking)
    before = picking[0] if together else 0
    several = broadcast(*[to.shape(places[k]) for k in computed])
    wide = len(several)
    slots = [to.widened(place, wide) if k in computed else to.slots[place]
             for k, place in enumerate(places)]  # fmt: skip
    if not to.varies[a]:
        found = to.applied(gate, (to.slots[a], *slots))
        rest = [axis for axis in range(len(to.shape(slot)) + 1) if axis != before]
        return to.maker.permuted(found, (before, *rest))
    numbers = np.arange(to.rows).reshape((to.rows, *(1,) * wide))
    found = to.applied(gate, (to.slots[a], to.fixed(numbers), *slots))
    axes = [*range(1, len(to.shape(slot)) + 1)]  # those of `several` come first
    order = [*axes[wide : wide + before], *axes[:wide], *axes[wide + before :]]
    return to.maker.permuted(found, (0, *order))


def places_of(to: Lifter, place: int) -> int:
    """Where something is written, in every row."""
    at = to.constant(place)
    key = at.key if isinstance(at.key, tuple) else (at.key,)
    return to.fixed(Places((slice(None), *key), False, at.text))


def written(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    """Writes one after the other; one of all entries in a line goes to the array as such a line."""
    a, *rest = operands
    shape, found = to.shape(a), to.fronted(a)
    line = (to.rows, prod(shape))
    for value, place in zip(rest[::2], rest[1::2], strict=True):
        flat = to.constant(place).flat
        key = places_of(to, place)
        at = to.constants[key]
        found = to.maker.reshaped(found, line if flat else (to.rows, *shape))
        side = np.empty(to.shapes[found], dtype=bool)[at.key].ndim - 1
        found = to.applied(gate, (found, to.widened(value, side), key))
    return to.maker.reshaped(found, (to.rows, *shape))


def added(to: Lifter, gate: Gate, operands: Sequence[int], slot: int) -> int:
    a, b, place = operands
    flat = to.constant(place).flat
    shape, found = to.shape(a), to.fronted(a)
    if flat:
        found = to.maker.reshaped(found, (to.rows, prod(shape)))
    key = places_of(to, place)
    side = np.empty(to.shapes[found], dtype=bool)[to.constants[key].key].ndim - 1
    made = to.applied(gate, (found, to.widened(b, side), key))
    return to.maker.reshaped(made, (to.rows, *shape))


RULES: dict[str, Rule] = {
    "transposed": transposed,
    "permuted": permuted,
    "reshaped": reshaped,
    "joined": joined,
    "stacked": stacked,
    "diagonal": diagonal,
    "traced": traced,
    "solved": solved,
    "times vector": times_vector,
    "indexed": indexed,
    "written": written,
    "added": added,
}
