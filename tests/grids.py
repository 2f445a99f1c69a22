"""What gates on whole arrays are by definition, entry by entry, in 100-digit numbers.

Sums of products, Leibniz' determinant, Cramer's rule: nothing here knows NumPy, and nothing of
the product's own is used. A grid is a shape and its entries, row by row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import permutations, product
from typing import Any, NamedTuple

from oracle import mp

Shape = tuple[int, ...]
Axes = int | tuple[int, ...] | None
Entry = Any
STEP = 25  # digits between a point and its neighbours in a difference


class Grid(NamedTuple):
    shape: Shape
    entries: Sequence[Entry]

    def at(self, *index: int) -> Entry:
        place = 0
        for size, number in zip(self.shape, index, strict=True):
            place = place * size + number
        return self.entries[place]


def grid(values: Any) -> Grid:
    """From what has a shape and can list its numbers: every float is taken exactly."""
    return Grid(tuple(values.shape), [mp.mpf(float(x)) for x in values.ravel().tolist()])


def places(shape: Shape) -> Iterable[tuple[int, ...]]:
    return product(*map(range, shape))


def build(shape: Shape, entry: Callable[..., Entry]) -> Grid:
    return Grid(shape, [entry(*index) for index in places(shape)])


# Elementwise.


def broadcast(*shapes: Shape) -> Shape:
    """The longest shape's axes; missing ones and those of size 1 stretch."""
    count = max(map(len, shapes))
    padded = [(1,) * (count - len(shape)) + shape for shape in shapes]
    columns = [set(sizes) - {1} for sizes in zip(*padded, strict=True)]
    assert all(len(sizes) < 2 for sizes in columns)
    return tuple(sizes.pop() if sizes else 1 for sizes in columns)


def stretched(a: Grid, index: Sequence[int]) -> Entry:
    own = tuple(index)[len(index) - len(a.shape) :]
    return a.at(*(0 if size == 1 else k for size, k in zip(a.shape, own, strict=True)))


def elementwise(function: Callable[..., Entry], *operands: Grid) -> Grid:
    shape = broadcast(*(a.shape for a in operands))
    return build(shape, lambda *index: function(*(stretched(a, index) for a in operands)))


# Products.


def matmul(a: Grid, b: Grid) -> Grid:
    """The last axis of `a` with the last but one of `b`, or its only one."""
    rows, columns = a.shape[:-1], b.shape[1:]
    inner = range(a.shape[-1])
    assert a.shape[-1] == b.shape[0]

    def entry(*index: int) -> Entry:
        i, j = index[: len(rows)], index[len(rows) :]
        return mp.fsum(a.at(*i, k) * b.at(k, *j) for k in inner)

    return build(rows + columns, entry)


def batched(a: Grid, b: Grid) -> Grid:
    """Stacks of matrices: one matrix of `a` with one of `b`, where the stacks are broadcast."""
    if len(a.shape) == 1:
        found = batched(Grid((1, *a.shape), a.entries), b)
        return Grid((*found.shape[:-2], found.shape[-1]), found.entries)
    if len(b.shape) == 1:
        found = batched(a, Grid((*b.shape, 1), b.entries))
        return Grid(found.shape[:-1], found.entries)
    stack = broadcast(a.shape[:-2], b.shape[:-2])
    inner = range(a.shape[-1])

    def entry(*index: int) -> Entry:
        *which, i, j = index
        return mp.fsum(stretched(a, (*which, i, k)) * stretched(b, (*which, k, j)) for k in inner)

    return build((*stack, a.shape[-2], b.shape[-1]), entry)


def outer(a: Grid, b: Grid) -> Grid:
    return build(a.shape + b.shape, lambda i, j: a.at(i) * b.at(j))


# Along an axis; all of them if it is None.


def reduce(function: Callable[[list[Entry]], Entry], a: Grid, axis: Axes, keep: bool) -> Grid:
    count = len(a.shape)
    several = (axis,) if isinstance(axis, int) else axis
    gone = set(range(count)) if several is None else {k % count for k in several}
    lines: dict[tuple[int, ...], list[Entry]] = {}
    kept = tuple(1 if k in gone else size for k, size in enumerate(a.shape))
    for index in places(kept):
        lines[index] = []
    for index in places(a.shape):
        lines[tuple(0 if k in gone else i for k, i in enumerate(index))].append(a.at(*index))
    shape = kept if keep else tuple(s for k, s in enumerate(a.shape) if k not in gone)
    return Grid(shape, [function(line) for line in lines.values()])


def mean(line: list[Entry]) -> Entry:
    return mp.fsum(line) / len(line)


def var(line: list[Entry]) -> Entry:
    middle = mean(line)
    return mp.fsum((x - middle) ** 2 for x in line) / len(line)


def std(line: list[Entry]) -> Entry:
    return mp.sqrt(var(line))


def norm(line: list[Entry]) -> Entry:
    return mp.sqrt(mp.fsum(x * x for x in line))


def logsumexp(line: list[Entry]) -> Entry:
    return mp.log(mp.fsum(mp.exp(x) for x in line))


def softmax(a: Grid, axis: int | None) -> Grid:
    raised = Grid(a.shape, [mp.exp(x) for x in a.entries])
    return elementwise(lambda x, total: x / total, raised, reduce(mp.fsum, raised, axis, True))


def log_softmax(a: Grid, axis: int | None) -> Grid:
    return Grid(a.shape, [mp.log(x) for x in softmax(a, axis).entries])


