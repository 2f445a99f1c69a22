"""The child's side of claims: programs as SymPy expressions, and whether two of them are one.

Constants are exact here, so that 2/3 is two thirds: what is claimed is mathematics, not floats.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from backprop.arithmetic.texts import formula
from backprop.checking.symbolic import (
    DIALECT,
    FUNCTIONS,
    Expression,
    Whole,
    decimal,
    exactly,
    fresh_symbols,
    latex_of,
    literal,
    real_valued,
    simpler,
    text_of,
    vanishes,
)
from backprop.checking.walk import Dialect, walk
from backprop.claims.sampling import Names
from backprop.gates import GATES
from backprop.language.ending import ending
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage

READABLE = 80  # characters of a formula that is shown
EXACT = Dialect(FUNCTIONS, exactly, decimal)


def answer(question: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is known, piece by piece: the right formula first, then whether the two are one."""
    program = staged(question)
    if "same" in question:
        other = staged(question["same"])
        symbols = fresh_symbols([*dict.fromkeys([*program.inputs, *other.inputs])])
        found = [run(each, symbols)[each.output] for each in (program, other)]
        yield {"equal": vanishes(found[0] - found[1]), "more": False}
        return
    sides = Sides(program)
    slope = sides.gradient(question["name"])
    yield {**sides.written(slope), "more": True}
    if question["claim"] is not None:
        yield {"equal": vanishes(slope - sides.value(question["claim"])), "more": True}
    short = simpler(slope)
    yield {
        **sides.written(min((slope, short), key=lambda known: len(sides.text(known)))),
        "more": False,
    }


def staged(question: Mapping[str, Any]) -> Program:
    tree = parse(question["text"])
    if question["output"]:
        tree = ending(tree, question["output"])
    return stage(tree, question["given"], question["gates"], question["share"])


class Sides:
    """A program's values and gradients as expressions in its inputs."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.names = Names(program)
        self.symbols = fresh_symbols([*program.inputs, ""])
        self.spare = self.symbols.pop("")

    @cached_property
    def values(self) -> list[Expression]:
        return run(self.program, self.symbols)

    def gradient(self, name: str) -> Expression:
        """The derivative of the output by an input or a stage, all others beside it held."""
        slot = self.names.slots[name]
        freed = run(self.program, self.symbols, {slot: self.spare})
        slope = freed[self.program.output].diff(self.spare)
        return slope.subs(self.spare, self.values[slot])

    def value(self, text: str) -> Expression:
        """A formula in the program's names."""
        claim = stage(parse(text), [*self.names.slots, *self.names.gradients])
        known = {
            name: self.values[self.names.slots[name]] if name in self.names.slots
            else self.gradient(name[1:])
            for name in claim.inputs
        }  # fmt: skip
        return run(claim, known)[claim.output]

    def text(self, found: Expression) -> str:
        return text_of(Whole(found, self.symbols, {}), found)

    def written(self, found: Expression) -> dict[str, str]:
        """A formula as text and LaTeX, if it is short enough to read."""
        if not real_valued(found) or len(text := self.text(found)) > READABLE:
            return {}
        return {"formula": text, "latex": latex_of(Whole(found, self.symbols, {}), found)}


def run(
    program: Program, known: Mapping[str, Expression], freed: Mapping[int, Expression] | None = None
) -> list[Expression]:
    """The expression of every slot; what is `freed` is a symbol of its own."""
    values: list[Expression] = [None] * len(program.gates)
    for slot in program.constants:
        values[slot] = constant(program.literals[slot])
    for name, slot in program.inputs.items():
        values[slot] = known[name]
    values = [(freed or {}).get(slot, value) for slot, value in enumerate(values)]
    for slot, gate, operands in program.forward_steps():
        if freed and slot in freed:
            continue
        values[slot] = applied(gate, [values[operand] for operand in operands])
    return values


def constant(text: str) -> Expression:
    """A constant as it is shown: pi/3, 0.1."""
    tree = parse(text)
    return walk(tree, {}, EXACT, decimal)


def applied(gate: str, fed: Sequence[Expression]) -> Expression:
    """A gate by its textbook formula."""
    if gate in FUNCTIONS:
        return FUNCTIONS[gate](*fed)
    names = dict(zip(GATES[gate].operands, fed, strict=True))
    return walk(formula(GATES[gate].formula), names, DIALECT, literal)
