"""Products of matrices, and what else linear algebra has."""

from __future__ import annotations

from typing import Any

import numpy as np

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
        raise UnreadError("@ wants arrays, and one of these is a number", "write * instead")
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
    sign = float(np.linalg.slogdet(array.cells)[0]) if array.shape else 1.0
    found = m.apply("logdet", array)
    return found if m.torch else (sign, found)


for _name in ("trace", "det", "inv", "solve", "diag"):
    FUNCTIONS[_name] = lambda m, a, b=MISSING, _name=_name: m.apply(
        _name, m.array(a), *([] if b is MISSING else [m.array(b)])
    )


@known
def diagonal(m: Machine, a: Any) -> Any:
    array = m.array(a)
    places = np.arange(min(array.shape[:2]))
    return indexing.taken(m, array, (Array.new(places), Array.new(places)))


FUNCTIONS["tensordot"] = lambda m, a, b, axes=2: tensordot(m, a, b, axes)


FUNCTIONS["einsum"] = lambda m, text, arrays: einsum(m, text, arrays)
