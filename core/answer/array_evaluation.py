"""Forward and backward over arrays, and what is to be said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.answer.array_values import checked, from_text
from backprop.answer.report import Report
from backprop.arithmetic.arrays import ARRAYS, IGNORED, finite
from backprop.engine.arrays import ArrayBackward
from backprop.engine.numbers import forward
from backprop.engine.ties import resolve
from backprop.engine.ties.arrays import ArrayWatch
from backprop.engine.ties.conventions import Resolved
from backprop.engine.ties.moving import SAMPLES
from backprop.engine.ties.wording import notices as told_of_ties
from backprop.errors import UsageError
from backprop.gates.shapes import words
from backprop.program.program import Notice, Program

Array = Any
MOST_PASSES = 10_000
MOST_ENTRIES = 10_000_000


def report_on(
    program: Program, point: Mapping[str, Any], wrt: tuple[str, ...], ties: str, upstream: Any,
    *, jacobian: bool,
) -> Report:  # fmt: skip
    """Both passes and what is to be said of them. With a Jacobian the stages show those of the
    output's sum."""
    if jacobian and upstream is not None:
        raise UsageError("a Jacobian is for every upstream gradient: give one or the other")
    with np.errstate(**IGNORED):
        values = forward(program, point, ARRAYS)
    start = upstream_of(program.shapes[program.output], "ones" if jacobian else upstream)
    resolved = resolve(ArrayWatch(program, wrt), values, ties, start)
    back = resolved.back
    said = tuple(notices(program, values, back, resolved, ties))
    every = jacobian_of(program, values, ties, wrt) if jacobian else None
    return Report(program, point, values, back, wrt, ties, resolved, notices=said, jacobian=every)


def jacobian_of(
    program: Program, values: Sequence[Array], ties: str, wrt: Sequence[str]
) -> dict[str, Array]:
    """The derivative of every entry of the output by every entry of these inputs: one backward
    pass for each entry of the output."""
    shape = program.shapes[program.output]
    sides = {name: program.shapes[program.inputs[name]] for name in wrt}
    size = prod(shape) * sum(map(prod, sides.values()))
    if prod(shape) > MOST_PASSES or size > MOST_ENTRIES:
        text = f"the Jacobian would have {size:,} entries, from {prod(shape):,} backward passes"
        raise UsageError(text, hint=f"at most {MOST_ENTRIES:,} and {MOST_PASSES:,} are computed")
    found = {name: np.zeros((*shape, *side)) for name, side in sides.items()}
    watch = ArrayWatch(program, wrt)
    for entry in np.ndindex(*shape):
        one = np.zeros(shape)
        one[entry] = 1.0
        back = resolve(watch, values, ties, one[()]).back
        for name in wrt:
            found[name][entry] = back.gradient(program.inputs[name])
    return found


def upstream_of(shape: tuple[int, ...], given: Any) -> Array:
    """The gradient to begin with: 1 for a number, else what was given."""
    if given is None:
        if shape:
            hint = "--upstream ones, or '[...]' of that shape; --jacobian; or sum(...) around it"
            raise UsageError(f"the output is {words(shape)}, not a number", hint=hint)
        return np.float64(1.0)
    if isinstance(given, str):
        given = "1" if given.strip() == "ones" else given
        found = np.asarray(from_text("the upstream gradient", given, 0))
    else:
        found = checked("the upstream gradient", given)
    if found.shape not in ((), shape):
        text = f"the upstream gradient is {words(found.shape)}, the output {words(shape)}"
        raise UsageError(f"{text}: they have to be the same")
    return np.array(np.broadcast_to(found, shape))[()]


def notices(
    program: Program, values: Sequence[Array], back: ArrayBackward, resolved: Resolved, ties: str
) -> Iterator[Notice]:
    """Kinks, and the first stage forward and backward to lose finiteness."""
    if resolved.kinks:
        yield from told_of_ties(program, resolved, ties)
    if resolved.sampled:
        names = " and ".join(resolved.sampled)
        text = f"{names} has too many entries at ties: {SAMPLES} directions were looked at"
        yield Notice("sampled", text)
    yield from first_lost(program, values, back)
    yield from first_lost_backward(program, back)


def first_lost(program: Program, values: Sequence[Array], back: ArrayBackward) -> Iterator[Notice]:
    for slot, _, operands in program.forward_steps():
        if finite(values[slot]) or not all(finite(values[operand]) for operand in operands):
            continue
        if back.reached(slot):
            label, count = program.labels[slot], int(np.sum(~np.isfinite(values[slot])))
            entries = np.ndim(values[slot]) > 0
            what = f"has {count:,} entries that are not finite" if entries else "is not finite"
            yield Notice("nonfinite", f"{label} = {program.stage(slot, 0).code} {what}", label)
            return


def first_lost_backward(program: Program, back: ArrayBackward) -> Iterator[Notice]:
    for slot, _, operands in program.backward_steps():
        for position, flow in enumerate(back.messages[slot] or ()):
            if not finite(flow) and finite(back.gradients[slot]):
                label, into = program.labels[slot], program.labels[operands[position]]
                code = f"{label} = {program.stage(slot, 0).code}"
                text = f"{code} passes back to {into} what is not finite"
                yield Notice("nonfinite", text, label)
                return
