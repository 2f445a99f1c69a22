"""Moved runs of arrays: the same, entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property, reduce
from math import inf
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, choose, finite
from backprop.arithmetic.system import Function
from backprop.arithmetic.whole import ranks, spread, wholes
from backprop.engine.arrays import ArrayBackward, backward_arrays, fitted, operations
from backprop.engine.numbers import Branches, forward
from backprop.engine.ties.exact import Exact
from backprop.engine.ties.moving import ROUNDING, SAMPLES, Moving, Run, Way
from backprop.engine.ties.sides import SAME, Side
from backprop.engine.ties.watch import Watch
from backprop.gates import GATES
from backprop.gates.arrays import PRODUCT
from backprop.program.program import Program

Array = Any
ALONE = 64  # entries of an input that are moved one by one
LINEAR = frozenset(["transpose", "reshape", "sum", "mean", "cumsum", "concatenate", "stack",
                    "index", "trace", "diag", "put",
                    "add_at", "permute"])  # fmt: skip


class ArrayWatch(Watch):
    """The ties of a program on arrays that matter for the inputs in `wrt`."""

    def tied(self, values: Sequence[Any]) -> list[int]:
        if not self.program.bending:
            return []
        with np.errstate(**IGNORED):
            return [
                slot
                for slot, gate, operands in self.stages
                if np.any(ties_at(gate, [values[operand] for operand in operands], values[slot]))
            ]


def ties_at(gate: str, fed: Sequence[Array], out: Array) -> Array:
    """At which entries of its value is a gate at its kink?"""
    row = GATES[gate]
    if row.ties and row.array:
        array, axis = fed
        return np.sum(array == spread(out, array, axis), axis=axis.of(np.shape(array)),
                      keepdims=axis.keep) > 1  # fmt: skip
    if row.ties:
        return sum((operand == out) * 1 for operand in fed) > 1
    test = ARRAYS.kink[gate]
    return False if test is None else test(*fed, out) != 0


class Arrays(Moving):
    """A program on arrays at a point where some of its stages tie. What it comes to is the sum
    of its output times `upstream`."""

    def __init__(
        self, watch: Watch, values: Sequence[Array], tied: Sequence[int], upstream: Array
    ) -> None:
        super().__init__(watch, values, tied)
        shapes = self.program.shapes
        self.shapes = shapes
        self.given = upstream
        self.exact = Exact(self.exactly, self.output_of, operations(self.program))

    def exactly(self, way: Way, distance: Any) -> Sequence[Any]:
        """The values of all stages at a distance along a way, in many digits."""
        from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS, exactly

        at = {
            name: exactly(self.values[slot]) + distance * exactly(way[name])
            if name in way
            else self.values[slot]
            for name, slot in self.program.inputs.items()
        }
        return forward(self.program, at, PRECISE_ARRAYS)

    def output_of(self, values: Sequence[Any]) -> Any:
        from mpmath import mpf

        parts = np.asarray(values[self.program.output] * self.given, dtype=object)
        return np.sum(parts) + mpf(0)

    # What moves.

    def ways(self) -> Iterator[tuple[str, Way]]:
        """Every entry that reaches a tie; of inputs with very many, some directions."""
        random = np.random.default_rng(len(self.values))
        sampled = []
        for name, slot in self.moving.items():
            shape = self.shapes[slot]
            places = self.reaching(slot)
            if len(places) > ALONE:
                sampled.append(name)
                for _ in range(SAMPLES):
                    yield name, {name: random.choice((-1.0, 1.0), shape)}
            else:
                for place in places:
                    way = np.zeros(shape)
                    way.flat[place] = 1.0
                    yield name, {name: way[()]}
        self.sampled = sampled

    def reaching(self, slot: int) -> Sequence[int]:
        """The entries of an input that reach a tie, if these are few."""
        size = int(np.prod(self.shapes[slot]))
        if size <= ALONE:
            return range(size)
        found = self.sensitive[slot]
        return range(size) if found is None else [*map(int, np.flatnonzero(found))]

    @cached_property
    def sensitive(self) -> Sequence[Array | None]:
        """For every slot, a number for each entry that is not 0 if a tie moves as it does."""
        random = np.random.default_rng(len(self.values))
        found: list[Array | None] = [None] * len(self.values)
        with np.errstate(**IGNORED):
            for slot, gate, operands in self.program.backward_steps(only=self.upstream):
                if not operands:
                    continue
                fed = [self.values[operand] for operand in operands]
                if slot in self.tied:
                    at = ties_at(gate, fed, self.values[slot])
                    for operand, array in zip(operands, fed, strict=True):
                        if isinstance(array, (float, np.ndarray)):
                            seed = self.seeded(gate, at, fed, random)
                            add(found, operand, fitted(seed, self.shapes[operand]))
                if found[slot] is None:
                    continue
                heard = [self.upstream[operand] for operand in operands]
                for operand, part in zip(
                    operands, self.passed(slot, gate, fed, heard, found[slot]), strict=True
                ):
                    if part is not None:
                        add(found, operand, np.nan_to_num(fitted(part, self.shapes[operand])))
        return found

    def seeded(self, gate: str, at: Array, fed: Sequence[Array], random: Any) -> Array:
        """Random numbers where a gate ties, in the shape of what it is fed."""
        if GATES[gate].array:
            array, axis = fed
            return spread(at * 1.0, array, axis) * random.uniform(1, 2, np.shape(array))
        return at * random.uniform(1, 2, np.shape(at))

    def passed(
        self, slot: int, gate: str, fed: Sequence[Array], heard: Sequence[bool], gradient: Array
    ) -> Sequence[Array | None]:
        """What a stage passes back, as a convention has it."""
        out = self.values[slot]
        if GATES[gate].array:
            return wholes(ARRAYS.message["notes"][gate](heard, *fed, out, gradient))
        slopes = ARRAYS.local["notes"][gate](*fed, out)
        return [None if slope is None else slope * gradient for slope in slopes]

    def joint(self, seed: int, *, falling: bool) -> Way:
        random = np.random.default_rng(seed)
        sizes = [int(np.prod(self.shapes[slot])) for slot in self.moving.values()]
        if falling:
            parts = -np.sort(random.uniform(0.25, 1.0, sum(sizes)))
        else:
            parts = random.uniform(-1.0, 1.0, sum(sizes))
        pieces = np.split(parts, np.cumsum(sizes)[:-1])
        return {
            name: piece.reshape(self.shapes[slot])[()]
            for (name, slot), piece in zip(self.moving.items(), pieces, strict=True)
        }

    # Runs.

    def run(self, way: Way, *, everything: bool) -> Run:
        with np.errstate(**IGNORED):
            return super().run(way, everything=everything)

    def side(self, way: Way, sign: int) -> Side:
        with np.errstate(**IGNORED):
            return super().side(way, sign)

    @cached_property
    def beyond(self) -> ArrayBackward:
        """For every slot, the gradient that comes to it past no tie."""
        return backward_arrays(self.program, self.values, self.given, "first", only=self.smooth)

    @cached_property
    def rounding(self) -> Sequence[float]:
        """For every slot, how much of an entry may be rounding."""
        found = [0.0] * len(self.values)
        for slot, value in enumerate(self.values):
            if not isinstance(value, (float, np.ndarray)):
                continue
            size = np.max(np.abs(value), initial=0.0, where=np.isfinite(value))
            before = [found[operand] for operand in self.program.operands[slot]]
            found[slot] = max([float(size) * ROUNDING, *before])
        return found

    @cached_property
    def beyond_sizes(self) -> Sequence[Array | None]:
        """The sizes of the parts that the gradients beyond the last tie add up."""
        return gradient_sizes(self.program, self.values, self.given, self.smooth)

    def carried_on(self, run: Run) -> tuple[float, float]:
        slope = size = 0.0
        for slot, tangent in run.tangents.items():
            gradient, parts = self.beyond.gradients[slot], self.beyond_sizes[slot]
            if gradient is not None and parts is not None:
                slope += float(np.sum(np.where(tangent == 0, 0.0, tangent * gradient)))
                sizes = run.sizes[slot]
                size += float(np.sum(np.where(sizes == 0, 0.0, parts * sizes)))
        return slope, size

    def arrived(self, run: Run) -> tuple[float, float, float]:
        slot = self.program.output
        limit = run.limits.get(slot, self.values[slot])
        slope, size = run.tangents.get(slot, 0.0), run.sizes.get(slot, 0.0)
        return (
            float(np.sum(slope * self.given)),
            float(np.sum(size * np.abs(self.given))),
            float(np.sum(limit * self.given)),
        )

    def is_finite(self, value: Any) -> bool:
        return finite(value)

    def step(self, run: Run, slot: int, gate: str, operands: Sequence[int]) -> None:
        changed = any(operand in run.limits for operand in operands)
        fed = [run.limits.get(operand, self.values[operand]) for operand in operands]
        out = ARRAYS.value[gate](*fed) if changed else self.values[slot]
        nearby = (*fed, out)
        row = GATES[gate]
        if row.bends and np.any(at := ties_at(gate, fed, out)):
            out, nearby = self.decided(run, slot, at, fed, out)
            run.at[slot] = nearby
        elif changed and (row.routes or row.ties):
            run.at[slot] = nearby
        value = self.values[slot]
        same = (np.abs(out - value) <= self.rounding[slot]) | (out == value)
        if not np.all(same | ((out != out) & (value != value))):
            run.limits[slot] = out
        moved = [run.tangents.get(operand) for operand in operands]
        if all(part is None for part in moved):
            return
        sizes = [run.sizes.get(operand) for operand in operands]
        reached = [run.reached.get(operand) for operand in operands]
        found: Moved | None
        if row.array:
            found = whole_tangent(gate, moved, sizes, reached, nearby)
        else:
            slopes = ARRAYS.local["first"][gate](*nearby)
            undecided = run.undecided.get(slot, False)
            found = entrywise(row.routes, slopes, moved, sizes, reached, undecided)
        if found is not None:
            full = [np.broadcast_to(part, self.shapes[slot]) for part in found]
            run.tangents[slot], run.sizes[slot], run.reached[slot] = full

    def decided(
        self, run: Run, slot: int, at: Array, fed: Sequence[Array], out: Array
    ) -> tuple[Array, tuple[Any, ...]]:
        """The limit of a stage that ties at some entries; and its operands and value a hair
        away, enlarged where it ties."""
        gate, operands = self.program.gates[slot], self.program.operands[slot]
        row = GATES[gate]
        assert row.kink is not None
        found: Array
        still = [run.tangents.get(operand, 0.0) for operand in operands]
        value = ARRAYS.value[gate]
        if row.kink.what == "order":
            array, axis = fed
            a = ranks(array, still[0], axis)
            return out, (a, axis, value(a, axis))
        if row.array:
            array, axis = fed
            tied = spread(at, array, axis)
            middle = spread(out, array, axis) if row.ties else 0.0
            a = np.where(tied, enlarged(array, middle, still[0]), array)
            return out, (a, axis, value(a, axis))
        if row.condition:
            side = self.side_of_step(run, operands[0])
            close = [np.where(at, side, fed[0]), *fed[1:]]
            out = value(*close)
            return out, (*close, out)
        if row.kink.what == "switch":
            found = choose(at, self.compared(run, slot, still), out)
            return found, (*fed, found)
        if row.kink.below:
            found = choose(at, self.beside_ratio(run, slot, fed, out), out)
            return found, (*fed, found)
        if row.kink.what == "jump":
            side = self.side_of_step(run, operands[0])
            found = choose(at, value(fed[0] + side / 4), out)
            return found, (*fed, found)
        middle = ARRAYS.at[gate](*fed, out)
        close = [
            choose(at, enlarged(operand, middle, tangent), operand)
            for operand, tangent in zip(fed, still, strict=True)
        ]
        run.undecided[slot] = at & self.tie_again(run, operands, close)
        if row.curved:
            beside = np.nextafter(middle, np.copysign(inf, still[0]))
            close = [choose(at & (np.asarray(still[0]) != 0), beside, fed[0])]
        return out, (*close, value(*close))

    def tie_again(self, run: Run, operands: Sequence[int], close: Sequence[Array]) -> Array:
        """At which entries do the tangents at a bend tie too?"""
        sizes = [run.sizes.get(operand, 0.0) for operand in operands]
        tangents = close if len(close) > 1 else [*close, 0.0]
        least: Array = reduce(np.fmin, [np.where(np.isfinite(one), one, inf) for one in tangents])
        most: Array = reduce(np.fmax, [np.where(np.isfinite(one), one, -inf) for one in tangents])
        return most - least <= SAME * reduce(np.maximum, [abs(least), abs(most), *sizes])

    def compared(self, run: Run, slot: int, tangents: Sequence[Array]) -> Array:
        """The value of a comparison whose operands are equal."""
        gate = self.program.gates[slot]
        left, right = tangents
        found = ARRAYS.value[gate](left, right)
        operands = self.program.operands[slot]
        slides = any(operand in run.tangents for operand in operands)
        sizes = [run.sizes.get(operand, 0.0) for operand in operands]
        reached = np.logical_or(*[run.reached.get(operand, False) for operand in operands])
        unclear = (np.abs(left - right) <= SAME * np.maximum(*sizes)) & reached
        if slides and np.any(unclear):
            nearby = np.asarray(self.exact.nearby(run.way)[slot], dtype=float)
            found = np.where(unclear, nearby, found)
        return found

    def beside_ratio(self, run: Run, slot: int, fed: Sequence[Array], out: Array) -> Array:
        """The limit of what jumps as the ratio of its operands does."""
        gate, operands = self.program.gates[slot], self.program.operands[slot]
        slopes = ARRAYS.local["first"]["div"](*fed, ARRAYS.value["div"](*fed))
        tangent = size = np.zeros(())
        reached = np.zeros((), dtype=bool)
        for operand, slope in zip(operands, slopes, strict=True):
            if operand in run.tangents:
                tangent = tangent + slope * run.tangents[operand]
                size = size + np.abs(slope) * run.sizes[operand]
                reached = np.logical_or(reached, run.reached[operand])
        found = np.where(tangent < 0, ARRAYS.below[gate](*fed, out), out)
        unclear = (np.abs(tangent) <= SAME * size) & reached
        if np.any(unclear):
            found = np.where(unclear, np.asarray(self.exact.nearby(run.way)[slot], float), found)
        return found

    def side_of_step(self, run: Run, operand: int) -> Array:
        """To which side do entries move? Where tangents don't tell, digits do."""
        if operand not in run.tangents:
            return 0.0
        tangent = run.tangents[operand]
        size = run.sizes[operand]
        unclear = (np.abs(tangent) <= SAME * size) & run.reached[operand]
        if not np.any(unclear):
            return np.sign(tangent)
        moved = np.asarray(self.exact.side(run.way, operand), dtype=float)
        return np.where(unclear, moved, np.sign(tangent))

    # Answers.

    def gradient(self, branches: Branches) -> ArrayBackward:
        return backward_arrays(self.program, self.values, self.given, branches, self.watch.needed)

    def along(self, back: ArrayBackward, way: Way) -> float:
        inputs = self.program.inputs
        with np.errstate(**IGNORED):
            return sum(
                float(np.sum(np.where(part == 0, 0.0, part * back.gradient(inputs[name]))))
                for name, part in way.items()
            )

    def alike(self, a: Any, b: Any) -> bool:
        return bool(np.allclose(a, b, rtol=SAME, atol=0.0, equal_nan=True))


