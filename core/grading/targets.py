"""What a row of a backward pass may be: the gradient of a variable or of a stage without a name,
the parts of it that single uses pass back, sums of some of these, and each before it is summed
over what was broadcast. A row is compared with all of them at once, by one weighted sum a point.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS
from backprop.engine.kinds import kind_of
from backprop.gates import GATES
from backprop.grading.spots import Spot
from backprop.program.program import Program

CLOSE = 1e-8
DUST = 1e-12  # of what is added, if it cancels
GOLDEN = 0.6180339887498949
SUBSETS = 5  # uses whose sums are tried in every combination
MOST = 4_000_000  # entries of all targets
ORDERS = {
    2: ((1, 0),),
    3: ((0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1)),
    4: ((0, 2, 3, 1), (0, 3, 1, 2), (1, 0, 2, 3), (1, 2, 3, 0), (2, 3, 0, 1)),
}  # of axes, in which gradients are handled on the way
Series = list[Any]  # an array or a number for every point


class Target(NamedTuple):
    slot: int  # whose gradient it is
    through: tuple[int, ...]  # the stages that pass it back; empty for the whole gradient
    series: Series
    sizes: tuple[float, ...]  # how large what was added is, at every point
    spread: bool = False  # before a sum over what was broadcast, or with its axes in another order


class Match(NamedTuple):
    target: Target
    factor: float  # what the row is, of the target


class Group(NamedTuple):
    """The targets of one shape, as columns."""

    targets: list[Target]
    marks: Any
    sizes: Any


class Targets:
    def __init__(self, program: Program, spots: Sequence[Spot], backs: Sequence[Any]) -> None:
        self.program = program
        self.spots = spots
        self.backs = backs
        self.entries = 0
        self.whole: dict[int, Target] = {}
        self.parts: dict[int, list[Target]] = {}
        self.groups: dict[int, Group] = {}
        every = list(self.found())
        by_shape: dict[int, list[Target]] = {}
        for target in [*every, *self.turned()]:
            by_shape.setdefault(np.size(target.series[0]), []).append(target)
        for shape, those in by_shape.items():
            marks = np.array([marks_of(target.series) for target in those])
            sizes = np.array([target.sizes for target in those]) * max(1, shape)
            self.groups[shape] = Group(those, marks, sizes)

    # The targets of every slot.

    def found(self) -> Iterator[Target]:
        uses: dict[int, list[Target]] = {}
        for slot, gate, operands in self.program.forward_steps():
            for place, operand in enumerate(operands):
                if operand in self.program.constants or not GATES[gate].partial(place):
                    continue
                series = self.message(slot, place, operand)
                if series is None:
                    continue
                whole = self.unsummed(slot, gate, place, operands)
                sizes = sizes_of(series if whole is None else whole)
                uses.setdefault(operand, []).append(Target(operand, (slot,), series, sizes))
                if whole is not None:
                    yield from self.before_sums(slot, operand, whole)
        self.parts = uses
        for slot in range(len(self.program.gates)):
            if not any(back.reached(slot) for back in self.backs):
                continue
            series = [back.gradient(slot) for back in self.backs]
            sizes = added([part.sizes for part in uses[slot]]) if slot in uses else sizes_of(series)
            self.whole[slot] = Target(slot, (), series, sizes)
            yield self.whole[slot]
        for slot, parts in uses.items():
            if len(parts) > 1 or slot == self.program.output:
                yield from parts
                yield from self.sums(parts)

    def message(self, slot: int, place: int, operand: int) -> Series | None:
        found = [back.flow(slot, place) for back in self.backs]
        if all(part is None for part in found):
            return None
        shape = self.program.shapes[operand]
        return [np.zeros(shape)[()] if part is None else part for part in found]

    def unsummed(self, slot: int, gate: str, place: int, operands: Sequence[int]) -> Series | None:
        """What a stage passes back before it is summed over the axes that were broadcast."""
        out, own = self.program.shapes[slot], self.program.shapes[operands[place]]
        if GATES[gate].array or out == own or self.entries > MOST:
            return None
        series: Series = []
        for spot, back in zip(self.spots, self.backs, strict=True):
            fed = [spot.values[operand] for operand in operands]
            with np.errstate(all="ignore"):
                slope = ARRAYS.local["first"][gate](*fed, spot.values[slot])[place]
                slope = 0.0 if slope is None else slope
                series.append(np.broadcast_to(slope * back.gradient(slot), out))
        return series

    def before_sums(self, slot: int, operand: int, series: Series) -> Iterator[Target]:
        """What a stage passes back, summed over some of the axes that were broadcast."""
        out, own = self.program.shapes[slot], self.program.shapes[operand]
        full = (1,) * (len(out) - len(own)) + own
        axes = [axis for axis, side in enumerate(out) if full[axis] == 1 != side]
        for count in range(len(axes)):
            for some in combinations(axes, count):
                part = [value.sum(axis=some, keepdims=True) for value in series]
                self.entries += sum(value.size for value in part)
                yield Target(operand, (slot,), part, sizes_of(part), spread=True)

    def sums(self, parts: Sequence[Target]) -> Iterator[Target]:
        """The sums of some uses: all of them if there are few, else of the first and last ones."""
        count = len(parts)
        if count <= SUBSETS:
            chosen = [some for size in range(2, count) for some in combinations(range(count), size)]
        else:
            chosen = [tuple(range(k)) for k in range(2, count)]
            chosen += [tuple(range(k, count)) for k in range(1, count - 1)]
            chosen += [tuple(j for j in range(count) if j != k) for k in range(1, count - 1)]
        for some in chosen:
            if self.entries > MOST:
                return
            those = [parts[k] for k in some]
            series = [
                sum(values[1:], values[0])
                for values in zip(*[t.series for t in those], strict=True)
            ]
            self.entries += sum(np.size(value) for value in series)
            through = tuple(stage for target in those for stage in target.through)
            yield Target(parts[0].slot, through, series, added([t.sizes for t in those]))

    def turned(self) -> Iterator[Target]:
        """Whole gradients with their axes in another order."""
        for target in self.whole.values():
            for axes in ORDERS.get(np.ndim(target.series[0]), ()):
                series = [np.transpose(value, axes) for value in target.series]
                yield Target(target.slot, (), series, target.sizes, spread=True)

    @cached_property
    def knowns(self) -> dict[int, Any]:
        """The values of the forward pass and the slopes of its gates, by their size."""
        found: dict[int, list[list[float]]] = {}
        program, kind = self.program, kind_of(self.program)
        live = needed(program)
        for slot in live:
            self.know(found, [spot.values[slot] for spot in self.spots])
        for slot, gate, operands in program.forward_steps():
            if slot not in live:
                continue
            try:
                rows = [
                    kind.slopes(gate, (*(spot.values[one] for one in operands), spot.values[slot]))
                    for spot in self.spots
                ]  # fmt: skip
            except (ValueError, TypeError, ArithmeticError):
                continue
            for column in zip(*rows, strict=True):
                if all(one is not None for one in column):
                    self.know(found, column)
        return {size: np.array(rows) for size, rows in found.items()}

    def know(self, found: dict[int, list[list[float]]], series: Sequence[Any]) -> None:
        numeric = all(isinstance(value, (float, np.ndarray)) for value in series)
        if numeric and len({np.size(value) for value in series}) == 1:
            found.setdefault(np.size(series[0]), []).append(marks_of(series))

    def known(self, series: Series) -> bool:
        """Is it a value of the forward pass, or the slope of a gate?"""
        rows = self.knowns.get(np.size(series[0]))
        if rows is None:
            return False
        own = np.array(marks_of(series))
        size = np.array(sizes_of(series)) * max(1, np.size(series[0]))
        with np.errstate(all="ignore"):
            return bool((np.abs(rows - own) <= CLOSE * size).all(axis=1).any())

    # Comparing.

    def match(self, series: Series, wanted: Collection[int] = ()) -> Match | None:
        """What a series is, best what its name says: as it is, or times a constant."""
        found = self.groups.get(np.size(series[0]))
        if found is None:
            return None
        own, size = (
            np.array(marks_of(series)),
            np.array(sizes_of(series)) * max(1, np.size(series[0])),
        )
        if not np.isfinite(own).all() or not size.any():
            return None
        with np.errstate(all="ignore"):
            best = np.argmax(np.abs(found.marks), axis=1)
            rows = np.arange(len(best))
            factors = own[best] / found.marks[rows, best]
            gap = np.abs(own - factors[:, None] * found.marks)
            fits = (gap <= CLOSE * (size + np.abs(factors)[:, None] * found.sizes)).all(axis=1)
            fits &= np.isfinite(factors) & (factors != 0)
        candidates = sorted(
            np.flatnonzero(fits), key=lambda k: self.worth(found.targets[k], factors[k], wanted)
        )
        for k in candidates[:12]:
            factor = 1.0 if abs(factors[k] - 1) < CLOSE else float(factors[k])
            target = found.targets[k]
            if not target.spread and squeezed(series) != squeezed(target.series):
                target = target._replace(spread=True)  # in another shape
            if same(series, [factor * np.asarray(value) for value in target.series], target.sizes):
                return Match(target, factor)
        return None

    def worth(self, target: Target, factor: float, wanted: Collection[int]) -> tuple[bool, ...]:
        """The likeliest first."""
        own = target.slot in wanted
        named = self.program.labels[target.slot] in self.program.names
        exact = abs(factor - 1) < CLOSE
        return (
            not (exact and own),
            not own,
            not exact,
            not named,
            bool(target.through),
            target.spread,
        )


def needed(program: Program) -> set[int]:
    """The slots that the output is made of."""
    found = {program.output}
    for slot, _, operands in program.backward_steps():
        if slot in found:
            found |= set(operands)
    return found


def squeezed(series: Series) -> tuple[int, ...]:
    """A shape without axes of length 1."""
    return tuple([side for side in np.shape(series[0]) if side != 1])


def marks_of(series: Sequence[Any]) -> list[float]:
    return [mark_of(value) for value in series]


def mark_of(value: Any) -> float:
    flat = np.ravel(value)
    if flat.size == 1:
        return float(flat[0])
    with np.errstate(all="ignore"):
        return float(np.dot(flat, 0.5 + (np.arange(flat.size) * GOLDEN) % 1.0))


def sizes_of(series: Series) -> tuple[float, ...]:
    return tuple([float(np.max(np.abs(value), initial=0.0)) for value in series])


def added(sizes: Sequence[Sequence[float]]) -> tuple[float, ...]:
    return tuple([float(sum(column)) for column in zip(*sizes, strict=True)])


def same(one: Series, other: Series, sizes: Sequence[float]) -> bool:
    return all(
        gaps(a, b, size).max(initial=0.0) <= 0 for a, b, size in zip(one, other, sizes, strict=True)
    )


def gaps(a: Any, b: Any, size: float) -> Any:
    """How far each entry is beyond what may differ."""
    a, b = np.ravel(np.asarray(a, float)), np.ravel(np.asarray(b, float))
    if a.size != b.size:
        return np.ones(1)
    with np.errstate(all="ignore"):
        finite = np.isfinite(a - b)
        larger = np.maximum(np.abs(a), np.abs(b))
        scale = float(np.max(larger, initial=0.0, where=finite))
        allowed = CLOSE * larger + 1e-3 * CLOSE * scale + DUST * size
        return np.where(finite, np.abs(a - b) - allowed, 1.0)
