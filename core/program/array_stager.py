"""Staging with shapes: the same walk, where every slot has a shape before any number is touched.

What is fixed while staging, an axis, a shape, an index, is a constant operand of its gate. A
list is a list until something uses it, so that `concatenate([a, b])` makes no matrix first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.folded_arrays import folded
from backprop.arithmetic.texts import COMPARISONS
from backprop.errors import ShapeError
from backprop.gates import GATES, array_gates, find
from backprop.gates.row import Gate
from backprop.gates.shapes import (
    LIMIT,
    Axis,
    MismatchError,
    Places,
    Shape,
    broadcast,
    too_many,
    words,
)
from backprop.language.syntax import ABSENT, Op, Tree
from backprop.program.creating import CREATORS, create
from backprop.program.frames import NoPlainGates
from backprop.program.program import CONSTANT, SHORT, Program, written
from backprop.program.stager import Stager

REDUCTIONS = {"max": "amax", "min": "amin"}  # of one operand
PRODUCTS = {
    (2, 2): "matmul", (2, 1): "matvec", (1, 2): "vecmat", (1, 1): "inner",
    (3, 3): "batched", (3, 2): "batched", (2, 3): "batched", (3, 1): "batchvec", (1, 3): "vecbatch",
}  # fmt: skip
FEW = 6  # whole numbers of a constant array that are shown
STACKS = 3  # axes from which an array is a stack of matrices
LAST_AXIS = ("softmax", "log_softmax")  # work along the last axis, if none is given
COMBINING = ("mul", "add", "max", "min")  # of conditions: and, or
UNREAD = -1_000_000_000  # slots from here on down are lists that nothing has used yet


class Keyword(NamedTuple):
    """An argument that was given by name."""

    name: str
    slot: int


class Listed(NamedTuple):
    """A list that nothing has used yet, and where it stands."""

    slots: tuple[int, ...]
    node: int


class ArrayStager(Stager):
    arrays = True

    def __init__(
        self, tree: Tree, given: Collection[str], fine: bool, share: bool,
        shapes: Mapping[str, Shape], seed: Sequence[int],
    ) -> None:  # fmt: skip
        array_gates()
        super().__init__(tree, given, fine, share)
        self.plain = NoPlainGates(self.seen, tree.functions)
        self.given_shapes = shapes
        self.waiting: list[Listed | Keyword] = []  # what stands on the stack as UNREAD
        self.random = np.random.default_rng([*seed, 0])

    def walk(self) -> None:
        super().walk()
        if self.stack:
            self.stack[-1] = self.settled(self.stack[-1])

    # Slots, each with a shape.

    def new_input(self, name: str, step: int) -> int:
        slot = super().new_input(name, step)
        self.shapes[slot] = self.given_shapes.get(name, np.shape(self.defaults.get(name, 0.0)))
        return slot

    def literal(self, text: str, value: Any) -> int:
        slot = super().literal(text, value)
        self.shapes[slot] = value.shape if isinstance(value, np.ndarray) else ()
        return slot

    def held(self, text: str) -> int:
        value = self.tree.values[text]
        if isinstance(value, float):
            return super().held(text)
        return self.literal(held_text(value), value)

    def leaf(self, text: str, step: int) -> int:
        return self.literal(ABSENT, None) if text == ABSENT else super().leaf(text, step)

    def add(self, gate: str, operands: tuple[int, ...], node: int) -> int:
        self.shapes.append(self.shape(GATES[gate], operands) if operands else ())
        return super().add(gate, operands, node)

    def shape(self, gate: Gate, operands: Sequence[int]) -> Shape:
        """The shape of a gate's value; an error names the operands that don't fit."""
        try:
            found = self.rule(gate, operands)
            if too_many(found):
                raise MismatchError(f"this would be {words(found)}: {LIMIT}")
        except MismatchError as misfit:
            message = str(misfit).format(*map(self.called, operands))
            span, hint = self.tree.spans[self.step], self.shape_hint(operands)
            raise ShapeError(message, text=self.tree.text, span=span, hint=hint) from None
        return found

    def shape_hint(self, operands: Sequence[int]) -> str:
        """How to say that an input is an array, for one that is taken for a number."""
        for name, slot in self.inputs.items():
            if slot in operands and name not in self.given_shapes and not self.shapes[slot]:
                return f"is {name} an array? give it one, as in --{name}='[1, 2]'"
        return ""

    def rule(self, gate: Gate, operands: Sequence[int]) -> Shape:
        if gate.shape is None:
            return broadcast(*(self.shapes[operand] for operand in operands))
        fixed = self.constants
        return gate.shape(*[
            self.shapes[slot]
            if slot not in fixed or isinstance(fixed[slot], (float, np.ndarray))
            else fixed[slot]
            for slot in operands
        ])  # fmt: skip

    def called(self, slot: int) -> str:
        """A slot in the words of the text."""
        for name, other in self.leaves.items():
            if other == slot:
                return name
        if slot in self.literals:
            return self.literals[slot]
        text = " ".join(self.tree.excerpt(self.nodes[slot]).split())
        return text if len(text) <= SHORT else f"{text[: SHORT - 3]}..."

    # Operators.

    def operator(self, op: Op) -> None:
        if op.kind == "store":
            self.stack[-1] = self.settled(self.stack[-1])
            self.store(op.name)
            return
        if op.kind == "call" and op.name not in self.tree.functions:
            slot = self.called_gate(op, self.take(op.arity))
            if slot is not None:
                self.stack.append(slot)
            return
        if op.kind == "method" and op.name != "dot":
            slot = self.called_gate(op, self.take(op.arity))
            if slot is not None:
                self.stack.append(slot)
            return
        if op.kind in ("keyword", "list"):
            operands = self.take(op.arity)
            keyword = op.kind == "keyword"
            self.waiting.append(
                Keyword(op.name, operands[0]) if keyword else Listed(operands, self.node)
            )
            self.stack.append(UNREAD - len(self.waiting) + 1)
            return
        operands = tuple(map(self.settled, self.take(op.arity)))
        if op.kind == "slice":
            self.stack.append(self.sliced(operands))
        elif op.kind == "index":
            self.stack.append(self.indexed(operands))
        elif op.kind == "attribute":
            self.stack.append(self.transposed(operands[0]))
        elif op.kind == "method" or op.name == "matmul":
            if len(operands) != 2:
                self.fail(f".dot takes 1 argument, not {len(operands) - 1}", "such as a.dot(b)")
            self.stack.append(self.product(operands, dot=op.kind == "method"))
        else:
            self.stack += operands
            super().operator(op)

    def settled(self, slot: int) -> int:
        """A list that is used becomes an array."""
        if slot > UNREAD:
            return slot
        held = self.waiting[UNREAD - slot]
        if isinstance(held, Keyword):
            self.fail(f"no argument called {held.name} is taken here")
        user, self.node = self.node, held.node
        found = self.place(*self.as_one_gate("stack", tuple(map(self.settled, held.slots))))
        self.node = user
        return found

    def listed(self, slot: int) -> tuple[int, ...] | None:
        """The slots of a list that nothing has used yet; None if it is something else."""
        held = self.waiting[UNREAD - slot] if slot <= UNREAD else None
        return held.slots if isinstance(held, Listed) else None

    def by_name(self, operands: tuple[int, ...]) -> tuple[tuple[int, ...], dict[str, int]]:
        """The arguments of a call, and apart from them those that were given by name."""
        kinds = [self.waiting[UNREAD - slot] if slot <= UNREAD else None for slot in operands]
        named = [held for held in kinds if isinstance(held, Keyword)]
        given = {held.name: held.slot for held in named}
        count = len(operands) - len(named)
        if kinds[count:] != named or len(given) < len(named):
            self.fail("arguments that are given by name come last, and each of them once")
        return operands[:count], given

    def called_gate(self, op: Op, operands: tuple[int, ...]) -> int | None:
        """The slot of a call: of a gate, or of what only arrays have. None where a gate is
        opened up, whose slot comes later."""
        operands, given = self.by_name(operands)
        gate = find(op.name)
        name = gate.name if gate else op.name
        if name in CREATORS:
            return self.created(name, operands)
        if name == "reshape":
            return self.reshaped(operands)
        if name in ("array", "stack", "concatenate"):
            return self.joined(name, operands, given)
        if gate and "axis" in gate.operands:
            return self.reduced(gate, op, operands, given)
        operands = tuple(map(self.settled, operands))
        if name in REDUCTIONS and len(operands) == 1 and self.shapes[operands[0]]:
            return self.reduced(GATES[REDUCTIONS[name]], op, operands, given)
        if name in ("dot", "matmul", "batched", "batchvec", "vecbatch"):
            if given or len(operands) != 2:
                self.fail(f"{name} takes 2 arguments, not {op.arity}")
            return self.product(operands, dot=name == "dot")
        if name == "transpose" and len(operands) == 1:
            return self.transposed(operands[0])
        if op.name in REDUCTIONS and len(operands) == 2:
            self.refuse_numpys_axis(op, operands)
        if gate is None:
            raise self.unknown_function(op)
        if given and name in REDUCTIONS and len(operands) == 1:
            self.fail(f"{self.called(operands[0])} is a number: it has no axis")
        if given:
            self.fail(f"{op.name} takes no argument called {next(iter(given))}")
        if not gate.accepts(len(operands)):
            self.wrong_arity(op, "two or more" if gate.variadic else f"{len(gate.operands)}")
        self.apply(gate, operands)
        return None

    def refuse_numpys_axis(self, op: Op, operands: tuple[int, ...]) -> None:
        """np.max(A, 0) is along an axis, max(A, 0) the larger of A and 0; torch.max(A, B) is the
        larger of two arrays."""
        from backprop.language.spellings import MODULES

        prefix = self.tree.excerpt(self.step).partition("(")[0].rpartition(".")[0]
        arrays = [self.shapes[operand] != () for operand in operands]
        if arrays[0] and prefix in MODULES and not (arrays[1] and MODULES[prefix] == "torch"):
            first, second = map(self.called, operands)
            self.fail(
                f"the second argument of {prefix}.{op.name} is an axis",
                f"{op.name}({first}, axis={second}), or {op.name}imum({first}, {second})",
            )

    def applied(self, gate: Gate, operands: tuple[int, ...]) -> int:
        """The slot of a gate on arrays, which is never opened up."""
        self.apply(gate, operands)
        return self.stack.pop()

    # What is fixed while staging.

    def whole(self, slot: int, what: str) -> int:
        value = self.constants.get(slot)
        if not isinstance(value, float) or not value.is_integer():
            self.fail(f"{what} is a whole number that is known beforehand")
        return int(value)

    def reduced(
        self, gate: Gate, op: Op, operands: tuple[int, ...], given: Mapping[str, int]
    ) -> int:
        if not 1 <= len(operands) <= 2 or (len(operands) == 2 and "axis" in given):
            self.fail(f"{op.name} takes an array, and an axis")
        if gate.name == "norm" and len(operands) == 2:
            self.fail(
                "NumPy takes a second argument of norm for its order, and only the length is read",
                "name the axis: norm(a, axis=1)",
            )
        where = operands[1] if len(operands) == 2 else given.get("axis")
        axis = None if where is None else self.axes(where)
        if axis is None and gate.name in LAST_AXIS:
            axis = -1
        keep = "keepdims" in given and bool(self.whole(given["keepdims"], "keepdims"))
        fixed = Axis(axis, keep)
        return self.applied(gate, (self.settled(operands[0]), self.literal(fixed.text, fixed)))

    def axes(self, slot: int) -> int | tuple[int, ...]:
        """One axis, or a list of them."""
        listed = self.listed(slot)
        if listed is None:
            return self.whole(slot, "an axis")
        return tuple([self.whole(axis, "an axis") for axis in listed])

    def reshaped(self, operands: tuple[int, ...]) -> int:
        if len(operands) < 2:
            self.fail("reshape takes an array and a shape", "such as reshape(a, 2, 3)")
        array, *sizes = operands
        listed = self.listed(sizes[0]) if len(sizes) == 1 else None
        sides = sizes if listed is None else listed
        wanted = tuple([self.whole(size, "a side of a shape") for size in sides])
        text = ", ".join(map(str, wanted))
        return self.applied(GATES["reshape"], (self.settled(array), self.literal(text, wanted)))

    def joined(self, name: str, operands: tuple[int, ...], given: Mapping[str, int]) -> int:
        if name == "array" and len(operands) == 1 and not given:
            return self.settled(operands[0])
        most = 2 if name == "concatenate" else 1
        listed = self.listed(operands[0]) if operands else None
        if not listed or len(operands) + len(given) > most or "keepdims" in given:
            what = "a list of arrays, and an axis" if most == 2 else "one list"
            self.fail(f"{name} takes {what}", f"such as {name}([a, b])")
        parts = tuple(map(self.settled, listed))
        if name != "concatenate":
            return self.applied(GATES["stack"], parts)
        where = operands[1] if len(operands) == 2 else given.get("axis")
        fixed = Axis(0 if where is None else self.whole(where, "an axis"))
        return self.applied(GATES[name], (*parts, self.literal(fixed.text, fixed)))

    def created(self, name: str, operands: tuple[int, ...]) -> int:
        listed = self.listed(operands[0]) if len(operands) == 1 else None
        operands = operands if listed is None else listed
        numbers = [self.constants.get(slot) for slot in operands]
        if not all(isinstance(number, float) for number in numbers):
            self.fail(f"{name} takes numbers that are known beforehand")
        try:
            found = create(name, [float(number or 0.0) for number in numbers], self.random)
        except MismatchError as misfit:
            self.fail(str(misfit))
        return self.literal(written(name, [self.literals[slot] for slot in operands]), found)

    def sliced(self, operands: Sequence[int]) -> int:
        parts = [
            None if self.constants.get(slot, 0.0) is None else self.whole(slot, "an end of a slice")
            for slot in operands
        ]
        start, stop, step = ("" if part is None else str(part) for part in parts)
        if step == "0":
            self.fail("the step of a slice can't be 0")
        return self.literal(f"{start}:{stop}" + (f":{step}" if step else ""), slice(*parts))

    def indexed(self, operands: tuple[int, ...]) -> int:
        array, *indices = operands
        fixed = []
        for slot in indices:
            value = self.constants.get(slot)
            if self.is_mask(slot):
                self.fail(
                    "a condition in square brackets selects entries, which is not read",
                    "where(condition, a, 0) keeps the entries for which it holds",
                )
            if isinstance(value, float):
                slot = self.literal(str(self.whole(slot, "an index")), int(value))
            fixed.append(slot)
        return self.applied(GATES["index"], (array, *fixed))

    def is_mask(self, slot: int) -> bool:
        """Is this a condition, or some of them combined?"""
        gate, operands = self.gates[slot], self.operands[slot]
        if gate in COMBINING:
            return all(map(self.is_mask, operands))
        return gate in COMPARISONS

    # Products and transposes.

    def product(self, operands: tuple[int, ...], *, dot: bool) -> int:
        first, second = [min(STACKS, len(self.shapes[slot])) for slot in operands]
        if dot and 0 in (first, second):
            return self.applied(GATES["mul"], operands)
        if dot and first > 1 and second == STACKS:
            left, right = map(self.called, operands)
            self.fail(f"dot pairs every matrix of {left} with every one of {right}",
                      f"write {left} @ {right} for one with one")  # fmt: skip
        return self.applied(GATES[PRODUCTS.get((first, second), "matmul")], operands)

    def transposed(self, slot: int) -> int:
        if len(self.shapes[slot]) < 2:
            return slot
        return self.applied(GATES["transpose"], (slot,))

    # Constants.

    def as_one_gate(self, gate: str, operands: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        if not GATES[gate].array:
            if all(operand in self.constants for operand in operands):
                self.shape(GATES[gate], operands)
            if gate == "pow" and self.has_zeros(operands[1]) and operands[0] not in self.constants:
                return gate, operands  # whose rule knows that x**0 is flat
            return super().as_one_gate(gate, operands)
        if all(operand in self.constants for operand in operands):
            self.shape(GATES[gate], operands)
            return CONSTANT, (self.fold(gate, operands),)
        return gate, operands

    def has_zeros(self, slot: int) -> bool:
        """Is this an array that is known beforehand, with a 0 in it?"""
        value = self.constants.get(slot)
        return isinstance(value, np.ndarray) and not np.all(value)

    def shown(self, value: Any) -> str:
        if isinstance(value, np.ndarray):
            return f"[{words(value.shape)}]"
        return super().shown(value)

    def computed(self, gate: str, numbers: Sequence[Any]) -> Any:
        with np.errstate(**IGNORED):
            found = ARRAYS.value[gate](*map(ARRAYS.number, numbers))
        return folded(found, gate, numbers)

    def all_finite(self, value: Any) -> bool:
        return not isinstance(value, (float, np.ndarray)) or bool(np.all(np.isfinite(value)))


def held_text(value: Any) -> str:
    """What a constant that the tree holds looks like in a stage."""
    if isinstance(value, np.ndarray):
        short = value.size <= FEW and np.all(value == np.floor(value))
        return str(value.astype(int).tolist()) if short else f"[{words(value.shape)}]"
    if isinstance(value, (Axis, Places)):
        return value.text
    if isinstance(value, slice):
        ends = ["" if end is None else str(end) for end in (value.start, value.stop)]
        return ":".join([*ends, *([str(value.step)] if value.step is not None else [])])
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def stage_arrays(
    tree: Tree, given: Collection[str], fine: bool, share: bool, shapes: Mapping[str, Shape],
    seed: Sequence[int] = (),
) -> Program:  # fmt: skip
    return ArrayStager(tree, given, fine, share, shapes, seed).program()
