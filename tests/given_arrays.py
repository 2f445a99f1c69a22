"""Arrays as somebody might have them: up to 3 axes, sizes 0 to 4 with 0 and 1 often, in every
order of memory, as lists, whole numbers and short floats; and what a program is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import prod
from random import Random
from typing import Any, NamedTuple

import grids
import numpy as np
from grids import Grid, Shape

import backprop
from backprop.gates import array_gates
from backprop.language.syntax import Tree

Array = Any

SIZES = (0, 1, 1, 2, 2, 3, 3, 4)
FEW = (0, 1, 1, 2, 2, 3)  # in arrays with three axes


def uniform(random: Random, shape: Shape, low: float = -3.0, high: float = 3.0) -> Array:
    return np.array([random.uniform(low, high) for _ in range(prod(shape))]).reshape(shape)


def whole(random: Random, shape: Shape) -> Array:
    """Whole numbers, none of them twice."""
    return np.array(random.sample(range(-40, 41), prod(shape)), dtype=float).reshape(shape)


def reversed_view(a: Array) -> Array:
    return a[::-1].copy()[::-1] if a.ndim else a


def every_other(a: Array) -> Array:
    if not a.ndim:
        return a
    wide = np.full((2 * len(a), *a.shape[1:]), 99.0)
    wide[::2] = a
    return wide[::2]


def last_of_many(a: Array) -> Array:
    return np.stack([np.full(a.shape, 99.0), a], axis=-1)[..., 1]


LAYOUTS: tuple[Callable[[Array], Any], ...] = (
    lambda a: a,
    lambda a: a,
    lambda a: np.array(a, order="F"),
    lambda a: np.array(a.T, order="C").T,
    reversed_view,
    every_other,
    last_of_many,
    lambda a: a.astype(np.float32),
    lambda a: a.astype(np.float16),
    lambda a: a.astype(">f8"),
    lambda a: a.tolist() if a.size else a,
)
KINDS = (np.int64, np.int8, np.int32, np.float64)


def given(random: Random, shape: Shape, low: float = -3.0, high: float = 3.0) -> Any:
    """An array of this shape, as somebody might have it."""
    if random.random() < 0.15:
        return whole(random, shape).astype(random.choice(KINDS))
    return random.choice(LAYOUTS)(uniform(random, shape, low, high))


def any_shape(random: Random, least: int = 0, most: int = 3) -> Shape:
    count = random.randint(least, most)
    return tuple(random.choice(SIZES if count < 3 else FEW) for _ in range(count))


def size(random: Random) -> int:
    return random.choice(SIZES)


def exact(value: Any) -> Array:
    return np.asarray(value, dtype=float)


# One program.


class Case(NamedTuple):
    gate: str
    text: str
    given: dict[str, Any]
    function: Callable[[dict[str, Grid]], Grid]
    upstream: Any  # None: the output is a number of a program without arrays

    @property
    def program(self) -> str | Tree:
        """What is evaluated: a text of the language, or a function in Python as it is read."""
        if "def f(" not in self.text:
            return self.text
        values = {name: exact(value)[()] for name, value in self.given.items()}
        return backprop.read(self.text, "f").at(values)[0]


def case(
    gate: str, text: str, values: Mapping[str, Any], function: Callable[[dict[str, Grid]], Grid],
    random: Random,
) -> Case:  # fmt: skip
    shape = function({name: grids.grid(exact(value)) for name, value in values.items()}).shape
    arrays = (
        gate in array_gates() or any(np.ndim(value) for value in values.values()) or "[" in text
    )
    upstream = uniform(random, shape) if shape else uniform(random, ()).item()
    return Case(gate, text, dict(values), function, upstream if arrays else None)
