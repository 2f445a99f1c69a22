"""The gradient as a program: in the tool's own language, to be read back as PROGRAM.

The backward steps are written down as statements after those of the program, and all of it is
staged again: so equal parts are shared and constants folded. What no result needs is left out,
and a part without a name of the author's that is used once stands where it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from backprop.errors import UsageError
from backprop.gates import CONSTANTS
from backprop.language.parser import parse
from backprop.language.printer import print_tree
from backprop.program.program import CONSTANT, INPUT, Program
from backprop.program.stage import stage
from backprop.program.statements import Writer

INLINE = 60  # characters of a part that may stand where it is used
TIES = ("split", "notes", "first")


class Derived(NamedTuple):
    """A program whose results are derivatives."""

    text: str
    results: Mapping[str, str]  # the name of each derivative, by the input
    operations: int
    before: int  # operations of the program that was derived

    @property
    def ratio(self) -> float:
        return self.operations / max(1, self.before)


def derived(program: Program, wrt: Sequence[str], ties: str = "split") -> Derived:
    """The program of the derivatives by these inputs."""
    if ties not in TIES:
        raise UsageError(f"ties of a derived program can be {', '.join(TIES)}, not {ties}")
    if program.tree.source:
        raise UsageError("derive writes programs in the tool's own language, and this is a source")
    if program.shapes[program.output]:
        raise UsageError("the output is an array, and a gradient is of a number",
                         hint="write sum(...) around it")  # fmt: skip
    if program.arrays:
        from backprop.program.array_deriving import ArrayWriter

        writer: Writer = ArrayWriter(program, ties)
    else:
        writer = Writer(program, ties)
    lines, results = writer.lines(wrt)
    return finished(program, lines, results, writer)


# The text, staged again and written down.


def finished(
    program: Program, lines: Sequence[str], results: Mapping[str, str], writer: Writer
) -> Derived:
    """The same statements, without what isn't needed."""
    shapes = program.shapes_of_inputs()
    last = [*results.values()]
    joined = len(last) > 1 and not program.arrays
    text, again = "\n".join(lines), True
    while again:
        staged = stage(parse(text), tuple(program.inputs), "written", True, shapes)
        printer = Printer(staged, [staged.names[name] for name in last], last, writer)
        text, operations = printer.text([one for one in program.inputs if one in staged.inputs])
        again = printer.folded
    if joined:
        text += f"\n[{', '.join(last)}]"
    return Derived(print_tree(parse(text)), results, operations, program.size)


class Printer:
    """Writes the stages that some slots need, each name once."""

    def __init__(
        self, program: Program, roots: Sequence[int], results: Sequence[str], writer: Writer
    ) -> None:
        self.program = program
        self.roots = roots
        self.results = results
        self.writer = writer
        self.needed = reached(program, roots)
        self.uses: dict[int, int] = {}
        for slot, _, operands in program.forward_steps():
            if self.needed[slot]:
                for operand in operands:
                    self.uses[operand] = self.uses.get(operand, 0) + 1
        self.texts: dict[int, str] = {}
        self.inputs = {slot: name for name, slot in program.inputs.items()}
        self.folded = False  # was a name left out that stands for a number?
        self.called = self.names()

    def names(self) -> dict[int, str]:
        """A name for every stage: the author's if it has one, else one that was made."""
        found: dict[int, str] = {}
        order = sorted(self.program.names.items(), key=lambda one: one[0] in self.writer.auto)
        for name, slot in order:
            if slot not in found or name in self.program.inputs:
                found[slot] = name
        for name, slot in zip(self.results, self.roots, strict=True):
            if self.program.operands[slot] and found[slot] in self.writer.adjoints.values():
                found[slot] = name
        return found

    def text(self, inputs: Iterable[str]) -> tuple[str, int]:
        program = self.program
        lines = [
            f"{name} = {program.defaults[name]!r}".removesuffix(".0")
            for name in inputs
            if name in program.defaults and self.needed[program.inputs[name]]
        ]
        operations = 0
        for slot, _, _ in program.forward_steps():
            if not self.needed[slot]:
                continue
            operations += 1
            code = self.writer_code(slot)
            name = self.called.get(slot, "")
            single = self.uses.get(slot, 0) == 1 and slot not in self.roots
            if single and (not name or name in self.writer.auto) and len(code) <= INLINE:
                self.texts[slot] = f"({code})"
                continue
            name = name or self.writer.fresh("q")
            lines.append(f"{name} = {code}")
            self.texts[slot] = name
        for name, slot in zip(self.results, self.roots, strict=True):
            own = self.operand(slot)
            if own != name:
                lines.append(f"{name} = {own}")
        return "\n".join(lines), operations

    def operand(self, slot: int) -> str:
        gate = self.program.gates[slot]
        if gate == INPUT:
            name = self.inputs[slot]
            return name if name in self.writer.program.inputs else self.number(slot, name)
        if gate == CONSTANT:
            return self.constant(slot)
        return self.texts[slot]

    def number(self, slot: int, name: str) -> str:
        """What a name of the backward pass stands for, which turned out to be a number."""
        self.folded = self.folded or slot in self.uses
        text = self.writer.number(self.program.defaults[name])
        return f"({text})" if text[0] == "-" else text

    def constant(self, slot: int) -> str:
        """A number as it was written, or as what it comes to, if that is shorter."""
        if self.program.arrays:
            return self.writer.constant(self.program, slot)
        literal = self.program.literals.get(slot, "")
        short = repr(float(self.program.constants[slot])).removesuffix(".0")
        known = (literal and not literal.isidentifier()) or literal in CONSTANTS
        return literal if known and len(literal) < len(short) else short

    def writer_code(self, slot: int) -> str:
        operands = [self.operand(one) for one in self.program.operands[slot]]
        return self.writer.spell(self.program, slot, operands)


def reached(program: Program, roots: Iterable[int]) -> list[bool]:
    """Which slots do these need?"""
    found = [False] * len(program.gates)
    for slot in roots:
        found[slot] = True
    for slot, _, operands in program.backward_steps():
        if found[slot]:
            for operand in operands:
                found[operand] = True
    return found
