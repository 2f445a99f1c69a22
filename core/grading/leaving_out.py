"""What a backward pass may leave out: the tiny number that keeps log or a division away from 0 in
the forward pass, as in log(p + 1e-7). Without it the gradients are those of the formula."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from backprop.engine.kinds import kind_of
from backprop.grading.backward import Pass
from backprop.grading.forward import Forward
from backprop.grading.judging import Judgement
from backprop.grading.spots import usable

TINY = 1e-4  # no larger is a number that only keeps something away from 0


def forgiven(found: Pass, judged: Judgement) -> tuple[Judgement, str] | None:
    """The judgement on a pass whose gradients are right but for a tiny number that it leaves out,
    and what to say of that; None if they aren't."""
    for slots in choices(found.forward):
        other = without(found, slots)
        if other is None:
            continue
        targets = other.targets(found.free, other.spots)
        renewed = Judgement(replace(found, forward=other, spots=other.spots, targets=targets))
        if not renewed.wrong:
            return renewed, words(found.forward, slots)
    return None


def choices(forward: Forward) -> Iterator[list[int]]:
    """The constants that may be left out: those within a log, then all of them."""
    program = forward.program
    tiny: list[int] = []
    logs: list[int] = []
    added: dict[int, int] = {}
    for slot, gate, operands in program.forward_steps():
        constants = [one for one in operands if is_tiny(program.constants.get(one))]
        if gate in ("add", "shift") and constants:
            tiny += constants
            added[slot] = constants[0]
        elif gate in ("log", "log10", "log2"):
            logs += [added[one] for one in operands if one in added]
    if logs:
        yield logs
    if tiny and set(tiny) != set(logs):
        yield tiny


def is_tiny(value: object) -> bool:
    return isinstance(value, float) and 0 < abs(value) <= TINY


def without(found: Pass, slots: list[int]) -> Forward | None:
    """The forward pass with 0 in the place of some constants; None if it isn't finite then."""
    program = found.forward.program
    other = replace(program, constants={**program.constants, **dict.fromkeys(slots, 0.0)})
    kind = kind_of(other)
    spots = []
    with kind.quietly(), np.errstate(all="ignore"):
        for spot in found.spots:
            spots.append(spot._replace(values=kind.forward(other, spot.point)))
            if not usable(other, spots[-1]):
                return None
    return replace(found.forward, program=other, spots=spots, ready={})


def words(forward: Forward, slots: list[int]) -> str:
    program = forward.program
    user = next(slot for slot, _, operands in program.forward_steps() if slots[0] in operands)
    line, _ = program.where(user)
    return f"right, but that it leaves out the {program.constants[slots[0]]:g} of line {line}"
