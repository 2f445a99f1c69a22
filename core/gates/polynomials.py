"""Texts that several rows are made of: polynomials of series.py, asymptotic series and continued
fractions."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.gates.series import Series

# Bernoulli's numbers B2, B4, ... as fractions.
BERNOULLI = (
    (1, 6), (-1, 30), (1, 42), (-1, 30), (5, 66), (-691, 2730), (7, 6), (-3617, 510),
    (43867, 798),
)  # fmt: skip
EACH = range(1, len(BERNOULLI) + 1)


def bernoulli(k: int, divisor: int = 1) -> float:
    """The kth of them, divided by a whole number."""
    above, below = BERNOULLI[k - 1]
    return above / (below * divisor)


def horner(coefficients: Sequence[float], name: str = "s") -> str:
    """The sum of the coefficients times the powers of a name."""
    text = ""
    for coefficient in reversed(coefficients):
        text = f"{coefficient!r} + {name}*({text})" if text else f"{coefficient!r}"
    return text


def polynomial(series: Series) -> str:
    return horner(series[1])


def place(series: Series, name: str) -> str:
    """Where a number is in the interval of a series, from -1 to 1."""
    low, high = series[0]
    middle, half = (low + high) / 2, (high - low) / 2
    return f"({name} - ({middle!r}))/{half!r}"


def nested(first: str, levels: int, over: str) -> str:
    """first + 1*over/(first + 2*over/(first + ...)): a continued fraction, so many levels deep.
    `over` says what stands above the line of a level, with {} for its number."""
    text = first
    for level in range(levels, 0, -1):
        text = f"{first} + {over.format(level)}/({text})"
    return text
