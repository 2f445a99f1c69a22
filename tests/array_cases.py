"""Random one-gate programs on arrays: for every gate any number of them, each with what it is
by definition."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod
from random import Random
from typing import Any, NamedTuple

import grids
import numpy as np
import placing_cases
from given_arrays import SIZES, Case, any_shape, case, given, size, uniform
from grids import Grid, Shape
from linear_cases import LINEAR
from oracle import mp
from stretching_cases import elementwise

from backprop.gates import scalars

Array = Any


# Gates on whole arrays: for each some ways to write it.


def matmul(random: Random) -> Case:
    m, k, n = size(random), size(random), size(random)
    way = random.choice(("A @ B", "A.dot(B)", "dot(A, B)", "A @ A", "A @ A.T", "A.T @ B"))
    if way == "A @ A":
        values = {"A": given(random, (k, k))}
    elif way == "A @ A.T":
        values = {"A": given(random, (m, k))}
    else:
        left = (k, m) if way == "A.T @ B" else (m, k)
        values = {"A": given(random, left), "B": given(random, (k, n))}
    functions: dict[str, Callable[[dict[str, Grid]], Grid]] = {
        "A @ A": lambda at: grids.matmul(at["A"], at["A"]),
        "A @ A.T": lambda at: grids.matmul(at["A"], grids.transpose(at["A"])),
        "A.T @ B": lambda at: grids.matmul(grids.transpose(at["A"]), at["B"]),
    }
    function = functions.get(way, lambda at: grids.matmul(at["A"], at["B"]))
    return case("matmul", way, values, function, random)


def matvec(random: Random) -> Case:
    m, k = size(random), size(random)
    values = {"A": given(random, (m, k)), "b": given(random, (k,))}
    text = random.choice(("A @ b", "A.dot(b)", "np.dot(A, b)"))
    return case("matvec", text, values, lambda at: grids.matmul(at["A"], at["b"]), random)


def vecmat(random: Random) -> Case:
    k, n = size(random), size(random)
    values = {"a": given(random, (k,)), "B": given(random, (k, n))}
    return case("vecmat", "a @ B", values, lambda at: grids.matmul(at["a"], at["B"]), random)


def inner(random: Random) -> Case:
    k = size(random)
    if random.random() < 0.3:
        values = {"a": given(random, (k,))}
        return case("inner", "a @ a", values, lambda at: grids.matmul(at["a"], at["a"]), random)
    values = {"a": given(random, (k,)), "b": given(random, (k,))}
    return case("inner", "a @ b", values, lambda at: grids.matmul(at["a"], at["b"]), random)


def of_stacks(gate: str, left: int, right: int, random: Random) -> Case:
    """Stacks of matrices, whose first axes are broadcast."""
    m, k, n, many = size(random), size(random), size(random), random.choice((0, 1, 2, 3))
    stacks = [(random.choice((many, many, 1)),) for _ in range(2)]
    shapes = [{1: (k,), 2: (m, k), 3: (*stacks[0], m, k)}[left],
              {1: (k,), 2: (k, n), 3: (*stacks[1], k, n)}[right]]  # fmt: skip
    values = {name: given(random, shape) for name, shape in zip("AB", shapes, strict=True)}
    return case(gate, "A @ B", values, lambda at: grids.batched(at["A"], at["B"]), random)


def batched(random: Random) -> Case:
    return of_stacks("batched", *random.choice(((3, 3), (3, 3), (3, 2), (2, 3))), random)


def transpose(random: Random) -> Case:
    values = {"A": given(random, any_shape(random, 2))}
    text = random.choice(("A.T", "transpose(A)"))
    return case("transpose", text, values, lambda at: grids.transpose(at["A"]), random)


def reshape(random: Random) -> Case:
    shape = any_shape(random)
    factors = [k for k in range(1, prod(shape) + 1) if prod(shape) % k == 0] or [0]
    first = random.choice(factors)
    second = prod(shape) // first if first else random.choice(SIZES)
    sides = random.choice(((first, second), (prod(shape),), (second, 1, first), shape or (1, 1)))
    written = [str(side) for side in sides]
    if prod(shape) and random.random() < 0.3:
        written[random.randrange(len(sides))] = "-1"
    text = ", ".join(written)
    text = f"[{text}]" if random.random() < 0.5 else text
    values = {"A": given(random, shape)}
    return case(
        "reshape", f"reshape(A, {text})", values, lambda at: grids.reshape(at["A"], sides), random
    )


class Along(NamedTuple):
    axis: grids.Axes
    keep: bool
    text: str


def along(random: Random, shape: Shape, by_name: bool) -> Along:
    """An axis, as it may be written; max(A, 0) is that of two operands."""
    count = len(shape)
    axis: grids.Axes = random.randrange(-count, count) if count and random.random() < 0.75 else None
    if count > 1 and random.random() < 0.2:
        axis = tuple(k - random.choice((0, count)) for k in random.sample(range(count), 2))
    keep = random.random() < 0.4
    written = "" if axis is None else f", axis={axis}"
    if not by_name and random.random() < 0.3:
        written = written.replace("axis=", "")
    return Along(axis, keep, written + (", keepdims=True" if keep else ""))


def reduction(gate: str, called: str, function: Any, filled: bool, random: Random) -> Case:
    """`filled`: of nothing there is none."""
    shape = any_shape(random, 1 if filled else 0)
    if filled:
        shape = tuple(side or 2 for side in shape)
    way = along(random, shape, by_name=gate in ("amax", "amin", "norm"))
    values = {"A": given(random, shape)}

    def value_of(at: dict[str, Grid]) -> Grid:
        return grids.reduce(function, at["A"], way.axis, way.keep)

    return case(gate, f"{called}(A{way.text})", values, value_of, random)


def product(random: Random) -> Case:
    """Zeros among the factors too: one, or several."""
    found = reduction("prod", "prod", mp.fprod, False, random)
    array = np.array(found.given["A"], dtype=float)
    for _ in range(random.choice((0, 0, 1, 2)) if array.size else 0):
        array.reshape(-1)[random.randrange(array.size)] = 0.0
    return found._replace(given={"A": array})


def softmax(gate: str, function: Any, random: Random) -> Case:
    shape = any_shape(random, 1)
    axis = random.choice((None, *range(-len(shape), len(shape))))
    written = "" if axis is None else f", axis={axis}"
    values = {"A": uniform(random, shape) if random.random() < 0.5 else given(random, shape)}
    place = -1 if axis is None else axis
    return case(gate, f"{gate}(A{written})", values, lambda at: function(at["A"], place), random)


def cumsum(random: Random) -> Case:
    shape = any_shape(random, 1)
    axis = random.randrange(-len(shape), len(shape))
    written = "" if len(shape) == 1 and random.random() < 0.5 else f", axis={axis}"
    values = {"A": given(random, shape)}
    return case(
        "cumsum", f"cumsum(A{written})", values, lambda at: grids.cumsum(at["A"], axis), random
    )


def concatenate(random: Random) -> Case:
    shape = any_shape(random, 1)
    axis = random.choice((None, *range(-len(shape), len(shape))))
    place = (axis or 0) % len(shape)
    letters = random.choice(("A", "AB", "ABC", "AA", "ABA"))
    values = {
        letter: given(random, (*shape[:place], size(random), *shape[place + 1 :]))
        for letter in dict.fromkeys(letters)
    }
    written = "" if axis is None else f", axis={axis}"
    text = f"concatenate([{', '.join(letters)}]{written})"
    return case(
        "concatenate", text, values,
        lambda at: grids.concatenate([at[letter] for letter in letters], place), random,
    )  # fmt: skip


def stack(random: Random) -> Case:
    shape = any_shape(random, 0, 2)
    letters = random.choice(("A", "AB", "ABC", "AA", "ABA"))
    values = {letter: given(random, shape) for letter in dict.fromkeys(letters)}
    inside = ", ".join(letters)
    text = random.choice((f"[{inside}]", f"stack([{inside}])", f"np.array([{inside}])"))
    return case(
        "stack", text, values, lambda at: grids.stack([at[letter] for letter in letters]), random
    )


def outer(random: Random) -> Case:
    if random.random() < 0.3:
        values = {"a": given(random, (size(random),))}
        return case(
            "outer", "outer(a, a)", values, lambda at: grids.outer(at["a"], at["a"]), random
        )
    values = {"a": given(random, (size(random),)), "b": given(random, (size(random),))}
    return case("outer", "outer(a, b)", values, lambda at: grids.outer(at["a"], at["b"]), random)


def diagonal(gate: str, function: Any, random: Random) -> Case:
    least = 2 if gate == "trace" else 1
    values = {"A": given(random, any_shape(random, least, 2))}
    return case(gate, f"{gate}(A)", values, lambda at: function(at["A"]), random)


def square(random: Random) -> Array:
    """A square matrix that isn't nearly singular, in any order of memory."""
    side = random.choice((0, 1, 1, 2, 2, 2, 3, 3))
    while True:
        found = np.asarray(given(random, (side, side)))
        if not side or np.linalg.cond(found.astype(float)) < 1e4:
            return found


