"""THE TABLE: every gate that a program can hold, one row each, by name.

To add a gate, add its row. Nothing else names gates: staging, the engine, the checks, the
listing and the emitters read the rows. Most programs are about single numbers and few functions,
so the rows of special functions, and those on whole arrays, wait until one is asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from math import e, pi

from backprop.gates import activations, arithmetic, piecewise, transcendental
from backprop.gates.row import Gate


class Table(dict[str, Gate]):
    """The rows that were needed so far, by name; any other joins when it is asked for."""

    def __missing__(self, name: str) -> Gate:
        gate = find(name)
        if gate is None or gate.name != name:
            raise KeyError(name)
        return gate

    def join(self, rows: Iterable[Gate]) -> dict[str, Gate]:
        """These rows, which are in the table from now on."""
        new = {gate.name: gate.whole() for gate in rows}
        self.update(new)
        CORNERS.update([gate.name for gate in new.values() if gate.kink and not gate.bends])
        BENDING.update([gate.name for gate in new.values() if gate.bends])
        CREASED.update([gate.name for gate in new.values() if gate.crease])
        ALIASES.update({alias: gate.name for gate in new.values() for alias in gate.aliases})
        return new


GATES = Table()
BENDING: set[str] = set()  # the gates whose slope depends on the side from which one looks
CORNERS: set[str] = set()  # those with a point where even the value is a convention
CREASED: set[str] = set()  # those with a point where the slope has a kink
ALIASES: dict[str, str] = {}
COMMON = GATES.join([*arithmetic.ROWS, *transcendental.ROWS, *activations.ROWS, *piecewise.ROWS])
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
    waiting = [array_gates, scalars]
    while (own := ALIASES.get(name, name)) not in GATES and waiting:
        waiting.pop()()
    return GATES.get(own)


@cache
def scalars() -> dict[str, Gate]:
    """The gates on numbers: the common ones, and the special functions."""
    from backprop.gates import bessel, gammas, informed, normal

    return COMMON | GATES.join([*informed.ROWS, *gammas.ROWS, *normal.ROWS, *bessel.ROWS])


@cache
def array_gates() -> dict[str, Gate]:
    """The gates on whole arrays."""
    from backprop.gates import arrays

    return GATES.join(arrays.ROWS)


def names() -> list[str]:
    """What gates are called, also by other names."""
    return [
        name for rows in families().values() for row in rows for name in (row.name, *row.aliases)
    ]


def families() -> dict[str, Sequence[Gate]]:
    """All rows, by what they are about."""
    from backprop.gates import arrays, bessel, gammas, informed, linear, normal

    return {
        "sums, products, powers": arithmetic.ROWS,
        "exponentials and angles": transcendental.ROWS,
        "logarithms of probabilities": informed.ROWS,
        "activations and losses": activations.ROWS,
        "gamma functions": gammas.ROWS,
        "the normal distribution": normal.ROWS,
        "Bessel functions": bessel.ROWS,
        "choices and steps": piecewise.ROWS,
        "whole arrays": [row for row in arrays.ROWS if row not in linear.ROWS],
        "stacks of matrices, orders": linear.ROWS,
    }
