"""What single stages say of a gradient: wrong rules, wrong arithmetic, other branches."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from mpmath import mp, mpf

from backprop.answer.verdicts import Remark
from backprop.arithmetic.precise import PRECISE
from backprop.arithmetic.texts import COMPARISONS
from backprop.checking.digits import right_digits
from backprop.checking.numeric import close
from backprop.checking.opinions import Precise, Subject
from backprop.engine.numbers import Backward
from backprop.gates import GATES
from backprop.program.program import Program

FAIR = 8  # digits that any gate keeps of its own, whatever it is fed
ORDINARY = (1e-290, 1e290)  # sizes of floats that neither under- nor overflow


def wrong_rule(subject: Subject, engine: Precise, skipped: Collection[int] = ()) -> Remark | None:
    """The first stage whose local derivative is not SymPy's, if one is."""
    from backprop.checking.symbolic import slopes_of

    program = subject.program
    for slot, gate, operands in program.forward_steps():
        if gate in COMPARISONS or slot in skipped or not engine.back.reached(slot):
            continue
        fed = [engine.values[operand] for operand in operands]
        own = subject.branches.slopes(PRECISE, slot, gate, fed, engine.values[slot])
        for place, (slope, theirs) in enumerate(zip(own, slopes_of(gate, fed), strict=True)):
            if operands[place] in program.constants or not mp.isfinite(theirs):
                continue
            if not close(slope or 0, theirs):
                label, into = program.labels[slot], program.labels[operands[place]]
                text = (
                    f"d{label}/d{into} is {mp.nstr(slope or 0, 17)} by the table's"
                    f" {gate}, {mp.nstr(theirs, 17)} by SymPy"
                )
                return Remark("differ", label, text)
    return None


def wrong_arithmetic(
    subject: Subject, values: Sequence[float], back: Backward, skipped: Collection[int]
) -> Remark | None:
    """The first stage whose floats are wrong for what it is fed, which no rounding explains."""
    program = subject.program
    for slot, gate, operands in program.forward_steps():
        fed = [values[operand] for operand in operands]
        if slot in skipped or not back.reached(slot) or not all(map(plain, fed)):
            continue
        truth = computed(subject, gate, fed)
        slopes = back.locals[slot] or ()
        for place, number in enumerate((values[slot], *slopes)):
            if number is None or not ordinary(number) or not ordinary(truth[place]):
                continue
            if right_digits(number, truth[place]) < FAIR:
                # A last digit of what it is fed, more or less, may excuse it.
                spread = sum(
                    abs(computed(subject, gate, near)[place] - truth[place]) for near in beside(fed)
                )
                if not abs(number - truth[place]) <= 100 * spread:
                    label, right = program.labels[slot], mp.nstr(truth[place], 17)
                    text = f"{gate} has {number!r} where {right} is right, at {label}"
                    return Remark("differ", label, text)
    return None


def computed(subject: Subject, gate: str, fed: Sequence[Any]) -> list[Any]:
    """The value of a gate and its slopes, exactly."""
    numbers = list(map(mpf, fed))
    value = PRECISE.value[gate](*numbers)
    return [value, *PRECISE.local[subject.branches.convention][gate](*numbers, value)]


def beside(fed: Sequence[float]) -> Iterator[list[float]]:
    """What a gate is fed, with one number moved to the next float."""
    for place, number in enumerate(fed):
        for side in (-math.inf, math.inf):
            yield [*fed[:place], math.nextafter(number, side), *fed[place + 1 :]]


def plain(number: float) -> bool:
    """Finite, and not a zero below zero, which exact numbers don't have."""
    return math.isfinite(number) and (number != 0 or math.copysign(1.0, number) > 0)


def ordinary(number: Any) -> bool:
    return number is not None and ORDINARY[0] < abs(number) < ORDINARY[1]


def other_branch(
    program: Program, values: Sequence[float], floats: Backward, engine: Precise
) -> int | None:
    """A stage that takes another branch, or another step, in floats than exactly."""
    for slot, gate, operands in program.forward_steps():
        if not any(GATES[gate].partials):
            kept = all(
                right_digits(values[operand], engine.values[operand]) >= FAIR
                for operand in operands
            )
            if kept and right_digits(values[slot], engine.values[slot]) < FAIR:
                return slot
        taken, right = floats.locals[slot], engine.back.locals[slot]
        if taken and right and all(math.isfinite(values[one]) for one in (slot, *operands)):
            for place in range(len(operands)):
                if (taken[place] is None) != (right[place] is None):
                    return slot
    return None


def boundless(program: Program, values: Sequence[Any]) -> bool:
    """Is what isn't finite here only too large to compute?"""
    for slot, name, operands in program.forward_steps():
        fed = [values[operand] for operand in operands]
        if not mp.isfinite(values[slot]) and all(map(mp.isfinite, fed)):
            pole = PRECISE.pole[name]
            return values[slot] == values[slot] and not (pole and pole(*fed, values[slot]))
    return False
