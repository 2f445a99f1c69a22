"""What to say about one run over arrays: kinks, and the first stage to lose finiteness."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import finite
from backprop.arithmetic.whole import Scattered
from backprop.engine.arrays import ArrayBackward
from backprop.engine.ties.conventions import Resolved
from backprop.engine.ties.moving import SAMPLES
from backprop.engine.ties.wording import notices as told_of_ties
from backprop.program.program import Notice, Program

Array = Any


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
            part = flow.g if isinstance(flow, Scattered) else flow
            if not finite(part) and finite(back.gradients[slot]):
                label, into = program.labels[slot], program.labels[operands[position]]
                code = f"{label} = {program.stage(slot, 0).code}"
                text = f"{code} passes back to {into} what is not finite"
                yield Notice("nonfinite", text, label)
                return