def cumsum(a: Grid, axis: int) -> Grid:
    place = axis % len(a.shape)

    def entry(*index: int) -> Entry:
        before = range(index[place] + 1)
        return mp.fsum(a.at(*index[:place], k, *index[place + 1 :]) for k in before)

    return build(a.shape, entry)


# Other orders of the same entries.


def transpose(a: Grid) -> Grid:
    return build(a.shape[::-1], lambda *index: a.at(*index[::-1]))


def reshape(a: Grid, shape: Shape) -> Grid:
    return Grid(shape, a.entries)


def concatenate(parts: Sequence[Grid], axis: int) -> Grid:
    place = axis % len(parts[0].shape)
    source = [(part, k) for part in parts for k in range(part.shape[place])]
    first = parts[0].shape
    shape = (*first[:place], len(source), *first[place + 1 :])

    def entry(*index: int) -> Entry:
        part, k = source[index[place]]
        return part.at(*index[:place], k, *index[place + 1 :])

    return build(shape, entry)


def stack(parts: Sequence[Grid]) -> Grid:
    return build((len(parts), *parts[0].shape), lambda k, *index: parts[k].at(*index))


def index(a: Grid, chosen: Sequence[int | slice]) -> Grid:
    """Whole numbers take an entry of their axis, slices keep it."""
    steps = [range(size)[pick] for size, pick in zip(a.shape, chosen, strict=False)]
    steps += [range(size) for size in a.shape[len(chosen) :]]
    shape = tuple(len(step) for step in steps if isinstance(step, range))

    def entry(*place: int) -> Entry:
        rest = iter(place)
        return a.at(*(step[next(rest)] if isinstance(step, range) else step for step in steps))

    return build(shape, entry)


def rows(a: Grid, numbers: Sequence[int]) -> Grid:
    """a[i] for a list of computed indices."""
    return build((len(numbers), *a.shape[1:]), lambda k, *rest: a.at(numbers[k], *rest))


def columns(a: Grid, numbers: Sequence[int]) -> Grid:
    """a[..., i] for a list of computed indices."""
    shape = (*a.shape[:-1], len(numbers))
    return build(shape, lambda *place: a.at(*place[:-1], numbers[place[-1]]))


def permuted(a: Grid, axes: Sequence[int]) -> Grid:
    """The axis k of what is found is the axis axes[k] of `a`."""
    shape = tuple(a.shape[axis] for axis in axes)
    return build(shape, lambda *index: a.at(*(index[axes.index(k)] for k in range(len(axes)))))


# What is written. `numbers` has the number of each entry that is written.


def written(a: Grid, numbers: Grid, b: Grid) -> Grid:
    """Of an entry that is written several times the last counts."""
    entries = list(a.entries)
    for place in places(numbers.shape):
        entries[numbers.at(*place)] = stretched(b, place)
    return Grid(a.shape, entries)


def added(a: Grid, numbers: Grid, b: Grid) -> Grid:
    entries = list(a.entries)
    for place in places(numbers.shape):
        entries[numbers.at(*place)] += stretched(b, place)
    return Grid(a.shape, entries)


# Of square matrices.


def determinant(a: Grid) -> Entry:
    """Leibniz: a product for every permutation, by its sign."""
    side = range(a.shape[0])
    terms = []
    for way in permutations(side):
        swaps = sum(way[j] > way[k] for k in side for j in range(k))
        terms.append((-1) ** swaps * mp.fprod(a.at(k, way[k]) for k in side))
    return mp.fsum(terms)


def det(a: Grid) -> Grid:
    return Grid((), [determinant(a)])


def logdet(a: Grid) -> Grid:
    return Grid((), [mp.log(abs(determinant(a)))])


def solve(a: Grid, b: Grid) -> Grid:
    """Cramer's rule: a column of `b` in the place of each of `a`'s."""
    whole = determinant(a)

    def entry(k: int, *column: int) -> Entry:
        other = build(a.shape, lambda i, j: b.at(i, *column) if j == k else a.at(i, j))
        return determinant(other) / whole

    return build(b.shape, entry)


def inv(a: Grid) -> Grid:
    return solve(a, build(a.shape, lambda i, j: mp.mpf(i == j)))


def trace(a: Grid) -> Grid:
    return Grid((), [mp.fsum(a.at(k, k) for k in range(min(a.shape)))])


def diag(a: Grid) -> Grid:
    if len(a.shape) == 1:
        return build(a.shape * 2, lambda i, j: a.at(i) if i == j else mp.mpf(0))
    return build((min(a.shape),), lambda k: a.at(k, k))


# Differences.


class Slope(NamedTuple):
    """A derivative of sum(g*f), and what it would be if all its terms had one sign."""

    exact: Entry
    size: Entry


def slopes(
    function: Callable[[dict[str, Grid]], Grid], point: dict[str, Grid], upstream: Sequence[float]
) -> dict[str, list[Slope]]:
    """For every entry of every input, by a difference of the function at its two neighbours."""
    step = mp.mpf(10) ** -STEP
    found: dict[str, list[Slope]] = {}
    for name, here in point.items():
        found[name] = []
        for k, x in enumerate(here.entries):
            left, right = (
                function({**point, name: Grid(here.shape, replaced(here.entries, k, x + side))})
                for side in (-step, step)
            )
            terms = [
                mp.mpf(g) * (after - before) / (2 * step)
                for g, after, before in zip(upstream, right.entries, left.entries, strict=True)
            ]
            found[name].append(Slope(mp.fsum(terms), mp.fsum(terms, absolute=True)))
    return found


def replaced(entries: Sequence[Entry], place: int, entry: Entry) -> list[Entry]:
    return [*entries[:place], entry, *entries[place + 1 :]]
