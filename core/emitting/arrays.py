"""Expressions of arrays as NumPy: those of numbers, and gates on whole arrays among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.emitting.code import ATOM, COMPARISON, Piece
from backprop.emitting.language import Language
from backprop.emitting.whole import PARTS, WRITTEN, opened, product, sides, total, transpose
from backprop.emitting.writing import Writer, within
from backprop.errors import UsageError
from backprop.gates import GATES
from backprop.gates.row import Gate, LackingError
from backprop.gates.shapes import Shape, broadcast
from backprop.language.syntax import Op

MOST = 1000  # entries of an array of the program that are written out


class WholeWriter(Writer):
    """Writes expressions of arrays as well."""

    def __init__(self, language: Language, ties: str) -> None:
        super().__init__(language)
        self.ties = ties

    def applied(self, op: Op, operands: Sequence[Piece]) -> Piece:
        if op.kind == "attribute":
            return transpose(operands[0])
        if op.name == "matmul":
            return product(*operands)
        if op.kind == "call" and op.name in WRITTEN:
            return WRITTEN[op.name](*operands)
        return super().applied(op, operands)

    def gate(self, name: str, operands: Sequence[Piece]) -> Piece:
        if name in WRITTEN:
            return WRITTEN[name](*operands)
        row = GATES[name]
        if row.array and not row.value:
            raise LackingError(name, "no code in NumPy, and no text for its value")
        if row.array:
            return self.expression(row.value, dict(zip(row.operands, operands, strict=True)))
        return super().gate(name, operands)

    def negative(self, a: Piece) -> Piece:
        return super().negative(a)._replace(shape=a.shape)

    def product(self, a: Piece, b: Piece) -> Piece:
        """What only spreads a gradient is left out where the other factor does it as well."""
        made = super().product(a.plain or a, b.plain or b)
        if a.shape is None or b.shape is None:
            return made
        return made._replace(shape=broadcast(a.shape, b.shape))

    def message(self, gate: Gate, place: int, fed: Sequence[Piece], out: Piece, g: Piece) -> Piece:
        """What a gate passes back to one of its operands."""
        if gate.name in PARTS:
            return PARTS[gate.name](place, fed, g)
        names = {**dict(zip(gate.operands, fed, strict=True)), "out": out, "g": g}
        if gate.ties:
            return self.routed(names["a"], names["axis"], out, g)
        return self.expression(gate.partial(place), names)

    def routed(self, a: Piece, axis: Piece, out: Piece, g: Piece) -> Piece:
        """The gradient for the largest or smallest entries, as --ties says."""
        best, part = opened(out, a, axis), opened(g, a, axis)
        chosen = f"{a.text} == {best.text}"
        if self.ties == "first":
            chosen = f"first({chosen}, {sides(axis, a)})"
        if self.ties == "split":
            count = total(Piece(chosen, COMPARISON), axis)
            part = self.infix("div", part, count, 0.0)
        return Piece(f"routed({chosen}, {best.text}, {part.text})")


def array_text(value: Any) -> str:
    """An array of the program itself: what it is made of, or its entries."""
    for same, function in ((0.0, "zeros"), (1.0, "ones")):
        if (value == same).all() and not np.signbit(value).any():
            return f"np.{function}({value.shape})"
    if value.ndim == 1 and np.array_equal(value, np.arange(len(value))):
        return f"np.arange({len(value)}.0)"
    if value.size > MOST:
        raise UsageError(
            f"an array of the program has {value.size:,} entries; at most {MOST:,} are written out",
            hint="make it a variable, with a value or a --shape",
        )
    return f"np.array({lists(value)})"


def fitted(message: Piece, came: Shape, goes: Shape, method: str = "sum") -> Piece:
    """A message in the shape of its operand: what was broadcast is summed."""
    extra = len(came) - len(goes)
    stretched = tuple([k for k, size in enumerate(goes) if size == 1 != came[extra + k]])
    if extra:
        axes = axis_text(tuple(range(extra))) if goes else ""
        message = Piece(f"{within(message, ATOM)}.{method}({axes})")
    if stretched:
        message = Piece(f"{within(message, ATOM)}.{method}({axis_text(stretched)}, keepdims=True)")
    return message


def axis_text(axes: tuple[int, ...]) -> str:
    return f"axis={axes[0] if len(axes) == 1 else axes}"


def lists(array: Any) -> str:
    """The entries of an array."""
    return re.sub("nan|inf", r"np.\g<0>", repr(array.tolist()))
