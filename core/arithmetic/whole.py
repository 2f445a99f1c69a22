"""What gates on whole arrays compute, and what their backward steps are made of.

Everything but det, inv and solve takes arrays of any kind of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from math import prod
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.system import Function
from backprop.errors import UsageError
from backprop.gates.shapes import Axis, Places

Array = Any


def spread(g: Array, a: Array, axis: Axis) -> Array:
    """A reduced array over the entries that it came from."""
    kept = g if axis.keep or axis.axis is None else np.expand_dims(g, axis.of(np.shape(a)))
    return np.broadcast_to(kept, np.shape(a))


def count(a: Array, axis: Axis) -> int:
    return prod(np.shape(a)[place] for place in axis.of(np.shape(a)))


def lined(a: Array, axis: Axis) -> Array:
    """The entries along all these axes as the first axis."""
    places = axis.of(np.shape(a))
    moved = np.moveaxis(np.asarray(a), places, range(len(places)))
    return moved.reshape((count(a, axis), *moved.shape[len(places) :]))


def unlined(line: Array, a: Array, axis: Axis) -> Array:
    """What `lined` made a line of `a`, back in the shape of `a`."""
    places = axis.of(np.shape(a))
    sizes = [np.shape(a)[place] for place in places]
    return np.moveaxis(line.reshape((*sizes, *line.shape[1:])), range(len(places)), places)


def reduction(function: Function) -> Function:
    def reduced(a: Array, axis: Axis) -> Array:
        return function(a, axis=axis.of(np.shape(a)), keepdims=axis.keep)

    return reduced


def mean(a: Array, axis: Axis) -> Array:
    """NaN of nothing: np.mean says so on stderr."""
    return np.sum(a, axis=axis.of(np.shape(a)), keepdims=axis.keep) / np.float64(count(a, axis))


def norm(a: Array, axis: Axis) -> Array:
    largest = np.max(np.abs(a), axis=axis.of(np.shape(a)), keepdims=True, initial=0)
    scale = np.where((largest == 0) | ~np.isfinite(largest), 1.0, largest)
    root = np.sqrt(np.sum((a / scale) ** 2, axis=axis.of(np.shape(a)), keepdims=True)) * scale
    return shrunk(root, a, axis)


def shrunk(kept: Array, a: Array, axis: Axis) -> Array:
    """A reduced array that kept its axes, without them unless they are wanted."""
    if axis.keep:
        return kept
    return np.squeeze(kept, axis=axis.of(np.shape(a)))[()]


def direction(a: Array, out: Array, axis: Axis) -> Array:
    length = spread(out, a, axis)
    return np.where(length == 0, 0.0, a / np.where(length == 0, 1.0, length))


def peak(a: Array, axis: Axis) -> Array:
    """The largest entry, less which no exponential overflows; 0 where it isn't finite."""
    largest = np.max(a, axis=axis.of(np.shape(a)), keepdims=True, initial=-math.inf)
    return np.where(np.isfinite(largest), largest, 0.0)


def logsumexp(a: Array, axis: Axis) -> Array:
    shift = peak(a, axis)
    return shrunk(log_of_total(a - shift, axis) + shift, a, axis)


def log_softmax(a: Array, axis: Axis) -> Array:
    lowered = a - peak(a, axis)
    return lowered - log_of_total(lowered, axis)


def log_of_total(lowered: Array, axis: Axis) -> Array:
    """log(sum(exp(a))) where the largest entry is 0: one such counts as the 1 of log1p, so that
    small others keep their digits."""
    largest = lowered == 0
    count = total(largest, axis)
    others = total(np.where(largest, 0.0, np.exp(lowered)), axis)
    return np.where(count > 0, np.log1p(others + (count - 1)), np.log(others))


def rest(g: Array, axis: Axis) -> Array:
    """For every entry the sum of the others, without a difference."""
    line = lined(g, axis)
    before, after = np.zeros_like(line), np.zeros_like(line)
    before[1:] = np.cumsum(line[:-1], axis=0)
    after[:-1] = np.cumsum(line[:0:-1], axis=0)[::-1]
    return unlined(before + after, g, axis)


def softmax(a: Array, axis: Axis) -> Array:
    raised = np.exp(a - peak(a, axis))
    return raised / total(raised, axis)


def total(a: Array, axis: Axis) -> Array:
    return np.sum(a, axis=axis.of(np.shape(a)), keepdims=True)


