"""The backward pass over arrays: every stage hands each operand a message of its own shape."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, ArrayArithmetic
from backprop.engine import uncollected
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
    shapes = program.shapes
    assert shapes is not None
    message, constants = arithmetic.message[ties], program.constants
    gradients: list[Array | None] = [None] * len(values)
    messages: list[Sequence[Array | None] | None] = [None] * len(values)
    gradients[program.output] = upstream
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.backward_steps(wrt):
            gradient = gradients[slot]
            if gradient is None:
                continue
            fed = [values[operand] for operand in operands]
            parts = [
                None if part is None or operand in constants else fitted(part, shapes[operand])
                for operand, part in zip(
                    operands, message[gate](*fed, values[slot], gradient), strict=True
                )
            ]
            messages[slot] = parts
            for operand, part in zip(operands, parts, strict=True):
                if part is not None:
                    before = gradients[operand]
                    gradients[operand] = part if before is None else before + part
    return ArrayBackward(gradients, messages, shapes)
