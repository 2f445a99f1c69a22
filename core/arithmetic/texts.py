"""The texts of the table, parsed once and only when asked for, and turned into Python.

A row's value, partials, domain and kink are programs in our own language. `statements`
walks such a program's postfix code and writes it with the operators and function names of
some target; the number systems compile the result. Nothing of a user's text comes here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from backprop.gates import find
from backprop.language.parser import parse
from backprop.language.syntax import SYMBOL, Op, Tree

formula = cache(parse)

CALLS = r"(\w+)\("
LOWERED = r"\*\*\(\(?(-?\d+(?:\.\d+)?)\)? - 1\)"
COMPARISONS = ("lt", "le", "gt", "ge", "eq", "ne")


def names_in(text: str) -> set[str]:
    """The gates that a text of the table calls."""
    if not text:
        return set()
    return {
        item.name for item in formula(text).code if isinstance(item, Op) and item.kind == "call"
    }


class Target(NamedTuple):
    """How Python is written: numbers, whether `/` may stand for a division, and whether
    conditions are arrays, which `if` can't decide. Calls on arrays cost enough for each to be
    made once: `known` has the names of those that were made before."""

    literal: Callable[[str], str]
    divides: bool
    arrays: bool = False
    known: dict[str, str] | None = None


def statements(tree: Tree, target: Target) -> tuple[list[str], str]:
    """A table text as Python: assignments, and the expression of its last statement."""
    stack: list[str] = []
    lines: list[str] = []
    for item in tree.code:
        if isinstance(item, str):
            stack.append(target.literal(item) if item[0] in "0123456789." else item)
            continue
        operands = stack[len(stack) - item.arity :]
        del stack[len(stack) - item.arity :]
        if item.kind == "store":
            lines.append(f"{item.name} = {operands[0]}")
        else:
            stack.append(python(item, operands, target))
            if item.kind == "call" and target.known is not None:
                stack[-1] = named(stack[-1], target.known, lines)
    return lines, stack[-1]


def named(call: str, known: dict[str, str], lines: list[str]) -> str:
    """The name of a call's value; it is made in a new line, if it wasn't yet."""
    if call not in known:
        known[call] = f"_{len(known)}"
        lines.append(f"{known[call]} = {call}")
    return known[call]


def python(op: Op, operands: list[str], target: Target) -> str:
    if op.kind == "attribute":
        return f"{operands[0]}.{op.name}"
    if op.kind == "call":
        if op.name == "where" and not target.arrays:
            return "({1} if {0} else {2})".format(*operands)
        return f"{op.name}({', '.join(operands)})"
    if op.name == "neg":
        return f"(-{operands[0]})"
    if op.name == "pow" or (op.name == "div" and not target.divides):
        return f"{op.name}({', '.join(operands)})"
    written = f"({operands[0]} {SYMBOL[op.name]} {operands[1]})"
    if op.name in COMPARISONS:
        return f"({written}*1.0)" if target.arrays else f"(1.0 if {written} else 0.0)"
    return written


@cache
def template(text: str, parameters: tuple[str, ...]) -> str:
    """`text` as a format string with a numbered field for each parameter."""
    fields = {name: f"{{{position}}}" for position, name in enumerate(parameters)}
    escaped = text.replace("{", "{{").replace("}", "}}")
    return re.sub(r"[A-Za-z_]\w*", lambda found: fields.get(found[0], found[0]), escaped)


@cache
def form(gate: str, count: int) -> Callable[..., str]:
    """How a stage with `count` operands of this gate is written, given their names."""
    row = find(gate)
    assert row is not None
    if "..." in row.form:
        head = row.form.startswith("a")  # a[...] has one operand before the others
        rest = ", ".join(["{}"] * (count - head))
        return row.form.replace("a", "{}", head).replace("...", rest).format
    if row.form:
        return template(row.form, row.operands).format
    return f"{gate}({', '.join(['{}'] * count)})".format


def partial_text(gate: str, position: int, operands: list[str], out: str) -> str:
    """The local derivative for one input as it is shown, in the names of the stage at hand."""
    row = find(gate)
    assert row is not None
    text = row.shown(position)
    if row.variadic:
        return template(text, ("a", "out", "g")).format(operands[position], out, f"d{out}")
    found = template(text, (*row.operands, "out", "g")).format(*operands, out, f"d{out}")
    return re.sub(LOWERED, lowered, found) if " - 1)" in found else found


def lowered(found: re.Match[str]) -> str:
    """The exponent of the power rule as one number: `**(3 - 1)` is `**2`."""
    exponent = float(found[1])
    text = f"{exponent - 1:g}"
    if float(text) + 1 != exponent:
        return found[0]
    return f"**{text}" if exponent > 1 else f"**({text})"
