"""Staging with shapes: the same walk, where every slot has a shape before any number is touched.

What is fixed while staging, an axis, a shape, an index, is a constant operand of its gate. A
list is a list until something uses it, so that `concatenate([a, b])` makes no matrix first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.folded_arrays import folded
from backprop.arithmetic.texts import COMPARISONS
from backprop.errors import ShapeError
from backprop.gates import GATES, array_gates, find
from backprop.gates.composites import composite
from backprop.gates.functions import Signature, bound, signature
from backprop.gates.linear import STACKED
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
from backprop.program.array_functions import FUNCTIONS as ARRAY_FUNCTIONS
from backprop.program.creating import CREATORS, create
from backprop.program.frames import NoPlainGates
from backprop.program.making import Maker
from backprop.program.program import CONSTANT, SHORT, Program, written
from backprop.program.selecting import (
    WHOLE,
    Selected,
    counted,
    laid_out,
    refuse,
    taken,
    together,
)
from backprop.program.stager import COMBINING, SIZES, Stager

REDUCTIONS = {"max": "amax", "min": "amin"}  # of one operand
PRODUCTS = {
    (2, 2): "matmul", (2, 1): "matvec", (1, 2): "vecmat", (1, 1): "inner",
    (3, 3): "batched", (3, 2): "batched", (2, 3): "batched", (3, 1): "batchvec", (1, 3): "vecbatch",
}  # fmt: skip
FEW = 6  # whole numbers of a constant array that are shown
STACKS = 3  # axes from which an array is a stack of matrices
# Conditions in words, and how they are written entry by entry.
ONE_BY_ONE = {
    "and": ("`and`", "write (a > 0)*(b > 0), entry by entry"),
    "or": ("`or`", "write maximum(a > 0, b > 0), entry by entry"),
    "not": ("`not`", "write a <= 0 for not a > 0, entry by entry"),
    "chain": ("a chain of comparisons", "write (a < b)*(b < c), entry by entry"),
    "choice": ("`if`", "write where(c, a, b), entry by entry"),
}
DIVIDING = ("var", "std")  # by how many entries there are, less ddof
LAST_AXIS = (
    "softmax",
    "log_softmax",
    "sort",
    "argsort",
)  # work along the last axis, if none is given
ENTRYWISE = ("prefix", "infix", "implied", "postfix")  # operators, but for @
JOINED = (*COMPARISONS, *COMBINING, "add")
UNREAD = -1_000_000_000  # slots from here on down are lists that nothing has used yet


class Keyword(NamedTuple):
    """An argument that was given by name."""

    name: str
    slot: int


class Listed(NamedTuple):
    """A list that nothing has used yet, and where it stands."""

    slots: tuple[int, ...]
    node: int
    is_shape: bool = False  # of whole numbers, which can be indexed


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
        self.waiting: list[Listed | Keyword | Selected] = []  # what stands on the stack as UNREAD
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
            self.store_array(op.name)
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
            held = Keyword(op.name, operands[0]) if keyword else Listed(operands, self.node)
            self.stack.append(self.later(held))
            return
        if op.kind == "index" and self.is_shape(self.stack[-op.arity]):
            self.stack.append(self.side(self.take(op.arity)))
            return
        operands = self.take(op.arity)
        if (
            op.kind in ENTRYWISE
            and op.name in GATES
            and not GATES[op.name].array
            and self.selects(operands)
        ):
            self.on_selected(GATES[op.name], operands)
            return
        if op.kind == "attribute" and op.name == "size" and self.selects(operands):
            self.stack.append(self.of_selected(operands[0]))
            return
        operands = tuple(map(self.settled, operands))
        if op.kind == "slice":
            self.stack.append(self.sliced(operands))
        elif op.kind == "index":
            self.stack.append(self.indexed(operands))
        elif op.kind == "attribute" and op.name == "T":
            self.stack.append(self.transposed(operands[0]))
        elif op.kind == "attribute":
            self.stack.append(self.of_shape(op.name, operands[0]))
        elif op.kind == "method" or op.name == "matmul":
            if len(operands) != 2:
                self.fail(f".dot takes 1 argument, not {len(operands) - 1}", "such as a.dot(b)")
            self.stack.append(self.product(operands, dot=op.kind == "method"))
        else:
            self.stack += operands
            super().operator(op)

    def store_array(self, name: str) -> None:
        """Give a name to what a statement comes to. What a condition selects has no value, and so
        is no stage, but can be used by its name."""
        if self.selects(self.stack[-1:]) and self.step < self.last[1] - 1:
            self.check_new(name)
            self.leaves[name] = self.stack.pop()
            return
        self.stack[-1] = self.settled(self.stack[-1])
        self.store(name)

    def conditions(self, op: Op, operands: tuple[int, ...]) -> tuple[int, ...]:
        """Conditions in words are about one number, as in Python."""
        operands = super().conditions(op, operands)
        conditions = operands[:1] if op.kind == "choice" else operands
        for slot in conditions:
            if shape := self.shapes[slot]:
                word, instead = ONE_BY_ONE[op.kind]
                self.fail(f"{word} takes one number, and this is {words(shape)}", instead)
        if op.kind == "choice" and self.shapes[operands[1]] != self.shapes[operands[2]]:
            one, other = (words(self.shapes[slot]) for slot in operands[1:])
            instead = "where(c, a, b) repeats the smaller one"
            self.fail(f"one branch is {one}, the other {other}", instead)
        return operands

    def settled(self, slot: int) -> int:
        """A list that is used becomes an array."""
        if slot > UNREAD:
            return slot
        held = self.waiting[UNREAD - slot]
        if isinstance(held, Keyword):
            self.fail(f"no argument called {held.name} is taken here")
        if isinstance(held, Selected):
            refuse(self)
        if held.is_shape and not held.slots:
            self.fail("the shape of a number is empty")
        user, self.node = self.node, held.node
        found = self.place(*self.as_one_gate("stack", tuple(map(self.settled, held.slots))))
        self.node = user
        return found

    def later(self, held: Listed | Keyword | Selected) -> int:
        """A slot for what has no value before something uses it."""
        self.waiting.append(held)
        return UNREAD - len(self.waiting) + 1

    def unread(self, slot: int) -> Listed | Keyword | Selected | None:
        return self.waiting[UNREAD - slot] if slot <= UNREAD else None

    def listed(self, slot: int) -> tuple[int, ...] | None:
        """The slots of a list that nothing has used yet; None if it is something else."""
        held = self.unread(slot)
        return held.slots if isinstance(held, Listed) else None

    # Entries that a condition selects.

    def selects(self, operands: Sequence[int]) -> bool:
        return any(isinstance(self.unread(slot), Selected) for slot in operands)

    def on_selected(self, gate: Gate, operands: tuple[int, ...]) -> None:
        """A gate entry by entry, on entries that a condition selects."""
        held = [self.unread(slot) for slot in operands]
        fed = [
            one if isinstance(one, Selected) else self.settled(slot)
            for one, slot in zip(held, operands, strict=True)
        ]
        slots, mask = together(self, fed)
        name, slots = self.as_one_gate(gate.name, slots)
        if self.fine and name != CONSTANT and GATES[name].opens:
            back = {one.slot: slot for one, slot in zip(held, operands, strict=True)
                    if isinstance(one, Selected)}  # fmt: skip
            parts = [back.get(slot, slot) for slot in slots]
            self.open_up(GATES[name].formula, dict(zip(GATES[name].operands, parts, strict=True)))
        else:
            self.stack.append(self.later(Selected(self.place(name, slots), mask)))

    # Shapes as numbers.

    def of_shape(self, name: str, slot: int) -> int:
        """`x.shape`, `x.ndim`, `x.size` and len(x): numbers that are known beforehand."""
        shape = self.shapes[slot]
        if name == "shape":
            sides = tuple([self.whole_literal(side) for side in shape])
            return self.later(Listed(sides, self.node, is_shape=True))
        if name == "len" and not shape:
            self.fail(f"{self.called(slot)} is a number, which has no len", self.shape_hint([slot]))
        return self.whole_literal({"ndim": len(shape), "size": prod(shape)}.get(name, *shape[:1]))

    def whole_literal(self, number: int) -> int:
        return self.literal(str(number), float(number))

    def is_shape(self, slot: int) -> bool:
        held = self.unread(slot)
        return isinstance(held, Listed) and held.is_shape

    def side(self, operands: Sequence[int]) -> int:
        """`x.shape[0]`, or some of the sides."""
        sides = self.listed(operands[0]) or ()
        place = self.constants.get(operands[1])
        if len(operands) > 2 or not isinstance(place, (float, slice)):
            self.fail("a shape takes one index, a whole number or a slice")
        if isinstance(place, slice):
            return self.later(Listed(sides[place], self.node, is_shape=True))
        number = self.whole(operands[1], "an index")
        if not -len(sides) <= number < len(sides):
            has = f"{len(sides)} side" + ("s" if len(sides) > 1 else "")
            self.fail(f"this shape has {has if sides else 'no sides: it is that of a number'}")
        return sides[number]

    def by_name(self, operands: tuple[int, ...]) -> tuple[tuple[int, ...], dict[str, int]]:
        """The arguments of a call, and apart from them those that were given by name."""
        kinds = [self.unread(slot) for slot in operands]
        named = [held for held in kinds if isinstance(held, Keyword)]
        given = {held.name: held.slot for held in named}
        count = len(operands) - len(named)
        if kinds[count:] != named or len(given) < len(named):
            if self.more_axes(operands):
                self.fail("a method takes one axis, or several in brackets",
                          "write axis=(0, 1) for two axes")  # fmt: skip
            self.fail("arguments that are given by name come last, and each of them once")
        return operands[:count], given

    def more_axes(self, operands: tuple[int, ...]) -> bool:
        """Is it `S.max(1, 2)`: an array, the axis of a method, and only numbers after it?"""
        axis = self.unread(operands[1]) if len(operands) > 2 else None
        later = operands[2:]
        return isinstance(axis, Keyword) and all(slot in self.constants for slot in later)

    def called_gate(self, op: Op, operands: tuple[int, ...]) -> int | None:
        """The slot of a call: of a gate, or of what only arrays have. None where a gate is
        opened up, whose slot comes later."""
        operands, given = self.by_name(operands)
        if made := composite(op.name, len(operands)):
            if given:
                self.fail(f"{op.name} takes no argument called {next(iter(given))}")
            chosen = self.selects(operands)
            self.composed(made, operands if chosen else tuple(map(self.settled, operands)))
            return None
        row = signature(op.name)
        if row and not (row.name == "norm" and len(operands) < 2 and "ord" not in given):
            return self.composed_of_arrays(row, op, operands, given)
        gate = find(op.name)
        name = gate.name if gate else op.name
        if name == "full" and not given:
            return self.filled(operands)
        if name in CREATORS and not given:
            return self.created(name, operands)
        if name in SIZES and not given and len(operands) == 1:
            listed = self.listed(operands[0])
            if listed is not None and name == "len":
                return self.whole_literal(len(listed))
            if name in ("len", "size") and self.selects(operands):
                return self.of_selected(operands[0])
            return self.of_shape(name, self.settled(operands[0]))
        if name == "reshape":
            return self.reshaped(operands)
        if name in ("array", "stack", "concatenate"):
            return self.joined(name, operands, given)
        if gate and "axis" in gate.operands:
            return self.reduced(gate, op, operands, given)
        entrywise = gate and not gate.array and not given and gate.accepts(len(operands))
        if gate and entrywise and self.selects(operands):
            self.on_selected(gate, operands)
            return None
        operands = tuple(map(self.settled, operands))
        if name in REDUCTIONS and (
            op.kind == "method" or (len(operands) == 1 and self.shapes[operands[0]])
        ):
            return self.reduced(GATES[REDUCTIONS[name]], op, operands, given)
        if name in ("dot", "matmul", "batched", "batchvec", "vecbatch"):
            if given or len(operands) != 2:
                self.fail(f"{name} takes 2 arguments, not {op.arity}")
            return self.product(operands, dot=name == "dot")
        if name == "transpose" and len(operands) == 1:
            return self.transposed(operands[0])
        if op.name in REDUCTIONS and len(operands) == 2:
            self.refuse_numpys_axis(op, operands)
        if gate and name in STACKED and any(len(self.shapes[slot]) > 2 for slot in operands):
            gate = GATES[STACKED[name]]
        if gate is None:
            self.refuse_call(op)
        if given and name in REDUCTIONS and len(operands) == 1:
            self.fail(f"{self.called(operands[0])} is a number: it has no axis")
        if given:
            self.fail(f"{op.name} takes no argument called {next(iter(given))}")
        if not gate.accepts(len(operands)):
            self.wrong_arity(op, "two or more" if gate.variadic else f"{len(gate.operands)}")
        self.apply(gate, operands)
        return None

    def composed_of_arrays(
        self, row: Signature, op: Op, operands: tuple[int, ...], given: Mapping[str, int]
    ) -> int:
        """A function of arrays that is several gates."""
        found = bound(row, operands, given)
        if found is None:
            self.fail(f"{op.name} takes {row.takes}", "`?` may be left out, `*` is one or more")
        return ARRAY_FUNCTIONS[row.name](Maker(self, op.name, found))

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
            self.fail(f"{what} has to be a constant whole number")
        return int(value)

    def reduced(
        self, gate: Gate, op: Op, operands: tuple[int, ...], given: Mapping[str, int]
    ) -> int:
        if not 1 <= len(operands) <= 2 or (len(operands) == 2 and "axis" in given):
            self.fail(f"{op.name} takes an array, and an axis")
        where = operands[1] if len(operands) == 2 else given.get("axis")
        every = where is not None and self.constants.get(where, 0.0) is None
        axis = None if where is None or every else self.axes(where)
        if where is None and gate.name in LAST_AXIS:
            axis = -1
        if self.selects(operands[:1]):
            return self.of_selected(operands[0], gate, axis, given)
        keep = "keepdims" in given and bool(self.whole(given["keepdims"], "keepdims"))
        fixed, array = Axis(axis, keep), self.settled(operands[0])
        found = self.applied(gate, (array, self.literal(fixed.text, fixed)))
        less = self.degrees(gate, given)
        if less is None:
            return found
        sides = [self.shapes[array][axis] for axis in fixed.of(self.shapes[array])]
        return self.freed(gate, found, prod(sides), less)

    def of_selected(
        self, slot: int, gate: Gate | None = None, axis: object = None, given: Collection[str] = ()
    ) -> int:
        """How many entries a condition selects, or what a gate makes of all of them."""
        held = self.unread(slot)
        assert isinstance(held, Selected)
        if gate is None:
            return counted(self, held)
        if axis not in (None, 0, -1) or not {*given} <= {"axis"}:
            self.fail("what a condition selects has one axis, which is taken as a whole")
        return taken(self, gate, held)

    def degrees(self, gate: Gate, given: Mapping[str, int]) -> int | None:
        """What ddof says, if it isn't 0."""
        if gate.name not in DIVIDING:
            if "ddof" in given:
                self.fail(f"{gate.name} takes no argument called ddof")
            return None
        slot = given.get("ddof")
        if slot is None:
            return None
        if not isinstance(self.constants.get(slot), float):
            self.fail("ddof has to be a constant number")
        return slot if self.constants[slot] else None

    def freed(self, gate: Gate, slot: int, count: int, less: int) -> int:
        """A var or std of so many entries, whose squares are divided by fewer."""
        if not self.constants[less] < count:
            self.fail(f"ddof has to be less than {count}, the entries that there are")
        entries = self.whole_literal(count)
        factor = self.fold("div", (entries, self.fold("sub", (entries, less))))
        if gate.name == "std":
            factor = self.fold("sqrt", (factor,))
        return self.applied(GATES["mul"], (slot, factor))

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
            self.fail(f"{name} takes constant numbers")
        try:
            found = create(name, [float(number or 0.0) for number in numbers], self.random)
        except MismatchError as misfit:
            self.fail(str(misfit))
        return self.literal(written(name, [self.literals[slot] for slot in operands]), found)

    def filled(self, operands: tuple[int, ...]) -> int:
        """full(shape, value): zeros with the value added, which may be a variable."""
        if len(operands) != 2:
            self.fail("full takes a shape and a value", "such as full((2, 3), 0.5)")
        shape, value = operands
        listed = self.listed(shape)
        value = self.settled(value)
        if isinstance(self.constants.get(value), float):
            return self.created("full", (*(listed or (shape,)), value))
        blank = self.created("zeros", (shape,))
        found = self.applied(GATES["add"], (blank, value))
        if self.shapes[found] != self.shapes[blank]:
            both = words(self.shapes[value]), words(self.shapes[blank])
            self.fail(f"{both[0]} doesn't fill {both[1]}")
        return found

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
        array, *indices = self.with_axes(operands)
        fixed = []
        for slot in indices:
            value = self.constants.get(slot)
            if self.is_mask(slot):
                if len(indices) > 1:
                    self.fail("a condition selects entries where it is the only index")
                return self.later(Selected.of(self, array, slot))
            if isinstance(value, float):
                slot = self.literal(str(self.whole(slot, "an index")), int(value))
            fixed.append(slot)
        return self.applied(GATES["index"], (array, *fixed)) if fixed else array

    def with_axes(self, operands: tuple[int, ...]) -> Sequence[int]:
        """An array and its indices without None and `...`."""
        array, *indices = operands
        given: list[Any] = [self.constants.get(slot, slot) for slot in indices]
        if not any(one is None or one is Ellipsis for one in given):
            return operands
        slots = [
            slot if one is not None and one is not Ellipsis else one
            for slot, one in zip(indices, given, strict=True)
        ]
        sides = self.shapes[array]
        try:
            shape, index = laid_out(sides, slots, self.called(array))
        except MismatchError as misfit:
            self.fail(str(misfit))
        if shape != sides:
            fixed = self.literal(", ".join(map(str, shape)), shape)
            array = self.applied(GATES["reshape"], (array, fixed))
        return [array, *(self.literal(":", one) if one is WHOLE else one for one in index)]

    def is_mask(self, slot: int) -> bool:
        """Is this a condition, or some joined? With a number it would be whole numbers: places."""
        waiting, added = [slot], False
        while waiting:
            here = waiting.pop()
            gate, known = self.gates[here], here in self.constants
            if (known and here not in self.conditional) or not (known or gate in JOINED):
                return False
            if gate not in COMPARISONS:
                waiting += self.operands[here]
            added = added or gate == "add"
        if added:
            self.fail("a sum of conditions counts them", "join them with maximum(a > 0, b > 0)")
        return True

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
    if value is Ellipsis:
        return "..."
    return ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)


def stage_arrays(
    tree: Tree, given: Collection[str], fine: bool, share: bool, shapes: Mapping[str, Shape],
    seed: Sequence[int] = (),
) -> Program:  # fmt: skip
    return ArrayStager(tree, given, fine, share, shapes, seed).program()
