"""Moved runs: what a program becomes a hair away from a point, along some way.

A run carries, for what changes, its limit and its tangent. Gates at their kink decide by the
limit, then by the tangent. Only what lies between the inputs that move and the last tie is run;
from there on the program is smooth, and one backward pass serves every run.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import isfinite
from typing import Any

from backprop.engine.numbers import Branches
from backprop.engine.ties.exact import Exact
from backprop.engine.ties.sides import Side
from backprop.engine.ties.watch import Watch
from backprop.gates import GATES
from backprop.program.program import Program

ROUNDING = 16 * 2.0**-53  # beside the sizes of what was added, what is only rounding
JUMPS = ("switch", "jump")  # kinks at which a gate has another value a hair away
SAMPLES = 16  # ways on which several inputs or entries move together

Way = Mapping[str, Any]  # how much each input moves


@dataclass
class Run:
    """What changes along a way. A slot without a tangent is out of reach of what moves."""

    way: Way
    limits: dict[int, Any] = field(default_factory=dict)  # where they differ from the values
    tangents: dict[int, Any] = field(default_factory=dict)
    sizes: dict[int, Any] = field(default_factory=dict)  # of the parts that tangents add up
    reached: dict[int, Any] = field(default_factory=dict)  # at which entries of an array
    at: dict[int, tuple[Any, ...]] = field(default_factory=dict)  # see engine.Branches
    undecided: dict[int, Any] = field(default_factory=dict)  # bends whose tangents tie, and where


class Moving(ABC):
    """A program at a point where some of its stages tie."""

    def __init__(self, watch: Watch, values: Sequence[Any], tied: Sequence[int]) -> None:
        self.program: Program = watch.program
        self.watch = watch
        self.values = values
        self.tied = tied
        self.sampled: Sequence[str] = ()  # inputs of which only some ways are looked at
        self.exact: Exact

    # What moves.

    @cached_property
    def moving(self) -> dict[str, int]:
        """The inputs that reach a tie, and their slots."""
        return {name: slot for name, slot in self.watch.inputs.items() if self.upstream[slot]}

    @abstractmethod
    def ways(self) -> Iterator[tuple[str, Way]]:
        """Every way of which the slopes are wanted, and the input that moves, if it is one."""

    @abstractmethod
    def joint(self, seed: int, *, falling: bool) -> Way:
        """A way on which everything moves; if falling, down, and what comes first the least."""

    # The graph around the ties.

    @cached_property
    def upstream(self) -> Sequence[bool]:
        """Which slots lead to a tie, or are one?"""
        found = [False] * len(self.values)
        for slot in self.tied:
            found[slot] = True
        for slot, _, operands in self.program.backward_steps():
            if found[slot]:
                for operand in operands:
                    found[operand] = True
        return found

    @cached_property
    def smooth(self) -> Sequence[bool]:
        """Which stages lead to no tie?"""
        stages = zip(self.program.operands, self.upstream, strict=True)
        return [bool(operands) and not leads for operands, leads in stages]

    @cached_property
    def can_jump(self) -> bool:
        """Does a stage tie that has another value a hair away?"""
        rows = [GATES[self.program.gates[slot]] for slot in self.tied]
        return any(row.condition or (row.kink and row.kink.what in JUMPS) for row in rows)

    @cached_property
    def users(self) -> Mapping[int, list[int]]:
        """The stages that a slot feeds."""
        found: dict[int, list[int]] = {}
        for slot, _, operands in self.program.forward_steps():
            for operand in operands:
                found.setdefault(operand, []).append(slot)
        return found

    def cone(self, way: Way, everything: bool) -> list[int]:
        """The stages that what moves reaches, in order: those up to the last tie, or all."""
        waiting = [self.program.inputs[name] for name in way]
        seen = set(waiting)
        while waiting:
            for user in self.users.get(waiting.pop(), ()):
                if user not in seen and (everything or self.upstream[user]):
                    seen.add(user)
                    waiting.append(user)
        return sorted(slot for slot in seen if self.program.operands[slot])

    # Runs.

    def side(self, way: Way, sign: int) -> Side:
        """How the output moves along a way, or against it."""
        signed = {name: sign * part for name, part in way.items()}
        run = self.run(signed, everything=False)
        if not run.limits:
            slope, size = self.carried_on(run)
            if isfinite(slope):
                return Side(sign * slope + 0.0, size, at=run.at)
        run = self.run(signed, everything=True)
        slope, size, limit = self.arrived(run)
        if isfinite(slope) and isfinite(limit):
            jumps = self.program.output in run.limits
            return Side(sign * slope + 0.0, size, jumps, run.at)
        jumps, found = self.exact.slope(signed)
        return Side(None if found is None else sign * found + 0.0, 0.0, jumps, run.at)

    def branches(self, way: Way) -> Branches | None:
        """The branches that are taken along a way; None if it isn't finite there."""
        run = self.run(way, everything=False)
        if run.limits:
            run = self.run(way, everything=True)
            *_, limit = self.arrived(run)
            if not isfinite(limit):
                return None
        if not all(map(self.is_finite, run.tangents.values())):
            return None
        return Branches("first", run.at, way)

    def run(self, way: Way, *, everything: bool) -> Run:
        run = Run(way)
        for name, part in way.items():
            run.tangents[self.program.inputs[name]] = part
            run.sizes[self.program.inputs[name]] = abs(part)
            run.reached[self.program.inputs[name]] = part != 0
        for slot in self.cone(way, everything):
            operands = self.program.operands[slot]
            if any(operand in run.limits or operand in run.tangents for operand in operands):
                self.step(run, slot, self.program.gates[slot], operands)
        return run

    @abstractmethod
    def step(self, run: Run, slot: int, gate: str, operands: Sequence[int]) -> None:
        """One stage of a run."""

    @abstractmethod
    def carried_on(self, run: Run) -> tuple[float, float]:
        """The slope of the output, of a run up to the last tie, and the size of its parts."""

    @abstractmethod
    def arrived(self, run: Run) -> tuple[float, float, float]:
        """The same of a run to the output, with the limit there."""

    @abstractmethod
    def is_finite(self, value: Any) -> bool: ...

    # Answers.

    @abstractmethod
    def gradient(self, branches: Branches) -> Any:
        """The backward pass that takes these branches."""

    @abstractmethod
    def along(self, back: Any, way: Way) -> float:
        """The derivative along a way that a backward pass comes to."""

    @abstractmethod
    def alike(self, a: Any, b: Any) -> bool:
        """Are two gradients one, rounding aside?"""

    def same(self, one: Any, other: Any) -> bool:
        """Do two passes agree on the inputs that reach no tie?"""
        slots = [self.program.inputs[name] for name in self.watch.wrt if name not in self.moving]
        return one is other or all(
            self.alike(one.gradient(slot), other.gradient(slot)) for slot in slots
        )
