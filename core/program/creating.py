"""Arrays made of a few numbers: zeros(2, 3), arange(5), randn(5, 10)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.gates.shapes import LIMIT, MAX_AXES, MAX_ENTRIES, MismatchError, too_many

Made = Callable[..., Any]
Random = np.random.Generator


def size(numbers: Sequence[float]) -> tuple[int, ...]:
    """A shape, from the numbers that were given for it."""
    if not all(number.is_integer() and number >= 0 for number in numbers):
        raise MismatchError("a shape is made of whole numbers, none below 0")
    if too_many(tuple(map(int, numbers))):
        raise MismatchError(LIMIT)
    return tuple(map(int, numbers))


def arange(*numbers: float) -> Any:
    start, stop, step = {1: (0.0, *numbers, 1.0), 2: (*numbers, 1.0)}.get(len(numbers), numbers)
    if step == 0:
        raise MismatchError("the step of arange can't be 0")
    if not abs((stop - start) / step) <= MAX_ENTRIES:
        raise MismatchError(LIMIT)
    return np.arange(start, stop, step, dtype=float)


def linspace(start: float, stop: float, count: float = 50.0) -> Any:
    (entries,) = size([count])
    with np.errstate(all="ignore"):  # to infinity; what isn't finite is said by others
        return np.linspace(start, stop, entries)


def eye(*sides: float) -> Any:
    rows, columns = size([sides[0], sides[-1]])
    return np.eye(rows, columns)


CREATORS: dict[str, tuple[range, Made]] = {
    "zeros": (range(1, MAX_AXES + 1), lambda random, *n: np.zeros(size(n))),
    "ones": (range(1, MAX_AXES + 1), lambda random, *n: np.ones(size(n))),
    "full": (range(2, MAX_AXES + 2), lambda random, *n: np.full(size(n[:-1]), n[-1])),
    "eye": (range(1, 3), lambda random, *n: eye(*n)),
    "arange": (range(1, 4), lambda random, *n: arange(*n)),
    "linspace": (range(2, 4), lambda random, *n: linspace(*n)),
    "randn": (range(1, MAX_AXES + 1), lambda random, *n: random.standard_normal(size(n))),
    "rand": (range(1, MAX_AXES + 1), lambda random, *n: random.random(size(n))),
}


def create(name: str, numbers: Sequence[float], random: Random) -> Any:
    """The array that such a call makes."""
    counts, make = CREATORS[name]
    if len(numbers) not in counts:
        wanted = f"{counts[0]} to {counts[-1]}"
        raise MismatchError(f"{name} takes {wanted} numbers, not {len(numbers)}")
    return make(random, *numbers)