def of_square(gate: str, function: Any, random: Random) -> Case:
    return case(gate, f"{gate}(A)", {"A": square(random)}, lambda at: function(at["A"]), random)


def determinant(random: Random) -> Case:
    """Of singular matrices too, which have one."""
    found = of_square("det", grids.det, random)
    array = np.array(found.given["A"], dtype=float)
    if len(array) > 1 and random.random() < 0.3:
        array[-1] = 2 * array[0]
    return found._replace(given={"A": array})


def solve(random: Random) -> Case:
    a = square(random)
    if random.random() < 0.2:
        return case(
            "solve", "solve(A, A)", {"A": a}, lambda at: grids.solve(at["A"], at["A"]), random
        )
    right = (len(a),) if random.random() < 0.5 else (len(a), size(random))
    values = {"A": a, "B": given(random, right)}
    return case("solve", "solve(A, B)", values, lambda at: grids.solve(at["A"], at["B"]), random)


WHOLE: dict[str, Callable[[Random], Case]] = {
    "matmul": matmul,
    "matvec": matvec,
    "vecmat": vecmat,
    "inner": inner,
    "batched": batched,
    "batchvec": lambda random: of_stacks("batchvec", 3, 1, random),
    "vecbatch": lambda random: of_stacks("vecbatch", 1, 3, random),
    "transpose": transpose,
    "reshape": reshape,
    "sum": partial(reduction, "sum", "sum", mp.fsum, False),
    "mean": partial(reduction, "mean", "np.mean", grids.mean, True),
    "var": partial(reduction, "var", "np.var", grids.var, True),
    "std": partial(reduction, "std", "std", grids.std, True),
    "amax": partial(reduction, "amax", "max", max, True),
    "amin": partial(reduction, "amin", "np.min", min, True),
    "prod": product,
    "norm": partial(reduction, "norm", "norm", grids.norm, True),
    "logsumexp": partial(reduction, "logsumexp", "logsumexp", grids.logsumexp, True),
    "softmax": partial(softmax, "softmax", grids.softmax),
    "log_softmax": partial(softmax, "log_softmax", grids.log_softmax),
    "cumsum": cumsum,
    "concatenate": concatenate,
    "stack": stack,
    "index": placing_cases.index,
    "put": placing_cases.put,
    "add_at": placing_cases.add_at,
    "permute": placing_cases.permute,
    "outer": outer,
    "trace": partial(diagonal, "trace", grids.trace),
    "diag": partial(diagonal, "diag", grids.diag),
    "det": determinant,
    "logdet": partial(of_square, "logdet", grids.logdet),
    "inv": partial(of_square, "inv", grids.inv),
    "solve": solve,
    **LINEAR,
}
DRAW: dict[str, Callable[[Random], Case]] = WHOLE | {
    name: partial(elementwise, name) for name in scalars()
}
