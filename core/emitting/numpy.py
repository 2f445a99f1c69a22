"""NumPy: one function of arrays, or of numbers entry by entry, that gives value and gradient."""

from __future__ import annotations

import keyword
import math
from typing import TYPE_CHECKING, Any, ClassVar

from backprop.emitting.arrays import lists
from backprop.emitting.code import AND, ATOM, COMPARISON, OR, Routine, Wish
from backprop.emitting.python import Python

if TYPE_CHECKING:
    from backprop.program.program import Program

SOURCE = '''
def erf(a):
    """The error function, which NumPy lacks, entry by entry."""
    return np.vectorize(math.erf, otypes=[float])(a)


def erfc(a):
    """1 - erf(a), which NumPy lacks, entry by entry."""
    return np.vectorize(math.erfc, otypes=[float])(a)


def gamma(a):
    """The gamma function, which NumPy lacks, entry by entry; inf beyond all floats and at 0."""
    def one(x):
        try:
            return math.gamma(x)
        except (OverflowError, ValueError):
            return math.copysign(math.inf, x) if x >= 0 else math.nan
    return np.vectorize(one, otypes=[float])(a)


def largest(a, *others):
    """The maximum of several; nan where one is."""
    for b in others:
        a = np.maximum(a, b)
    return a


def smallest(a, *others):
    """The minimum of several; nan where one is."""
    for b in others:
        a = np.minimum(a, b)
    return a


def length(a, *others):
    """The length of several numbers, without overflow of their squares."""
    for b in others:
        a = np.hypot(a, b)
    return a


def routed(chosen, out, g):
    """The gradient where it was chosen, else nothing; nan where the output is."""
    return np.where(np.isnan(out), np.nan, np.where(chosen, g, 0.0))


def first(chosen, axes):
    """Of the entries that are chosen along these axes the first alone."""
    moved = np.moveaxis(chosen, axes, range(len(axes)))
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes):])
    alone = line & (np.cumsum(line, axis=0) == 1)
    return np.moveaxis(alone.reshape(moved.shape), range(len(axes)), axes)


def norm(a, axis=None, keepdims=False):
    """The length along an axis, without overflow of the squares."""
    scale = np.max(np.abs(a), axis=axis, keepdims=True, initial=0)
    scale = np.where((scale == 0) | ~np.isfinite(scale), 1.0, scale)
    found = np.sqrt(np.sum((a / scale) ** 2, axis=axis, keepdims=True)) * scale
    return found if keepdims else np.squeeze(found, axis=axis)


def centred(a, axis=None):
    """a less its mean, whose own rounding is much beside small distances from a large one."""
    size = np.sum(np.ones_like(a), axis=axis, keepdims=True)
    near = a - np.sum(a, axis=axis, keepdims=True) / size
    return near - np.sum(near, axis=axis, keepdims=True) / size


def direction(a, length):
    """a divided by its length; 0 where that is 0."""
    return np.where(length == 0, 0.0, a / length)


def peak(a, axis):
    """The largest entry, less which no exponential overflows; 0 where it isn't finite."""
    found = np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(found), found, 0.0)


def logsumexp(a, axis=None, keepdims=False):
    """log(sum(exp(a))) without overflow."""
    shift = peak(a, axis)
    found = log_of_total(a - shift, axis) + shift
    return found if keepdims else np.squeeze(found, axis=axis)


def softmax(a, axis=None):
    """exp(a) divided by its sum, without overflow."""
    raised = np.exp(a - peak(a, axis))
    return raised / np.sum(raised, axis=axis, keepdims=True)


def log_softmax(a, axis=None):
    """log(softmax(a)), which doesn't underflow."""
    lowered = a - peak(a, axis)
    return lowered - log_of_total(lowered, axis)


def log_of_total(lowered, axis):
    """log(sum(exp(lowered))); one largest entry of 0 is the 1 of log1p, so small others count."""
    axes = range(lowered.ndim) if axis is None else np.atleast_1d(axis)
    ones = first(lowered == 0, tuple(axes))
    small = np.sum(np.where(ones, 0.0, np.exp(lowered)), axis=axis, keepdims=True)
    some = np.any(ones, axis=axis, keepdims=True)
    return np.where(some, np.log1p(small), np.log(small))


def others(a, axes):
    """For every entry the product of the others along these axes, without a division."""
    moved = np.moveaxis(a, axes, range(len(axes)))
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes):])
    before, after = np.ones_like(line), np.ones_like(line)
    before[1:] = np.cumprod(line[:-1], axis=0)
    after[:-1] = np.cumprod(line[:0:-1], axis=0)[::-1]
    return np.moveaxis((before * after).reshape(moved.shape), range(len(axes)), axes)


def rest(g, axes):
    """For every entry the sum of the others along these axes, without a difference."""
    moved = np.moveaxis(g, axes, range(len(axes)))
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes):])
    before, after = np.zeros_like(line), np.zeros_like(line)
    before[1:] = np.cumsum(line[:-1], axis=0)
    after[:-1] = np.cumsum(line[:0:-1], axis=0)[::-1]
    return np.moveaxis((before + after).reshape(moved.shape), range(len(axes)), axes)


def scattered(g, a, places):
    """Zeros like a, with g added where it was taken from."""
    found = np.zeros_like(a)
    np.add.at(found, places, g)
    return found


def put(a, *values_and_places):
    """a with values written into it, one after the other."""
    found = np.array(a)
    for value, place in zip(values_and_places[::2], values_and_places[1::2]):
        found[place] = value
    return found


def put_flat(a, *values_and_places):
    """The same, where places count the entries of a in one line."""
    return put(np.ravel(a), *values_and_places).reshape(np.shape(a))


def unwritten(g, *places):
    """g, and 0 where something was written."""
    return put(g, *(part for place in places for part in (0.0, place)))


def unwritten_flat(g, *places):
    return unwritten(np.ravel(g), *places).reshape(np.shape(g))


def written(g, place, *later):
    """The part of g where something was written and not overwritten later: of an entry that place
    names several times the last counts."""
    part = unwritten(g, *later)[place]
    order = np.arange(part.size).reshape(part.shape)
    return np.where(put(np.zeros(g.shape), order, place)[place] == order, part, 0.0)[()]


def written_flat(g, place, *later):
    return written(np.ravel(g), place, *later)


def add_at(a, value, place):
    """a with a value added at places that may be named several times."""
    found = np.array(a)
    np.add.at(found, place, value)
    return found


def whole(index):
    """Numbers as an index; they have to be whole."""
    found = np.asarray(index).astype(int)
    if np.any(found != index):
        raise IndexError("an index has to be a whole number")
    return found


def undiag(g, a):
    """Zeros like a, with g on the diagonal."""
    found = np.zeros_like(a)
    np.fill_diagonal(found, g)
    return found


def inv(a):
    """The inverse; nan where there is none."""
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        return np.full_like(a, np.nan)


def solve(a, b):
    """inv(a) @ b; nan where there is no inverse."""
    try:
        return np.linalg.solve(a, b)
    except np.linalg.LinAlgError:
        return np.full_like(b, np.nan)


def cofactors(a):
    """The slope of the determinant, which a matrix without inverse has as well."""
    left, sizes, right = np.linalg.svd(a)
    sign = (np.linalg.det(left) * np.linalg.det(right))[..., None, None]
    return sign * (left * others(sizes, (-1,))[..., None, :]) @ right


def symmetric(a):
    """The mean of every matrix and its transpose."""
    return (a + np.swapaxes(a, -1, -2)) / 2


def halved(a):
    """The part below the diagonal, and half of that."""
    rows, columns = np.indices(np.shape(a)[-2:])
    return a * ((rows > columns) + (rows == columns) / 2)


def cholesky(a):
    """The triangle whose square a is; nan where there is none."""
    try:
        return np.linalg.cholesky(symmetric(a))
    except np.linalg.LinAlgError:
        return np.full_like(a, np.nan)


def svdvals(a):
    """The singular values of every matrix, the largest first."""
    return np.linalg.svd(a, compute_uv=False)


def svdvals_back(g, a):
    """The two vectors of every singular value, times g."""
    u, s, v = np.linalg.svd(a, full_matrices=False)
    return u * g[..., None, :] @ v


def cumprod_back(g, a, axis):
    """For every entry the products that have it, without it, times g."""
    line, upstream = np.moveaxis(a, axis, 0), np.moveaxis(g, axis, 0)
    found = np.zeros_like(line)
    for k in range(len(line)):
        ones = np.array(line)
        ones[k] = 1.0
        found[k] = np.sum(upstream[k:] * np.cumprod(ones, axis=0)[k:], axis=0)
    return np.moveaxis(found, 0, axis)


def unsorted(g, a, axis):
    """The entries of g where those of a were that were sorted."""
    order = np.argsort(a, axis=axis, kind="stable")
    return np.take_along_axis(g, np.argsort(order, axis=axis, kind="stable"), axis)
'''

