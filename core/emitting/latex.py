"""LaTeX: both passes as a derivation, for people. The document stands alone and wants amsmath.

\\sigma_y &= \\frac{1}{1 + e^{-y}} && = 0.018
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.emitting.code import PRODUCT, Piece, Wish
from backprop.emitting.formulas import FUNCTIONS, Formulas, slope
from backprop.emitting.language import Language
from backprop.emitting.notation import (
    BREAK,
    POWER,
    TOTAL,
    applied_to,
    array,
    fixed,
    mul,
    number,
    within,
)
from backprop.emitting.steps import leads_to
from backprop.emitting.symbols import symbols
from backprop.errors import BackpropError, UsageError
from backprop.gates import GATES
from backprop.gates.shapes import Shape
from backprop.program.adjoint import Passing, meaning, passings
from backprop.program.program import Program

if TYPE_CHECKING:
    from backprop.answer.report import Report

HEAD = r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
\begin{align*}"""
TAIL = r"""\end{align*}
\end{document}"""
NEXT = "\\end{align*}\n\\begin{align*}"
PAGE = 300  # rows of one alignment; TeX holds all of it at once
WIDE = 64  # letters of a line, about
DIGITS = 6


class Row(NamedTuple):
    """`left sign right`, and a number beside it."""

    left: str
    sign: str
    right: str
    number: str = ""


class Latex(Language):
    name = "latex"
    title = "LaTeX"
    comment = "%"
    arrays = True
    numbers = True

    def write(self, program: Program, wish: Wish) -> str:
        if wish.name is not None:
            raise UsageError("a derivation in LaTeX is no function that has a name")
        rows = [*Derivation(program, wish).rows()]
        pages = [rows[start : start + PAGE] for start in range(0, len(rows), PAGE)]
        parts = ["\n".join(lines(page)) for page in pages]
        top = [self.remark(line) for line in wish.header]
        return "\n".join([*top, HEAD, f"\n{NEXT}\n".join(parts), TAIL]) + "\n"


