"""Shapes that a user gives in place of values: W=5x10."""

from __future__ import annotations

import re
from collections.abc import Iterable

from backprop.errors import UsageError
from backprop.gates.shapes import LIMIT, Shape, too_many, words

NUMBER = "number"  # how the shape of a single number is given
WAYS = f"5x10, 5 for a vector or {NUMBER}"
LONGEST = 12  # digits of a side


def read_shapes(texts: Iterable[str]) -> dict[str, Shape]:
    """`W=5x10,X=10x3` as names and their shapes."""
    found: dict[str, Shape] = {}
    for text in texts:
        before = ""
        for piece in text.split(","):
            name, equals, shape = (part.strip() for part in piece.partition("="))
            if not (name and equals):
                hint = f"{before}x{name}" if before and name.isdigit() else "W=5x10"
                raise UsageError(
                    f"--shape takes NAME=SHAPE, not {piece.strip() or 'nothing'}",
                    hint=f"a shape is written with x: {hint}",
                )
            if name in found:
                raise UsageError(f"the shape of {name} is given twice")
            found[name] = read_shape(name, shape)
            before = piece.strip()
    return found


def read_shape(name: str, text: str) -> Shape:
    """`5x10`, `5` for a vector, `number`."""
    sides = text.strip().lower().replace("×", "x").split("x")
    if sides == [NUMBER]:
        return ()
    if not all(side.isascii() and side.isdigit() for side in sides):
        digits = "x".join(re.findall(r"[0-9]+", text))
        hint = (
            f"did you mean {digits}?"
            if "x" in digits
            else f"write 5x10, 5 for a vector or {NUMBER}"
        )
        message = (
            f"the shape of {name} is not whole numbers with x between: {text[:40] or 'nothing'}"
        )
        raise UsageError(message, hint=hint)
    if max(map(len, sides)) > LONGEST:
        raise UsageError(f"the shape of {name} is too large: {text[:40]}")
    return held(name, tuple(map(int, sides)))


def held(name: str, shape: Shape) -> Shape:
    shape = tuple(shape)
    if too_many(shape):
        raise UsageError(f"the shape of {name} is {words(shape)}: {LIMIT}")
    return shape
