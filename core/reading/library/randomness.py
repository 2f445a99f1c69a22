"""Random numbers: constants, drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.making import made
from backprop.reading.library.moving import along
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import Namespace


def drawn(name: str, draw: Callable[[Any, tuple[int, ...]], Any]) -> None:
    def function(m: Machine, shape: Sequence[Any]) -> Any:
        sides = m.shape(shape)
        FUNCTIONS["zeros"](m, list(sides))
        return made(m, draw(m.random, sides))

    FUNCTIONS[name] = function


drawn("randn", lambda random, sides: random.standard_normal(sides))


drawn("rand", lambda random, sides: random.random(sides))


def sides_of(m: Machine, shape: Any) -> tuple[int, ...]:
    sides = () if shape is None else m.shape([shape])
    FUNCTIONS["zeros"](m, list(sides))
    return sides


@known
def normal(m: Machine, loc: Any = 0.0, scale: Any = 1.0, shape: Any = None) -> Any:
    noise = made(m, m.random.standard_normal(sides_of(m, shape)))
    return m.binary("add", loc, m.binary("mul", scale, noise))


@known
def uniform(m: Machine, low: Any = 0.0, high: Any = 1.0, shape: Any = None) -> Any:
    noise = made(m, m.random.random(sides_of(m, shape)))
    return m.binary("add", low, m.binary("mul", m.binary("sub", high, low), noise))


@known
def randint(m: Machine, low: Any, high: Any = None, shape: Any = None) -> Any:
    if isinstance(high, (tuple, list)):
        high, shape = None, high
    first, last = (0, low) if high is None else (low, high)
    ends = [m.whole_number(end, "an end of randint") for end in (first, last)]
    if ends[0] >= ends[1]:
        raise UnreadError("there is no whole number between these ends")
    if not -(2**62) < ends[0] < ends[1] < 2**62:
        raise UnreadError("these ends are too large")
    return made(m, m.random.integers(ends[0], ends[1], sides_of(m, shape)))


@known
def choice(m: Machine, a: Any, shape: Any = None, replace: Any = True, p: Any = None) -> Any:
    many = m.numeric(a)
    pool: Any = many.cells if isinstance(many, Array) else m.whole_number(many, "how many")
    weights = None if p is None else m.worth(m.numeric(p))
    try:
        found = m.random.choice(pool, sides_of(m, shape) or None, bool(replace), weights)
    except ValueError as problem:
        raise UnreadError(f"nothing can be chosen: {problem}") from None
    return made(m, found) if np.ndim(found) else np.asarray(found).item()


@known
def permutation(m: Machine, a: Any) -> Any:
    many = m.numeric(a)
    if isinstance(many, Array):
        return along(m, many, 0, m.random.permutation(many.shape[0]))
    return Array.new(m.random.permutation(m.whole_number(many, "how many")))


@known
def binomial(m: Machine, count: Any, p: Any, shape: Any = None) -> Any:
    times, part = m.whole_number(count, "how often"), float(m.worth(m.numeric(p)))
    return made(m, m.random.binomial(times, min(1.0, max(0.0, part)), sides_of(m, shape)))


@known
def seed(m: Machine, a: Any = None) -> Any:
    """Seeds of the source are not taken: --seed is."""
    del m, a


@known
def generator(m: Machine, a: Any = None) -> Any:
    """An object that draws random numbers: as --seed says, like all others."""
    del m, a
    return Namespace("numpy", "random")


@known
def randn_like(m: Machine, a: Any) -> Any:
    return FUNCTIONS["randn"](m, list(m.array(a).shape))


@known
def rand_like(m: Machine, a: Any) -> Any:
    return FUNCTIONS["rand"](m, list(m.array(a).shape))
