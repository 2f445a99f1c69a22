"""Random programs of the gates on stacks of matrices, and of those that sort or multiply along an
axis."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from random import Random
from typing import Any

import grids
import numpy as np
from given_arrays import Case, any_shape, case, given
from grids import Entry, Grid, Shape
from oracle import mp

Array = Any
SINGULAR = 1e4  # the largest condition number


def every(function: Callable[..., Grid], *operands: Grid) -> Grid:
    """A function of matrices for stacks of them."""
    stack = grids.broadcast(*(a.shape[:-2] for a in operands))
    found = {
        at: function(*(matrix(a, at) for a in operands)) for at in np.ndindex(*stack)
    }  # fmt: skip
    side = next(iter(found.values())).shape
    return Grid((*stack, *side), [entry for one in found.values() for entry in one.entries])


def matrix(a: Grid, at: tuple[int, ...]) -> Grid:
    return grids.build(a.shape[-2:], lambda i, j: grids.stretched(a, (*at, i, j)))


def cholesky(a: Grid) -> Grid:
    """The triangle whose square is the mean of a matrix and its transpose, column by column."""
    side = a.shape[0]
    found: dict[tuple[int, int], Entry] = {}
    for j in range(side):
        for i in range(j, side):
            rest = (a.at(i, j) + a.at(j, i)) / 2 - mp.fsum(
                found[i, k] * found[j, k] for k in range(j)
            )
            found[i, j] = mp.sqrt(rest) if i == j else rest / found[j, j]
    return grids.build(a.shape, lambda i, j: found.get((i, j), mp.mpf(0)))


def along(a: Grid, axis: int, function: Callable[[list[Entry]], list[Entry]]) -> Grid:
    """A function of every line along an axis."""
    place = axis % len(a.shape)

    def entry(*index: int) -> Entry:
        line = [a.at(*index[:place], k, *index[place + 1 :]) for k in range(a.shape[place])]
        return function(line)[index[place]]

    return grids.build(a.shape, entry)


def products(line: list[Entry]) -> list[Entry]:
    return [mp.fprod(line[: k + 1]) for k in range(len(line))]


def order(line: list[Entry]) -> list[Entry]:
    return [mp.mpf(k) for k in sorted(range(len(line)), key=line.__getitem__)]


# Cases.


def squares(random: Random, stack: Shape) -> Array:
    """Square matrices that aren't nearly singular."""
    side = random.choice((1, 2, 2, 2, 3))
    while True:
        found = np.asarray(given(random, (*stack, side, side)))
        if np.max(np.linalg.cond(found.astype(float)), initial=0) < SINGULAR:
            return found


def stack(random: Random) -> Shape:
    return random.choice(((1,), (2,), (2,), (3,), (2, 2), (1, 2)))


def of_stack(gate: str, called: str, function: Any, random: Random) -> Case:
    values = {"A": squares(random, stack(random))}
    return case(gate, f"{called}(A)", values, lambda at: every(function, at["A"]), random)


def solves(random: Random) -> Case:
    way = random.choice(("both", "left", "right", "one"))
    stacks = stack(random)
    a = squares(random, () if way == "right" else (1, *stacks[1:]) if way == "one" else stacks)
    right = () if way == "left" else stacks
    values = {"A": a, "B": given(random, (*right, a.shape[-1], random.choice((1, 2, 2))))}
    return case(
        "solves", "solve(A, B)", values, lambda at: every(grids.solve, at["A"], at["B"]), random
    )


def factors(random: Random) -> Case:
    """Matrices that have a factor, not all of them symmetric."""
    shape = random.choice(((), (), *[stack(random)]))
    root = squares(random, shape).astype(float)
    found = root @ np.swapaxes(root, -1, -2)
    side = np.shape(found)[-1]
    skew = np.array([random.uniform(-0.3, 0.3) for _ in range(prod(np.shape(found)))])
    skew = np.triu(skew.reshape(np.shape(found)), 1)
    values = {"A": found + np.eye(side) + skew - np.swapaxes(skew, -1, -2)}
    return case("cholesky", "cholesky(A)", values, lambda at: every(cholesky, at["A"]), random)


def distinct(random: Random, shape: Shape) -> Array:
    numbers = random.sample(range(-80, 81), prod(shape))
    return np.array(numbers, dtype=float).reshape(shape) / 8


def of_lines(gate: str, function: Any, random: Random) -> Case:
    shape = any_shape(random, 1)
    axis = random.randrange(-len(shape), len(shape))
    array = distinct(random, shape) if gate != "cumprod" else np.array(given(random, shape), float)
    for _ in range(random.choice((0, 0, 1, 2)) if gate == "cumprod" and array.size else 0):
        array.reshape(-1)[random.randrange(array.size)] = 0.0
    text = f"{gate}(A, axis={axis})"
    return case(gate, text, {"A": array}, lambda at: along(at["A"], axis, function), random)


def lengths(a: Grid) -> Grid:
    """The roots of the eigenvalues of a.T @ a, or of a @ a.T, the largest first."""
    turned = grids.transpose(a)
    square = grids.matmul(a, turned) if a.shape[0] < a.shape[1] else grids.matmul(turned, a)
    side = square.shape[0]
    rows = mp.matrix([[square.at(i, j) for j in range(side)] for i in range(side)])
    found = sorted(mp.eigsy(rows, eigvals_only=True), reverse=True)
    return Grid((side,), [mp.sqrt(one) for one in found])


def singular_values(random: Random) -> Case:
    """Of matrices whose singular values are apart from each other and from 0."""
    while True:
        shape = (*stack(random)[1:], random.choice((1, 2, 3)), random.choice((1, 2, 3)))
        found = np.asarray(given(random, shape))
        sizes = np.linalg.svd(found.astype(float), compute_uv=False)
        gaps = -np.diff(sizes, axis=-1, append=0.0)
        if np.min(gaps, initial=1.0) > 1e-2:
            break
    values = {"A": found}
    return case("svdvals", "svdvals(A)", values, lambda at: every(lengths, at["A"]), random)


LINEAR: dict[str, Callable[[Random], Case]] = {
    "dets": partial(of_stack, "dets", "det", grids.det),
    "logdets": partial(of_stack, "logdets", "logdet", grids.logdet),
    "invs": partial(of_stack, "invs", "inv", grids.inv),
    "solves": solves,
    "cholesky": factors,
    "svdvals": singular_values,
    "cumprod": partial(of_lines, "cumprod", products),
    "sort": partial(of_lines, "sort", sorted),
    "argsort": partial(of_lines, "argsort", order),
}
