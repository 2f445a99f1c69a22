"""The points at which a backward pass is judged: the one that was given, and others around it.

What is right has to be right at all of them: a factor that happens to be 1 at one point is not 1
at the others. All points go the same way through the forward pass.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import beginning
from backprop.engine.guards import broken
from backprop.engine.kinds import at_point, kind_of, resolve
from backprop.errors import BackpropError, UsageError
from backprop.gates import GATES
from backprop.program.program import Program

MORE = 6  # points beside the one that was given
TRIES = 60
MILD = 40  # tries in which points are preferred where nothing is saturated
FLAT = 1e-3
SPREADS = (0.3, 1.0, 3.0, 0.1, 5.0, 2.0)  # how far others are, parts of a number and of 1
NEAR = 1e-4  # to 0 or 1: what is no bound but a way around log(0)
NUDGE = 1e-7  # how far a point moves away from a kink


class Spot(NamedTuple):
    """A point, the value of every slot there, and a gradient for the output to begin with."""

    point: Mapping[str, Any]
    values: Sequence[Any]
    drawn: Any


def spots_of(
    program: Program, point: Mapping[str, Any], moving: Sequence[str], ties: str, upstream: Any,
    seed: int,
) -> list[Spot]:  # fmt: skip
    """The point first, and others at which all is finite and goes the same way."""
    random = Random(seed)
    first = spot_at(program, point, upstream, None)
    if not usable(program, first):
        raise UsageError(
            "the program has no finite gradient at this point, so nothing can be graded",
            hint="choose another point; backprop eval shows which stage is not finite",
        )
    if bends(program, first.values):
        way = direction(program, point, ties, upstream)
        moved = {name: nudged(point[name], k, way.get(name)) for k, name in enumerate(moving, 1)}
        aside = spot_at(program, {**point, **moved}, upstream, None)
        first = aside if usable(program, aside) else first
    return [first, *others(program, first, moving, upstream, random)]


def spot_at(
    program: Program, point: Mapping[str, Any], upstream: Any, random: Random | None
) -> Spot:
    kind = kind_of(program)
    with kind.quietly(), np.errstate(all="ignore"):
        values = kind.forward(program, point)
    return Spot(point, values, start(program, upstream, random))


def start(program: Program, upstream: Any, random: Random | None) -> Any:
    """The gradient of the output: what was given, else 1 at the point, and anything of an array."""
    if upstream is not None:
        return beginning(program, upstream)
    shape = program.shapes[program.output]
    random = random or (Random(0) if shape else None)
    if random is None:
        return 1.0
    if not shape:
        return random.choice((-1, 1)) * random.uniform(0.5, 2)
    return np.array([random.uniform(-2, 2) for _ in range(int(np.prod(shape)))]).reshape(shape)


def usable(program: Program, spot: Spot) -> bool:
    """Is all of the gradient finite, and does the source go the way it was read?"""
    if program.guards and broken(program, spot.values) is not None:
        return False
    kind = kind_of(program)
    with kind.quietly(), np.errstate(all="ignore"):
        back = backward(program, spot, spot.drawn)
        return all(
            kind.finite(spot.values[slot]) and kind.finite(back.gradient(slot))
            for slot in range(len(program.gates))
            if back.reached(slot)
        )


def backward(program: Program, spot: Spot, upstream: Any) -> Any:
    """The gradients of all slots; beside a kink by the branches that are taken there."""
    kind = kind_of(program)
    with kind.quietly(), np.errstate(all="ignore"):
        if bends(program, spot.values):
            watch = kind.watch(program, program.variables)
            return resolve(watch, spot.values, "auto", upstream).back
        return kind.backward(program, spot.values, upstream, "first")


def bends(program: Program, values: Sequence[Any]) -> bool:
    """Is a gate at a kink or a tie? There a derivation may follow another convention."""
    from backprop.arithmetic.ieee import IEEE

    arithmetic = kind_of(program).floats
    for slot, name, operands in program.bending:
        gate = GATES[name]
        if not gate.kink or gate.kink.what == "jump" or gate.array:
            continue
        fed, out = [values[operand] for operand in operands], values[slot]
        if gate.ties:
            at: Any = sum(np.equal(a, out) * 1 for a in fed) > 1
        else:
            test = (arithmetic or IEEE).kink[name]
            at = test(*fed, out) if test else 0
        if np.any(at):
            return True
    return False


def direction(
    program: Program, point: Mapping[str, Any], ties: str, upstream: Any
) -> Mapping[str, Any]:
    """The way along which the branches at a tie were chosen, if one was."""
    branches, _ = at_point(program, point, ties, start(program, upstream, None))
    return branches.direction or {}


def others(
    program: Program, first: Spot, moving: Collection[str], upstream: Any, random: Random
) -> Iterator[Spot]:
    found = 0
    scale = steepness(program, first, moving)
    fences = [*fences_of(program, first.values)]
    past = beyond(fences, first.values)
    for attempt in range(TRIES):
        spread = SPREADS[found % len(SPREADS)] * 0.8 ** (attempt - found)
        held = attempt - found > 10 and random.random() < 0.5
        names = [name for name in moving if not held or random.random() < 0.5]
        moved = {name: shaken(first.point[name], spread, random) for name in names}
        if found % 2:
            moved |= {name: relabelled(first.point[name], random) for name in first.point
                      if name not in moving and label(first.point[name])}  # fmt: skip
        try:
            spot = spot_at(program, {**first.point, **moved}, upstream, random)
            if not usable(program, spot) or bends(program, spot.values):
                continue
            if attempt < MILD and not alike(scale, steepness(program, spot, moving)):
                continue
            if attempt < MILD and beyond(fences, spot.values) - past:
                continue
        except BackpropError:
            continue
        yield spot
        found += 1
        if found == MORE:
            return


def fences_of(program: Program, values: Sequence[Any]) -> Iterator[tuple[int, int]]:
    """The gates that only keep a number away from 0 or 1, such as clip(p, 1e-7, 1 - 1e-7), with
    the constants that they do it with. Nobody differentiates beyond them."""
    for slot, name, operands in program.forward_steps():
        if name in ("max", "min", "clip"):
            for one in operands:
                value = values[one]
                if one in program.constants and isinstance(value, float) and is_near(value):
                    yield slot, one


def is_near(value: float) -> bool:
    return 0 < abs(value) <= NEAR or 0 < abs(1 - value) <= NEAR


def beyond(fences: Sequence[tuple[int, int]], values: Sequence[Any]) -> set[int]:
    """The fences that some number lies beyond."""
    return {bound for slot, bound in fences if np.any(np.equal(values[slot], values[bound]))}


def steepness(program: Program, spot: Spot, moving: Collection[str]) -> list[float]:
    """How large the gradients are."""
    back = backward(program, spot, spot.drawn)
    sizes = (back.gradient(program.inputs[name]) for name in moving)
    return [float(np.max(np.abs(np.asarray(size, float)), initial=0.0)) for size in sizes]


def alike(one: Sequence[float], other: Sequence[float]) -> bool:
    """Are gradients no flatter than before? Where a gate is saturated, floats have no digits."""
    return all(b > FLAT * a for a, b in zip(one, other, strict=True) if a)


def close_to(program: Program, first: Spot, moving: Sequence[str], seed: int) -> Iterator[Spot]:
    """Points where hardly anything takes another branch."""
    random = Random(seed + 1)
    for spread in (1e-2, 1e-3, 1e-3, 1e-4, 1e-4, 1e-5):
        moved = {name: shaken(first.point[name], spread, random) for name in moving}
        try:
            spot = spot_at(program, {**first.point, **moved}, None, random)
            if usable(program, spot):
                yield spot
        except BackpropError:
            continue


def nudged(value: Any, step: int, way: Any = None) -> Any:
    """A number, or every entry of an array, moved by a little: along a way, or each differently."""
    if way is not None:
        return value + way * NUDGE
    if isinstance(value, float):
        return value + step * NUDGE * (1 + abs(value))
    steps = step + np.arange(value.size).reshape(value.shape) / (1 + value.size)
    return value + steps * NUDGE * (1 + abs(value))


def shaken(value: Any, spread: float, random: Random) -> Any:
    """A number near another; of an array, every entry."""
    if isinstance(value, float):
        return shaken_number(value, spread, random)
    drawn = [shaken_number(number, spread, random) for number in value.ravel().tolist()]
    return np.array(drawn).reshape(value.shape)


def shaken_number(value: float, spread: float, random: Random) -> float:
    return value * (1 + spread * random.uniform(-1, 1)) + spread * random.uniform(-1, 1)


def relabelled(value: Any, random: Random) -> Any:
    """The other label; of an array, the labels in another order."""
    if isinstance(value, float):
        return 1.0 - value
    order = list(range(len(value)))
    random.shuffle(order)
    return value[order]


def label(value: Any) -> bool:
    return value in (0.0, 1.0) if isinstance(value, float) else labels(value)


def labels(value: Any) -> bool:
    """An array of zeros and ones, of both, or one whose rows are distributions."""
    if isinstance(value, float) or not value.ndim or not value.size or (value < 0).any():
        return False
    if ((value == 0) | (value == 1)).all():
        return bool(value.min() != value.max())  # all zeros may be a bias
    return bool((value <= 1).all() and (abs(value.sum(axis=-1) - 1) < 1e-12).all())
