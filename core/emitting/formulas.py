"""Formulas as LaTeX: texts of the table as expressions of typeset pieces.

Unlike code nothing is computed here: pi stays pi. Where the table has a form that loses no digits,
a reader wants the textbook's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Mapping, Sequence
from math import e as euler
from math import inf, pi, prod
from typing import Any

from backprop.arrays.shapes import Axis
from backprop.emitting.language import ATOM, CHOICE, COMPARISON, PRODUCT, SIGN, SUM, Piece
from backprop.gates import GATES, find
from backprop.gates.rules import COMPARISONS, formula
from backprop.language.syntax import Op
from backprop.typesetting import escaped

POWER = ATOM + 1  # a symbol, which an exponent may follow
BREAK = "\0"  # where a line may end
INDEX = re.compile(r"[-0-9:, ]*")
HIGH = (r"\frac", r"\begin", r"\sum", r"\prod")
MOST = 12  # entries of a matrix that is written out

FUNCTIONS = {
    "exp": r"\exp", "log": r"\ln", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "sinh": r"\sinh", "cosh": r"\cosh", "tanh": r"\tanh", "asin": r"\arcsin", "acos": r"\arccos",
    "atan": r"\arctan", "log2": r"\log_2", "log10": r"\log_{10}", "max": r"\max", "min": r"\min",
    "amax": r"\max", "amin": r"\min", "sigmoid": r"\sigma", "det": r"\det",
    "sum": r"{\textstyle\sum}",
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
    "asin": ("1/sqrt(1 - a**2)",),
    "acos": ("-(1/sqrt(1 - a**2))",),
    "acosh": ("1/sqrt(a**2 - 1)",),
    "asinh": ("1/sqrt(1 + a**2)",),
    "atanh": ("1/(1 - a**2)",),
    "recip": ("-out**2",),
    "cbrt": ("1/(3*out**2)",),
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


def applied_to(head: str, operands: Sequence[Piece]) -> Piece:
    """A function; an axis is its index. Many operands may stand on several lines."""
    axes = [piece.text for piece in operands if isinstance(piece.fixed, Axis)]
    parts = [piece.text for piece in operands if not isinstance(piece.fixed, Axis)]
    index = f"_{{{axes[0]}}}" if axes and axes[0] else ""
    between = f", {BREAK}" if len(parts) > 2 else ", "
    return Piece(f"{head}{index}{bracketed(between.join(parts))}")


def bracketed(text: str) -> str:
    """A text in brackets, which are as high as it, but where it may go on below."""
    high = BREAK not in text and any(mark in text for mark in HIGH)
    return rf"\left({text}\right)" if high else f"({text})"


def leaf(text: str) -> Piece:
    if text in ("pi", "e"):
        return Piece(rf"\{text}" if text == "pi" else text, POWER)
    return number(float(text))


def number(value: float, digits: int = 17) -> Piece:
    """A number, with a power of ten where Python writes one."""
    if value != value:
        return Piece(r"\mathrm{nan}")
    if abs(value) == inf:
        return Piece(r"\infty" if value > 0 else r"-\infty", SIGN)
    named = {pi: r"\pi", euler: "e"}.get(value)
    if named and digits == 17:
        return Piece(named, POWER, value)
    text = repr(value) if digits == 17 else f"{value:.{digits}g}"
    mantissa, _, exponent = text.partition("e")
    mantissa = mantissa.removesuffix(".0")
    if exponent:
        times = "" if mantissa == "1" else rf"{mantissa} \cdot "
        return Piece(rf"{times}10^{{{int(exponent)}}}", PRODUCT, value)
    return Piece(mantissa, SIGN if mantissa[0] == "-" else POWER, value)


def within(piece: Piece, level: int) -> str:
    return piece.text if piece.level >= level else bracketed(piece.text)


# Operators.


def is_array(piece: Piece) -> bool:
    return bool(piece.shape)


def negative(a: Piece) -> Piece:
    if a.value is not None and a.text[0] == "-":
        return Piece(a.text[1:], ATOM, -a.value)
    if a.value is not None:
        return Piece(f"-{a.text}", SIGN, -a.value)
    return Piece(f"-{within(a, PRODUCT)}", SIGN if a.level > PRODUCT else SUM, shape=a.shape)


def add(a: Piece, b: Piece) -> Piece:
    if b.value is not None and b.text[0] == "-":
        return sub(a, negative(b))
    return Piece(f"{a.text} + {within(b, SUM + 1)}", SUM, shape=a.shape or b.shape)


def sub(a: Piece, b: Piece) -> Piece:
    if a.value is not None and b.value is not None and a.text[0].isdigit():
        return number(a.value - b.value)
    if b.value is not None and b.text[0] == "-":
        return add(a, negative(b))
    return Piece(f"{a.text} - {within(b, SUM + 1)}", SUM, shape=a.shape or b.shape)


def mul(a: Piece, b: Piece) -> Piece:
    """Factors side by side; numbers and arrays need a sign between them."""
    if a.value == 1:
        return b
    if b.value == 1:
        return a
    if a.value == -1:
        return negative(b)
    left, right = within(a, PRODUCT), within(b, PRODUCT + 1)
    if b.level == SIGN:
        right = bracketed(b.text)
    sign = r"\," if not right[:1].isdigit() else r"\cdot "
    if is_array(a) and is_array(b):
        sign = r"\odot "
    return Piece(f"{left} {sign} {right}".replace("  ", " "), PRODUCT, shape=a.shape or b.shape)


def div(a: Piece, b: Piece) -> Piece:
    if a.level == SIGN and a.value is None and a.text[0] == "-":
        return Piece(rf"-\frac{{{a.text[1:]}}}{{{b.text}}}", SIGN, shape=a.shape or b.shape)
    return Piece(rf"\frac{{{a.text}}}{{{b.text}}}", shape=a.shape or b.shape)


def power(a: Piece, b: Piece) -> Piece:
    if b.value == 1:
        return a
    return Piece(f"{within(a, POWER)}^{{{b.text}}}", ATOM, shape=a.shape)


def indicator(a: Piece, b: Piece, sign: str) -> Piece:
    text = f"{a.text} {sign} {b.text}"
    return Piece(rf"\mathbf{{1}}[{text}]", shape=a.shape or b.shape, within=Piece(text, COMPARISON))


def condition(c: Piece) -> str:
    return c.within.text if c.within else rf"{within(c, SUM)} \ne 0"


def where(c: Piece, yes: Piece, no: Piece) -> Piece:
    rows = rf"{yes.text} & \text{{if }} {condition(c)} \\ {no.text} & \text{{else}}"
    return Piece(rf"\begin{{cases}} {rows} \end{{cases}}", CHOICE)


# Arrays.


def product(a: Piece, b: Piece) -> Piece:
    left = transpose(a).text if len(a.shape or ()) == 1 else within(a, PRODUCT)
    return Piece(rf"{left} \, {within(b, PRODUCT + 1)}", PRODUCT)


def matrix_product(a: Piece, b: Piece) -> Piece:
    return Piece(rf"{within(a, PRODUCT)} \, {within(b, PRODUCT + 1)}", PRODUCT)


def transpose(a: Piece) -> Piece:
    return Piece(rf"{within(a, POWER)}^{{\top}}", ATOM)


def outer(a: Piece, b: Piece) -> Piece:
    return matrix_product(a, transpose(b))


def index(a: Piece, *places: Piece) -> Piece:
    below = ", ".join([(place.within or place).text for place in places])
    above = bracketed(a.text) if "_" in a.text else within(a, POWER)
    return Piece(f"{above}_{{{below}}}", POWER)


def spread(g: Piece, a: Piece, axis: Piece) -> Piece:
    """A gradient over the entries that were reduced."""
    if axis.fixed.axis is None:
        sides = r" \times ".join(map(str, a.shape or (1,)))
        return mul(g, Piece(rf"\mathbf{{1}}_{{{sides}}}", POWER))._replace(shape=a.shape)
    return applied_to(r"\operatorname{spread}", [g, axis])._replace(shape=a.shape)


def count(a: Piece, axis: Piece) -> Piece:
    shape = a.shape or ()
    return number(float(prod(shape[k] for k in axis.fixed.of(shape))))


def total(g: Piece, axis: Piece) -> Piece:
    return applied_to(FUNCTIONS["sum"], [g, axis])._replace(shape=g.shape)


def routed(g: Piece, a: Piece, out: Piece, axis: Piece) -> Piece:
    return mul(indicator(a, out, "="), spread(g, a, axis))


def stack(*parts: Piece) -> Piece:
    return Piece(rf"[{f', {BREAK}'.join([part.text for part in parts])}]")


def inverse(a: Piece) -> Piece:
    return Piece(f"{within(a, POWER)}^{{-1}}", ATOM)


WRITTEN: dict[str, Callable[..., Piece]] = {
    "neg": negative,
    "add": add,
    "sub": sub,
    "mul": mul,
    "scale": lambda a, c: mul(c, a),
    "shift": add,
    "div": div,
    "recip": lambda a: div(number(1.0), a),
    "square": lambda a: power(a, number(2.0)),
    "pow": power,
    "powc": power,
    "unit": lambda a: power(a, number(0.0)),
    "where": where,
    **dict.fromkeys(("matvec", "vecmat", "inner"), product),
    **dict.fromkeys(("matmul", "batched", "batchvec", "vecbatch"), matrix_product),
    "transpose": transpose,
    "outer": outer,
    "index": index,
    "stack": stack,
    "inv": inverse,
    "spread": spread,
    "count": count,
    "total": total,
    "routed": routed,
    "shares": lambda a, axis: applied_to(r"\operatorname{softmax}", [a, axis]),
    "solve": lambda a, b: matrix_product(inverse(a), b),
    "logdet": lambda a: Piece(rf"\ln \left|\det {within(a, ATOM)}\right|"),
}


def fixed(value: Any, text: str) -> Piece:
    """What a gate on arrays is told: an axis, an index, a shape."""
    if isinstance(value, Axis):
        axes = [value.axis] if isinstance(value.axis, int) else value.axis or []
        return Piece(",".join(map(str, axes)), fixed=value)
    plain = text.replace(":", "{:}") if INDEX.fullmatch(text) else rf"\text{{{escaped(text)}}}"
    return Piece(plain, fixed=value)


def array(value: Any, text: str) -> Piece:
    """A small array of the program entry by entry, another as it is written."""
    name = Piece(rf"\text{{{escaped(text)}}}", shape=value.shape)
    if value.ndim <= 2 and 0 < value.size <= MOST:
        lines = value.reshape(-1, value.shape[-1]) if value.ndim == 2 else [value]
        rows = [" & ".join([number(float(x)).text for x in line]) for line in lines]
        inside = r" \\ ".join(rows)
        matrix = rf"\begin{{bmatrix}} {inside} \end{{bmatrix}}"
        return Piece(matrix, shape=value.shape, within=name)
    return name
