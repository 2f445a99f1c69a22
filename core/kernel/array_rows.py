"""Value and gradients of a program about arrays for many rows: blocks of rows through the program
that program/lifting.py makes of it.

    kernel = ArrayKernel(program, wrt, columns)
    for block in kernel.blocks(given, rows): block.value, block.parts, block.lost
    value, gradients = kernel(given, rows)

`blocks` sums the gradients over the rows of each block, `kernel` gives every row its own. Where a
block begins and ends depends on the program alone, so that any number of threads finds the same.

A row that ties, or whose value or gradient comes out as inf or nan, is computed by the engine for
single points, so that ties and corners mean here what they mean there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from math import nan, prod
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, finite
from backprop.engine.arrays import backward_arrays, wanted_slots
from backprop.engine.kinds import kind_of, resolve
from backprop.engine.numbers import forward
from backprop.engine.ties.arrays import ties_at
from backprop.engine.ties.conventions import AUTO, convention
from backprop.errors import UsageError
from backprop.program.lifting import Lifted, LiftError, depending, lifted
from backprop.program.program import Program

Array = Any
Given = Mapping[str, Any]

BYTES = 1 << 22  # of the widest array of a block
MOST, LEAST = 8192, 64  # rows of a block
KEPT = 8  # programs that are kept, each for a number of rows
AHEAD = 4  # blocks that each worker may be ahead


class Block(NamedTuple):
    """Rows from `start` on: the value of each, and the sum of the gradients of all but those that
    are lost, which have no finite value or gradient. It has one part, if no float is too small."""

    start: int
    value: Array
    parts: Sequence[Sequence[Array]]
    lost: Sequence[int]


class Passed(NamedTuple):
    value: Array
    gradients: Sequence[Array]
    alone: Array | None  # rows that have to be computed one by one, if any has


class Made(NamedTuple):
    """A program for so many rows, the slots that its gradient needs, and a one for each row."""

    lift: Lifted
    wanted: Sequence[bool]
    ones: Array


class ArrayKernel:
    name = "numpy"

    def __init__(
        self, program: Program, wrt: Iterable[str], columns: Collection[str], ties: str = AUTO,
        threads: int = 1, note: str = "",
    ) -> None:  # fmt: skip
        if program.guards:
            raise LiftError("a source about arrays that decides by values goes row by row")
        self.program = program
        self.wrt = tuple(wrt)
        self.columns = frozenset(columns)
        self.ties = ties
        self.threads = threads
        self.note = note  # why it isn't the engine that was asked for
        self.kind = kind_of(program)
        self.watch = self.kind.watch(program, self.wrt)
        self.watched = self.watch.stages if ties == AUTO else []
        self.singles = 0  # rows that were computed one by one
        self.programs: dict[tuple[int, bool], Made] = {}
        self.sizes = {own: self.fitting(own) for own in (False, True)}
        self.lift(self.sizes[False], own=False)  # or say now that it can't be done

    @property
    def engine(self) -> ArrayKernel:
        return self

    def fitting(self, own: bool) -> int:
        """The rows of a block, a power of two."""
        varies = depending(self.program, self.varying(own))
        shapes = zip(varies, self.program.shapes, strict=True)
        widest = max([1, *(prod(shape) for varied, shape in shapes if varied)])
        rows = MOST
        while rows > LEAST and 8 * rows * widest > BYTES:
            rows //= 2
        return rows

    def varying(self, own: bool) -> frozenset[str]:
        """What has a value for each row: also what is the same in all of them, if every row is
        to have its own gradient of it."""
        return self.columns.union(self.wrt) if own else self.columns

    def lift(self, rows: int, *, own: bool) -> Made:
        key = rows, own
        found = self.programs.get(key)
        if found is None:
            while len(self.programs) >= KEPT:
                self.programs.pop(next(iter(self.programs)), None)
            lift = lifted(self.program, self.varying(own), rows)
            found = Made(lift, wanted_slots(lift.program, self.wrt), np.ones(rows))
            self.programs[key] = found
        return found

    # One block.

    def tried(
        self, point: Given, rows: int, *, own: bool, weight: float = 1.0
    ) -> Passed | None:  # fmt: skip
        """None if a row has no answer at all, as one whose label is no index."""
        try:
            return self.passed(point, rows, own=own, weight=weight)
        except UsageError:
            return None

    def passed(self, point: Given, rows: int, *, own: bool, weight: float = 1.0) -> Passed:
        lift, wanted, ones = self.lift(rows, own=own)
        program = lift.program
        at = {name: point[name] for name in program.inputs if name in point}
        at = {**self.program.defaults, **at}
        if own:
            at |= {name: spread(at[name], rows) for name in self.wrt if name not in self.columns}
        with np.errstate(**IGNORED):
            values = forward(program, at, ARRAYS)
            value = values[program.output]
            alone = self.tied(lift, values, rows)
            if not finite(value):
                alone = ~np.isfinite(value) if alone is None else alone | ~np.isfinite(value)
            back = backward_arrays(
                program, values, ones * weight, convention(self.ties), wanted=wanted
            )
            gradients = [back.gradient(program.inputs[name]) for name in self.wrt]
        return Passed(value, gradients, alone)

    def tied(self, lift: Lifted, values: Sequence[Array], rows: int) -> Array | None:
        """The rows in which a gate ties, if there are some."""
        found: Array | None = None
        for slot, _, _ in self.watched:
            new = lift.slots[slot]
            fed = [values[operand] for operand in lift.program.operands[new]]
            ties = np.asarray(ties_at(lift.program.gates[new], fed, values[new]))
            if not ties.any():
                continue
            if lift.varies[slot]:
                here = ties.any(axis=tuple(range(1, ties.ndim)))
            else:
                here = np.ones(rows, dtype=bool)
            found = here if found is None else found | here
        return found

    def single(self, point: Given, row: int) -> tuple[float, list[Array]]:
        """A row by the engine for single points."""
        self.singles += 1
        program = self.program
        at = {name: point[name][row] if name in self.columns else point[name]
              for name in program.inputs if name in point}  # fmt: skip
        at = {**program.defaults, **at}
        try:
            with self.kind.quietly():
                values = self.kind.forward(program, at)
                back = resolve(self.watch, values, self.ties, np.float64(1.0)).back
        except UsageError:  # said by whoever is asked what is wrong with this row
            return nan, [np.full(program.shapes[program.inputs[name]], nan) for name in self.wrt]
        return values[program.output], [back.gradient(program.inputs[n]) for n in self.wrt]

    def block(self, given: Given, weight: float, start: int, stop: int) -> Block:
        """The sums of a block, times `weight`. What spoils them is looked for by halves."""
        point = {name: column[start:stop] if name in self.columns else column
                 for name, column in given.items()}  # fmt: skip
        count = stop - start
        found = self.tried(point, count, own=False, weight=weight)
        if found is not None and found.alone is None and all(map(finite, found.gradients)):
            return Block(start, found.value, [self.totals(found)], [])
        value = np.empty(count)
        parts: list[Sequence[Array]] = []
        lost: list[int] = []
        waiting = [np.arange(count)]
        while waiting:
            rows = waiting.pop()
            found = self.tried(self.some(point, rows), len(rows), own=False, weight=weight)
            if found is not None:
                value[rows] = found.value
            if found is not None and found.alone is not None:
                self.one_by_one(point, weight, rows[found.alone], value, parts, lost)
                left = rows[~found.alone]
                waiting += [left] if left.size else []
            elif found is not None and all(map(finite, found.gradients)):
                add(parts, self.totals(found))
            elif len(rows) == 1:
                self.one_by_one(point, weight, rows, value, parts, lost)
            else:
                waiting += [rows[len(rows) // 2 :], rows[: len(rows) // 2]]
        return Block(start, value, parts, sorted(lost))

    def totals(self, found: Passed) -> list[Array]:
        """Gradients summed over the rows: those of columns are not yet."""
        return [
            gradient.sum(axis=0) if name in self.columns else gradient
            for name, gradient in zip(self.wrt, found.gradients, strict=True)
        ]

    def some(self, point: Given, rows: Array) -> dict[str, Any]:
        return {n: column[rows] if n in self.columns else column for n, column in point.items()}

    def one_by_one(
        self, point: Given, weight: float, rows: Array, value: Array,
        parts: list[Sequence[Array]], lost: list[int],
    ) -> None:  # fmt: skip
        for row in rows.tolist():
            value[row], gradients = self.single(point, row)
            if np.isfinite(value[row]) and all(map(finite, gradients)):
                add(parts, [gradient * weight for gradient in gradients])
            else:
                lost.append(row)

    # Many blocks.

    def blocks(self, given: Given, rows: int, weight: float = 1.0) -> Iterator[Block]:
        """All blocks in their order. Sums of gradients are multiplied by `weight`."""
        size = self.sizes[False]
        work = partial(self.block, given, weight)
        starts = range(0, rows, size)
        stops = [min(rows, start + size) for start in starts]
        if self.threads == 1 or len(stops) == 1:
            yield from map(work, starts, stops)
            return
        with ThreadPoolExecutor(self.threads) as pool:
            coming = []
            for start, stop in zip(starts, stops, strict=True):
                coming.append(pool.submit(work, start, stop))
                if len(coming) > AHEAD * self.threads:
                    yield coming.pop(0).result()
            for future in coming:
                yield future.result()

    def __call__(self, given: Given, rows: int) -> tuple[Array, dict[str, Array]]:
        """Value and gradients of every row."""
        shapes = [self.program.shapes[self.program.inputs[name]] for name in self.wrt]
        value, gradients = np.empty(rows), [np.empty((rows, *shape)) for shape in shapes]
        size = self.sizes[True]
        work = partial(self.fill, given, value, gradients, rows)
        starts = range(0, rows, size)
        if self.threads == 1 or len(starts) == 1:
            for start in starts:
                work(start)
        else:
            with ThreadPoolExecutor(self.threads) as pool:
                list(pool.map(work, starts))
        return value, dict(zip(self.wrt, gradients, strict=True))

    def fill(
        self, given: Given, value: Array, gradients: Sequence[Array], rows: int, start: int
    ) -> None:
        here = slice(start, min(rows, start + self.sizes[True]))
        point = {n: column[here] if n in self.columns else column for n, column in given.items()}
        count = here.stop - start
        alone: list[int] = []
        waiting = [np.arange(count)]
        while waiting:
            some = waiting.pop()
            found = self.tried(self.some(point, some), len(some), own=True)
            if found is None and len(some) > 1:
                waiting += [some[len(some) // 2 :], some[: len(some) // 2]]
            elif found is None:
                alone += some.tolist()
            else:
                value[start + some] = found.value
                bad = np.zeros(len(some), dtype=bool) if found.alone is None else found.alone
                for target, gradient in zip(gradients, found.gradients, strict=True):
                    target[start + some] = gradient
                    if not finite(gradient):
                        bad |= ~np.isfinite(gradient).all(axis=tuple(range(1, gradient.ndim)))
                alone += some[bad].tolist()
        for row in alone:
            value[start + row], slopes = self.single(point, row)
            for target, slope in zip(gradients, slopes, strict=True):
                target[start + row] = slope
        for column in (value[here], *(target[here] for target in gradients)):
            column[np.isnan(column)] = nan  # all alike, to the sign bit


def spread(value: Any, rows: int) -> Array:
    """The same value in every row."""
    return np.broadcast_to(value, (rows, *np.shape(value)))


def add(parts: list[Sequence[Array]], more: Sequence[Array]) -> None:
    """Add to the last part, unless that is too much for a float."""
    if parts:
        with np.errstate(**IGNORED):
            sums = [one + other for one, other in zip(parts[-1], more, strict=True)]
        if all(map(finite, sums)):
            parts[-1] = sums
            return
    parts.append(more)