def add(found: list[Array | None], slot: int, part: Array) -> None:
    before = found[slot]
    found[slot] = part if before is None else before + part


def enlarged(operand: Array, middle: Array, tangent: Array) -> Array:
    """An operand less the value at which it ties, many times enlarged."""
    return np.where(operand == middle, tangent, np.copysign(inf, operand - middle))


Moved = tuple[Array, Array, Array]  # a tangent, the sizes of its parts, where there is one


def entrywise(
    routes: bool, slopes: Sequence[Array | None], moved: Sequence[Array | None],
    sizes: Sequence[Array | None], reached: Sequence[Array | None], undecided: Array,
) -> Moved | None:  # fmt: skip
    """The sum of the tangents that come to a stage, entry by entry; None if nothing comes. What
    a gate doesn't take is 0, not inf or nan times 0; where it is undecided what it takes, it moves
    all the same."""
    found: Moved | None = None
    for slope, part, parts, here in zip(slopes, moved, sizes, reached, strict=True):
        if slope is None or part is None:
            continue
        taken = here & (slope != 0) if routes else here & np.ones(np.shape(slope), dtype=bool)
        tangent = np.where(taken, slope * part, 0.0)
        size = np.where(taken, np.abs(slope) * parts, 0.0)
        here = taken | (here & undecided)
        if found is not None:
            tangent, size, here = found[0] + tangent, found[1] + size, found[2] | here
        found = tangent, size, here
    return found


