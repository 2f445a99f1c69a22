"""A program and its backward steps as statements in the tool's own language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

from backprop.arithmetic.texts import formula, template
from backprop.gates import GATES
from backprop.language.printer import print_node
from backprop.language.syntax import Op, candidates, children
from backprop.program.adjoint import Passing, named, passings
from backprop.program.program import Program, bracketed, label, written

DIGITS = tuple("0123456789.")
EXACT = 4  # operations of a local derivative, above which the textbook's form is taken


class Part(NamedTuple):
    """What is passed back: a sign, and a text that may be a factor; of an array its shape too,
    which may be smaller, if it is to be broadcast."""

    sign: str
    text: str
    shape: tuple[int, ...] = ()


class Writer:
    """Writes a program and its backward steps as statements."""

    def __init__(self, program: Program, ties: str) -> None:
        self.program = program
        self.ties = ties
        self.names = [*label(program)]
        taken = {*program.names, *program.tree.names, *program.tree.functions, *self.names}
        self.taken = taken
        self.stems: dict[str, Iterator[str]] = {}
        self.adjoints: dict[int, str] = {}
        self.auto: set[str] = set()  # names that no author gave
        for slot, operands in enumerate(program.operands):
            if operands and self.names[slot] not in program.names:
                self.auto.add(self.names[slot])

    def spell(self, program: Program, slot: int, operands: Sequence[str]) -> str:
        """A stage of any program as it is written, its operands so."""
        return written(program.gates[slot], operands)

    def fresh(self, stem: str) -> str:
        begun = self.stems.setdefault(stem, candidates(stem))
        name = next(one for one in begun if one not in self.taken)
        self.taken.add(name)
        return name

    def adjoint(self, slot: int) -> str:
        """The name of a slot's gradient."""
        if slot not in self.adjoints:
            own = self.names[slot]
            self.adjoints[slot] = name = self.fresh(f"d{own}")
            if own in self.auto:
                self.auto.add(name)
        return self.adjoints[slot]

    def lines(self, wrt: Sequence[str]) -> tuple[list[str], dict[str, str]]:
        program = self.program
        found = [f"{name} = {number!r}" for name, number in program.defaults.items()]
        found += [f"{self.names[slot]} = {self.code(slot)}" for slot in program.stage_slots]
        parts: dict[int, list[Part]] = {program.output: [Part("", "1")]}
        steps: dict[int, list[Passing]] = {}
        for step in passings(program, self.ties, wrt):
            steps.setdefault(step.stage, []).append(step)
        wanted = {program.inputs[name] for name in wrt}
        for slot, _, operands in program.backward_steps(wrt):
            if slot not in parts or not operands:
                continue
            sign, gradient = self.gradient(slot, parts.pop(slot), found)
            for step in steps.get(slot, ()):
                if step.into in wanted or program.operands[step.into]:
                    part = self.message(step, gradient)
                    if part is not None:
                        turned = "-" if sign != part.sign else ""
                        parts.setdefault(step.into, []).append(part._replace(sign=turned))
        results = {}
        for name in wrt:
            slot = program.inputs[name]
            given = parts.get(slot, [])
            results[name] = self.adjoint(slot)
            self.auto.discard(results[name])
            found.append(f"{results[name]} = {self.result(slot, given)}")
        return found, results

    def constant(self, program: Program, slot: int) -> str:
        """A constant of a program on arrays."""
        return program.labels[slot]

    def number(self, value: Any) -> str:
        return repr(float(value)).removesuffix(".0")

    def code(self, slot: int) -> str:
        """How a stage is written."""
        return self.program.stage(slot, 0).code

    def gradient(self, slot: int, parts: Sequence[Part], found: list[str]) -> tuple[str, str]:
        """The sign of a slot's gradient, and what it is called from here on: its name, or 1."""
        sign = "-" if all(part.sign for part in parts) else ""
        total = added([part._replace(sign="") for part in parts] if sign else parts)
        if total.isidentifier() or is_number(total):
            return sign, total
        name = self.adjoint(slot)
        found.append(f"{name} = {total}")
        return sign, name

    def result(self, slot: int, parts: Sequence[Part]) -> str:
        del slot
        return added(parts)

    def message(self, step: Passing, gradient: str) -> Part | None:
        """What is passed back to an operand: a sign, and a text that is a factor."""
        program = self.program
        gate = program.gates[step.stage]
        fed = [bracketed(self.names[one]) for one in (*program.operands[step.stage], step.stage)]
        names = named(gate, step.place, fed)
        sign, over, under = slope_of(gate, step.place, step.slope)
        if over == "0":
            return None
        over, under = (filled(text, names) for text in (over, under))
        text = product(over, under, gradient)
        if step.when in ("c != 0", "c == 0"):  # the branches of where
            pair = f"{text}, 0" if step.when == "c != 0" else f"0, {text}"
            return Part(sign, f"where({names['c']}, {pair})")
        if step.when:
            return Part(sign, f"where({filled(plain_condition(step.when), names)}, {text}, 0)")
        return Part(sign, text)


def is_number(text: str) -> bool:
    return text[:1] in DIGITS and "(" not in text and " " not in text and "*" not in text


def plain_condition(text: str) -> str:
    """A condition without what is only for nan."""
    return text.removesuffix(" + (out != out)")


def added(parts: Sequence[Part]) -> str:
    """The sum of parts with their signs, the positive ones first."""
    if all(is_number(part.text) for part in parts):
        total = sum(float(part.sign + part.text) for part in parts)
        return repr(total).removesuffix(".0")
    order = sorted(parts, key=lambda part: part.sign)
    text = "".join(f" {part.sign or '+'} {part.text}" for part in order)
    return text.removeprefix(" + ").replace(" - ", "-", 1) if text[:3] == " - " else (
        text.removeprefix(" + ") or "0"
    )  # fmt: skip


def filled(text: str, names: Mapping[str, str]) -> str:
    return template(text, tuple(names)).format(*names.values())


def product(over: str, under: str, gradient: str) -> str:
    """over/under*gradient, so that what is divided can be shared."""
    if under:
        quotient = f"({gradient}/({under}))"
        return quotient if over == "1" else f"({over})*{quotient}"
    if over == "1":
        return gradient
    return f"({over})" if gradient == "1" else f"({over})*{gradient}"


@cache
def slope_of(gate: str, place: int, slope: str) -> tuple[str, str, str]:
    """A local derivative as its sign, what is above its last fraction bar, and what is below."""
    row = GATES[gate]
    text = slope
    if slope == row.partial(place) and row.textbook:
        shown = row.shown(place)
        tree = formula(slope)
        long = len(tree.body) > 1 or sum(isinstance(one, Op) for one in tree.code) > EXACT
        text = shown if long or "where(" in slope else slope
    sign = ""
    while text[0] == "-" and not sums(text):
        sign, text = "-" if not sign else "", text[1:]
    tree = formula(text)
    root = tree.code[-1]
    if not isinstance(root, Op) or root.name != "div":
        return sign, text, ""
    nodes = children(tree.code)
    over, under = (print_node(tree.code, nodes, node) for node in nodes[-1])
    return sign, over, under


def sums(text: str) -> bool:
    """Is a text a sum, or a difference?"""
    root = formula(text).code[-1]
    return isinstance(root, Op) and root.name in ("add", "sub")
