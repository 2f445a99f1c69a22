"""Shapes: what a gate makes of those of its operands, or why it can't.

A rule takes the operands' shapes and gives the value's. What it refuses it says with
`MismatchError`, in words that name dimensions; who called it knows the names of the operands.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest
from math import prod
from typing import Any, NamedTuple

Shape = tuple[int, ...]

MAX_AXES = 8
MAX_ENTRIES = 50_000_000
LIMIT = f"at most {MAX_AXES} axes and {MAX_ENTRIES:,} entries are held"


class MismatchError(Exception):
    """Shapes that don't fit. {0}, {1} in the message stand for the operands."""


class Axis(NamedTuple):
    """Along which axis or axes a gate works; all if None."""

    axis: int | tuple[int, ...] | None = None
    keep: bool = False

    def of(self, shape: Shape) -> tuple[int, ...]:
        """The axes counted from the front."""
        if self.axis is None:
            return tuple(range(len(shape)))
        asked = (self.axis,) if isinstance(self.axis, int) else self.axis
        for axis in asked:
            if not -len(shape) <= axis < len(shape):
                last = len(shape) - 1
                has = {-1: "no axis", 0: "only axis 0"}.get(last, f"axes 0 to {last}")
                raise MismatchError(f"{{0}} is {words(shape)}: it has {has}, not {axis}")
        found = tuple([axis % len(shape) for axis in asked])
        if len(set(found)) < len(found):
            raise MismatchError(f"the axes {asked} of {{0}}, {words(shape)}, name one twice")
        return found

    @property
    def one(self) -> int:
        """The axis of a gate that works along one; the first, if none is given."""
        return self.axis if isinstance(self.axis, int) else 0

    @property
    def text(self) -> str:
        """As it is written in a call."""
        parts = [] if self.axis is None else [f"axis={self.axis}"]
        return ", ".join([*parts, *(["keepdims=True"] if self.keep else [])])


class Places(NamedTuple):
    """Where something is written: an index as NumPy takes it, or one of all entries in a line."""

    key: Any
    flat: bool = False
    text: str = "..."

    def of(self, array: Any) -> Any:
        """The array as the index is about it."""
        return array.reshape(-1) if self.flat else array

    def __repr__(self) -> str:
        return f"Places({self.text}, {id(self.key)})"


def words(shape: Shape) -> str:
    """`5x10`, `a vector of 3`, `a number`."""
    if not shape:
        return "a number"
    return f"a vector of {shape[0]}" if len(shape) == 1 else "x".join(map(str, shape))


def too_many(shape: Shape) -> bool:
    """More axes or entries than are held; of an axis without entries the others count too, since
    its lists are made."""
    return len(shape) > MAX_AXES or prod(max(1, side) for side in shape) > MAX_ENTRIES


def compact(shape: Shape) -> str:
    """`5x10`, `10` for a vector, `a number`."""
    return "x".join(map(str, shape)) or "a number"


def broadcast(*shapes: Shape) -> Shape:
    """The shape of an elementwise result, by NumPy's rule: from the last axis, 1 stretches."""
    found: list[int] = []
    for sizes in zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            first, second = sorted(wide, key=sizes.index)[:2]
            one, other = sizes.index(first), sizes.index(second)
            raise MismatchError(
                f"{{{one}}} is {words(shapes[one])}, {{{other}}} is {words(shapes[other])}:"
                f" elementwise, the {first} and the {second} have to be equal, or one of them 1"
            )
        found.append(wide.pop() if wide else 1)
    return tuple(reversed(found))


def matrix(shape: Shape, what: str) -> None:
    if len(shape) != 2:
        raise MismatchError(f"{{0}} is {words(shape)}, and {what} needs a matrix")


def square(shape: Shape, what: str) -> None:
    matrix(shape, what)
    if shape[0] != shape[1]:
        raise MismatchError(f"{{0}} is {words(shape)}, and {what} needs a square matrix")


# Rules of the gates in gates/arrays.py.


