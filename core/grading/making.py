"""How worlds are made: the point itself, and others around it where everything is finite."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from math import prod
from random import Random
from typing import Any

from mpmath import mpf

from backprop.answer.evaluation import beginning
from backprop.engine.kinds import at_point, kind_of
from backprop.engine.numbers import forward
from backprop.engine.ties.conventions import AUTO
from backprop.errors import BackpropError
from backprop.gates import GATES
from backprop.grading.worlds import (
    Statement,
    World,
    differentiable,
)
from backprop.program.program import Program

MORE = 6  # worlds beside the point itself
NUDGE = 1e-20
TRIES = 60
SPREADS = (0.3, 1.0, 3.0, 0.1, 5.0, 2.0)  # how far others are, parts of a number and of 1


class Maker:
    """Computes worlds, of numbers or of arrays."""

    def __init__(
        self, program: Program, statements: tuple[Statement, ...], ties: str, upstream: Any
    ) -> None:
        self.program = program
        self.statements = statements
        self.ties = ties
        self.convention = "first" if ties == AUTO else ties  # points lie beside kinks, not on them
        self.upstream = upstream
        self.kind = kind_of(program)
        self.arithmetic = self.kind.many_digits(program)
        self.kinked = False  # was a gate at a point without derivative?

    def world(self, point: Mapping[str, Any], random: Random | None) -> World:
        number = self.arithmetic.number
        values = {name: number(point[name]) for name in self.program.inputs}
        each = []
        with self.kind.quietly():
            for name, program, _ in self.statements:
                slots = forward(program, values, self.arithmetic)
                self.kinked = self.kinked or self.bends(program, slots)
                each.append(slots)
                values[name] = slots[program.output]
            gradients: dict[str, Any] = dict.fromkeys(values)
            gradients[self.statements[-1].name] = self.start(random)
            flows: dict[tuple[str, str], list[Any]] = {}
            for (name, program, _), slots in zip(self.statements[::-1], each[::-1], strict=True):
                for variable, parts in self.passed(program, slots, gradients[name]).items():
                    flows[variable, name] = parts
                    for part in parts:
                        if part is not None:
                            before = gradients[variable]
                            gradients[variable] = part if before is None else before + part
        return World(values, gradients, flows)

    def bends(self, program: Program, slots: list[Any]) -> bool:
        """Is a gate at a kink or a tie? There a derivation may follow another convention."""
        for slot, name, operands in program.forward_steps():
            gate = GATES[name]
            if not gate.kink or gate.kink.what == "jump" or gate.array:
                continue
            fed, out = [slots[operand] for operand in operands], slots[slot]
            if gate.ties:
                at: Any = sum((a == out) * 1 for a in fed) > 1
            else:
                test = self.arithmetic.kink[name]
                at = test(*fed, out) if test else 0
            if at.any() if getattr(at, "ndim", 0) else at:
                return True
        return False

    def way(self, point: Mapping[str, Any]) -> Mapping[str, Any]:
        """The way along which the branches at a tie were chosen, if one was."""
        if self.program.shapes[self.program.output] and self.upstream is None:
            return {}
        start = beginning(self.program, self.upstream)
        branches, _ = at_point(self.program, point, self.ties, start)
        return branches.direction or {}

    def start(self, random: Random | None) -> Any:
        """The gradient of the output: what was given, or anything where nothing was."""
        shape = self.program.shapes[self.program.output]
        if self.upstream is None and shape and random:
            import numpy as np

            drawn = [random.uniform(-2, 2) for _ in range(prod(shape))]
            return self.arithmetic.number(np.array(drawn).reshape(shape))
        given = "ones" if self.upstream is None and shape else self.upstream
        return self.arithmetic.number(beginning(self.program, given))

    def passed(self, program: Program, slots: list[Any], gradient: Any) -> dict[str, list[Any]]:
        """What a statement passes back to each use of a variable in it."""
        found: dict[str, list[Any]] = {}
        if program.output in program.inputs.values():
            alias = next(n for n, slot in program.inputs.items() if slot == program.output)
            return {alias: [gradient]}
        back = None if gradient is None else self.back(program, slots, gradient)
        names = {slot: name for name, slot in program.inputs.items()}
        reached = differentiable(program)
        for slot, gate, operands in program.forward_steps():
            for place, operand in enumerate(operands):
                if slot not in reached or operand not in names or not GATES[gate].partial(place):
                    continue
                part = None if back is None else back.flow(slot, place)
                found.setdefault(names[operand], []).append(part)
        return found

    def inside(self, program: Program, world: World, statement: str) -> list[Any]:
        values = {name: world.values[name] for name in program.inputs}
        slots = forward(program, values, self.arithmetic)
        gradient = world.gradients[statement]
        if gradient is None:
            return [slots[slot] * 0 for slot in program.stage_slots if slot != program.output]
        back = self.back(program, slots, gradient)
        return [back.gradient(slot) for slot in program.stage_slots if slot != program.output]

    def back(self, program: Program, slots: list[Any], gradient: Any) -> Any:
        """The backward pass of a statement."""
        return self.kind.backward(program, slots, gradient, self.convention, None, self.arithmetic)

    def finite(self, world: World) -> bool:
        parts = [part for flows in world.flows.values() for part in flows]
        numbers = [*world.values.values(), *world.gradients.values(), *parts]
        return all(number is None or all_finite(number) for number in numbers)

    def others(
        self, point: Mapping[str, Any], names: Collection[str], random: Random
    ) -> Iterator[World]:
        found = 0
        for attempt in range(TRIES):
            spread = SPREADS[found % len(SPREADS)] * 0.8 ** (attempt - found)
            held = attempt - found > 10 and random.random() < 0.5
            moving = [name for name in names if not held or random.random() < 0.5]
            moved = {name: shaken(point[name], spread, random) for name in moving}
            try:
                world = self.world({**point, **moved}, random)
            except BackpropError:
                continue
            if self.finite(world):
                found += 1
                yield world
                if found == MORE:
                    return


def nudged(value: Any, step: int, way: Any = None) -> Any:
    """A number, or every entry of an array, moved by less than is ever shown: along a way, or
    each differently."""
    if way is not None:
        return (mpf(value) if isinstance(value, float) else value) + way * mpf(NUDGE)
    if isinstance(value, float):
        return mpf(value) + step * NUDGE * (1 + abs(value))
    import numpy as np

    steps = step + np.arange(value.size).reshape(value.shape) / (1 + value.size)
    return value + steps * NUDGE * (1 + abs(value))


def shaken(value: Any, spread: float, random: Random) -> Any:
    """A number near another; of an array, every entry."""
    if isinstance(value, float):
        return shaken_number(value, spread, random)
    import numpy as np

    drawn = [shaken_number(number, spread, random) for number in value.ravel().tolist()]
    return np.array(drawn).reshape(value.shape)


def shaken_number(value: float, spread: float, random: Random) -> float:
    return value * (1 + spread * random.uniform(-1, 1)) + spread * random.uniform(-1, 1)


def labels(value: Any) -> bool:
    """An array of zeros and ones, or one whose rows are distributions."""
    if isinstance(value, float) or not value.size or (value < 0).any():
        return False
    whole = ((value == 0) | (value == 1)).all()
    return bool(whole or (abs(value.sum(axis=-1) - 1) < 1e-12).all())


def all_finite(number: Any) -> bool:
    if not getattr(number, "ndim", 0):
        return bool(number - number == 0)
    import numpy as np

    return bool(np.all(number - number == 0))
