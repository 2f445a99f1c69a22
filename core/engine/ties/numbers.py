"""Moved runs of numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from math import copysign, inf, isfinite, nextafter
from random import Random
from typing import Any

from backprop.arithmetic.ieee import IEEE, LOCAL, VALUE
from backprop.engine.numbers import UNREACHED, Backward, Branches, backward, forward
from backprop.engine.ties.exact import Exact
from backprop.engine.ties.moving import ROUNDING, SAMPLES, Moving, Run, Way
from backprop.engine.ties.sides import near
from backprop.engine.ties.watch import Watch, is_tied
from backprop.gates import GATES

NEARBY = LOCAL["first"]  # what ties a hair away as well goes to the first operand
MOST_WORK = 3_000_000  # stages that runs go through, before inputs are no longer moved alone
Slopes = Sequence[float | None]


class Numbers(Moving):
    """A program of numbers at a point where some of its stages tie."""

    def __init__(self, watch: Watch, values: Sequence[float], tied: Sequence[int]) -> None:
        super().__init__(watch, values, tied)
        self.exact = Exact(self.exactly, self.output_of, self.program.size)
        self.work = 0

    def exactly(self, way: Way, distance: Any) -> Sequence[Any]:
        """The values of all stages at a distance along a way, in many digits."""
        from mpmath import mpf

        from backprop.arithmetic.precise import PRECISE

        at = {
            name: mpf(self.values[slot]) + distance * way.get(name, 0)
            for name, slot in self.program.inputs.items()
        }
        return forward(self.program, at, PRECISE)

    def output_of(self, values: Sequence[Any]) -> Any:
        return values[self.program.output]

    # What moves.

    def ways(self) -> Iterator[tuple[str, Way]]:
        """Every input alone; where that would take too long, the rest of them together."""
        names = [*self.moving]
        for place, name in enumerate(names):
            if self.work > MOST_WORK:
                self.sampled = names[place:]
                break
            yield name, {name: 1.0}
        random = Random(len(self.sampled))
        for _ in range(SAMPLES if self.sampled else 0):
            yield "", {name: random.choice((-1.0, 1.0)) for name in self.sampled}

    def joint(self, seed: int, *, falling: bool) -> Way:
        way = joint_way(self.watch, seed, falling=falling)
        return {name: way[name] for name in self.moving}

    # Runs.

    def cone(self, way: Way, everything: bool) -> list[int]:
        found = super().cone(way, everything)
        self.work += len(found)
        return found

    @cached_property
    def beyond(self) -> tuple[Sequence[float], Sequence[float]]:
        """For every slot, the gradient that comes to it past no tie, and the sizes of its parts."""
        back = backward(self.program, self.values, "first", only=self.smooth)
        sizes = [0.0] * len(self.values)
        sizes[self.program.output] = 1.0
        for slot, _, operands in self.program.backward_steps(only=self.smooth):
            for operand, slope in zip(operands, back.locals[slot] or (), strict=False):
                if slope is not None:
                    sizes[operand] += abs(slope) * sizes[slot]
        return back.gradients, sizes

    @cached_property
    def rounding(self) -> Sequence[float]:
        """For every slot, how much of its value may be rounding."""
        found = [0.0] * len(self.values)
        for slot in self.program.constants:
            found[slot] = abs(self.values[slot]) * ROUNDING
        for slot, gate, operands in self.program.forward_steps():
            out = self.values[slot]
            slopes = NEARBY[gate](*[self.values[operand] for operand in operands], out)
            size = abs(out) * ROUNDING
            for operand, slope in zip(operands, slopes, strict=True):
                if slope is not None:
                    size += abs(slope) * found[operand]
            found[slot] = size if isfinite(size) else 0.0
        return found

    def carried_on(self, run: Run) -> tuple[float, float]:
        gradients, sizes = self.beyond
        slope = size = 0.0
        for slot, tangent in run.tangents.items():
            if gradients[slot] is not UNREACHED:
                slope += tangent * gradients[slot]
                size += run.sizes[slot] * sizes[slot]
        return slope, size

    def arrived(self, run: Run) -> tuple[float, float, float]:
        slot = self.program.output
        limit = run.limits.get(slot, self.values[slot])
        return run.tangents.get(slot, 0.0), run.sizes.get(slot, 0.0), limit

    def is_finite(self, value: Any) -> bool:
        return isfinite(value)

    def step(self, run: Run, slot: int, gate: str, operands: Sequence[int]) -> None:
        changed = any(operand in run.limits for operand in operands)
        fed = [run.limits.get(operand, self.values[operand]) for operand in operands]
        out = VALUE[gate](*fed) if changed else self.values[slot]
        if GATES[gate].bends and is_tied(gate, fed, out):
            out, slopes = self.decided(run, slot, fed, out)
        else:
            slopes = NEARBY[gate](*fed, out)
            if changed and GATES[gate].routes:
                run.at[slot] = (*fed, out)
        if not abs(out - self.values[slot]) <= self.rounding[slot]:
            run.limits[slot] = out
        self.pass_on(run, slot, operands, slopes)

    def pass_on(self, run: Run, slot: int, operands: Sequence[int], slopes: Slopes) -> None:
        """Add up the tangents that come to a stage, if any does."""
        tangent = size = 0.0
        reached = slot in run.undecided
        for operand, slope in zip(operands, slopes, strict=True):
            if slope is not None and operand in run.tangents:
                tangent += slope * run.tangents[operand]
                size += abs(slope) * run.sizes[operand]
                reached = True
        if reached:
            run.tangents[slot], run.sizes[slot] = tangent, size

    def decided(
        self, run: Run, slot: int, fed: Sequence[float], out: float
    ) -> tuple[float, Slopes]:
        """The limit of a stage at its kink, and its slopes there."""
        gate, operands = self.program.gates[slot], self.program.operands[slot]
        row, at = GATES[gate], IEEE.at[gate]
        assert row.kink is not None
        assert at is not None
        tangents = [run.tangents.get(operand, 0.0) for operand in operands]
        middle = at(*fed, out)
        close = [
            tangent if value == middle else copysign(inf, value - middle)
            for tangent, value in zip(tangents, fed, strict=True)
        ]
        if row.condition:
            close = [self.side_of_step(run, operands[0]), *fed[1:]]
            out = VALUE[gate](*close)
        elif row.kink.what == "switch":
            sizes = [run.sizes.get(operand, 0.0) for operand in operands]
            slides = any(operand in run.tangents for operand in operands)
            if slides and near(close[0], close[1], max(sizes)):
                out = float(self.exact.nearby(run.way)[slot])
            else:
                out = VALUE[gate](*close)
            close = [*fed]
        elif row.kink.below:
            out = self.beside_ratio(run, slot, fed, out)
            close = [*fed]
        elif row.kink.what == "jump":
            out = VALUE[gate](fed[0] + self.side_of_step(run, operands[0]) / 4)
            close = [*fed]
        elif self.tie_again(run, operands, close):
            run.undecided[slot] = True
        if row.curved and close[0] != fed[0]:
            close = [nextafter(middle, copysign(inf, close[0]))]
        bends = any(row.partials) and not row.kink.below
        limit = VALUE[gate](*close) if bends else out
        run.at[slot] = nearby = (*close, limit)
        return out, NEARBY[gate](*nearby)

    def tie_again(self, run: Run, operands: Sequence[int], close: Sequence[float]) -> bool:
        """Do the tangents at a bend tie too? It moves then, however it is decided."""
        sizes = [run.sizes[operand] for operand in operands if operand in run.tangents]
        tangents = [tangent for tangent in close if isfinite(tangent)]
        if not tangents or not sizes:
            return False
        still = tangents if len(close) > 1 else [*tangents, 0.0]
        return near(min(still), max(still), max(sizes))

    def beside_ratio(self, run: Run, slot: int, fed: Sequence[float], out: float) -> float:
        """The limit of what jumps as the ratio of its operands does."""
        gate, operands = self.program.gates[slot], self.program.operands[slot]
        ratio = VALUE["div"](*fed)
        slopes = NEARBY["div"](*fed, ratio)
        parts = [
            slope * run.tangents[operand]
            for operand, slope in zip(operands, slopes, strict=True)
            if operand in run.tangents
        ]
        sizes = [
            abs(slope) * run.sizes[operand]
            for operand, slope in zip(operands, slopes, strict=True)
            if operand in run.tangents
        ]
        if parts and near(sum(parts), 0.0, sum(sizes)):
            return float(self.exact.nearby(run.way)[slot])
        return IEEE.below[gate](*fed, out) if sum(parts) < 0 else out

    def side_of_step(self, run: Run, operand: int) -> float:
        """To which side does something move, -1 or 1? If its tangent doesn't tell, digits do."""
        if operand not in run.tangents:
            return 0.0
        tangent = run.tangents[operand]
        if near(tangent, 0.0, run.sizes[operand]):
            return float(self.exact.side(run.way, operand))
        return copysign(1.0, tangent)

    # Answers.

    def gradient(self, branches: Branches) -> Backward:
        return backward(self.program, self.values, branches, self.watch.needed)

    def along(self, back: Backward, way: Way) -> float:
        slots = self.program.inputs
        return float(sum(part * back.gradient(slots[name]) for name, part in way.items()))

    def alike(self, a: Any, b: Any) -> bool:
        return near(a, b)


def joint_way(watch: Watch, seed: int, *, falling: bool) -> dict[str, float]:
    """How much every input moves that could reach a tie somewhere."""
    random, count = Random(seed), len(watch.inputs)
    if falling:
        parts = sorted((-random.uniform(0.25, 1.0) for _ in range(count)), reverse=True)
    else:
        parts = [random.uniform(-1.0, 1.0) for _ in range(count)]
    return dict(zip(watch.inputs, parts, strict=True))
