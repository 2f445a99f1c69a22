"""Gates on whole arrays as they are defined, entry by entry, over numbers of any kind.

Who has functions of single numbers, by gate, gets functions of arrays of such numbers. Nothing
here is stable, fast or aware of a derivative: it is what all of that is held against.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import reduce
from math import inf, prod
from typing import Any

import numpy as np

from backprop.arithmetic.system import Function
from backprop.arithmetic.texts import formula
from backprop.arithmetic.whole import put
from backprop.gates import array_gates
from backprop.gates.row import Gate, LackingError
from backprop.gates.shapes import Axis, Places

Array = Any
Number = Any

SMALL = 4  # rows of a matrix that is inverted without a division by what may be 0
SWEEPS = 10  # of rotations of three lines and more, each of which doubles the right digits
INVERTING = ("logdet", "inv", "solve")
STACKS = ("dets", "logdets", "invs", "solves", "cholesky")
PRODUCTS = ("matmul", "matvec", "vecmat", "inner", "batched", "batchvec", "vecbatch")


def entrywise(function: Function) -> Function:
    """A function of numbers as one of arrays, which are broadcast."""
    return lambda *operands: np.frompyfunc(function, len(operands), 1)(*operands)


def filled(shape: tuple[int, ...], entry: Callable[[tuple[int, ...]], Number]) -> Array:
    """The array of this shape, made index by index."""
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        found[index] = entry(index)
    return found[()]


def axes_of(a: Array, axis: Axis) -> tuple[int, ...]:
    place = axis.of(a.shape)
    if place is None:
        return tuple(range(a.ndim))
    return (place,) if isinstance(place, int) else tuple(place)


def fibres(a: Array, axis: Axis) -> Iterator[tuple[tuple[int, ...], list[Number]]]:
    """The entries that are reduced together, with the index where the result belongs."""
    axes = axes_of(a, axis)
    reduced = tuple(1 if place in axes else size for place, size in enumerate(a.shape))
    for index in np.ndindex(*reduced):
        line = tuple(slice(None) if place in axes else k for place, k in enumerate(index))
        yield index, list(a[line].ravel()) if axes else [a[line]]


class Definitions:
    """The gates on arrays, made of the functions of single numbers."""

    def __init__(
        self, scalars: Mapping[str, Function], constant: Callable[[float], Number]
    ) -> None:
        self.scalars = scalars
        self.constant = constant

    def table(self) -> dict[str, Function]:
        """A function for every gate on arrays. A row with a text for its value is no more than
        that text says."""
        found = self.functions()
        for row in array_gates().values():
            if row.value:
                found[row.name] = self.by_text(row, found)
            elif row.name not in found:
                raise LackingError(row.name, "no definition for the check, and no text for one")
        return found

    def by_text(self, row: Gate, functions: Mapping[str, Function]) -> Function:
        code = formula(row.value).code

        def value(*operands: Any) -> Any:
            names = dict(zip(row.operands, operands, strict=True))
            stack: list[Any] = []
            for item in code:
                if isinstance(item, str):
                    is_name = item in names
                    stack.append(names[item] if is_name else self.constant(float(item)))
                    continue
                fed = [stack.pop() for _ in range(item.arity)][::-1]
                stack.append((functions.get(item.name) or self.scalars_of(item.name))(*fed))
            return stack[-1]

        return value

    def functions(self) -> dict[str, Function]:
        reductions = {
            "sum": self.total, "prod": self.product, "mean": self.mean, "norm": self.norm,
            "amax": self.largest, "amin": self.smallest, "logsumexp": self.logsumexp,
        }  # fmt: skip
        return {
            **{name: self.reduction(function) for name, function in reductions.items()},
            **dict.fromkeys(PRODUCTS, self.matmul),
            "centred": lambda a, axis: self.scalars_of("sub")(
                a, self.reduction(self.mean)(a, Axis(axis.axis, True))
            ),
            "count": lambda a, axis: self.constant(
                float(prod(np.shape(a)[k] for k in axis.of(np.shape(a))))
            ),
            "transpose": lambda a: a.T,
            "reshape": lambda a, shape: np.reshape(a, shape),
            "softmax": self.softmax,
            "log_softmax": self.log_softmax,
            "cumsum": self.cumsum,
            "concatenate": lambda *parts: np.concatenate(parts[:-1], axis=parts[-1].axis or 0),
            "stack": lambda *parts: filled(
                (len(parts), *np.shape(parts[0])), lambda at: np.asarray(parts[at[0]])[at[1:]]
            ),
            "index": lambda a, *places: a[places],
            "put": put,
            "add_at": self.add_at,
            "permute": np.transpose,
            "outer": lambda a, b: self.scalars_of("mul")(a[:, None], b[None, :]),
            "trace": lambda a: self.total(list(np.diag(a))),
            "diag": self.diagonal,
            "det": lambda a: self.adjugate(a)[1],
            "logdet": self.logdet,
            "inv": lambda a: self.solve(a, self.unit(len(a))),
            "solve": self.solve,
            "dets": self.each(lambda a: self.adjugate(a)[1], matrices=False),
            "logdets": self.each(self.logdet, matrices=False),
            "invs": self.each(lambda a: self.solve(a, self.unit(len(a)))),
            "solves": self.each(self.solve),
            "cholesky": self.each(self.cholesky),
            "svdvals": self.svdvals,
            "cumprod": self.cumprod,
            "sort": self.sort,
            "argsort": self.argsort,
        }

    def scalars_of(self, name: str) -> Function:
        return entrywise(self.scalars[name])

    # Numbers of a list.

    def combined(self, gate: str, numbers: list[Number], nothing: float) -> Number:
        if not numbers:
            return self.constant(nothing)
        found, *others = numbers
        for number in others:
            found = self.scalars[gate](found, number)
        return found

    def total(self, numbers: list[Number]) -> Number:
        return self.combined("add", numbers, 0.0)

    def product(self, numbers: list[Number]) -> Number:
        return self.combined("mul", numbers, 1.0)

    def mean(self, numbers: list[Number]) -> Number:
        return self.scalars["div"](self.total(numbers), self.constant(float(len(numbers))))

    def norm(self, numbers: list[Number]) -> Number:
        if len(numbers) < 2:
            return self.scalars["abs"](numbers[0]) if numbers else self.constant(0.0)
        return self.scalars["hypot"](*numbers)

    def largest(self, numbers: list[Number]) -> Number:
        return self.scalars["max"](*numbers) if len(numbers) > 1 else numbers[0]

    def smallest(self, numbers: list[Number]) -> Number:
        return self.scalars["min"](*numbers) if len(numbers) > 1 else numbers[0]

    def logsumexp(self, numbers: list[Number]) -> Number:
        return self.combined("logaddexp", numbers, float("-inf"))

    def reduction(self, function: Callable[[list[Number]], Number]) -> Function:
        def reduced(a: Array, axis: Axis) -> Array:
            a = np.asarray(a, dtype=object)
            axes = axes_of(a, axis)
            shape = tuple(1 if place in axes else size for place, size in enumerate(a.shape))
            found = np.empty(shape, dtype=object)
            for index, numbers in fibres(a, axis):
                found[index] = function(numbers)
            return found[()] if axis.keep else np.squeeze(found, axis=axes)[()]

        return reduced

    # Along an axis.

    def log_softmax(self, a: Array, axis: Axis) -> Array:
        lines = self.reduction(self.logsumexp)(a, Axis(axis.axis, True))
        return self.scalars_of("sub")(a, lines)

    def softmax(self, a: Array, axis: Axis) -> Array:
        return self.scalars_of("exp")(self.log_softmax(a, axis))

    def cumsum(self, a: Array, axis: Axis) -> Array:
        lines = np.moveaxis(np.array(a, dtype=object), axis.axis or 0, 0)
        for k in range(1, len(lines)):
            lines[k] = self.scalars_of("add")(lines[k - 1], lines[k])
        return np.moveaxis(lines, 0, axis.axis or 0)

    # Matrices.

    def matmul(self, a: Array, b: Array) -> Array:
        rows = a[None, :] if a.ndim == 1 else a
        columns = b[:, None] if b.ndim == 1 else b
        stack = np.broadcast_shapes(rows.shape[:-2], columns.shape[:-2])
        rows = np.broadcast_to(rows, (*stack, *rows.shape[-2:]))
        columns = np.broadcast_to(columns, (*stack, *columns.shape[-2:]))
        columns = np.swapaxes(columns, -1, -2)
        multiply = self.scalars["mul"]

        def entry(at: tuple[int, ...]) -> Number:
            pairs = zip(rows[at[:-1]], columns[(*at[:-2], at[-1])], strict=True)
            return self.total([multiply(x, y) for x, y in pairs])

        found = np.asarray(filled((*stack, rows.shape[-2], columns.shape[-2]), entry), dtype=object)
        kept = (*stack, *rows.shape[-2:-1][: a.ndim > 1], *columns.shape[-2:-1][: b.ndim > 1])
        return found.reshape(kept)[()]

    def add_at(self, a: Array, b: Array, at: Places) -> Array:
        found = np.array(a, dtype=object)
        numbers = at.of(np.arange(found.size).reshape(found.shape))[at.key]
        parts = np.broadcast_to(np.asarray(b, dtype=object), np.shape(numbers)).ravel()
        flat = found.reshape(-1)
        for place, part in zip(np.ravel(numbers), parts, strict=True):
            flat[place] = self.scalars["add"](flat[place], part)
        return found

    def diagonal(self, a: Array) -> Array:
        if a.ndim == 2:
            return np.diag(a)
        return filled(a.shape * 2, lambda at: a[at[0]] if at[0] == at[1] else self.constant(0.0))

    def unit(self, size: int) -> Array:
        return self.diagonal(filled((size,), lambda at: self.constant(1.0)))

    def adjugate(self, a: Array) -> tuple[Array, Number]:
        """What the inverse is, times the determinant; and this: by Faddeev and LeVerrier's
        recursion, which divides by nothing but counts."""
        size = len(a)
        unit = self.unit(size)
        before, factor = unit, self.constant(1.0)
        add, multiply, divide = (self.scalars_of(name) for name in ("add", "mul", "div"))
        for k in range(1, size + 1):
            if k > 1:
                before = add(self.matmul(a, before), multiply(factor, unit))
            spur = self.total(list(np.diag(self.matmul(a, before))))
            factor = self.scalars["neg"](divide(spur, self.constant(float(k))))
        if size % 2:
            factor = self.scalars["neg"](factor)
        else:
            before = self.scalars_of("neg")(before)
        return before, factor

    def eliminated(self, a: Array, b: Array) -> tuple[Array, Array]:
        """`a @ a.T` and `b` after Gauss's elimination, in which no pivot of such a product is 0
        unless `a` is singular."""
        rows, right = np.array(self.matmul(a, a.T)), np.array(b)
        subtract, multiply, divide = (self.scalars_of(name) for name in ("sub", "mul", "div"))
        for k in range(len(a) - 1):
            factors = divide(rows[k + 1 :, k], rows[k, k])[:, None]
            rows[k + 1 :, k:] = subtract(rows[k + 1 :, k:], multiply(factors, rows[k, k:]))
            right[k + 1 :] = subtract(right[k + 1 :], multiply(factors, right[k]))
        return rows, right

    def logdet(self, a: Array) -> Number:
        log, absolute, multiply = (self.scalars[name] for name in ("log", "abs", "mul"))
        if len(a) <= SMALL:
            return log(absolute(self.adjugate(a)[1]))
        rows, _ = self.eliminated(a, self.unit(len(a))[:, :0])
        return multiply(self.constant(0.5), self.total([log(one) for one in np.diag(rows)]))

    def solve(self, a: Array, b: Array) -> Array:
        if len(a) <= SMALL:
            before, factor = self.adjugate(a)
            return self.matmul(self.scalars_of("div")(before, factor), b)
        rows, found = self.eliminated(a, b if b.ndim > 1 else b[:, None])
        subtract, divide = self.scalars_of("sub"), self.scalars_of("div")
        for k in reversed(range(len(a))):
            if k + 1 < len(a):
                found[k] = subtract(found[k], self.matmul(rows[k, k + 1 :], found[k + 1 :]))
            found[k] = divide(found[k], rows[k, k])
        return self.matmul(a.T, found if b.ndim > 1 else found[:, 0])

    # Of stacks of matrices.

    def each(self, function: Callable[..., Any], matrices: bool = True) -> Function:
        """A function of matrices for stacks of them, which are broadcast. It gives a matrix as the
        last of its operands is, or a number."""

        def of_all(*operands: Array) -> Array:
            stack = np.broadcast_shapes(*(a.shape[:-2] for a in operands))
            if not stack:
                return function(*operands)
            whole = [np.broadcast_to(a, (*stack, *a.shape[-2:])) for a in operands]
            parts = {at: function(*(a[at] for a in whole)) for at in np.ndindex(*stack)}
            side = operands[-1].shape[-2:] if matrices else ()
            found = np.empty((*stack, *side), dtype=object)
            for at, part in parts.items():
                found[at] = part
            return found

        return of_all

    def cholesky(self, a: Array) -> Array:
        """Row by row, of the mean of a matrix and its transpose."""
        add, sub, mul, div, root = (self.scalars[name] for name in
                                    ("add", "sub", "mul", "div", "sqrt"))  # fmt: skip
        found = filled(a.shape, lambda at: self.constant(0.0))
        for i, j in np.ndindex(*a.shape):
            if j > i:
                continue
            here = div(add(a[i, j], a[j, i]), self.constant(2.0))
            if j:
                here = sub(here, self.total([mul(found[i, k], found[j, k]) for k in range(j)]))
            found[i, j] = root(here) if i == j else div(here, found[j, j])
        return found

    def svdvals(self, a: Array) -> Array:
        *stack, rows, columns = a.shape
        found = np.empty((*stack, min(rows, columns)), dtype=object)
        for at in np.ndindex(*stack):
            found[at] = self.lengths(a[at] if rows < columns else a[at].T)
        return found

    def lengths(self, lines: Array) -> Array:
        """Jacobi's rotations make all lines perpendicular to each other; then their lengths are
        the singular values."""
        lines = np.array(lines)
        pairs = [(i, j) for j in range(len(lines)) for i in range(j)]
        for _ in range(1 if len(lines) <= 2 else SWEEPS):
            for i, j in pairs:
                lines[i], lines[j] = self.rotated(lines[i], lines[j])
        sizes = filled((len(lines),), lambda at: self.norm(list(lines[at])))
        return self.sort(sizes, Axis(0))[::-1]

    def rotated(self, a: Array, b: Array) -> tuple[Array, Array]:
        """Two lines, turned until they are perpendicular."""
        add, sub, mul = (self.scalars_of(name) for name in ("add", "sub", "mul"))
        div, root, where = (self.scalars[name] for name in ("div", "sqrt", "where"))
        zero, one, two = (self.constant(number) for number in (0.0, 1.0, 2.0))
        square = self.scalars["square"]
        apart = self.scalars["sub"](self.matmul(b, b), self.matmul(a, a))
        twice = self.scalars["mul"](two, self.matmul(a, b))
        far = self.scalars["hypot"](apart, twice)
        below = self.scalars["add"](self.scalars["abs"](apart), far)
        side = where(self.scalars["ge"](apart, zero), twice, self.scalars["neg"](twice))
        tangent = where(self.scalars["gt"](below, zero), div(side, below), zero)
        cosine = div(one, root(self.scalars["add"](one, square(tangent))))
        sine = self.scalars["mul"](cosine, tangent)
        return sub(mul(cosine, a), mul(sine, b)), add(mul(sine, a), mul(cosine, b))

    # Along an axis.

    def cumprod(self, a: Array, axis: Axis) -> Array:
        lines = np.moveaxis(np.array(a, dtype=object), axis.one, 0)
        for k in range(1, len(lines)):
            lines[k] = self.scalars_of("mul")(lines[k - 1], lines[k])
        return np.moveaxis(lines, 0, axis.one)

    def sort(self, a: Array, axis: Axis) -> Array:
        """Neighbours change places, all pairs of them in turn, as often as there are entries."""
        lines = np.moveaxis(np.array(a, dtype=object), axis.one, 0)
        before, choose = self.scalars_of("le"), self.scalars_of("where")
        for turn in range(len(lines)):
            for k in range(turn % 2, len(lines) - 1, 2):
                a, b = np.array(lines[k]), np.array(lines[k + 1])
                here = before(a, b)
                lines[k], lines[k + 1] = choose(here, a, b), choose(here, b, a)
        return np.moveaxis(lines, 0, axis.one)

    def argsort(self, a: Array, axis: Axis) -> Array:
        """By how many entries are smaller, or equal and before."""
        lines = np.moveaxis(np.array(a, dtype=object), axis.one, 0)
        found = np.empty(lines.shape, dtype=object)
        add, mul, equal = (self.scalars_of(name) for name in ("add", "mul", "eq"))
        side = range(len(lines))
        ranks = []
        for k in side:
            before = [self.scalars_of("le" if j < k else "lt")(lines[j], lines[k])
                      for j in side if j != k]  # fmt: skip
            ranks.append(
                reduce(add, before) if before else self.scalars_of("lt")(lines[k], lines[k])
            )
        for place in side:
            parts = [mul(equal(rank, self.constant(float(place))), self.constant(float(k)))
                     for k, rank in enumerate(ranks)]  # fmt: skip
            found[place] = reduce(add, parts)
        return np.moveaxis(found, 0, axis.one)


class Ordered(Definitions):
    """The same over numbers that can be compared: a sum of exps then takes one logarithm."""

    def logsumexp(self, numbers: list[Number]) -> Number:
        most = self.largest(numbers) if numbers else -inf
        if not -inf < most < inf:
            return super().logsumexp(numbers)
        exp, log = self.scalars["exp"], self.scalars["log"]
        return most + log(self.total([exp(number - most) for number in numbers]))


def cost(gate: str, fed: list[tuple[int, ...]], out: tuple[int, ...]) -> int:
    """Roughly how many operations on single numbers a gate's definition takes."""
    entries = prod(out)
    if gate in PRODUCTS:
        return 2 * entries * fed[0][-1]
    if gate == "det" or (gate in INVERTING and fed[0][0] <= SMALL):
        return 3 * fed[0][0] ** 4 + entries
    if gate in INVERTING:
        return 3 * fed[0][0] ** 3 + 4 * fed[0][0] * entries
    if gate in ("sort", "argsort"):
        return 4 * entries * max(fed[0])
    if gate == "svdvals":
        few = min(fed[0][-2:])
        return 8 * (SWEEPS if few > 2 else 1) * few * prod(fed[0])
    if gate in STACKS:
        side = fed[0][-1] if fed[0] else 1
        return (3 * side**4 if side <= SMALL else 4 * side**3) * max(1, prod(fed[0][:-2])) + entries
    if gate in ("transpose", "reshape", "index", "stack", "concatenate", "diag"):
        return 0
    return max(entries, *(prod(shape) for shape in fed)) * (3 if "soft" in gate else 1)