def matmul(a: Shape, b: Shape) -> Shape:
    """The last axis of one goes with the last but one of the other; the axes before these two
    count stacks of matrices, and broadcast."""
    for place, shape in enumerate((a, b)):
        if not shape:
            raise MismatchError(f"{{{place}}} is a number: multiply it with *")
    both = f"{{0}} is {words(a)}, {{1}} is {words(b)}: {{0}} @ {{1}} needs"
    inner, other = a[-1], b[-2:][0]
    if inner != other:
        raise MismatchError(f"{both} the {inner} and the {other} to be equal")
    try:
        stack = broadcast(a[:-2], b[:-2])
    except MismatchError:
        raise MismatchError(f"{both} the axes before the last two to fit") from None
    return stack + a[-2:-1] + b[-1:] * (len(b) > 1)


def of_axes(first: int, second: int) -> Callable[[Shape, Shape], Shape]:
    """The rule of a product for arrays with so many axes alone."""

    def rule(a: Shape, b: Shape) -> Shape:
        if (len(a), len(b)) != (first, second):
            text = f"{{0}} is {words(a)}, {{1}} is {words(b)}"
            raise MismatchError(f"{text}: {{0}} @ {{1}} multiplies arrays of all shapes")
        return matmul(a, b)

    return rule


def transposed(a: Shape) -> Shape:
    return a[::-1]


def reduced(a: Shape, axis: Axis) -> Shape:
    gone = axis.of(a)
    if axis.keep:
        return tuple([1 if place in gone else size for place, size in enumerate(a)])
    return tuple([size for place, size in enumerate(a) if place not in gone])


def picked(a: Shape, axis: Axis) -> Shape:
    """A largest or smallest entry, which nothing has none of."""
    if not prod(a[place] for place in axis.of(a)):
        raise MismatchError(f"{{0}} is {words(a)}: it has no entry there to choose")
    return reduced(a, axis)


def kept(a: Shape, axis: Axis) -> Shape:
    axis.of(a)
    return a


def along(a: Shape, axis: Axis) -> Shape:
    if axis.axis is None and len(a) != 1:
        raise MismatchError(f"{{0}} is {words(a)}: say along which axis, as in cumsum(a, axis=0)")
    if isinstance(axis.axis, tuple):
        raise MismatchError("cumsum works along one axis, not several")
    return kept(a, axis)


def outer(a: Shape, b: Shape) -> Shape:
    for place, shape in enumerate((a, b)):
        if len(shape) != 1:
            raise MismatchError(f"{{{place}}} is {words(shape)}, and outer needs two vectors")
    return a + b


def trace(a: Shape) -> Shape:
    matrix(a, "trace")
    return ()


def diag(a: Shape) -> Shape:
    if len(a) == 1:
        return a * 2
    if len(a) != 2:
        raise MismatchError(f"{{0}} is {words(a)}, and diag needs a vector or a matrix")
    return (min(a),)


def of_square(a: Shape) -> Shape:
    square(a, "a determinant")
    return ()


def inverse(a: Shape) -> Shape:
    square(a, "an inverse")
    return a


def solution(a: Shape, b: Shape) -> Shape:
    square(a, "solve")
    if not 1 <= len(b) <= 2:
        raise MismatchError(f"{{1}} is {words(b)}, and solve needs a vector or a matrix there")
    if b[0] != a[0]:
        raise MismatchError(
            f"{{0}} is {words(a)}, {{1}} is {words(b)}: solve({{0}}, {{1}}) needs the {a[0]}"
            f" and the {b[0]} to be equal"
        )
    return b


def squares(shape: Shape, what: str) -> None:
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise MismatchError(f"{{0}} is {words(shape)}, and {what} wants square matrices")


def of_squares(a: Shape) -> Shape:
    squares(a, "a determinant")
    return a[:-2]


def inverses(a: Shape) -> Shape:
    squares(a, "this")
    return a


def of_columns(a: Shape) -> Shape:
    """As many numbers as a matrix has rows or columns, whichever are fewer."""
    if len(a) < 2:
        raise MismatchError(f"{{0}} is {words(a)}, and singular values are those of a matrix")
    return (*a[:-2], min(a[-2:]))