SAME = """sqrt cbrt exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh floor ceil sign
abs mod"""
CALLED = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh",
    "acosh": "arccosh", "atanh": "arctanh", "pow": "power", "round": "rint",
}  # fmt: skip


class NumPy(Python):
    name = "numpy"
    title = "NumPy"
    arrays = True
    divides = True
    counts = False
    chooses = ATOM
    apart = (OR, AND, COMPARISON)
    own: ClassVar = {
        **{name: f"np.{name}" for name in SAME.split()},
        **{name: f"np.{called}" for name, called in CALLED.items()},
        "max": "largest", "min": "smallest", "hypot": "length",
    }  # fmt: skip
    few: ClassVar = {"max": "np.maximum", "min": "np.minimum", "hypot": "np.hypot"}
    words: ClassVar = {"and": "&", "or": "|", "true": "True", "false": "False"}
    constants: ClassVar = {math.pi: "np.pi", math.e: "np.e"}
    nan = "np.nan"
    infinity = "np.inf"
    reserved = frozenset(
        [*keyword.kwlist, "np", "math", "map", "float", "__debug__", "upstream", "ValueError"]
    )
    taken = frozenset(["len", "range", "IndexError"])
    source = SOURCE
    modules: ClassVar = {"math.": "import math", "np.": "import numpy as np"}

    def write(self, program: Program, wish: Wish) -> str:
        from backprop.emitting.entrywise import Entrywise, OfArrays

        writer = OfArrays if program.arrays else Entrywise
        return writer(program, self, wish.ties, wish.wrt).file(wish)

    def choice(self, condition: str, yes: str, no: str) -> str:
        return f"np.where({condition}, {yes}, {no})"

    def default(self, value: Any) -> str:
        return lists(value) if hasattr(value, "tolist") else super().default(value)

    def main(self, routine: Routine) -> list[str]:
        return ['@np.errstate(all="ignore")', *super().main(routine)]

    def summary(self, routine: Routine) -> str:
        return f"{super().summary(routine)}{routine.about}"


LANGUAGE = NumPy()
