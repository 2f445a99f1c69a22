"""The backward pass over arrays: every stage hands each operand a message of its own shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, ArrayArithmetic
from backprop.engine import uncollected
from backprop.gates import GATES
from backprop.program import Program

Array = Any


class ArrayBackward(NamedTuple):
    """Gradients of the output for every slot, and what each stage passed to its operands."""

    gradients: Sequence[Array | None]  # None: nothing has reached the slot
    messages: Sequence[Sequence[Array | None] | None]
    shapes: Sequence[tuple[int, ...]]

    def gradient(self, slot: int) -> Array:
        found = self.gradients[slot]
        return np.zeros(self.shapes[slot])[()] if found is None else found

    def reached(self, slot: int) -> bool:
        return self.gradients[slot] is not None

    def flow(self, slot: int, position: int) -> Array | None:
        """What a stage passes to one of its operands; None if nothing."""
        messages = self.messages[slot]
        return None if messages is None else messages[position]

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
    return found.sum(axis=stretched, keepdims=True)[()] if stretched else found[()]


Messages = list[Array | None]
Reach = Array | None  # which entries a message has reached; None for all


@uncollected()
def backward_arrays(
    program: Program,
    values: Sequence[Array],
    upstream: Array,
    ties: str = "notes",
    wrt: Iterable[str] | None = None,
    arithmetic: ArrayArithmetic = ARRAYS,
) -> ArrayBackward:
    """The gradient of sum(upstream*output) for every slot, or for those that `wrt` needs."""
    shapes, constants = program.shapes, program.constants
    assert shapes is not None
    gradients: Messages = [None] * len(values)
    reached: list[Reach] = [None] * len(values)
    messages: list[Messages | None] = [None] * len(values)
    gradients[program.output] = upstream
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.backward_steps(wrt):
            gradient = gradients[slot]
            if gradient is None:
                continue
            fed = (*[values[operand] for operand in operands], values[slot])
            if GATES[gate].array:
                parts = list(arithmetic.message[ties][gate](*fed, gradient))
                reaches: list[Reach] = [None] * len(parts)
            else:
                slopes = arithmetic.local[ties][gate](*fed)
                parts, reaches = passed(slopes, gradient, reached[slot], GATES[gate].routes)
            for place, (operand, part) in enumerate(zip(operands, parts, strict=True)):
                if part is None or operand in constants:
                    parts[place] = None
                    continue
                parts[place] = part = fitted(part, shapes[operand])
                before = gradients[operand]
                gradients[operand] = part if before is None else before + part
                reach = touched(reaches[place], shapes[operand])
                if before is not None:
                    reach = None if reach is None else either(reached[operand], reach)
                reached[operand] = reach
            messages[slot] = parts
    return ArrayBackward(gradients, messages, shapes)


def passed(
    slopes: Sequence[Array | None], gradient: Array, reach: Reach, routes: bool
) -> tuple[Messages, list[Reach]]:
    """What an elementwise gate hands back, and where. What it stops is 0, not inf or nan times 0,
    and stays 0 on the way back."""
    parts: Messages = []
    reaches: list[Reach] = []
    for slope in slopes:
        part = None if slope is None else slope * gradient
        here = reach
        if slope is not None and routes:
            here = slope != 0 if reach is None else (slope != 0) & reach
        parts.append(part if here is None or part is None else np.where(here, part, 0.0))
        reaches.append(here)
    return parts, reaches


def touched(reach: Reach, shape: tuple[int, ...]) -> Reach:
    """Which entries of an operand a message reaches that was broadcast."""
    return None if reach is None else fitted(reach * 1.0, shape) > 0


def either(first: Reach, second: Array) -> Reach:
    return None if first is None else first | second
