"""The backward pass over arrays: every stage hands each operand a message of its own shape."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, ArrayArithmetic
from backprop.arithmetic.definitions import cost
from backprop.arithmetic.whole import Scattered
from backprop.engine.numbers import Branches, uncollected
from backprop.gates import GATES
from backprop.program.program import CONSTANT, Program

Array = Any
Messages = list[Array | None]
Reach = Array | None  # which entries a message has reached; None for all


class ArrayBackward(NamedTuple):
    """Gradients of the output for every slot, and what each stage passed to its operands. A pass
    for some inputs passes nothing to the others."""

    gradients: Sequence[Array | None]  # None: nothing has reached the slot
    messages: Sequence[Sequence[Array | None] | None]
    shapes: Sequence[tuple[int, ...]]

    def gradient(self, slot: int) -> Array:
        found = self.gradients[slot]
        return np.zeros(self.shapes[slot])[()] if found is None else found

    def reached(self, slot: int) -> bool:
        return self.gradients[slot] is not None

    def message(self, slot: int, position: int) -> Any:
        """What a stage passes to one of its operands, perhaps a few entries; None if nothing."""
        messages = self.messages[slot]
        return None if messages is None else messages[position]

    def flow(self, slot: int, position: int) -> Array | None:
        """The same as an array."""
        found = self.message(slot, position)
        return found.whole() if isinstance(found, Scattered) else found

    def slopes(self, slot: int) -> None:
        """Gates on arrays have no table of slopes: what they pass back says all."""
        del slot


def fitted(message: Array, shape: tuple[int, ...]) -> Array:
    """A message in the shape of its operand: what was broadcast is summed."""
    found = np.asarray(message)
    if found.shape == shape:
        return message
    if found.ndim < len(shape) or found.shape[found.ndim - len(shape) :] != shape:
        found = np.broadcast_to(found, np.broadcast_shapes(found.shape, shape))
    found = found.sum(axis=tuple(range(found.ndim - len(shape))))
    stretched = tuple([k for k, size in enumerate(shape) if size == 1 != found.shape[k]])
    return found.sum(axis=stretched, keepdims=True) if stretched else found


@uncollected()
def backward_arrays(
    program: Program,
    values: Sequence[Array],
    upstream: Array,
    ties: str | Branches = "notes",
    wrt: Collection[str] | None = None,
    arithmetic: ArrayArithmetic = ARRAYS,
    only: Sequence[object] | None = None,
    wanted: Sequence[bool] | None = None,
    settle: Callable[[Array], Array] | None = None,
) -> ArrayBackward:
    """The gradient of sum(upstream*output) for every slot, or for those that `wrt` needs; `only`
    has something true for every stage that may pass anything on. `wanted` are the slots that
    `wrt` needs, if somebody knows them already; `settle` is what becomes of messages and sums."""
    shapes = program.shapes
    branches = Branches.of(ties)
    wanted = wanted_slots(program, wrt) if wanted is None else wanted
    gradients: Messages = [None] * len(values)
    reached: list[Reach] = [None] * len(values)
    messages: list[Messages | None] = [None] * len(values)
    gradients[program.output] = upstream
    owned: set[int] = set()  # slots whose gradient nothing else holds
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.backward_steps(only=only):
            gradient = gradients[slot]
            if gradient is None:
                continue
            fed = (*[values[operand] for operand in operands], values[slot])
            convention = branches.convention
            if slot in branches.at:
                fed, convention = branches.at[slot], "first"
            heard = [wanted[operand] for operand in operands]
            if GATES[gate].array:
                parts = list(arithmetic.message[convention][gate](heard, *fed, gradient))
                reaches: list[Reach] = [None] * len(parts)
            else:
                slopes = arithmetic.local[convention][gate](*fed)
                parts, reaches = passed(slopes, heard, gradient, reached[slot], GATES[gate].routes)
            for place, (operand, part) in enumerate(zip(operands, parts, strict=True)):
                if part is None or not heard[place]:
                    parts[place] = None
                    continue
                before = gradients[operand]
                if isinstance(part, Scattered):
                    gradients[operand] = added_in_place(part, before, operand in owned)
                    owned.add(operand)
                    reached[operand] = None
                    continue
                part = fitted(part, shapes[operand])
                total = part if before is None else before + part
                if settle is not None:
                    part = settle(part)
                    total = part if before is None else settle(before + part)
                parts[place], gradients[operand] = part, total
                owned.discard(operand)
                if not program.operands[operand]:
                    continue  # an input passes nothing on
                reach = touched(reaches[place], shapes[operand])
                if before is not None:
                    reach = None if reach is None else either(reached[operand], reach)
                reached[operand] = reach
            messages[slot] = parts
    return ArrayBackward(gradients, messages, shapes)


def added_in_place(part: Scattered, before: Array | None, owned: bool) -> Array:
    """A gradient with a few entries more; an array that others hold as well is copied first."""
    if before is None:
        return part.whole()
    found = before if owned else np.array(before)
    part.add_to(found)
    return found


def wanted_slots(program: Program, wrt: Collection[str] | None) -> list[bool]:
    """Which slots a message may go to: never a constant, and only what is on the way to `wrt`."""
    if wrt is None:
        return [gate != CONSTANT for gate in program.gates]
    found = program.depends_on(wrt)
    for name in wrt:
        found[program.inputs[name]] = True
    return found


def passed(
    slopes: Sequence[Array | None], heard: Sequence[bool], gradient: Array, reach: Reach,
    routes: bool,
) -> tuple[Messages, list[Reach]]:  # fmt: skip
    """What an elementwise gate hands back, and where. What it stops is 0, not inf or nan times 0,
    and stays 0 on the way back."""
    parts: Messages = []
    reaches: list[Reach] = []
    for slope, wanted in zip(slopes, heard, strict=True):
        part = None
        if wanted and slope is not None:
            one = isinstance(slope, float) and slope == 1.0
            part = gradient if one else slope * gradient
        here = reach
        if part is not None and routes:
            here = slope != 0 if reach is None else (slope != 0) & reach
        parts.append(part if here is None or part is None else np.where(here, part, 0.0))
        reaches.append(here)
    return parts, reaches


def touched(reach: Reach, shape: tuple[int, ...]) -> Reach:
    """Which entries of an operand a message reaches that was broadcast."""
    if reach is None or np.shape(reach) == shape:
        return reach
    return fitted(reach * 1.0, shape) > 0


def either(first: Reach, second: Array) -> Reach:
    return None if first is None else first | second


def operations(program: Program) -> int:
    """How many operations on single entries a program is made of."""
    shapes = program.shapes
    return sum(
        cost(gate, [shapes[operand] for operand in operands], shapes[slot])
        for slot, gate, operands in program.forward_steps()
    )