def centred(a: Array, axis: Axis) -> Array:
    """What a mean lacks of its last digits is much, beside small distances from a large one: so
    the mean of these is taken off as well."""
    near = a - total(a, axis) / count(a, axis)
    return near - total(near, axis) / count(a, axis)


def others(a: Array, axis: Axis) -> Array:
    """For every entry the product of the others, without a division."""
    line = lined(a, axis)
    before, after = np.ones_like(line), np.ones_like(line)
    before[1:] = np.cumprod(line[:-1], axis=0)
    after[:-1] = np.cumprod(line[:0:-1], axis=0)[::-1]
    return unlined(before * after, a, axis)


def cumsum(a: Array, axis: Axis) -> Array:
    return np.cumsum(a, axis=axis.one)


def cumulated_back(g: Array, axis: Axis) -> Array:
    return np.flip(np.cumsum(np.flip(g, axis.one), axis=axis.one), axis.one)


def diag(a: Array) -> Array:
    return np.diag(a)


def undiag(g: Array, a: Array) -> Array:
    """The gradient of `diag`, which makes a matrix of a vector and the other way round."""
    if a.ndim == 1:
        return np.diag(g)
    found = np.zeros(a.shape, dtype=g.dtype)
    np.fill_diagonal(found, g)
    return found


def identity(a: Array) -> Array:
    return np.eye(*a.shape)


def total_of(function: Function, edge: Callable[[Array], Array]) -> Function:
    """A function of a square matrix, and what it is where that is singular."""

    def total_function(a: Array, *rest: Array) -> Array:
        try:
            return function(a, *rest)
        except np.linalg.LinAlgError:
            return edge(rest[0] if rest else a)

    return total_function


def unknown(a: Array) -> Array:
    return np.full(a.shape, math.nan)


inv = total_of(np.linalg.inv, unknown)
solve = total_of(np.linalg.solve, unknown)