def whole_tangent(
    gate: str, moved: Sequence[Array | None], sizes: Sequence[Array | None],
    reached: Sequence[Array | None], nearby: tuple[Any, ...],
) -> Moved:  # fmt: skip
    """How a gate on whole arrays moves, the size of the parts of that, and where it does."""
    tangent = ARRAYS.tangent[gate]
    found = tangent(moved, *nearby)
    if gate in LINEAR:
        marks = [None if here is None else here * 1.0 for here in reached]
        return found, np.abs(tangent(sizes, *nearby)), tangent(marks, *nearby) != 0
    everywhere = np.ones(np.shape(found), dtype=bool)
    if bilinear(gate):
        larger = [np.abs(one) if isinstance(one, (float, np.ndarray)) else one for one in nearby]
        return found, np.abs(tangent(sizes, *larger)), everywhere
    most = max(float(np.max(size, initial=0.0)) for size in sizes if size is not None)
    return found, np.abs(found) + np.where(np.abs(found) > 0, most, 0.0), everywhere


def adding_message(gate: str) -> Function:
    """What a gate on arrays passes back, its parts added up where its texts subtract them."""
    if gate not in LINEAR and not bilinear(gate):
        return adding(gate, tuple(GATES[gate].partials))
    found: Function = ARRAYS.message["first"][gate]
    return found


