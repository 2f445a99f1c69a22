"""Guards of Python source as conditions in a target language, each of which says that the source
goes another way than where it was read."""

from __future__ import annotations

from typing import Any

from backprop.emitting.code import OR, Piece, Truth
from backprop.emitting.writing import Writer
from backprop.errors import visible
from backprop.language.syntax import Guard
from backprop.program.program import Program

SHOWN = 40  # characters of a condition that a message repeats


def message(program: Program, guard: Guard) -> str:
    """What there is to say where a guard doesn't hold."""
    start, stop = guard.span
    line = program.text.count("\n", 0, start) + 1
    code = visible(program.text[start:stop].split("\n")[0].strip().removesuffix(":"))
    code = code if len(code) <= SHOWN else f"{code[: SHOWN - 3]}..."
    return f"line {line}: {code} goes another way here than where the source was read"


def failing(writer: Writer, piece: Piece, guard: Guard) -> Truth:
    """The condition under which a guard on a number doesn't hold."""
    zero, expected = writer.number(0.0), guard.expected
    if guard.test == "truth":
        return compared(writer, "eq" if expected else "ne", piece, zero)
    number = float(expected)
    if guard.test == "whole":
        return compared(writer, "ne", piece, writer.number(number))
    low, high = (number - (number <= 0), number + (number >= 0))
    below = compared(writer, "le" if number <= 0 else "lt", piece, writer.number(low))
    above = compared(writer, "ge" if number >= 0 else "gt", piece, writer.number(high))
    outside = writer.both("or", OR, below, above)
    return writer.both("or", OR, outside, compared(writer, "ne", piece, piece))


def compared(writer: Writer, name: str, a: Piece, b: Piece) -> Truth:
    truth = writer.comparison(name, a, b).truth
    assert truth is not None
    return truth


def failing_array(name: str, guard: Guard, text: str) -> str:
    """The same of an array in NumPy; `text` are the values that were expected."""
    if guard.test == "truth":
        return f"np.any(({name} != 0) != {text})"
    if guard.test == "whole":
        return f"np.any({name} != {text})"
    order, _, axis = guard.test.partition(" ")  # argmax, argmin, argsort
    how = ', kind="stable"' if order == "argsort" else ""
    return f"np.any(np.{order}({name}, axis={axis}{how}) != {text})"


def expected_of(guard: Guard) -> Any:
    """The values that a guard on an array expects, as its test computes them."""
    import numpy as np

    found = np.asarray(guard.expected, dtype=float)
    order, _, axis = guard.test.partition(" ")
    if order in ("argmax", "argmin") and axis != "None" and found.ndim:
        side = int(axis)
        return found.squeeze(side) if found.shape[side : side + 1 or None] == (1,) else found
    return found
