"""Random numbers: constants, drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.making import made
from backprop.reading.library.moving import along
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import Namespace, described


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
def shuffle(m: Machine, a: Any) -> None:
    """The entries of the first axis in another order, in place."""
    if isinstance(a, list):
        a[:] = [a[int(k)] for k in m.random.permutation(len(a))]
        return
    if not isinstance(a, Array) or not a.shape:
        raise UnreadError(f"{described(a)} can't be shuffled")
    indexing.write(m, a, (Ellipsis,), along(m, a, 0, m.random.permutation(a.shape[0])))


@known
def multinomial(m: Machine, count: Any, p: Any, shape: Any = None) -> Any:
    """NumPy: how often each of several things comes up."""
    weights = np.asarray(m.worth(m.numeric(p)))
    times = m.whole_number(count, "how often")
    m.recorder.budget.room((*sides_of(m, shape), weights.size))
    return Array.new(m.random.multinomial(times, weights, sides_of(m, shape) or None))


@known
def multinomial_rows(m: Machine, p: Any, num_samples: Any = 1, replacement: Any = False) -> Any:
    """PyTorch: some of the things of each row, by their weights."""
    array, count = m.array(p), m.whole_number(num_samples, "how many")
    rows = np.atleast_2d(array.cells)
    m.recorder.budget.room((rows.shape[0], count))
    found = np.array([
        m.random.choice(rows.shape[1], count, bool(replacement), row / row.sum()) for row in rows
    ])  # fmt: skip
    return Array.new(found.reshape((*array.shape[:-1], count)))


@known
def bernoulli(m: Machine, a: Any) -> Any:
    array = m.array(a)
    m.recorder.budget.room(array.shape)
    return made(m, (m.random.random(array.shape) < array.cells) * 1.0)


@known
def multivariate_normal(m: Machine, mean: Any, cov: Any, shape: Any = None) -> Any:
    middle, spread = m.array(mean), m.array(cov)
    found = m.random.multivariate_normal(
        np.zeros(middle.shape), spread.cells, sides_of(m, shape) or None
    )
    return m.binary("add", middle, Array.new(found))


@known
def of_zero_and_one(m: Machine) -> float:
    """A number of Python's own module random."""
    return float(m.random.random())


@known
def between(m: Machine, low: Any, high: Any) -> int:
    """randint of Python's own module random, which takes both ends."""
    first, last = m.whole_number(low, "an end"), m.whole_number(high, "an end")
    return int(m.random.integers(first, last, endpoint=True))


@known
def one_of(m: Machine, a: Any) -> Any:
    if isinstance(a, Array):
        return along(m, a, 0, m.random.integers(0, len(a.cells)))
    if not isinstance(a, (list, tuple, str, range)) or not len(a):
        raise UnreadError(f"nothing can be chosen of {described(a)}")
    return a[int(m.random.integers(0, len(a)))]


@known
def some_of(m: Machine, a: Any, k: Any) -> list[Any]:
    count = m.whole_number(k, "how many")
    if not isinstance(a, (list, tuple, str, range)) or not 0 <= count <= len(a):
        raise UnreadError(f"{count} can't be chosen of {described(a)}")
    return [a[int(place)] for place in m.random.permutation(len(a))[:count]]


def scaled(name: str, draw: Callable[..., Any]) -> None:
    """A kind of random number with a parameter or two."""

    def function(m: Machine, a: Any = 1.0, b: Any = None, shape: Any = None) -> Any:
        fed = [m.worth(m.numeric(one)) for one in (a, b) if one is not None]
        return made(m, draw(m.random)(*fed, size=sides_of(m, shape) or None))

    FUNCTIONS[name] = function


scaled("exponential", lambda random: random.exponential)
scaled("poisson", lambda random: random.poisson)
scaled("beta", lambda random: random.beta)
scaled("random_gamma", lambda random: random.gamma)
scaled("laplace", lambda random: random.laplace)


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


@known
def normal_like(m: Machine, a: Any, loc: Any = 0.0, scale: Any = 1.0) -> Any:
    return normal(m, loc, scale, m.array(a).shape)


@known
def uniform_like(m: Machine, a: Any, low: Any = 0.0, high: Any = 1.0) -> Any:
    return uniform(m, low, high, m.array(a).shape)
