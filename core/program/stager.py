"""Tree in, Program out: every operator and call becomes a stage, in the order it is computed.

Equal stages are shared, constants are folded as floats, functions are inlined, and an
operation with a constant becomes one unary gate. The walk over the postfix code keeps its
own stack of frames, so that neither depth nor the number of nested calls matters.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from backprop.arithmetic.folded import Folded
from backprop.arithmetic.ieee import VALUE
from backprop.arithmetic.texts import COMPARISONS, formula
from backprop.errors import LanguageError, LimitError
from backprop.gates import CONSTANTS, GATES, WITH_CONSTANT, find
from backprop.gates.row import Gate
from backprop.language.complaints.spans import quote
from backprop.language.syntax import HELD, HIDDEN, LOGIC, Function, Op, Tree, subtree
from backprop.program.frames import Frame, NoPlainGates, PlainGates, both, runs
from backprop.program.program import CONSTANT, INPUT, SHORT, Notice, Program, written

if TYPE_CHECKING:
    from backprop.gates.composites import Composite

MAX_STAGES = 1_000_000
MAX_OPERATORS = 2 * MAX_STAGES  # before equal ones are shared
MAX_WALK = 5 * MAX_STAGES  # nodes walked, a function's body counted at every call
LONG = 15  # digits that every float holds
GRANULARITIES = ("written", "fine", "fused")
NEEDS_ARRAYS = ("slice", "list", "index", "attribute", "method", "keyword")
REDUCING = ("max", "min", "maximum", "minimum")
COMBINING = ("mul", "scale", "max", "min")  # of conditions: and, or
MAKERS = ("zeros", "ones", "full", "eye", "arange", "linspace", "randn", "rand")  # of arrays
SIZES = ("len", "shape", "ndim", "size")  # functions that look at a shape alone
ARRAY_CALLS = ("dot", "matmul", "array", *MAKERS, *SIZES)


class ArraysNeededError(Exception):
    """The program is not about single numbers alone."""


def too_large() -> LimitError:
    return LimitError(f"the program has more than {MAX_STAGES:,} stages")


class Stager:
    arrays = False

    def __init__(self, tree: Tree, given: Collection[str], fine: bool, share: bool) -> None:
        self.tree = tree
        self.given = given
        self.fine = fine
        self.share = share
        self.gates: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.nodes: list[int] = []
        self.shapes: list[tuple[int, ...]] = []  # of every slot, where there are arrays
        self.constants: dict[int, float] = {}
        self.literals: dict[int, str] = {}
        self.inputs: dict[str, int] = {}
        self.defaults: dict[str, float] = {}
        self.names: dict[str, int] = {}  # what statements have named
        self.leaves: dict[str, int] = {}  # every leaf text met so far
        self.seen: defaultdict[str, dict[tuple[int, ...], int]] = defaultdict(dict)
        plain = PlainGates if share and not fine else NoPlainGates
        self.plain = plain(self.seen, tree.functions)
        self.results: dict[tuple[str, tuple[int, ...]], int] = {}
        self.stack: list[int] = []
        self.frames: list[Frame] = []
        self.notices: list[Notice] = []
        self.conditional: set[int] = set()  # slots that are known to be 0 or 1
        self.walked = 0
        self.node = 0  # where a new slot comes from
        self.step = 0  # the node at hand, which may lie in the body of a function
        self.stored = 0  # the slot that the latest assignment named
        self.last = tree.body[-1]

    def program(self) -> Program:
        self.check_size()
        for start, stop in runs(self.tree.body):
            self.enter(Frame(self.tree.code, iter(range(start, stop)), {}), stop - start)
            self.walk()
        output = self.stack[-1] if self.stack else self.stored
        if len(self.gates) - len(self.inputs) - len(self.constants) > MAX_STAGES:
            raise too_large()
        return Program(
            self.tree, tuple(self.gates), tuple(self.operands), tuple(self.nodes), self.constants,
            self.literals, self.inputs, self.defaults, self.inputs | self.names, output,
            tuple(self.notices), "fine" if self.fine else "written", self.share,
            self.arrays, tuple(self.shapes),
            tuple((self.leaves[guard.leaf], guard) for guard in self.tree.guards),
        )  # fmt: skip

    def check_size(self) -> None:
        """Refuse a text with very many operators before anything is made of it."""
        if len(self.tree.code) > MAX_OPERATORS:
            operators = [item for item in self.tree.code if not isinstance(item, str)]
            if sum(item.kind != "store" for item in operators) > MAX_OPERATORS:
                raise too_large()

    def enter(self, frame: Frame, length: int) -> None:
        self.walked += length
        if self.walked > MAX_WALK:
            raise too_large()
        self.frames.append(frame)

    def walk(self) -> None:
        """Run the frames down to nothing. What is frequent, a gate on variables, is done here."""
        stack, constants, leaves = self.stack, self.constants, self.leaves
        gates, operands, nodes = self.gates, self.operands, self.nodes
        plain_of = self.plain.__getitem__
        while self.frames:
            frame = self.frames[-1]
            code, call = frame.code, frame.node
            known = both(frame.names, leaves) if frame.names else leaves.get
            for step in frame.steps:
                item = code[step]
                if isinstance(item, str):
                    slot = known(item)
                    stack.append(self.leaf(item, step) if slot is None else slot)
                    continue
                if plain := plain_of(item):
                    gate, table = plain
                    fed = (stack[-2], stack.pop()) if item.arity == 2 else (stack[-1],)
                    slot = table.get(fed)
                    if slot is None:
                        if fed[-1] in constants or fed[0] in constants:
                            self.node = step if call is None else call
                            slot = self.with_constant(gate, fed)
                        else:
                            slot = len(gates)
                            gates.append(gate)
                            operands.append(fed)
                            nodes.append(step if call is None else call)
                        table[fed] = slot
                    stack[-1] = slot
                    continue
                self.step, self.node = step, step if call is None else call
                self.operator(item)
                if self.frames[-1] is not frame:
                    break  # the body of a call comes first
            else:
                done = self.frames.pop()
                if done.memo:
                    self.results[done.memo] = stack[-1]

    # Leaves.

    def leaf(self, text: str, step: int) -> int:
        """The slot of a name or number that is met for the first time."""
        if not text:
            self.needs_arrays(step)
        if text[0] == HELD:
            slot = self.held(text)
        elif text[0] in "0123456789.":
            slot = self.literal(text, value := float(text))
            self.check_literal(text, value)
        elif text in CONSTANTS and text not in self.given:
            slot = self.literal(text, Folded(CONSTANTS[text], text))
            if text == "e":
                message = "e is read as 2.718...; to make it a variable, give it a value: --e=..."
                self.notices.append(Notice("constant", message))
        else:
            slot = self.new_input(text, step)
        self.leaves[text] = slot
        return slot

    def held(self, text: str) -> int:
        """The slot of a constant that the tree holds."""
        value = self.tree.values[text]
        if not isinstance(value, float):
            self.needs_arrays(self.step)
        if text[1:2] == '"':  # which a name is compared with: see compared.py
            return self.literal(text[1:], value)
        return self.literal(repr(value).removesuffix(".0"), value)

    def new_input(self, name: str, step: int) -> int:
        slot = self.add(INPUT, (), step)
        self.inputs[name] = slot
        return slot

    def literal(self, text: str, value: Any) -> int:
        slot = self.add(CONSTANT, (), 0)
        self.constants[slot] = value
        self.literals[slot] = text
        return slot

    def check_literal(self, text: str, value: float) -> None:
        """Say where a literal isn't the float that stands for it."""
        if len(text) > LONG:
            digits = text.replace("_", "").lstrip("0")
            if digits.isdigit() and int(value) != int(digits):
                message = f"the literal {quote(text)} is rounded to {value!r}"
                self.notices.append(Notice("literal-rounded", message))
        if value == 0 and any(digit in text.lower().split("e")[0] for digit in "123456789"):
            message = f"the literal {quote(text)} is rounded to 0"
            self.notices.append(Notice("literal-rounded", message))

    # Operators.

    def operator(self, op: Op) -> None:
        if op.kind == "store":
            self.store(op.name)
        elif op.kind == "call":
            self.call(op)
        elif op.kind in NEEDS_ARRAYS or op.name == "matmul":
            self.needs_arrays(self.step)
        elif op.kind in LOGIC:
            self.apply(GATES[op.name], self.conditions(op, self.take(op.arity)))
        elif op.name != "pos":
            self.apply(GATES[op.name], self.take(op.arity))

    def conditions(self, op: Op, operands: tuple[int, ...]) -> tuple[int, ...]:
        """The operands of `and`, `or`, `not`, of which each has to be 0 or 1."""
        if op.kind in ("and", "or", "not"):
            for slot, node in zip(operands, self.parts(op), strict=True):
                if not self.is_condition(slot):
                    self.refuse_condition(op.kind, node)
        return operands

    def refuse_condition(self, word: str, node: int) -> NoReturn:
        """`x and y > 0`: what is x?"""
        self.step = node
        text = self.tree.excerpt(node)
        text = text if text.isidentifier() else f"({text})" if len(text) <= SHORT else "(...)"
        if word == "not":
            self.fail("`not` stands before a condition, and this is not one", f"write {text} == 0")
        self.fail(f"`{word}` joins conditions, and this is not one", f"write {text} != 0")

    def parts(self, op: Op) -> list[int]:
        """The nodes of the operands of the operator at hand."""
        code, found, stop = self.frames[-1].code, list[int](), self.step
        for _ in range(op.arity):
            found.append(stop - 1)
            stop = subtree(code, stop)
        return found[::-1]

    def is_condition(self, slot: int) -> bool:
        """Is this 0 or 1 whatever the values are?"""
        waiting = [slot]
        while waiting:
            here = waiting.pop()
            gate = self.gates[here]
            if here in self.conditional or gate in COMPARISONS:
                continue
            if gate in COMBINING:
                waiting += self.operands[here]
            elif opposite := self.opposite(here):
                waiting += opposite
            elif self.number(here) not in (0.0, 1.0):
                return False
        if slot not in self.constants:
            self.conditional.add(slot)
        return True

    def opposite(self, slot: int) -> tuple[int, ...]:
        """What this is 1 minus of; nothing if it isn't that."""
        gate, operands = self.gates[slot], self.operands[slot]
        if gate == "sub" and self.number(operands[0]) == 1:
            return operands[1:]
        opened = gate == "shift" and self.number(operands[1]) == 1
        return self.operands[operands[0]] if opened and self.gates[operands[0]] == "neg" else ()

    def number(self, slot: int) -> float | None:
        """The number that a slot is known to be."""
        value = self.constants.get(slot)
        return value if isinstance(value, float) else None

    def take(self, count: int) -> tuple[int, ...]:
        operands = tuple(self.stack[len(self.stack) - count :])
        del self.stack[len(self.stack) - count :]
        return operands

    def call(self, op: Op) -> None:
        function = self.tree.functions.get(op.name)
        if function:
            if op.arity != len(function.parameters):
                self.wrong_arity(op, f"{len(function.parameters)}")
            self.inline(function, self.take(op.arity))
            return
        gate = find(op.name)
        if gate and not gate.array and gate.accepts(op.arity) and op.name not in ARRAY_CALLS:
            self.apply(gate, self.take(op.arity))
        else:
            self.call_of_several(op, gate)

    def call_of_several(self, op: Op, gate: Gate | None) -> None:
        """A function that is several gates; or none, and then what is wrong."""
        from backprop.gates.composites import composite
        from backprop.gates.functions import signature

        if made := composite(op.name, op.arity):
            self.composed(made, self.take(op.arity))
            return
        if op.name in ARRAY_CALLS or signature(op.name) or (op.arity == 1 and op.name in REDUCING):
            self.needs_arrays(self.step)
        if gate is None:
            self.refuse_call(op)
        if gate.array:
            self.needs_arrays(self.step)
        if not gate.accepts(op.arity):
            self.wrong_arity(op, "two or more" if gate.variadic else f"{len(gate.operands)}")
        self.apply(gate, self.take(op.arity))

    def composed(self, made: Composite, operands: tuple[int, ...]) -> None:
        """A function that is several gates."""
        self.open_up(made.text, dict(zip(made.operands, operands, strict=True)))

    def open_up(self, text: str, names: dict[str, int]) -> None:
        """The gates of a text come next, in place of what it is the text of."""
        code = formula(text).code
        self.enter(Frame(code, iter(range(len(code))), names, self.node), len(code))

    def refuse_call(self, op: Op) -> NoReturn:
        """No gate is called so; or a function of several gates, which takes other arguments."""
        from backprop.gates.composites import COMPOSITES

        if op.name in COMPOSITES:
            self.wrong_arity(op, " or ".join(map(str, COMPOSITES[op.name])))
        raise self.unknown_function(op)

    def unknown_function(self, op: Op) -> LanguageError:
        from backprop.language.complaints.misfits import unknown_function

        start, _ = self.tree.offsets[self.tree.at[self.step]]
        span = (start, start + self.called_length(start))
        return unknown_function(op.name, list(self.tree.functions), span, self.tree.text)

    def called_length(self, start: int) -> int:
        return len(self.tree.text[start : self.tree.text.index("(", start)].rstrip())

    def inline(self, function: Function, operands: tuple[int, ...]) -> None:
        memo = (function.name, operands)
        if self.share and memo in self.results:
            self.stack.append(self.results[memo])
            return
        caller = self.frames[-1].memo
        if caller and self.tree.functions[caller[0]].start <= function.start:
            what = (
                "itself" if caller[0] == function.name else f"{function.name}, which comes after it"
            )
            self.fail(
                f"the function {caller[0]} calls {what}", "a function may call those before it"
            )
        names = dict(zip(function.parameters, operands, strict=True))
        steps = iter(range(function.start, function.stop))
        self.enter(
            Frame(self.tree.code, steps, names, self.node, memo), function.stop - function.start
        )

    def apply(self, gate: Gate, operands: tuple[int, ...]) -> None:
        """Put the result of a gate on the stack: folded, shared, opened up or as a new stage."""
        name, operands = self.as_one_gate(gate.name, operands)
        if self.fine and name != CONSTANT and GATES[name].opens:
            self.open_up(
                GATES[name].formula, dict(zip(GATES[name].operands, operands, strict=True))
            )
        else:
            self.stack.append(self.place(name, operands))

    def with_constant(self, gate: str, operands: tuple[int, ...]) -> int:
        """The slot of a gate that has a constant among its operands."""
        return self.place(*self.as_one_gate(gate, operands))

    def as_one_gate(self, gate: str, operands: tuple[int, ...]) -> tuple[str, tuple[int, ...]]:
        """What a gate becomes when operands are constant: a constant, or a gate made for one."""
        constants = self.constants
        general = GATES[gate].general
        if general and operands[-1] not in constants:
            gate = general
        fixed = [position for position, slot in enumerate(operands) if slot in constants]
        if len(fixed) == len(operands):
            return CONSTANT, (self.fold(gate, operands),)
        for position in fixed:
            value = constants[operands[position]]
            exact = value if is_written(value) else None
            for key in ((gate, position, exact), (gate, position, None)):
                if found := WITH_CONSTANT.get(key):
                    return found[0], tuple([operands[index] for index in found[1]])
        return gate, operands

    def place(self, name: str, operands: tuple[int, ...]) -> int:
        if name == CONSTANT:
            return operands[0]
        table = self.seen[name]
        slot = table.get(operands) if self.share else None
        if slot is None:
            slot = table[operands] = self.add(name, operands, self.node)
        return slot

    def fold(self, gate: str, operands: tuple[int, ...]) -> int:
        """A constant subexpression becomes one constant, shown as it was written if short."""
        slot = self.seen[gate].get(operands)
        if slot is None:
            numbers = [self.constants[operand] for operand in operands]
            value = self.computed(gate, numbers)
            texts = [self.literals[operand] for operand in operands]
            text = written(gate, texts).replace(" ", "")
            slot = self.literal(text if len(text) <= SHORT else self.shown(value), value)
            self.seen[gate][operands] = slot
            joins = gate in COMBINING and self.conditional.issuperset(operands)
            if gate in COMPARISONS or joins:
                self.conditional.add(slot)
            if not self.all_finite(value) and all(map(self.all_finite, numbers)):
                self.notices.append(Notice("overflow", f"the constant {text} is {value}"))
        return slot

    def computed(self, gate: str, numbers: Sequence[float]) -> float:
        """The value of a gate on constants."""
        return Folded(VALUE[gate](*numbers), gate, numbers)

    def all_finite(self, value: float) -> bool:
        return math.isfinite(value)

    def shown(self, value: float) -> str:
        """A constant whose text would be long."""
        return f"{value!r}"

    def add(self, gate: str, operands: tuple[int, ...], node: int) -> int:
        self.gates.append(gate)
        self.operands.append(operands)
        self.nodes.append(node)
        return len(self.gates) - 1

    # Statements.

    def store(self, name: str) -> None:
        slot = self.stack.pop()
        self.check_new(name)
        if slot in self.constants and self.step < self.last[1] - 1 and name[0] != HIDDEN:
            self.defaults[name] = self.constants[slot]
            slot = self.new_input(name, self.node)
        self.leaves[name] = self.stored = slot
        if name[0] != HIDDEN:
            self.names[name] = slot

    def check_new(self, name: str) -> None:
        """A name is given once, before it is used."""
        if name in self.names or self.leaves.get(name, 0) < 0:
            self.fail(f"{name} is assigned twice", "a name stands for one stage: choose a new one")
        if name in self.leaves:
            self.fail(
                f"{name} is used before it is assigned",
                "move the assignment up, or choose a new name",
            )

    # Errors.

    def wrong_arity(self, op: Op, wants: str) -> NoReturn:
        plural = "" if wants == "1" else "s"
        self.fail(f"{op.name} takes {wants} argument{plural}, not {op.arity}")

    def needs_arrays(self, step: int) -> NoReturn:
        """This part of the program is about arrays: another stager takes it from the start."""
        raise ArraysNeededError(step)

    def fail(self, message: str, hint: str = "") -> NoReturn:
        tree = self.tree
        raise LanguageError(message, text=tree.text, span=tree.spans[self.step], hint=hint)


def is_written(value: object) -> bool:
    """Is a constant the very float that the text has? One that is made of others may differ."""
    return value.__class__ is float