def solutions(a: Shape, b: Shape) -> Shape:
    squares(a, "solve")
    both = f"{{0}} is {words(a)}, {{1}} is {words(b)}: solve({{0}}, {{1}}) needs"
    if len(b) < 2:
        raise MismatchError(f"{both} matrices on the right, where those on the left are a stack")
    if b[-2] != a[-1]:
        raise MismatchError(f"{both} the {a[-1]} and the {b[-2]} to be equal")
    try:
        return broadcast(a[:-2], b[:-2]) + b[-2:]
    except MismatchError:
        raise MismatchError(f"{both} the axes before the last two to fit") from None


def reshaped(a: Shape, wanted: Shape) -> Shape:
    known = prod(size for size in wanted if size != -1)
    if wanted.count(-1) == 1 and known and prod(a) % known == 0:
        wanted = tuple(prod(a) // known if size == -1 else size for size in wanted)
    if -1 in wanted or prod(wanted) != prod(a):
        raise MismatchError(
            f"{{0}} is {words(a)}, {prod(a)} entries, which don't fit into"
            f" {'x'.join(map(str, wanted))}"
        )
    return wanted


def stacked(*shapes: Shape) -> Shape:
    if not shapes:
        raise MismatchError("an empty list has no numbers; zeros(0) makes a vector of none")
    for place, shape in enumerate(shapes):
        if shape != shapes[0]:
            raise MismatchError(
                f"{{0}} is {words(shapes[0])}, {{{place}}} is {words(shape)}: the entries of a"
                " list have to have one shape"
            )
    return (len(shapes), *shapes[0])


def joined(*shapes_and_axis: object) -> Shape:
    *shapes, axis = shapes_and_axis
    assert isinstance(axis, Axis)
    first = shapes[0]
    assert isinstance(first, tuple)
    (place,) = Axis(axis.one).of(first)
    total = 0
    for number, shape in enumerate(shapes):
        assert isinstance(shape, tuple)
        both = f"{{0}} is {words(first)}, {{{number}}} is {words(shape)}:"
        if len(shape) != len(first):
            raise MismatchError(f"{both} joined, they have to have equally many axes")
        for axis_of_both, (one, other) in enumerate(zip(first, shape, strict=True)):
            if one != other and axis_of_both != place:
                text = f"joined along axis {place}, the {one} and the {other} have to be equal"
                raise MismatchError(f"{both} {text}")
        total += shape[place]
    return (*first[:place], total, *first[place + 1 :])


def written(a: Shape, *values_and_places: object) -> Shape:
    """What is written fits where it is written: whoever writes has looked."""
    del values_and_places
    return a


def added(a: Shape, b: Shape, at: object) -> Shape:
    del b, at
    return a


def permuted(a: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple([a[axis] for axis in axes])


def indexed(a: Shape, *indices: object) -> Shape:
    """The shape of a[i, j, ...]; an index is an int, a slice, or the shape of a computed one."""
    if len(indices) > len(a):
        often = f" {len(indices)} times" if len(indices) > 1 else ""
        raise MismatchError(f"{{0}} is {words(a)}: it can't be indexed{often}")
    found: list[int] = []
    picking: list[int] = []  # the axes that an index takes an entry or several of
    for place, (size, index) in enumerate(zip(a, indices, strict=False)):
        if isinstance(index, slice):
            found.append(len(range(*index.indices(size))))
            continue
        picking.append(place)
        if isinstance(index, int) and not -size <= index < size:
            raise MismatchError(f"{{0}} is {words(a)}: axis {place} has no entry {index}")
    # As in NumPy, computed indices go together: where they stand, or first if slices part them.
    together = not picking or picking[-1] - picking[0] < len(picking)
    before = picking[0] if picking and together else 0
    several = broadcast((), *(index if isinstance(index, tuple) else () for index in indices))
    return (*found[:before], *several, *found[before:], *a[len(indices) :])
