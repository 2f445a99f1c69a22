"""Products of matrices, and what else linear algebra has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from backprop.gates.linear import STACKED
from backprop.reading import indexing
from backprop.reading.budget import SUMS
from backprop.reading.contracting import einsum, tensordot
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import MISSING, described


def product(m: Machine, a: Any, b: Any) -> Any:
    """`a @ b`."""
    left, right = m.array(a), m.array(b)
    ranks = tuple(min(3, len(one.shape)) for one in (left, right))
    if 0 in ranks:
        raise UnreadError("@ needs arrays, and one of these is a number", "write * instead")
    if not left.depends and not right.depends:
        m.recorder.budget.compute(left.cells.size * right.shape[-1] / SUMS)
        try:
            found = left.cells @ right.cells
        except ValueError:
            raise UnreadError(
                f"{described(left)} @ {described(right)}: inner sides differ"
            ) from None
        return Array.new(found) if np.ndim(found) else found.item()
    return m.apply(PRODUCTS.get((ranks[0], ranks[1]), "matmul"), left, right)


PRODUCTS = {
    (2, 2): "matmul", (2, 1): "matvec", (1, 2): "vecmat", (1, 1): "inner",
    (3, 3): "batched", (3, 2): "batched", (2, 3): "batched", (3, 1): "batchvec", (1, 3): "vecbatch",
}  # fmt: skip


@known
def matmul(m: Machine, a: Any, b: Any) -> Any:
    return product(m, a, b)


@known
def dot(m: Machine, a: Any, b: Any) -> Any:
    left, right = m.numeric(a), m.numeric(b)
    if not np.ndim(m.worth(left)) or not np.ndim(m.worth(right)):
        return m.binary("mul", left, right)
    if len(m.array(right).shape) < 3:
        return contracted_last(m, m.array(left), m.array(right))
    return tensordot(m, left, right, ((-1,), (-2,)))


def contracted_last(m: Machine, left: Array, right: Array) -> Any:
    """dot of an array with a vector or a matrix: of stacks, all rows at once."""
    if len(left.shape) < 3:
        return product(m, left, right)
    rows = m.reshaped(left, (-1, left.shape[-1]))
    found = m.array(product(m, rows, right))
    return m.reshaped(found, (*left.shape[:-1], *right.shape[1:]))


@known
def vdot(m: Machine, a: Any, b: Any) -> Any:
    return product(m, m.reshaped(a, (-1,)), m.reshaped(b, (-1,)))


@known
def inner(m: Machine, a: Any, b: Any) -> Any:
    return tensordot(m, a, b, ((-1,), (-1,)))


@known
def outer(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("outer", m.reshaped(a, (-1,)), m.reshaped(b, (-1,)))


@known
def addmm(m: Machine, c: Any, a: Any, b: Any) -> Any:
    return m.binary("add", c, product(m, a, b))


@known
def slogdet(m: Machine, a: Any) -> Any:
    array = m.array(a)
    found = of_matrices(m, "logdet", array)
    sign = np.linalg.slogdet(array.cells)[0]
    return Array.new(sign) if np.ndim(sign) else float(sign), found


def of_matrices(m: Machine, name: str, a: Array, *others: Array) -> Any:
    """A gate of linear algebra, of one matrix or of stacks of them."""
    if all(len(one.shape) < 3 for one in (a, *others)):
        return m.apply(name, a, *others)
    name = STACKED.get(name, name)
    if others and len(others[0].shape) == 1:
        found = m.array(m.apply(name, a, m.reshaped(others[0], (-1, 1))))
        return m.reshaped(found, found.shape[:-1])
    return m.apply(name, a, *others)


for _name in ("trace", "det", "logdet", "inv", "solve", "cholesky", "svdvals"):
    FUNCTIONS[_name] = lambda m, a, b=MISSING, _name=_name: of_matrices(
        m, _name, m.array(a), *([] if b is MISSING else [m.array(b)])
    )


@known
def diag(m: Machine, a: Any, k: Any = 0) -> Any:
    """A vector on the diagonal, or the diagonal of a matrix; k counts upwards from the main one."""
    array, above = m.array(a), m.whole_number(k, "k")
    if not above:
        return m.apply("diag", array)
    if len(array.shape) == 2:
        return diagonal(m, array, above)
    side = len(array.cells) + abs(above)
    m.recorder.budget.room((side, side))
    found = Array.new(np.zeros((side, side)))
    first = np.arange(len(array.cells))
    rows, columns = first + max(0, -above), first + max(0, above)
    indexing.put(m, found, (Array.new(rows), Array.new(columns)), array)
    return found


@known
def diagflat(m: Machine, a: Any, k: Any = 0) -> Any:
    return diag(m, m.reshaped(a, (-1,)), k)


@known
def diagonal(m: Machine, a: Any, k: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    array = m.array(a)
    numbers = np.arange(array.cells.size).reshape(array.shape)
    axes = m.whole_number(axis1, "an axis"), m.whole_number(axis2, "an axis")
    places = np.diagonal(numbers, m.whole_number(k, "k"), *axes)
    return indexing.taken(m, m.reshaped(array, (-1,)), (Array.new(places.copy()),))


@known
def kron(m: Machine, a: Any, b: Any) -> Any:
    one, other = m.array(a), m.array(b)
    count = max(len(one.shape), len(other.shape))
    first = (1,) * (count - len(one.shape)) + one.shape
    second = (1,) * (count - len(other.shape)) + other.shape
    wide = [side for pair in zip(first, (1,) * count, strict=True) for side in pair]
    apart = [side for pair in zip((1,) * count, second, strict=True) for side in pair]
    found = m.binary("mul", m.reshaped(one, tuple(wide)), m.reshaped(other, tuple(apart)))
    return m.reshaped(found, tuple([x * y for x, y in zip(first, second, strict=True)]))


@known
def cross(m: Machine, a: Any, b: Any, axis: Any = -1) -> Any:
    """The product of vectors of three entries, along an axis."""
    place = m.whole_number(axis, "an axis")
    one, other = (m.permuted(part, moved(part, place)) for part in (m.array(a), m.array(b)))
    if one.shape[0] != 3 or other.shape[0] != 3:
        raise UnreadError("cross is read for vectors of three entries")
    (x, y, z), (u, v, w) = (
        [indexing.taken(m, part, (k,)) for k in range(3)] for part in (one, other)
    )
    parts = [
        m.binary("sub", m.binary("mul", p, q), m.binary("mul", r, s))
        for p, q, r, s in ((y, w, z, v), (z, u, x, w), (x, v, y, u))
    ]
    found = m.stacked(parts)
    count = len(found.shape)
    return m.permuted(found, tuple(np.argsort(moved(found, place % count), kind="stable")))


def moved(array: Array, place: int) -> tuple[int, ...]:
    """The axes with one of them first."""
    count = len(array.shape)
    return (place % count, *(k for k in range(count) if k != place % count))


@known
def matrix_power(m: Machine, a: Any, n: Any) -> Any:
    times = m.whole_number(n, "an exponent")
    array = m.array(a)
    found: Any = Array.new(np.eye(array.shape[0]))
    part = m.apply("inv", array) if times < 0 else array
    for _ in range(abs(times)):
        m.step(3)
        found = product(m, found, part)
    return found


@known
def multi_dot(m: Machine, arrays: Any) -> Any:
    found = arrays[0]
    for part in arrays[1:]:
        found = product(m, found, part)
    return found


@known
def baddbmm(m: Machine, c: Any, a: Any, b: Any) -> Any:
    return m.binary("add", c, product(m, a, b))


def of_constants(name: str, function: Callable[..., Any]) -> None:
    """What is computed of constants alone."""

    def computed(m: Machine, a: Any) -> Any:
        array = m.array(a)
        if array.depends:
            raise UnreadError(f"{name} of what depends on an input can't be read")
        m.recorder.budget.compute(array.cells.size * max(array.shape, default=1) / SUMS)
        found = function(array.cells)
        return tuple(map(Array.new, found)) if isinstance(found, tuple) else Array.new(found)

    FUNCTIONS[name] = computed


of_constants("pinv", np.linalg.pinv)
of_constants("svd", np.linalg.svd)
of_constants("eigh", np.linalg.eigh)
of_constants("qr", np.linalg.qr)


FUNCTIONS["tensordot"] = lambda m, a, b, axes=2: tensordot(m, a, b, axes)


FUNCTIONS["einsum"] = lambda m, text, arrays: einsum(m, text, arrays)