def solves(a: Array, b: Array) -> Array:
    """Of stacks of matrices, of which one may be singular: then all are unknown."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.full(np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) + b.shape[-2:], math.nan)


def cofactors(a: Array) -> Array:
    """The derivative of a determinant, which a singular matrix has as well."""
    left, sizes, right = np.linalg.svd(a)
    sign = np.expand_dims(np.linalg.det(left) * np.linalg.det(right), (-1, -2))
    return sign * (left * np.expand_dims(others(sizes, Axis(-1)), -2)) @ right


def logdet(a: Array) -> Array:
    return np.linalg.slogdet(a)[1]


def symmetric(a: Array) -> Array:
    return (a + np.swapaxes(a, -1, -2)) / 2


def halved(a: Array) -> Array:
    """The part below the diagonal, and half of that."""
    rows, columns = np.indices(np.shape(a)[-2:])
    return a * ((rows > columns) + (rows == columns) / 2)


cholesky = total_of(lambda a: np.linalg.cholesky(symmetric(a)), unknown)


def svd(a: Array) -> tuple[Array, Array, Array]:
    """The decomposition u*s @ v of every matrix; nan where there is none."""
    try:
        return np.linalg.svd(a, full_matrices=False)
    except np.linalg.LinAlgError:
        *stack, rows, columns = np.shape(a)
        few = min(rows, columns)
        sides = ((rows, few), (few,), (few, columns))
        u, s, v = (np.full((*stack, *side), math.nan) for side in sides)
        return u, s, v


def svdvals(a: Array) -> Array:
    return svd(a)[1]


def svdvals_back(g: Array, a: Array, svd: Function = svd) -> Array:
    u, _, v = svd(a)
    return u * np.expand_dims(g, -2) @ v


def svdvals_moved(d: Array, a: Array, svd: Function = svd) -> Array:
    u, _, v = svd(a)
    moved = np.swapaxes(u, -1, -2) @ d @ np.swapaxes(v, -1, -2)
    return np.diagonal(moved, axis1=-2, axis2=-1)


def cumprod(a: Array, axis: Axis) -> Array:
    return np.cumprod(a, axis=axis.one)


def without_each(a: Array, axis: Axis) -> list[Array]:
    """The products along an axis from each entry on, the axis first, without that entry."""
    line = np.moveaxis(np.asarray(a), axis.one, 0)
    found = []
    for k in range(len(line)):
        ones = np.array(line)
        ones[k] = line[k] * 0 + 1
        found.append(np.cumprod(ones, axis=0)[k:])
    return found


def cumprod_back(g: Array, a: Array, axis: Axis) -> Array:
    """Without a division, so that zeros do no harm."""
    line = np.moveaxis(np.asarray(g), axis.one, 0)
    parts = [np.sum(line[k:] * one, axis=0) for k, one in enumerate(without_each(a, axis))]
    return np.moveaxis(np.array(parts).reshape(line.shape), 0, axis.one)


def cumprod_moved(d: Array, a: Array, axis: Axis) -> Array:
    line = np.moveaxis(np.asarray(d), axis.one, 0)
    found = line * 0
    for k, one in enumerate(without_each(a, axis)):
        found[k:] += line[k] * one
    return np.moveaxis(found, 0, axis.one)


def argsort(a: Array, axis: Axis) -> Array:
    return np.argsort(a, axis=axis.one, kind="stable").astype(float)


def sorted_by(d: Array, a: Array, axis: Axis) -> Array:
    """The entries of `d` in the order that sorts `a`."""
    return np.take_along_axis(d, argsort(a, axis).astype(int), axis.one)


def unsorted(g: Array, a: Array, axis: Axis) -> Array:
    back = np.argsort(argsort(a, axis), axis=axis.one, kind="stable")
    return np.take_along_axis(np.asarray(g), back, axis.one)


def doubled(a: Array, axis: Axis) -> Array:
    """Is any entry of a line there twice?"""
    line = np.moveaxis(np.sort(a, axis=axis.one), axis.one, 0)
    return np.any(line[1:] == line[:-1], axis=0) * 1.0


def ranks(a: Array, d: Array, axis: Axis) -> Array:
    """How many entries of its line each is larger than; of equal ones `d` decides."""
    order = np.lexsort((np.broadcast_to(d, np.shape(a)), a), axis=axis.one)
    return np.argsort(order, axis=axis.one, kind="stable").astype(float)


def outward(a: Array, b: Array) -> Array:
    """The outer product of two vectors, or of two matrices column by column."""
    return np.outer(a, b) if a.ndim == 1 else a @ b.T


def chosen(a: Array, out: Array, axis: Axis, ties: str) -> Array:
    """Which entries are the largest or smallest, or what part of the gradient each gets."""
    best = spread(out, a, axis)
    tied = np.where(best != best, math.nan, (a == best) * 1.0)
    if ties == "split":
        return tied / np.sum(tied, axis=axis.of(np.shape(a)), keepdims=True)
    if ties == "first":
        return tied * unlined(np.cumsum(lined(tied, axis), axis=0) == 1, a, axis)
    return tied


def routed(g: Array, a: Array, out: Array, axis: Axis, ties: str) -> Array:
    """The gradient for the entries that were chosen; the others get nothing, not even nan."""
    part = chosen(a, out, axis, ties)
    return np.where(part == 0, 0.0, spread(g, a, axis) * part)


def picked(d: Array, a: Array, out: Array, axis: Axis, ties: str) -> Array:
    """What moves at the entries that were chosen."""
    part = chosen(a, out, axis, ties)
    return np.sum(np.where(part == 0, 0.0, d * part), axis=axis.of(np.shape(a)), keepdims=axis.keep)


def joined(*parts: Array) -> Array:
    *arrays, axis = parts
    return np.concatenate(arrays, axis=axis.one)


def pieces(g: Array, *parts: Array) -> list[Array]:
    *arrays, axis = parts
    ends = np.cumsum([array.shape[axis.one] for array in arrays])[:-1]
    return np.split(g, ends, axis=axis.one)


def entries(a: Array, indices: Sequence[Any]) -> tuple[Any, ...]:
    """Indices as NumPy takes them; a computed one has to be a whole number, and there."""
    found = []
    for axis, index in enumerate(indices):
        if not isinstance(index, (int, slice)) and not counts(index):
            numbers = np.asarray(index, dtype=float)
            size = a.shape[axis]
            with np.errstate(invalid="ignore"):
                index = numbers.astype(int)
            if np.any(bad := (index != numbers) | (index < -size) | (index >= size)):
                first = float(numbers[bad].ravel()[0]) if numbers.ndim else float(numbers)
                raise UsageError(f"{first:g} is no index of an axis with {size} entries")
        found.append(index)
    return tuple(found)


def counts(index: Any) -> bool:
    """Is it the numbers of the rows, which are there and each once? See program/lifting.py."""
    return isinstance(index, np.ndarray) and index.dtype.kind == "i"


def taken(a: Array, *indices: Any) -> Array:
    return a[entries(a, indices)]


class Scattered(NamedTuple):
    """A gradient for a few entries of an array. Whoever adds it to others needs no array for it."""

    g: Array
    places: tuple[Any, ...]
    shape: tuple[int, ...]
    once: bool = False  # is no entry named twice?

    def add_to(self, gradient: Array) -> None:
        if self.once:
            gradient[self.places] += self.g
        else:
            np.add.at(gradient, self.places, self.g)

    def whole(self) -> Array:
        found = np.zeros(self.shape, dtype=np.asarray(self.g).dtype)
        self.add_to(found)
        return found


def scattered(g: Array, a: Array, *indices: Any) -> Scattered:
    fixed = all(isinstance(index, (int, slice)) for index in indices)
    rows = bool(indices) and counts(indices[0]) and all(np.ndim(index) < 2 for index in indices)
    return Scattered(g, entries(a, indices), a.shape, fixed or rows)


def wholes(parts: Sequence[Any]) -> list[Any]:
    """What a gate passes back, as arrays."""
    return [part.whole() if isinstance(part, Scattered) else part for part in parts]


def put(a: Array, *values_and_places: Any) -> Array:
    """The array with values written into it, one after the other."""
    found = np.array(a, order="C")  # a line of its entries has to be a view
    for value, at in pairs(values_and_places):
        at.of(found)[at.key] = value
    return found


def pairs(values_and_places: Sequence[Any]) -> list[tuple[Any, Places]]:
    return list(zip(values_and_places[::2], values_and_places[1::2], strict=True))


def put_back(g: Array, *values_and_places: Any) -> list[Array | None]:
    """What goes back to the array, and to each value: its part of the gradient, unless it was
    overwritten later. Of places that are named twice the last counts."""
    left = np.array(g, order="C")
    parts: list[Array | None] = []
    for _, at in reversed(pairs(values_and_places)):
        here = at.of(left)
        part = np.array(here[at.key])
        if any(np.ndim(place) for place in (at.key if isinstance(at.key, tuple) else (at.key,))):
            part = np.where(last_named(at, left), part, 0.0)
        parts += [None, part[()]]
        here[at.key] = 0.0
    return [left, *parts[::-1]]


def last_named(at: Places, array: Array) -> Array:
    """Which of the places are not named again later?"""
    numbers = at.of(np.arange(array.size).reshape(array.shape))[at.key]
    winners = np.empty(array.size, dtype=int)
    order = np.arange(numbers.size).reshape(numbers.shape)
    winners[numbers] = order
    return winners[numbers] == order


def add_at(a: Array, b: Array, at: Places) -> Array:
    found = np.array(a, order="C")
    np.add.at(at.of(found), at.key, b)
    return found


def placed(g: Array, at: Places) -> Array:
    return at.of(g)[at.key]


def added(a: Array, d: Array, at: Places) -> Array:
    return add_at(a * 0, d, at)


def unpermuted(g: Array, axes: tuple[int, ...]) -> Array:
    return np.transpose(g, np.argsort(axes))


# How what is passed back moves, where that isn't linear.


def others_moved(d: Array, a: Array, axis: Axis) -> Array:
    """How, for every entry, the product of the others moves."""
    line, moving = lined(a, axis), lined(np.broadcast_to(d, np.shape(a)), axis)
    first = Axis(0)
    found = line * 0
    for k in range(len(line)):
        ones = np.array(line)
        ones[k] = line[k] * 0 + 1
        part = others(ones, first) * moving[k]
        part[k] = line[k] * 0
        found = found + part
    return unlined(found, a, axis)


def cofactors_moved(d: Array, a: Array) -> Array:
    """How cofactors move, of a singular matrix as well: those of its singular values, rotated."""
    left, sizes, right = np.linalg.svd(a)
    turned = np.swapaxes(left, -1, -2) @ d @ np.swapaxes(right, -1, -2)
    few = np.shape(a)[-1]
    pairs = np.ones((*np.shape(sizes), few))  # of all singular values but two
    for i in range(few):
        for j in range(few):
            rest = [k for k in range(few) if k not in (i, j)]
            pairs[..., i, j] = np.prod(sizes[..., rest], axis=-1)
    apart = pairs * (1.0 - np.eye(few))
    diagonal = np.diagonal(turned, axis1=-2, axis2=-1)
    found = -np.swapaxes(turned, -1, -2) * apart
    found = found + np.eye(few) * np.expand_dims(
        np.sum(apart * np.expand_dims(diagonal, -2), axis=-1), -1
    )
    sign = np.expand_dims(np.linalg.det(left) * np.linalg.det(right), (-1, -2))
    return sign * (left @ found @ right)


def svdvals_back_moved(d: Array, g: Array, a: Array, svd: Function = svd) -> Array:
    """How u*row(g) @ v moves; unknown where two singular values are one."""
    u, s, v = svd(a)
    across, down, over = np.swapaxes(u, -1, -2), np.swapaxes(v, -1, -2), np.expand_dims(s, -2)
    turned = across @ d @ down
    back, side = np.swapaxes(turned, -1, -2), np.expand_dims(s, -1)
    few = np.shape(s)[-1]
    gaps = over * over - side * side + np.eye(few)
    apart = (1.0 - np.eye(few)) / gaps
    row = np.expand_dims(g, -2)
    u_moved = u @ (apart * (turned * over + side * back)) + (d @ down - u @ turned) / over
    v_moved = (
        down @ (apart * (side * turned + back * over))
        + (np.swapaxes(d, -1, -2) @ u - down @ back) / over
    )
    return u_moved * row @ v + u * row @ np.swapaxes(v_moved, -1, -2)


def cumprod_back_moved(d: Array, g: Array, a: Array, axis: Axis) -> Array:
    line, moving = (np.moveaxis(np.array(one), axis.one, 0) for one in (a, d))
    upstream, first = np.moveaxis(np.asarray(g), axis.one, 0), Axis(0)
    found = line * 0
    for k in range(len(line)):
        ones, still = np.array(line), np.array(moving)
        ones[k], still[k] = line[k] * 0 + 1, moving[k] * 0
        found[k] = np.sum(upstream[k:] * cumprod_moved(still, ones, first)[k:], axis=0)
    return np.moveaxis(found, 0, axis.one)


WHOLE: dict[str, Function] = {
    "matmul": np.matmul,
    "matvec": np.matmul,
    "vecmat": np.matmul,
    "inner": np.matmul,
    "batched": np.matmul,
    "batchvec": np.matmul,
    "vecbatch": np.matmul,
    "transpose": lambda a: a.T,
    "reshape": lambda a, shape: np.reshape(a, shape),
    "like": lambda g, a: np.reshape(g, np.shape(a)),
    "sum": reduction(np.sum),
    "mean": mean,
    "amax": reduction(np.max),
    "amin": reduction(np.min),
    "prod": reduction(np.prod),
    "norm": norm,
    "logsumexp": logsumexp,
    "softmax": softmax,
    "log_softmax": log_softmax,
    "cumsum": cumsum,
    "concatenate": joined,
    "stack": lambda *parts: np.stack(parts),
    "index": taken,
    "put": put,
    "add_at": add_at,
    "placed": placed,
    "added": added,
    "permute": np.transpose,
    "unpermuted": unpermuted,
    "outer": np.outer,
    "trace": np.trace,
    "diag": diag,
    "det": np.linalg.det,
    "logdet": logdet,
    "inv": inv,
    "solve": solve,
    "dets": np.linalg.det,
    "logdets": logdet,
    "invs": inv,
    "solves": solves,
    "cholesky": cholesky,
    "svdvals": svdvals,
    "svdvals_back": svdvals_back,
    "svdvals_moved": svdvals_moved,
    "cumprod": cumprod,
    "sort": lambda a, axis: np.sort(a, axis=axis.one),
    "argsort": argsort,
    "spur": lambda a: np.trace(a, axis1=-2, axis2=-1),
    "symmetric": symmetric,
    "halved": halved,
    "cumprod_back": cumprod_back,
    "cumprod_moved": cumprod_moved,
    "cumprod_back_moved": cumprod_back_moved,
    "svdvals_back_moved": svdvals_back_moved,
    "cofactors_moved": cofactors_moved,
    "others_moved": others_moved,
    "sorted_by": sorted_by,
    "unsorted": unsorted,
    "doubled": doubled,
    "swap": lambda a: np.swapaxes(a, -1, -2),
    "column": lambda a: np.expand_dims(a, -1),
    "row": lambda a: np.expand_dims(a, -2),
    "spread": spread,
    "centred": centred,
    "count": count,
    "others": others,
    "rest": rest,
    "direction": direction,
    "total": total,
    "shares": softmax,
    "cumulated_back": cumulated_back,
    "identity": identity,
    "undiag": undiag,
    "cofactors": cofactors,
    "outward": outward,
}
