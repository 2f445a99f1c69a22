"""Numbers for people: few digits, plain zeros, one spelling everywhere."""

from __future__ import annotations


def short(number: float, precision: int) -> str:
    """`number` with `precision` significant digits: -0.196612, 3, 1.97e+434, inf, nan."""
    return f"{number:.{precision}g}" if number else "0"


def optional(number: float | None, precision: int, nothing: str = "0") -> str:
    """A slope or flow; `nothing` where no message passes."""
    return nothing if number is None else short(number, precision)
