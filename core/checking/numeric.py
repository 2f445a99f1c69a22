"""The numeric opinion: differences at very many digits, on a plain walk of the syntax tree.

It shares neither the table's partials nor the staging. A slope is taken on each side, so
that kinks show; the working precision is so far below the step that nothing else does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.arithmetic.precise import FINITE, settled
from backprop.checking.walk import Dialect
from backprop.gates import CONSTANTS

CLOSE = 30  # digits to which opinions have to agree
NOTHING = mpf(10) ** -330  # what no float can hold

Direction = Mapping[str, int]  # what each input moves by


def literal(text: str) -> Any:
    return {"pi": +mp.pi, "e": +mp.e}[text] if text in CONSTANTS else mpf(float(text))


DIALECT = Dialect(FINITE, mpf, literal, unfolded=settled)


def close(a: Any, b: Any, digits: int = CLOSE, *, room: Any = 0) -> bool:
    """Are two numbers one? `room` is what is nothing beside the parts that they add up."""
    largest = max(abs(a), abs(b))
    if largest == mp.inf:
        return bool(a == b)
    return largest < NOTHING or bool(abs(a - b) <= max(largest * mpf(10) ** -digits, room))


class Sides(NamedTuple):
    """The slopes of a function on the left and on the right of a point."""

    left: Any
    right: Any
    noise: Any = 0  # what rounding alone could make of a difference

    @property
    def known(self) -> bool:
        return bool(mp.isfinite(self.left) and mp.isfinite(self.right))

    @property
    def middle(self) -> Any:
        return (self.left + self.right) / 2

    def close_to(self, other: Sides, room: Any = 0) -> bool:
        return close(self.left, other.left, room=room) and close(self.right, other.right, room=room)

    def each(self, function: Callable[[Any, Any], Any], other: Sides) -> Sides:
        """These slopes and another's put through a function, side by side."""
        return Sides(function(self.left, other.left), function(self.right, other.right), self.noise)


class Difference(NamedTuple):
    value: Any
    slopes: list[Sides]


def differences(
    output: Callable[[Mapping[str, Any]], Any],
    point: Mapping[str, float],
    directions: Sequence[Direction],
    digits: int,
    step: int,
) -> Difference:
    """The slopes on both sides along each direction, with a step of 10**-step and `digits`."""
    # A step has to be small beside every input that moves, and the digits reach below it.
    sizes = [abs(value) for value in point.values() if value]
    reach = max(0, -math.floor(math.log10(min(sizes, default=1.0))))
    with mp.workdps(digits + reach):
        at = {name: mpf(value) for name, value in point.items()}
        middle = output(at)
        found = []
        for direction in directions:
            h = min([mpf(1), *(abs(at[n]) for n in direction if at[n])]) * mpf(10) ** -step
            before, after = (output(moved(at, direction, side)) for side in (-h, h))
            noise = max(map(abs, (before, middle, after))) * mpf(10) ** -digits / h
            found.append(Sides((middle - before) / h, (after - middle) / h, noise))
        return Difference(middle, found)


def moved(at: Mapping[str, Any], direction: Direction, h: Any) -> dict[str, Any]:
    return {**at, **{name: at[name] + h * part for name, part in direction.items()}}