class Derivation:
    """The rows of both passes."""

    def __init__(self, program: Program, wish: Wish) -> None:
        self.program = program
        self.wish = wish
        self.shapes: Sequence[Shape] = program.shapes
        labels = {s: n for s, n in enumerate(program.labels) if s not in program.constants}
        if program.output in program.constants or not program.operands[program.output]:
            labels[-1] = program.output_name
        made = symbols(labels)
        self.formulas = Formulas({*made.values()})
        self.pieces = {slot: self.symbol(made[slot], slot) for slot in labels}
        for slot, value in program.constants.items():
            self.pieces[slot] = self.constant(value, program.literals.get(slot, ""))
        above = made.get(-1) or made[program.output]
        if self.shapes[program.output]:
            above = r"\mathcal{L}" if "L" in made.values() else "L"
        self.above = above
        self.output = made.get(-1, above)

    def symbol(self, text: str, slot: int) -> Piece:
        return Piece(text, POWER, shape=self.shapes[slot])

    def constant(self, value: Any, text: str) -> Piece:
        """As the user wrote it: pi/3."""
        if not isinstance(value, float):
            return array(value, text) if hasattr(value, "tolist") else fixed(value, text)
        try:
            return self.formulas.expression(text, {})._replace(value=value)
        except (BackpropError, ValueError):
            return number(value)

    def rows(self) -> Iterator[Row | None]:
        """All rows; None where there is a space between two passes."""
        program = self.program
        if self.pieces.get(-1):
            yield Row(self.output, "=", self.pieces[program.output].text)
        for slot, name, operands in program.forward_steps():
            right = self.stage(name, [self.pieces[operand] for operand in operands])
            yield Row(self.pieces[slot].text, "=", right, self.valued(slot))
        if self.wish.forward_only:
            return
        begun = {program.output}
        steps = [*self.steps()]
        if steps:
            yield None
        for step in steps:
            sign = r"\mathrel{+}=" if step.into in begun else "="
            begun.add(step.into)
            yield Row(self.gradient(step.into), sign, self.message(step), self.passed(step))
        yield from self.answers(begun)

    def steps(self) -> Iterator[Passing]:
        useful = leads_to(self.program, self.wish.wrt)
        for step in passings(self.program, self.wish.ties, self.wish.wrt):
            if useful[step.into]:
                yield step

    def answers(self, begun: set[int]) -> Iterator[Row | None]:
        """The gradient in numbers, and what there is none of."""
        rows = []
        for name in self.wish.wrt:
            slot = self.program.inputs[name]
            if slot not in begun:
                rows.append(Row(self.gradient(slot), "=", "0"))
            elif slot == self.program.output and not self.shapes[slot]:
                rows.append(Row(self.gradient(slot), "=", "1"))
            elif self.report is not None and not self.shapes[slot]:
                sign, _, text = shown(self.report.back.gradient(slot)).partition(" ")
                rows.append(Row(self.gradient(slot), sign, text))
        if rows:
            yield from [None, *rows]

    # Forward.

    def stage(self, name: str, operands: Sequence[Piece]) -> str:
        """A gate as it is written; of one without a name in mathematics, its definition too."""
        gate = GATES[name]
        called = self.formulas.gate(name, operands)
        known = gate.form or (name in FUNCTIONS and name != "sigmoid")
        if known or not gate.opens or gate.variadic:
            return called.text
        names = dict(zip(gate.operands, operands, strict=True))
        return f"{called.text} = {self.formulas.expression(gate.formula, names).text}"

    # Backward.

    def gradient(self, slot: int) -> str:
        return rf"\frac{{\partial {self.above}}}{{\partial {self.pieces[slot].text}}}"

    def arrived(self, slot: int) -> Piece:
        if slot == self.program.output and not self.shapes[slot]:
            return number(1.0)
        return Piece(self.gradient(slot), shape=self.shapes[slot])

    def message(self, step: Passing) -> str:
        gate, g = GATES[self.program.gates[step.stage]], self.arrived(step.stage)
        names = {name: self.pieces[slot] for name, slot in meaning(self.program, step).items()}
        if gate.array:
            names = self.names_of_whole(step) | {"g": g}
            if gate.variadic:
                return self.part(step, g)
            return self.formulas.expression(gate.partial(step.place), names).text
        found = mul(self.slope(step, names), g)
        if step.when:
            when = step.when.removeprefix("(").partition(") + (out != out)")[0]
            chosen = self.formulas.expression(when, names)
            if chosen.plain is None and "mathbf" not in chosen.text:
                chosen = self.formulas.gate("ne", [chosen, number(0.0)])
            found = mul(chosen, found)
        return self.summed(found, self.shapes[step.stage], self.shapes[step.into]).text

    def names_of_whole(self, step: Passing) -> dict[str, Piece]:
        operands = self.program.operands[step.stage]
        gate = GATES[self.program.gates[step.stage]]
        fed = [self.pieces[operand] for operand in operands]
        return {**dict(zip(gate.operands, fed, strict=False)), "out": self.pieces[step.stage]}

    def part(self, step: Passing, g: Piece) -> str:
        """What a joining gate gives back to one of its operands."""
        if self.program.gates[step.stage] == "stack":
            return rf"{within(g, POWER)}_{{{step.place}}}"
        if self.program.gates[step.stage] == "index":
            return applied_to(
                rf"\operatorname{{scatter}}_{{{self.pieces[step.into].text}}}", [g]
            ).text
        return applied_to(rf"\operatorname{{part}}_{{{step.place}}}", [g]).text

    def slope(self, step: Passing, names: dict[str, Piece]) -> Piece:
        """The slope by the textbook, or the derivative of a function by its name."""
        gate = GATES[self.program.gates[step.stage]]
        text = step.slope if gate.routes else slope(gate.name, step.slope, step.place)
        if text:
            return self.formulas.expression(text, names)
        fed = [names[operand] for operand in gate.operands]
        mark = "'" if len(fed) == 1 else f"'_{{{step.place + 1}}}"
        return applied_to(f"{self.formulas.head(gate.name)}{mark}", fed)

    def summed(self, message: Piece, came: Shape, goes: Shape) -> Piece:
        """A sum over the axes that were broadcast."""
        extra = len(came) - len(goes)
        axes = [k for k in range(len(came)) if k < extra or goes[k - extra] == 1 != came[k]]
        if not axes:
            return message
        text = ",".join(map(str, axes))
        return Piece(rf"{TOTAL}_{{{text}}} {within(message, PRODUCT)}", PRODUCT)

    # Numbers.

    @property
    def report(self) -> Report | None:
        return self.wish.report

    def valued(self, slot: int) -> str:
        if self.report is None or self.shapes[slot]:
            return ""
        return shown(self.report.values[slot])

    def passed(self, step: Passing) -> str:
        if self.report is None or self.shapes[step.into]:
            return ""
        flow = self.report.back.flow(step.stage, step.place)
        return shown(0.0 if flow is None else flow)


def shown(value: Any) -> str:
    """A number beside a row, and whether that is all of it."""
    value = float(value)
    few = number(value, DIGITS).text
    exact = value != value or float(f"{value:.{DIGITS}g}") == value
    return f"= {few}" if exact else rf"\approx {few}"


def lines(rows: Sequence[Row | None]) -> Iterator[str]:
    """Rows of an alignment; one that is too long goes on below, where a comma allows it."""
    for place, row in enumerate(rows):
        if row is None:
            continue
        end = r" \\" if place + 1 < len(rows) else ""
        if end and rows[place + 1] is None:
            end = r" \\[2ex]" if place + 2 < len(rows) else ""
        beside = f" && {row.number}" if row.number not in ("", f"= {row.right}") else ""
        first, *more = broken(row.right)
        text = [f"{row.left} &{row.sign} {first}", *(rf"&\qquad {part}" for part in more)]
        text[-1] += beside
        yield "".join(rf"{part} \\*" + "\n" for part in text[:-1]) + text[-1] + end


def broken(text: str) -> list[str]:
    """A text in pieces that fit on a line, about."""
    found: list[str] = []
    for part in text.split(BREAK):
        if found and width(found[-1] + part) <= WIDE:
            found[-1] += part
        else:
            found.append(part)
    return [part.strip() for part in found]


def width(text: str) -> int:
    """How many letters are seen of a text, about."""
    return len(re.sub(r"\\[A-Za-z]+|[{}^_ ]", "", text))


LANGUAGE = Latex()
