"""Formulas as LaTeX: texts of the table as expressions of typeset pieces.

Unlike code nothing is computed here: pi stays pi. Where the table has a form that loses no digits,
a reader wants the textbook's.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from backprop.arithmetic.texts import COMPARISONS, formula
from backprop.emitting.code import ATOM, Piece
from backprop.emitting.notation import (
    TOTAL,
    WRITTEN,
    applied_to,
    indicator,
    leaf,
    transpose,
)
from backprop.emitting.typesetting import escaped
from backprop.gates import GATES, find
from backprop.language.syntax import Op

FUNCTIONS = {
    "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "asin": r"\arcsin", "acos": r"\arccos",
    "atan": r"\arctan", "log2": r"\log_2", "log10": r"\log_{10}", "max": r"\max", "min": r"\min",
    "amax": r"\max", "amin": r"\min", "sigmoid": r"\sigma", "det": r"\det",
    "sum": TOTAL,
    "prod": r"{\textstyle\prod}", "trace": r"\operatorname{tr}",
}  # fmt: skip
SYMBOLS = {"lt": "<", "le": r"\le", "gt": ">", "ge": r"\ge", "eq": "=", "ne": r"\ne"}
AROUND = {
    "abs": r"\left|{}\right|", "floor": r"\left\lfloor {} \right\rfloor",
    "ceil": r"\left\lceil {} \right\rceil", "sqrt": r"\sqrt{{{}}}", "cbrt": r"\sqrt[3]{{{}}}",
    "norm": r"\left\|{}\right\|", "exp": "e^{{{}}}", "exp2": "2^{{{}}}",
}  # fmt: skip
TEXTBOOK = {
    "sigmoid": ("out*(1 - out)",),
    "tanh": ("1 - out**2",),
    "pow": ("b*a**(b - 1)", "out*log(a)"),
    "hypot": ("a/out",),
    "atan2": ("x/(x**2 + y**2)", "-y/(x**2 + y**2)"),
    "mod": ("1", "-floor(a/b)"),
    "asin": ("1/sqrt(1 - a**2)",),
    "acos": ("-(1/sqrt(1 - a**2))",),
    "acosh": ("1/sqrt(a**2 - 1)",),
    "asinh": ("1/sqrt(1 + a**2)",),
    "atanh": ("1/(1 - a**2)",),
    "recip": ("-out**2",),
    "cbrt": ("1/(3*out**2)",),
    "atan": ("1/(1 + a**2)",),
    "log2": ("1/(a*log(2))",),
    "log10": ("1/(a*log(10))",),
    "erf": ("2/sqrt(pi)*exp(-a**2)",),
    "erfc": ("-(2/sqrt(pi))*exp(-a**2)",),
}
LONG = 8  # operations of a slope that is written out


def slope(gate: str, text: str, place: int) -> str:
    """The textbook's form of a slope; none where only the table has one that is short."""
    book = TEXTBOOK.get(gate)
    if book:
        return book[min(place, len(book) - 1)]
    operations = [item for item in formula(text).code if isinstance(item, Op)]
    stored = any(item.kind == "store" for item in operations)
    return "" if stored or len(operations) > LONG else text


class Formulas:
    """Writes expressions, operator by operator. A function whose symbol is a variable's gets
    its name."""

    def __init__(self, taken: Container[str] = ()) -> None:
        self.heads = {name: head for name, head in FUNCTIONS.items() if head not in taken}
        self.around = {name: form for name, form in AROUND.items() if form[0] not in taken}

    def head(self, name: str) -> str:
        return self.heads.get(name) or rf"\operatorname{{{escaped(name)}}}"

    def expression(self, text: str, names: Mapping[str, Piece]) -> Piece:
        known, stack = dict(names), list[Piece]()
        for item in formula(text).code:
            if isinstance(item, str):
                stack.append(known[item] if item in known else leaf(item))
                continue
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            if item.kind == "store":
                known[item.name] = operands[0]
            else:
                stack.append(self.applied(item, operands))
        return stack[-1]

    def applied(self, op: Op, operands: Sequence[Piece]) -> Piece:
        if op.kind == "attribute":
            return transpose(operands[0])
        gate = GATES.get(op.name) or find(op.name)
        return self.gate(gate.name if gate else op.name, operands)

    def gate(self, name: str, operands: Sequence[Piece]) -> Piece:
        """A gate, or what a text of the table calls; entry by entry a shape stays."""
        found = self.written(name, operands)
        if found.shape or name not in GATES or GATES[name].array:
            return found
        shape = next((operand.shape for operand in operands if operand.shape), None)
        return found._replace(shape=shape)

    def written(self, name: str, operands: Sequence[Piece]) -> Piece:
        if name in COMPARISONS:
            return indicator(operands[0], operands[1], SYMBOLS[name])
        if name in WRITTEN:
            return WRITTEN[name](*operands)
        if name in self.around and not (len(operands) > 1 and operands[1].text):
            return Piece(self.around[name].format(operands[0].text), ATOM)
        return applied_to(self.head(name), operands)
