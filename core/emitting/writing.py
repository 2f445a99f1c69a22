"""A text of the table as an expression of a target language, with the fewest brackets.

The text's postfix code is walked; what waits on the stack are pieces, each with how tightly it
holds together. Constants alone are computed, as the tool does everywhere; `1*x` and `x**1` are x.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, isfinite, nan

from backprop.arithmetic.ieee import VALUE
from backprop.arithmetic.texts import COMPARISONS, formula
from backprop.emitting.code import (
    AND,
    ATOM,
    CHOICE,
    COMPARISON,
    OR,
    PRODUCT,
    SIGN,
    SUM,
    Piece,
    Truth,
)
from backprop.emitting.language import Language
from backprop.errors import UsageError
from backprop.gates import CONSTANTS, GATES, find
from backprop.language.syntax import SYMBOL, Op

LEVELS = {"add": SUM, "sub": SUM, "mul": PRODUCT, "div": PRODUCT}
LONG = 80  # characters of an expression in a helper; of a longer one, parts get names

# The least that a gate can be, whatever it is fed.
LEAST = {"exp": 0.0, "exp2": 0.0, "abs": 0.0, "sqrt": 0.0, "hypot": 0.0, "cosh": 1.0,
         "square": 0.0, "sigmoid": 0.0, "softplus": 0.0}  # fmt: skip


class Writer:
    """Writes expressions in one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.numbers: dict[str, Piece] = {}

    def number(self, value: float) -> Piece:
        shown = repr(value)  # tells 0 from -0, which a dictionary wouldn't
        if shown not in self.numbers:
            self.numbers[shown] = self.literal(value)
        return self.numbers[shown]

    def literal(self, value: float) -> Piece:
        text = self.language.literal(value, True)
        return Piece(text, SIGN if text[0] == "-" else ATOM, value, value if value == value else 0)

    def expression(self, text: str, names: Mapping[str, Piece]) -> Piece:
        """The value of a text without assignments."""
        return names[text] if text in names else self.body(text, names)[1]

    def body(
        self, text: str, names: Mapping[str, Piece], split: bool = False
    ) -> tuple[list[tuple[str, str]], Piece]:
        """The assignments of a text, and the value of its last statement. With `split`, what
        gets long is assigned to a name as well."""
        known = dict(names)
        stack: list[Piece] = []
        lines: list[tuple[str, str]] = []
        for item in formula(text).code:
            if isinstance(item, str):
                stack.append(self.leaf(item, known))
                continue
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            if item.kind == "store":
                lines.append((item.name, operands[0].text))
                known[item.name] = Piece(item.name, least=operands[0].least)
                continue
            if split and sum(len(operand.text) for operand in operands) > LONG:
                operands = [self.named(operand, lines) for operand in operands]
            stack.append(self.applied(item, operands))
        return lines, stack[-1]

    def named(self, operand: Piece, lines: list[tuple[str, str]]) -> Piece:
        """An operand that is long is assigned to a name."""
        if len(operand.text) <= LONG // 2 or operand.truth:
            return operand
        lines.append((f"part{len(lines)}", operand.text))
        return Piece(lines[-1][0], least=operand.least)

    def leaf(self, text: str, known: Mapping[str, Piece]) -> Piece:
        if text in known:
            return known[text]
        return self.number(CONSTANTS[text] if text in CONSTANTS else float(text))

    def applied(self, op: Op, operands: Sequence[Piece]) -> Piece:
        gate = GATES.get(op.name) or find(op.name)
        assert gate is not None
        return self.gate(gate.name, operands)

    def gate(self, name: str, operands: Sequence[Piece]) -> Piece:
        """A gate of the table on these operands."""
        values = [operand.value for operand in operands if operand.value is not None]
        if len(values) == len(operands):
            return self.number(VALUE[name](*values))
        if name in COMPARISONS:
            return self.comparison(name, operands[0], operands[1])
        match name:
            case "neg":
                return self.negative(operands[0])
            case "add" | "sub":
                return self.sum(name, operands[0], operands[1])
            case "mul":
                return self.product(operands[0], operands[1])
            case "div" if self.language.divides or operands[1].never_zero:
                return self.infix("div", operands[0], operands[1], -inf)
            case "pow" if operands[1].value == 1:
                return operands[0]
            case "pow" if operands[1].value == 0:
                return self.number(1.0)
            case "div" | "pow":
                a, b = operands
                return self.call(name, [self.beside(a, b), self.beside(b, a)])
            case "where":
                return self.where(self.truth(operands[0]), operands[1], operands[2])
        return self.call(name, operands)

    # Operators.

    def negative(self, a: Piece) -> Piece:
        return Piece(f"-{within(a, ATOM)}", SIGN)

    def sum(self, name: str, a: Piece, b: Piece) -> Piece:
        if b.value is not None and b.value < 0 and isfinite(b.value):
            name, b = ("sub" if name == "add" else "add"), self.number(-b.value)
        if name == "add" and a.truth and b.truth:
            made = self.infix(name, self.counted(a), self.counted(b), 0.0)
            return made._replace(truth=self.both("or", OR, a.truth, b.truth))
        return self.infix(name, a, b, a.least + b.least if name == "add" else -inf)

    def product(self, a: Piece, b: Piece) -> Piece:
        if a.value == 1:
            return b
        if b.value == 1:
            return a
        if a.value == -1:
            return self.negative(b)
        least = a.least * b.least if 0 <= min(a.least, b.least) < inf else -inf
        made = self.infix("mul", a, b, 0.0 if a.text == b.text and a.level == ATOM else least)
        if a.truth and b.truth:
            return made._replace(truth=self.both("and", AND, a.truth, b.truth))
        return made

    def infix(self, name: str, a: Piece, b: Piece, least: float) -> Piece:
        """Two operands; a constant beside a variable needs no decimal point to be a float."""
        level = LEVELS[name]
        left, right = self.beside(a, b), self.beside(b, a)
        text = f"{within(left, level)} {SYMBOL[name]} {within(right, level + 1)}"
        return Piece(text, level, least=least if least == least else -inf)

    def beside(self, a: Piece, other: Piece) -> Piece:
        if a.value is None or other.value is not None:
            return a
        return a._replace(text=self.language.literal(a.value, False))

    def call(self, name: str, operands: Sequence[Piece]) -> Piece:
        if name in GATES and not GATES[name].value and not self.language.has(name):
            title = self.language.title
            hint = f"the other commands know it; {title} has no such function"
            raise UsageError(f"{name} is not written in {title}", hint=hint)
        text = self.language.call(name, [operand.text for operand in operands])
        least = LEAST.get(name, -inf)
        if name == "max":
            least = max(operand.least for operand in operands)
        if name == "sqrt":
            least = max(0.0, operands[0].least) ** 0.5
        return Piece(text, least=least)

    # Conditions.

    def comparison(self, name: str, a: Piece, b: Piece) -> Piece:
        symbol = self.language.words.get(name, SYMBOL[name])
        left, right = self.beside(a, b), self.beside(b, a)
        text = f"{within(left, COMPARISON + 1)} {symbol} {within(right, COMPARISON + 1)}"
        return self.as_number(Truth(text, COMPARISON))

    def as_number(self, truth: Truth) -> Piece:
        text = self.language.choice(truth.text, self.number(1.0).text, self.number(0.0).text)
        return Piece(text, self.language.chooses, least=0.0, truth=truth)

    def truth(self, a: Piece) -> Truth | float:
        """Is it anything but 0? A number if that is known."""
        if a.value is not None:
            return a.value
        if a.never_zero:
            return 1.0
        zero = self.language.literal(0.0, False)
        text = f"{within(a, COMPARISON + 1)} {self.language.words.get('ne', '!=')} {zero}"
        return a.truth or Truth(text, COMPARISON)

    def condition(self, text: str, names: Mapping[str, Piece]) -> Truth | float:
        return self.truth(self.expression(text, names))

    def counted(self, a: Piece) -> Piece:
        """A condition among others that are counted: true is 1 in nearly every language."""
        plain = a.truth and a.level == CHOICE and self.language.counts
        return Piece(*a.truth) if plain and a.truth else a

    def both(self, word: str, level: int, a: Truth, b: Truth) -> Truth:
        """Two conditions as one; C wants brackets around an `and` within an `or`."""
        parts = [f"({t.text})" if t.level in self.language.apart and t.level != level else t.text
                 for t in (a, b)]  # fmt: skip
        return Truth(f" {self.language.words[word]} ".join(parts), level)

    def where(self, condition: Truth | float, yes: Piece, no: Piece) -> Piece:
        if isinstance(condition, float):
            return yes if condition else no
        text = self.language.choice(
            condition.text if condition.level > CHOICE else f"({condition.text})",
            within(yes, CHOICE + 1),
            within(no, CHOICE + 1),
        )
        return Piece(text, self.language.chooses, least=min(yes.least, no.least))

    def inside(self, domain: Truth | float, a: Piece) -> Piece:
        """`a` where it is defined, else nan."""
        return self.where(domain, a, self.number(nan))


def within(piece: Piece, level: int) -> str:
    """A piece where something holds together so tightly: in brackets, if it would fall apart."""
    return piece.text if piece.level >= level else f"({piece.text})"
