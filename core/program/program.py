"""The staged program: a list of small gates, each fed by slots before it.

    program := slot*
    slot    := input | constant | gate(slot, slot, ...)      operands in order, repeats kept

A slot is a number; `gates[slot]` names what fills it and `operands[slot]` what feeds it. Only
slots with operands are stages. A `Program` is checked when it is made, so an invalid one
doesn't exist, and nothing in it changes afterwards.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import chain, compress, count
from types import MappingProxyType
from typing import Any, NamedTuple

from backprop.arithmetic.texts import form, partial_text
from backprop.errors import UsageError
from backprop.gates import BENDING, GATES, find
from backprop.gates.row import Gate
from backprop.language.syntax import Guard, Tree

Step = tuple[int, str, tuple[int, ...]]

INPUT = "input"
CONSTANT = "constant"
SHORT = 24  # a folded constant is shown as it was written, up to this length


class Notice(NamedTuple):
    """Something the user should know; `stage` is the name of the stage it is about."""

    kind: str
    message: str
    stage: str = ""


class Stage(NamedTuple):
    """One gate of a program, with everything about it that doesn't depend on numbers."""

    slot: int
    id: int
    name: str
    gate: Gate
    operands: tuple[int, ...]
    operand_names: tuple[str, ...]
    constants: tuple[int, ...]  # the positions of the operands that are constants
    broadcast: tuple[tuple[str, ...], ...] = ()  # over which axes each message is summed, as text

    @property
    def code(self) -> str:
        """How the stage is written, after its name and an equals sign."""
        if self.constants:
            return written(self.gate.name, self.operand_names)
        return form(self.gate.name, len(self.operands))(*self.operand_names)

    @property
    def symbol(self) -> str:
        """The gate as it is drawn: `+`, `*2`, `1/x`, `σ`."""
        symbol = self.gate.symbol or self.gate.name
        if not self.constants or not self.gate.form:
            return symbol
        if self.constants == (0,):
            return f"{self.operand_names[0]}{symbol}"
        return f"{symbol.removesuffix('c')}{self.operand_names[1]}"

    def local(self, position: int) -> str:
        """The formula of a local derivative in the names of this stage; empty if there is none."""
        if not self.gate.array:
            names = [bracketed(name) for name in self.operand_names]
            return partial_text(self.gate.name, position, names, self.name)
        text = partial_text(self.gate.name, position, [*self.operand_names], self.name)
        return text.replace(", )", ")")

    def pull(self, position: int) -> str:
        """What is passed back to an operand, as a formula in whole arrays: dD @ X.T."""
        formula = self.local(position)
        if self.gate.array:
            return formula
        message = f"d{self.name}" if formula == "1" else f"d{self.name} * {bracketed(formula)}"
        for axes in self.broadcast[position] if self.broadcast else ():
            message = f"sum({message}{axes})"
        return message

    def to_dict(self) -> dict[str, Any]:
        """The beginning of a stage's JSON."""
        return {
            "id": self.id,
            "name": self.name,
            "gate": self.gate.name,
            "symbol": self.symbol,
            "code": self.code,
            "inputs": list(self.operand_names),
        }

    def passes_to(self, position: int) -> bool:
        """Can gradient flow to this operand?"""
        return position not in self.constants and bool(self.gate.partial(position))


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    tree: Tree
    gates: tuple[str, ...]
    operands: tuple[tuple[int, ...], ...]
    nodes: tuple[int, ...]  # the syntax node that each slot comes from
    constants: Mapping[int, float]
    literals: Mapping[int, str]  # how each constant is shown
    inputs: Mapping[str, int]
    defaults: Mapping[str, float]  # inputs that the text itself gives a value
    names: Mapping[str, int]  # every name of the text, inputs included, and its slot
    output: int
    notices: tuple[Notice, ...] = ()
    granularity: str = "written"
    shared: bool = True  # are equal subexpressions one stage?
    arrays: bool = False  # is any slot anything but a number?
    shapes: tuple[tuple[int, ...], ...] = ()  # of every slot
    guards: tuple[tuple[int, Guard], ...] = ()  # of a source, with the slots that decided
    bending: Sequence[Step] = field(init=False, default=())  # stages that bend or jump somewhere

    def __post_init__(self) -> None:
        for name in ("constants", "literals", "inputs", "defaults", "names"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        if not self.arrays:
            object.__setattr__(self, "shapes", ((),) * len(self.gates))
        validate(self)
        if not BENDING.isdisjoint(self.gates):
            steps = [step for step in self.forward_steps() if step[1] in BENDING]
            object.__setattr__(self, "bending", steps)

    @property
    def text(self) -> str:
        return self.tree.text

    @property
    def variables(self) -> tuple[str, ...]:
        """The inputs to differentiate by: all but indices, sizes and labels."""
        return tuple([name for name in self.inputs if name not in self.tree.whole])

    def shapes_of_inputs(self) -> dict[str, tuple[int, ...]]:
        """The shapes of the inputs that are arrays."""
        return {name: self.shapes[slot] for name, slot in self.inputs.items() if self.shapes[slot]}

    def numbers_only(self, refusal: str, hint: str = "") -> None:
        """Refuse arrays, for what is about single numbers."""
        if self.arrays:
            raise UsageError(refusal, hint=hint)

    @property
    def size(self) -> int:
        """How many stages there are."""
        return len(self.gates) - len(self.inputs) - len(self.constants)

    @cached_property
    def used_constants(self) -> Sequence[tuple[int, Any]]:
        """The constants that a stage uses, not those that only other constants are made of."""
        if not self.constants:
            return ()
        used = {self.output, *chain.from_iterable(self.operands)}
        return [(slot, value) for slot, value in self.constants.items() if slot in used]

    @cached_property
    def stage_slots(self) -> tuple[int, ...]:
        return tuple(slot for slot, operands in enumerate(self.operands) if operands)

    @cached_property
    def labels(self) -> tuple[str, ...]:
        """The name of every slot: the user's own, else q1, q2, ... and f for the output."""
        return label(self)

    @property
    def output_name(self) -> str:
        """The name of the output stage; its last name, or `f`, if it is an input or a constant."""
        if self.operands[self.output]:
            return self.labels[self.output]
        named = [name for name, slot in self.names.items() if slot == self.output]
        return next(
            (name for name in reversed(named) if name not in self.inputs), self.tree.free_name
        )

    def forward_steps(self) -> Iterator[Step]:
        """Slot, gate and operands of every stage, in the order of computing."""
        columns = zip(count(), self.gates, self.operands, strict=False)
        return compress(columns, self.operands)

    def backward_steps(
        self, wrt: Iterable[str] | None = None, only: Sequence[object] | None = None
    ) -> Iterator[Step]:
        """The same from the output backwards; only stages on the way to `wrt`, if given, or those
        for which `only` has something true."""
        columns = zip(
            range(len(self.gates) - 1, -1, -1),
            reversed(self.gates),
            reversed(self.operands),
            strict=True,
        )
        wanted: Sequence[object] = self.operands if wrt is None else self.depends_on(wrt)
        wanted = wanted if only is None else only
        return compress(columns, reversed(wanted))

    def depends_on(self, inputs: Iterable[str]) -> list[bool]:
        """For every slot: is it a stage that depends on one of these inputs?"""
        depends = [False] * len(self.gates)
        for name in inputs:
            depends[self.inputs[name]] = True
        for slot, _, operands in self.forward_steps():
            depends[slot] = any(depends[operand] for operand in operands)
        for slot in self.inputs.values():
            depends[slot] = False
        return depends

    def stages(self) -> Iterator[Stage]:
        for number, slot in enumerate(self.stage_slots, 1):
            yield self.stage(slot, number)

    def stage(self, slot: int, number: int) -> Stage:
        labels, operands, constants = self.labels, self.operands[slot], self.constants
        return Stage(
            slot,
            number,
            labels[slot],
            GATES[self.gates[slot]],
            operands,
            tuple([labels[operand] for operand in operands]),
            tuple([place for place, operand in enumerate(operands) if operand in constants]),
            self.broadcasts(slot) if self.arrays else (),
        )

    def broadcasts(self, slot: int) -> tuple[tuple[str, ...], ...]:
        """Of a gate that works entry by entry, over which axes its operands were broadcast."""
        shapes = self.shapes
        if GATES[self.gates[slot]].array:
            return ()
        return tuple([tuple(summed(shapes[slot], shapes[o])) for o in self.operands[slot]])

    def where(self, slot: int) -> tuple[int, tuple[int, int]]:
        """Line and span in the text that a slot was made from."""
        span = self.tree.spans[self.nodes[slot]]
        return bisect_left(self.line_ends, span[0]) + 1, span

    @cached_property
    def line_ends(self) -> list[int]:
        text = self.tree.text
        return [place for place, char in enumerate(text) if char == "\n"] if "\n" in text else []


def validate(program: Program) -> None:
    """Raise if the columns don't describe a program. This is a check of staging, not of users."""
    size = len(program.gates)
    if not size == len(program.operands) == len(program.nodes):
        raise ValueError("the columns of a program have different lengths")
    if any(max(operands) >= slot for slot, _, operands in program.forward_steps()):
        raise ValueError("a stage is fed by itself or by a later one")
    kinds = {
        (gate, len(operands))
        for gate, operands in zip(program.gates, program.operands, strict=True)
    }
    for gate, operands in kinds:
        if not takes(gate, operands):
            raise ValueError(f"the gate {gate} doesn't take {operands} operands")
    if program.gates.count(CONSTANT) != len(program.constants):
        raise ValueError("a constant has no value")
    if program.gates.count(INPUT) != len(program.inputs) or not 0 <= program.output < size:
        raise ValueError("an input has no name, or the output no slot")


@cache
def takes(gate: str, operands: int) -> bool:
    """Can a slot of this kind have so many operands?"""
    row = None if gate in (INPUT, CONSTANT) else find(gate)
    return operands == 0 if row is None else row.accepts(operands)


def summed(out: tuple[int, ...], operand: tuple[int, ...]) -> Iterator[str]:
    """The axes over which a message of one shape is summed to fit another, as `sum` has them."""
    gone = len(out) - len(operand)
    if gone and not operand:
        yield ""
    elif gone:
        yield f", axis={axes_text(range(gone))}"
    stretched = [k for k, size in enumerate(operand) if size == 1 != out[gone + k]]
    if stretched:
        yield f", axis={axes_text(stretched)}, keepdims=True"


def axes_text(axes: Sequence[int]) -> str:
    return f"{axes[0]}" if len(axes) == 1 else f"{tuple(axes)}"


def label(program: Program) -> tuple[str, ...]:
    """Names for all slots, never one that the text uses for something else."""
    labels = [""] * len(program.gates)
    taken = {*program.names, *program.tree.names, *program.tree.functions}
    for name, slot in reversed([*program.names.items()]):
        labels[slot] = name
    for slot, text in program.literals.items():
        labels[slot] = text
    if program.tree.output in program.names and program.operands[program.output]:
        labels[program.output] = program.tree.output
    if not labels[program.output]:
        labels[program.output] = program.tree.free_name
    unnamed = [k for k, name in enumerate(labels) if not name and k not in program.constants]
    if len(unnamed) == 1 and "q" not in taken:
        labels[unnamed[0]] = "q"
        return tuple(labels)
    fresh = (
        name
        for number in range(1, len(labels) + len(taken) + 2)
        if (name := f"q{number}") not in taken
    )
    for slot, name in zip(unnamed, fresh, strict=False):
        labels[slot] = name
    return tuple(labels)


def written(gate: str, operands: Sequence[str]) -> str:
    """A gate with these operands, as it is written: `q * z`, `log(q)`."""
    if find(gate) is None:
        return f"{gate}({', '.join(operands)})"
    if GATES[gate].array:
        operands = [operand for operand in operands if operand]
    infix = GATES[gate].form and not GATES[gate].form.endswith("[...]")
    atoms = [*map(bracketed, operands)] if infix else [*operands]
    if GATES[gate].form.startswith("a["):
        atoms[0] = bracketed(atoms[0])
    return form(gate, len(operands))(*atoms)


def bracketed(name: str) -> str:
    """`name` as an operand: a folded constant such as `pi/3` needs brackets around it."""
    inside = name.replace("e-", "").replace("e+", "") if name[0].isdigit() else name
    plain = inside.replace(".", "").replace("_", "").isalnum()
    whole = name[0] == "[" or (name[0].isalpha() and name[-1] == ")" and name.count("(") == 1)
    return name if plain or whole or name[0] == '"' else f"({name})"
