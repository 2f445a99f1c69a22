"""Shapes: what a gate makes of those of its operands, or why it can't.

A rule takes the operands' shapes and gives the value's. What it refuses it says with
`MismatchError`, in words that name dimensions; who called it knows the names of the operands.
"""

from __future__ import annotations

from itertools import zip_longest
from math import prod
from typing import NamedTuple

Shape = tuple[int, ...]

MAX_AXES = 8
MAX_ENTRIES = 50_000_000
LIMIT = f"at most {MAX_AXES} axes and {MAX_ENTRIES:,} entries are held"


class MismatchError(Exception):
    """Shapes that don't fit. {0}, {1} in the message stand for the operands."""


class Axis(NamedTuple):
    """Along which axis a gate works; all if None."""

    axis: int | None = None
    keep: bool = False

    def of(self, shape: Shape) -> int | None:
        """The axis counted from the front."""
        if self.axis is None:
            return None
        if not -len(shape) <= self.axis < len(shape):
            has = {0: "no axis", 1: "only axis 0"}.get(len(shape), f"axes 0 to {len(shape) - 1}")
            raise MismatchError(f"{{0}} is {words(shape)}: it has {has}, not {self.axis}")
        return self.axis % len(shape)

    @property
    def text(self) -> str:
        """As it is written in a call."""
        parts = [] if self.axis is None else [f"axis={self.axis}"]
        return ", ".join([*parts, *(["keepdims=True"] if self.keep else [])])


def words(shape: Shape) -> str:
    """`5x10`, `a vector of 3`, `a number`."""
    if not shape:
        return "a number"
    return f"a vector of {shape[0]}" if len(shape) == 1 else "x".join(map(str, shape))


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
        raise MismatchError(f"{{0}} is {words(shape)}, and {what} wants a matrix")


def square(shape: Shape, what: str) -> None:
    matrix(shape, what)
    if shape[0] != shape[1]:
        raise MismatchError(f"{{0}} is {words(shape)}, and {what} wants a square matrix")


# Rules of the gates in gates/arrays.py.


def matmul(a: Shape, b: Shape) -> Shape:
    for place, shape in enumerate((a, b)):
        if not shape:
            raise MismatchError(f"{{{place}}} is a number: multiply it with *")
        if len(shape) > 2:
            text = "only vectors and matrices multiply"
            raise MismatchError(f"{{{place}}} is {words(shape)}: {text}")
    inner, other = a[-1], b[0]
    if inner != other:
        raise MismatchError(
            f"{{0}} is {words(a)}, {{1}} is {words(b)}: {{0}} @ {{1}} needs the {inner} and"
            f" the {other} to be equal"
        )
    return a[:-1] + b[1:]


def transposed(a: Shape) -> Shape:
    return a[::-1]


def reduced(a: Shape, axis: Axis) -> Shape:
    place = axis.of(a)
    if place is None:
        return (1,) * len(a) if axis.keep else ()
    return a[:place] + ((1,) if axis.keep else ()) + a[place + 1 :]


def picked(a: Shape, axis: Axis) -> Shape:
    """A largest or smallest entry, which nothing has none of."""
    place = axis.of(a)
    if not (prod(a) if place is None else a[place]):
        raise MismatchError(f"{{0}} is {words(a)}: it has no entry there to choose")
    return reduced(a, axis)


def kept(a: Shape, axis: Axis) -> Shape:
    axis.of(a)
    return a


def along(a: Shape, axis: Axis) -> Shape:
    if axis.axis is None and len(a) != 1:
        raise MismatchError(f"{{0}} is {words(a)}: say along which axis, as in cumsum(a, axis=0)")
    return kept(a, axis)


def outer(a: Shape, b: Shape) -> Shape:
    for place, shape in enumerate((a, b)):
        if len(shape) != 1:
            raise MismatchError(f"{{{place}}} is {words(shape)}, and outer wants two vectors")
    return a + b


def trace(a: Shape) -> Shape:
    matrix(a, "trace")
    return ()


def diag(a: Shape) -> Shape:
    if len(a) == 1:
        return a * 2
    if len(a) != 2:
        raise MismatchError(f"{{0}} is {words(a)}, and diag wants a vector or a matrix")
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
        raise MismatchError(f"{{1}} is {words(b)}, and solve wants a vector or a matrix there")
    if b[0] != a[0]:
        raise MismatchError(
            f"{{0}} is {words(a)}, {{1}} is {words(b)}: solve({{0}}, {{1}}) needs the {a[0]}"
            f" and the {b[0]} to be equal"
        )
    return b


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
    place = Axis(axis.axis or 0).of(first) or 0
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
