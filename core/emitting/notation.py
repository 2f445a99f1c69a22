"""How mathematics is set: numbers, brackets, operators and arrays, as pieces of LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from math import e as euler
from math import inf, pi, prod
from typing import Any

from backprop.emitting.code import ATOM, CHOICE, COMPARISON, PRODUCT, SIGN, SUM, Piece
from backprop.emitting.typesetting import escaped
from backprop.gates.shapes import Axis

POWER = ATOM + 1  # a symbol, which an exponent may follow
BREAK = "\0"  # where a line may end
MOST = 12  # entries of a matrix that is written out
HIGH = (r"\frac", r"\begin", r"\sum", r"\prod")
INDEX = re.compile(r"[-0-9:, ]*")
TOTAL = r"{\textstyle\sum}"


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
    apart = right[:1].isdigit() or right.startswith(r"\mathrm")
    sign = r"\cdot " if apart else r"\,"
    if is_array(a) and is_array(b):
        sign = r"\odot "
    return Piece(f"{left} {sign} {right}".replace("  ", " "), PRODUCT, shape=a.shape or b.shape)


def div(a: Piece, b: Piece) -> Piece:
    if a.level == SIGN and a.value is None and a.text[0] == "-":
        return Piece(rf"-\frac{{{a.text[1:]}}}{{{b.text}}}", SIGN, shape=a.shape or b.shape)
    return Piece(rf"\frac{{{a.text}}}{{{b.text}}}", shape=a.shape or b.shape)


def modulo(a: Piece, b: Piece) -> Piece:
    text = rf"{within(a, PRODUCT)} \operatorname{{mod}} {within(b, PRODUCT + 1)}"
    return Piece(text, PRODUCT, shape=a.shape or b.shape)


def power(a: Piece, b: Piece) -> Piece:
    if b.value == 1:
        return a
    return Piece(f"{within(a, POWER)}^{{{b.text}}}", ATOM, shape=a.shape)


def indicator(a: Piece, b: Piece, sign: str) -> Piece:
    text = f"{a.text} {sign} {b.text}"
    return Piece(rf"\mathbf{{1}}[{text}]", shape=a.shape or b.shape, plain=Piece(text, COMPARISON))


def condition(c: Piece) -> str:
    return c.plain.text if c.plain else rf"{within(c, SUM)} \ne 0"


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
    below = ", ".join([(place.plain or place).text for place in places])
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
    return applied_to(TOTAL, [g, axis])._replace(shape=g.shape)


def centred(a: Piece, axis: Piece) -> Piece:
    mean = applied_to(r"\operatorname{mean}", [a, axis])
    return sub(a, mean)._replace(shape=a.shape)


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
    "mod": modulo,
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
    "outward": outer,
    "cofactors": lambda a: applied_to(r"\operatorname{cof}", [a]),
    "index": index,
    "stack": stack,
    "inv": inverse,
    "spread": spread,
    "centred": centred,
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
        return Piece(matrix, shape=value.shape, plain=name)
    return name
