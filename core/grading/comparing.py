"""Are two series of values the same? Arrays are compared by one weighted sum of their entries,
so that sums of arrays are as quick to compare as sums of numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

CLOSE = 1e-9
GOLDEN = 0.6180339887498949


class Mark(NamedTuple):
    """A series in short: its shape, and for every world a sum and the size of what was summed."""

    shape: tuple[int, ...]
    sums: tuple[Any, ...]
    sizes: tuple[Any, ...]

    @property
    def zero(self) -> bool:
        return not any(self.sizes)


def mark(series: Sequence[Any]) -> Mark:
    pairs = [weighed(value) for value in series]
    shape = tuple(getattr(series[0], "shape", ()))
    return Mark(shape, tuple(pair[0] for pair in pairs), tuple(pair[1] for pair in pairs))


def weighed(value: Any) -> tuple[Any, Any]:
    if not getattr(value, "ndim", 0):
        return value, abs(value)
    import numpy as np

    weights = 0.5 + (np.arange(value.size) * GOLDEN) % 1.0
    parts = value.ravel() * weights
    return np.sum(parts), np.sum(abs(parts))


def added(marks: Iterable[Mark]) -> Mark:
    first, *others = marks
    sums, sizes = list(first.sums), list(first.sizes)
    for other in others:
        sums = [a + b for a, b in zip(sums, other.sums, strict=True)]
        sizes = [a + b for a, b in zip(sizes, other.sizes, strict=True)]
    return Mark(first.shape, tuple(sums), tuple(sizes))


def same(one: Mark, other: Mark) -> bool:
    return one.shape == other.shape and all(
        near(a, b, size + beside)
        for a, b, size, beside in zip(one.sums, other.sums, one.sizes, other.sizes, strict=True)
    )


def near(a: Any, b: Any, size: Any) -> bool:
    return bool(abs(a - b) <= CLOSE * size)


def turned(one: Mark) -> Mark:
    """The mark of the negative."""
    return one._replace(sums=tuple(-number for number in one.sums))
