"""One number for people: a few digits, plain zeros."""

from __future__ import annotations

from typing import Any


def digits(number: Any, precision: int) -> str:
    """`number` with `precision` significant digits: -0.196612, 3, 1.97e+434, inf, nan."""
    return f"{number:.{precision}g}" if number else "0"
