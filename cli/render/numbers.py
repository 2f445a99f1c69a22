"""Numbers for people: few digits, plain zeros, one spelling everywhere."""

from __future__ import annotations

from typing import Any


def short(number: Any, precision: int, full: bool = False) -> str:
    """`number` with `precision` significant digits: -0.196612, 3, 1.97e+434, inf, nan; of a
    large array what it is like, unless it is wanted in full."""
    if not isinstance(number, float):
        from backprop.cli.render.arrays import described

        return described(number, precision, full)
    return f"{number:.{precision}g}" if number else "0"


def optional(number: Any, precision: int, nothing: str = "0") -> str:
    """A slope or flow; `nothing` where no message passes."""
    return nothing if number is None else short(number, precision)