@cache
def adding(gate: str, partials: tuple[str, ...]) -> Function:
    texts = tuple([text[:1] + text[1:].replace("-", "+") for text in partials])
    return ARRAYS.pull(GATES[gate]._replace(partials=texts), "first")


def gradient_sizes(
    program: Program, values: Sequence[Array], upstream: Array, only: Sequence[object] | None = None
) -> Sequence[Array | None]:
    """For every slot, the sizes of the parts that its gradient is the sum of."""
    found: list[Array | None] = [None] * len(values)
    found[program.output] = np.abs(upstream)
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.backward_steps(only=only):
            if found[slot] is None:
                continue
            fed = [values[operand] for operand in operands]
            parts = sizes_passed(gate, fed, values[slot], found[slot])
            for operand, part in zip(operands, parts, strict=True):
                if part is not None and operand not in program.constants:
                    add(found, operand, fitted(np.abs(part), program.shapes[operand]))
    return found


def sizes_passed(
    gate: str, fed: Sequence[Array], out: Array, size: Array
) -> Sequence[Array | None]:
    """The sizes of the parts of what a gate passes back, given those of its gradient."""
    if not GATES[gate].array:
        slopes = ARRAYS.local["first"][gate](*fed, out)
        return [None if slope is None else np.abs(slope) * size for slope in slopes]
    if bilinear(gate):
        fed = [np.abs(one) if isinstance(one, (float, np.ndarray)) else one for one in fed]
    heard = [True] * len(fed)
    found = wholes(adding_message(gate)(heard, *fed, out, size))
    return [np.abs(part) if isinstance(part, (float, np.ndarray)) else None for part in found]


def bilinear(gate: str) -> bool:
    """Is a gate a product of two arrays?"""
    return GATES[gate].tangents == PRODUCT or gate == "outer"


def passing(gate: str, nearby: tuple[Any, ...]) -> Sequence[Array]:
    """What a gate passes back, of a gradient of ones, where its operands and value are these."""
    with np.errstate(**IGNORED):
        if not GATES[gate].array:
            slopes = ARRAYS.local["first"][gate](*nearby)
        else:
            heard = [True] * (len(nearby) - 1)
            gradient = np.ones(np.shape(nearby[-1]))
            slopes = wholes(ARRAYS.message["first"][gate](heard, *nearby, gradient))
    return [np.asarray(slope) for slope in slopes if slope is not None]
