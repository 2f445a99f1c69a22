"""THE TABLE: every gate that a program can hold, one row each, by name.

To add a gate, add its row. Nothing else names gates: staging, the engine, the checks, the
listing and the emitters read the rows. Most programs are about single numbers, so the rows on
whole arrays wait until they are needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import e, pi

from backprop.gates import (
    activations,
    arithmetic,
    bessel,
    gammas,
    informed,
    normal,
    piecewise,
    transcendental,
)
from backprop.gates.row import Gate

# The rows of each family, by what it is about.
FAMILIES: dict[str, Sequence[Gate]] = {
    "sums, products, powers": arithmetic.ROWS,
    "exponentials and angles": transcendental.ROWS,
    "logarithms of probabilities": informed.ROWS,
    "activations and losses": activations.ROWS,
    "gamma functions": gammas.ROWS,
    "the normal distribution": normal.ROWS,
    "Bessel functions": bessel.ROWS,
    "choices and steps": piecewise.ROWS,
}
GATES: dict[str, Gate] = {
    gate.name: gate.whole() for rows in FAMILIES.values() for gate in rows
}  # fmt: skip
BENDING: set[str] = {gate.name for gate in GATES.values() if gate.bends}
SCALARS: dict[str, Gate] = dict(GATES)
ALIASES: dict[str, str] = {alias: gate.name for gate in GATES.values() for alias in gate.aliases}
CONSTANTS: dict[str, float] = {"pi": pi, "e": e}

# What an operation with a constant is as one gate: (gate, which operand is constant, its
# value or None) -> (gate, the operands in their new order).
WITH_CONSTANT: dict[tuple[str, int, float | None], tuple[str, tuple[int, ...]]] = {
    ("add", 0, None): ("shift", (1, 0)),
    ("add", 1, None): ("shift", (0, 1)),
    ("mul", 0, None): ("scale", (1, 0)),
    ("mul", 1, None): ("scale", (0, 1)),
    ("div", 0, 1.0): ("recip", (1,)),
    ("pow", 1, 0.0): ("unit", (0,)),
    ("powc", 1, 0.0): ("unit", (0,)),
    ("pow", 1, 2.0): ("square", (0,)),
    ("pow", 1, None): ("powc", (0, 1)),
}


def find(name: str) -> Gate | None:
    """The gate of this name or alias."""
    name = ALIASES.get(name, name)
    return GATES.get(name) or array_gates().get(name)


def families() -> dict[str, Sequence[Gate]]:
    """All rows of the table, those on whole arrays too."""
    from backprop.gates import arrays, linear

    array_gates()
    others = [row for row in arrays.ROWS if row not in linear.ROWS]
    return {**FAMILIES, "whole arrays": others, "stacks of matrices, orders": linear.ROWS}


@cache
def array_gates() -> dict[str, Gate]:
    """The gates on whole arrays, which join the table when one is first asked for."""
    from backprop.gates import arrays

    rows = {gate.name: gate.whole() for gate in arrays.ROWS}
    GATES.update(rows)
    BENDING.update(gate.name for gate in arrays.ROWS if gate.bends)
    return rows
