"""Arrays of mpmath numbers: the same gates, the same pull-backs, as many digits as asked for."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
from mpmath import mp, mpf

from backprop.arithmetic.arrays import ArrayArithmetic, choose
from backprop.arithmetic.definitions import Ordered, entrywise
from backprop.arithmetic.precise import PRECISE, PRIMITIVES, cleared, doubtful, settled
from backprop.arithmetic.precise import constant_or_gate as exact_constant
from backprop.arithmetic.system import Function
from backprop.arithmetic.whole import WHOLE, svdvals_back, svdvals_back_moved, svdvals_moved
from backprop.gates import CONSTANTS

each_exact = entrywise(mpf)


def exactly(value: Any) -> Any:
    """Floats, alone or in an array, as the exact numbers that they are; constants that are made
    of others, from these."""
    if hasattr(value, "operands"):
        return settled_arrays(value, as_they_are, constant_or_gate)
    return as_they_are(value)


def any_doubtful(floats: Any, found: Any) -> bool:
    if not isinstance(found, np.ndarray):
        return doubtful(floats, found)
    return any(map(doubtful, np.ravel(floats), np.ravel(found)))


def each_cleared(floats: Any, found: Any, again: Any) -> Any:
    """The same array, if there is nothing to clear."""
    zeros = entrywise(cleared)(floats, found, again)
    return found if np.array_equal(zeros, found) else zeros


settled_arrays = partial(settled, doubtful=any_doubtful, cleared=each_cleared)


def as_they_are(value: Any) -> Any:
    if isinstance(value, float):
        return mpf(value)
    if isinstance(value, np.ndarray) and value.dtype == float:
        return each_exact(value) if value.size else value.astype(object)
    return value


def constant_or_gate(name: str) -> Function:
    if name in CONSTANTS:
        return exact_constant(name)
    found: Function = PRECISE_ARRAYS.value[name]
    return found


DEFINITIONS = Ordered(PRECISE.value, mpf)


def svd(a: Any) -> tuple[Any, Any, Any]:
    """The decomposition u*s @ v of every matrix of a stack."""
    *stack, rows, columns = a.shape
    few = min(rows, columns)
    sides = ((rows, few), (few,), (few, columns))
    found = [np.empty((*stack, *side), dtype=object) for side in sides]
    for at in np.ndindex(*stack):
        parts = mp.svd_r(mp.matrix(a[at].tolist())) if few else ()
        for whole, part, side in zip(found, parts, sides, strict=False):
            whole[at] = np.array(part.tolist(), dtype=object).reshape(side)
    u, s, v = found
    return u, s, v


def cofactors_moved(d: Any, a: Any) -> Any:
    """How cofactors move; unknown where a matrix is singular."""
    cofactors, det = PRECISE_ARRAYS.scope["cofactors"](a), PRECISE_ARRAYS.value["dets"](a)
    part = np.expand_dims(np.sum(cofactors * d, axis=(-2, -1)), (-1, -2))
    whole = np.asarray(np.expand_dims(det, (-1, -2)), dtype=object)
    return entrywise(PRIMITIVES["div"])(
        cofactors * part - cofactors @ np.swapaxes(d, -1, -2) @ cofactors, whole
    )


PRECISE_ARRAYS = ArrayArithmetic(
    "arrays of many digits",
    {name: entrywise(function) for name, function in PRIMITIVES.items()} | {"where": choose},
    WHOLE
    | DEFINITIONS.table()
    | {
        "index": WHOLE["index"],
        "shares": DEFINITIONS.softmax,
        "svdvals_back": partial(svdvals_back, svd=svd),
        "svdvals_moved": partial(svdvals_moved, svd=svd),
        "svdvals_back_moved": partial(svdvals_back_moved, svd=svd),
        "cofactors_moved": cofactors_moved,
        "cofactors": DEFINITIONS.each(lambda a: DEFINITIONS.adjugate(a)[0].T),
    },
    constants={"number": mpf, "pi": mp.pi, "e": mp.e},
    literal=lambda text: f"number({float(text)!r})",
    number=exactly,
    divides=False,
)
