"""Functions of arrays by definition, on arrays of numbers of any kind: loops and sums, and
NumPy where entries only change their places. No line is shared with staging."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any, Protocol

import numpy as np

from backprop.gates.shapes import Axis

Array = Any
Given = dict[str, list[Any]]


class Walking(Protocol):
    """What a walk over arrays does for functions."""

    each: dict[str, Any]
    number: Callable[[float], Any]

    def exact(self, value: Any) -> Any: ...

    def settled(self, value: Any) -> Any: ...

    def gate(self, name: str, *operands: Any) -> Any: ...


class Call:
    """The arguments of one call."""

    def __init__(self, walker: Walking, given: Given) -> None:
        self.walker = walker
        self.given = given

    def array(self, name: str = "a") -> Array:
        return self.walker.exact(self.walker.settled(self.given[name][0]))

    def plain(self, name: str, default: Any = None) -> Any:
        """A whole number, a tuple of them, a text or nothing."""
        found = self.given.get(name, [default])[0]
        return default if found is None else whole(found)

    def has(self, name: str) -> bool:
        return name in self.given and self.given[name][0] is not None

    def pair(self, name: str, count: int, default: Any) -> tuple[int, ...]:
        found = self.plain(name, default)
        return (found,) * count if isinstance(found, int) else tuple(found)

    def gate(self, name: str, *operands: Any) -> Any:
        return self.walker.gate(name, *operands)


def whole(value: Any) -> Any:
    if hasattr(value, "parts"):
        return tuple(map(whole, value.parts))
    if isinstance(value, float):
        return int(value) if value.is_integer() else float(value)
    return value


def einsum(c: Call) -> Array:
    arrays = [c.walker.exact(c.walker.settled(one)) for one in c.given["arrays"]]
    return summed(c, c.given["text"][0], arrays)


def summed(c: Call, text: str, arrays: list[Array]) -> Array:
    """The sum of products, letter by letter."""
    inputs, arrow, output = text.replace(" ", "").replace("...", ".").partition("->")
    if not arrow:
        once = {x for x in inputs if inputs.count(x) == 1 or x == "."} - {","}
        output = "".join(sorted(once))
    terms = [
        numbered(term, np.ndim(one)) for term, one in zip(inputs.split(","), arrays, strict=True)
    ]
    axes = [pair for term, one in zip(terms, arrays, strict=True)
            for pair in zip(term, np.shape(one), strict=True)]  # fmt: skip
    sizes = {letter: max([n for x, n in axes if x == letter], key=lambda n: (n != 1, n))
             for letter, _ in axes}  # fmt: skip
    output = numbered(output, len(output) - 1 + sum(letter.isdigit() for letter in sizes))
    inner = [letter for letter in sizes if letter not in output]
    multiply, add = (c.walker.each[name] for name in ("mul", "add"))
    found = np.empty([sizes[letter] for letter in output], dtype=object)
    for index in np.ndindex(*found.shape):
        at = dict(zip(output, index, strict=True))
        total = None
        for rest in np.ndindex(*[sizes[letter] for letter in inner]):
            at |= dict(zip(inner, rest, strict=True))
            part = None
            for term, array in zip(terms, arrays, strict=True):
                here = entry(array, [at[letter] for letter in term])
                part = here if part is None else multiply(part, here)
            total = part if total is None else add(total, part)
        found[index] = c.walker.number(0.0) if total is None else total
    return found[()]


def numbered(term: str, axes: int) -> str:
    """The letters of an array's axes, and for a point the digits of those that it stands for,
    counted from the last one."""
    hidden = "".join(str(k) for k in range(axes - len(term) + 1))
    return term.replace(".", hidden[::-1])


def entry(array: Array, index: list[int]) -> Any:
    """One entry, where axes of 1 stretch."""
    if not index:
        return array
    return array[tuple(0 if n == 1 else k for k, n in zip(index, array.shape, strict=True))]


def tensordot(c: Call) -> Array:
    a, b = c.array("a"), c.array("b")
    axes = c.plain("axes", 2)
    if isinstance(axes, int):
        axes = (tuple(range(a.ndim - axes, a.ndim)), tuple(range(axes)))
    mine, theirs = ((one,) if isinstance(one, int) else one for one in axes)
    left = np.moveaxis(a, mine, range(a.ndim - len(mine), a.ndim))
    right = np.moveaxis(b, theirs, range(len(theirs)))
    first, second = left.shape[: a.ndim - len(mine)], right.shape[len(theirs) :]
    inner = int(np.prod(right.shape[: len(theirs)]))
    found = c.gate("matmul", left.reshape(-1, inner), right.reshape(inner, -1))
    return np.asarray(found).reshape((*first, *second))[()]


def norm(c: Call) -> Array:
    """Of a matrix with an order that of the matrix, else that of a line."""
    two = isinstance(c.plain("axis"), tuple) or np.ndim(c.array()) == 2
    return matrix_norm(c, (0, 1)) if c.has("ord") and two else vector_norm(c)


def order_of(c: Call, default: Any) -> Any:
    order = c.plain("ord", default)
    return {"inf": inf, "-inf": -inf}.get(order, order)


def vector_norm(c: Call) -> Array:
    a, order, along = c.array(), order_of(c, 2), Axis(c.plain("axis"), bool(c.plain("keepdims", 0)))
    if order in (2, "fro"):
        return c.gate("norm", a, along)
    size = c.gate("abs", a)
    if abs(order) == inf:
        return c.gate("amax" if order > 0 else "amin", size, along)
    if order == 0:
        return c.gate("sum", c.gate("ne", a, 0.0), along)
    if order == 1:
        return c.gate("sum", size, along)
    powers = c.gate("pow", size, float(order))
    return c.gate("pow", c.gate("sum", powers, along), 1 / order)


def matrix_norm(c: Call, axes: tuple[int, ...] = (-2, -1)) -> Array:
    a, order, pair = c.array(), order_of(c, "fro"), c.plain("axis", axes)
    if isinstance(pair, int):
        return vector_norm(c)
    whole = np.moveaxis(a, pair, (-2, -1))
    if order == "fro":
        found = c.gate("norm", whole, Axis((-2, -1)))
    elif order in ("nuc", 2, -2):
        ways = {"nuc": "sum", 2: "amax", -2: "amin"}
        found = c.gate(ways[order], c.gate("svdvals", whole), Axis(-1))
    else:
        sums = c.gate("sum", c.gate("abs", whole), Axis(-2 if abs(order) == 1 else -1))
        found = c.gate("amax" if order > 0 else "amin", sums, Axis(-1))
    if not c.plain("keepdims", 0):
        return found
    return np.expand_dims(found, tuple(axis % a.ndim for axis in pair))


def take(c: Call) -> Array:
    places = np.rint(np.asarray(c.walker.settled(c.given["indices"][0]), dtype=float)).astype(int)
    return np.take(c.array(), places, axis=c.plain("axis"))[()]


def triangle(c: Call, keeps: Callable[[Any, Any], Any]) -> Array:
    a, k = c.array(), c.plain("k", 0)
    rows, columns = np.indices(a.shape[-2:])
    return np.where(keeps(columns - rows, k), a, c.walker.number(0.0))


def median(c: Call) -> Array:
    a, axis, keep = c.array(), c.plain("axis"), bool(c.plain("keepdims", 0))
    line = np.ravel(a) if axis is None else a
    place = 0 if axis is None else axis
    rank = np.moveaxis(np.asarray(c.gate("sort", line, Axis(place))), place, 0)
    middle = rank[(len(rank) - 1) // 2 : len(rank) // 2 + 1]
    found = np.asarray(c.gate("mean", middle, Axis(0)))
    if not keep:
        return found[()]
    return found.reshape((1,) * np.ndim(a)) if axis is None else np.expand_dims(found, place)


def topk(c: Call) -> Array:
    a, axis = c.array(), c.plain("axis", -1)
    rank = np.moveaxis(np.asarray(c.gate("sort", a, Axis(axis))), axis, 0)
    return np.moveaxis(rank[::-1][: c.plain("k")], 0, axis)


def one_hot(c: Call) -> Array:
    places = c.walker.exact(np.arange(c.plain("k"), dtype=float))
    return c.gate("eq", np.expand_dims(c.array(), -1), places)


def slogdet(c: Call) -> Array:
    a = c.array()
    ending = "s" if np.ndim(a) > 2 else ""
    sign = c.gate("sign", c.gate(f"det{ending}", a))
    return c.gate("stack", sign, c.gate(f"logdet{ending}", a))


def solve_triangular(c: Call) -> Array:
    """Row by row, from the end that is known."""
    a, b = c.array("a"), c.array("b")
    side, vector = a.shape[-1], np.ndim(b) == 1
    right = b[:, None] if vector else b
    stack = np.broadcast_shapes(a.shape[:-2], right.shape[:-2])
    a, right = np.broadcast_to(a, (*stack, side, side)), np.broadcast_to(
        right, (*stack, *right.shape[-2:])
    )  # fmt: skip
    lower = bool(c.plain("lower", 0))
    found = np.empty(right.shape, dtype=object)
    for k in range(side) if lower else range(side)[::-1]:
        known = right[..., k, :]
        for j in range(k) if lower else range(k + 1, side):
            known = c.gate("sub", known, c.gate("mul", a[..., k, j][..., None], found[..., j, :]))
        found[..., k, :] = c.gate("div", known, a[..., k, k][..., None])
    return found[:, 0] if vector else found


def windows(c: Call, a: Array, size: tuple[int, ...], fill: Any) -> Array:
    """Every window, its axes last."""
    count = len(size)
    stride, padding = c.pair("stride", count, size), c.pair("padding", count, 0)
    edges = [(0, 0)] * (a.ndim - count) + [(pad, pad) for pad in padding]
    padded = np.full([n + sum(edge) for n, edge in zip(a.shape, edges, strict=True)], fill, object)
    inside = tuple(slice(before, before + n) for (before, _), n in zip(edges, a.shape, strict=True))
    padded[inside] = a
    axes = tuple(range(a.ndim - count, a.ndim))
    found: Array = np.lib.stride_tricks.sliding_window_view(padded, size, axes)
    steps: list[Any] = [slice(None, None, step) for step in stride]
    return found[(..., *steps, *[slice(None)] * count)]


def convolution(c: Call, count: int) -> Array:
    a, w = c.array("a"), c.array("w")
    plain = w.ndim == count
    if plain:
        a, w = a[None], w[None, None]
    c.given.setdefault("stride", [1.0])
    found = windows(c, a, w.shape[2:], c.walker.number(0.0))
    letters = "xyz"[:count], "uvw"[:count]
    batch = "n" * (a.ndim - count - 1)
    text = f"{batch}c{letters[0]}{letters[1]},oc{letters[1]}->{batch}o{letters[0]}"
    made = np.asarray(summed(c, text, [found, w]))
    if c.has("bias"):
        bias = c.array("bias").reshape((-1, *(1,) * count))
        made = c.gate("add", made, bias)
    return made[0] if plain else made


def pooled(c: Call, gate: str, count: int) -> Array:
    size = c.pair("size", count, 1)
    found = windows(c, c.array(), size, c.walker.number(-inf if gate == "amax" else 0.0))
    return c.gate(gate, found, Axis(tuple(range(-count, 0))))


def layernorm(c: Call) -> Array:
    a = c.array()
    eps = c.given["eps"][0] if c.has("eps") else 1e-5
    centred = c.gate("sub", a, c.gate("mean", a, Axis(-1, True)))
    spread = c.gate("mean", c.gate("mul", centred, centred), Axis(-1, True))
    found = c.gate("div", centred, c.gate("sqrt", c.gate("add", spread, eps)))
    if c.has("weight"):
        found = c.gate("mul", found, c.array("weight"))
    return c.gate("add", found, c.array("bias")) if c.has("bias") else found


def attention(c: Call) -> Array:
    q, k, v = (c.array(name) for name in "qkv")
    scores = c.gate("matmul", q, np.swapaxes(k, -1, -2))
    scaled = c.gate("mul", scores, float(np.shape(q)[-1]) ** -0.5)
    return c.gate("matmul", c.gate("softmax", scaled, Axis(-1)), v)


FUNCTIONS: dict[str, Callable[[Call], Array]] = {
    "einsum": einsum,
    "tensordot": tensordot,
    "norm": norm,
    "vector_norm": vector_norm,
    "matrix_norm": matrix_norm,
    "moveaxis": lambda c: np.moveaxis(c.array(), c.plain("source"), c.plain("destination")),
    "swapaxes": lambda c: np.swapaxes(c.array(), c.plain("axis1"), c.plain("axis2")),
    "expand_dims": lambda c: np.expand_dims(c.array(), c.plain("axis")),
    "squeeze": lambda c: np.squeeze(c.array(), c.plain("axis"))[()],
    "flip": lambda c: np.flip(c.array(), c.plain("axis")),
    "roll": lambda c: np.roll(c.array(), c.plain("shift"), c.plain("axis")),
    "take": take,
    "tril": lambda c: triangle(c, lambda diagonal, k: diagonal <= k),
    "triu": lambda c: triangle(c, lambda diagonal, k: diagonal >= k),
    "median": median,
    "one_hot": one_hot,
    "topk": topk,
    "slogdet": slogdet,
    "solve_triangular": solve_triangular,
    "conv1d": lambda c: convolution(c, 1),
    "conv2d": lambda c: convolution(c, 2),
    "max_pool1d": lambda c: pooled(c, "amax", 1),
    "max_pool2d": lambda c: pooled(c, "amax", 2),
    "avg_pool1d": lambda c: pooled(c, "mean", 1),
    "avg_pool2d": lambda c: pooled(c, "mean", 2),
    "layernorm": layernorm,
    "attention": attention,
}
