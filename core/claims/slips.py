"""Slips that explain a wrong derivative: each is tried, and said only if it gives the very
numbers that were claimed, at every point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from mpmath import mp

from backprop.arithmetic.precise import PRECISE
from backprop.claims.sampling import DIGITS, Spot, same
from backprop.engine.numbers import UNREACHED
from backprop.program.program import Program

MOST_STAGES = 40  # of a program whose stages are looked at one by one
MOST_SPOTS = 6
LARGEST = 12  # numerator and denominator of a factor that is said
SIBLINGS = (
    "sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "sigmoid", "square", "recip",
)  # fmt: skip

Numbers = Sequence[tuple[Spot, Any]]  # what is claimed at some points


def slip(slot: int, claimed: Numbers) -> str:
    """The first slip that explains what is claimed for the gradient of a slot, if one does."""
    finite = [(spot, number) for spot, number in claimed if mp.isfinite(number)][:MOST_SPOTS]
    if len(finite) < 2:
        return ""
    with mp.workdps(DIGITS):
        return simple(slot, finite) or in_one_stage(slot, finite)


def simple(slot: int, claimed: Numbers) -> str:
    """A sign, a factor, or the derivative by something else."""
    right = [(number, spot.gradient(slot)) for spot, number in claimed]
    program = claimed[0][0].program
    if found := factor(right):
        return found
    for name, other in program.inputs.items():
        if other != slot and all(same(number, spot.gradient(other)) for spot, number in claimed):
            return f"that is d{program.output_name}/d{name}"
    return ""


def factor(pairs: Sequence[tuple[Any, Any]]) -> str:
    """A wrong sign, or a factor that all numbers have too much."""
    if all(same(number, -wanted) for number, wanted in pairs):
        return "the sign is wrong"
    found = constant_factor(pairs)
    return f"it is {found} times what is right" if found else ""


def constant_factor(pairs: Sequence[tuple[Any, Any]]) -> str:
    """The small fraction that all numbers are of those that are right."""
    number, wanted = pairs[0]
    if not wanted or not number:
        return ""
    ratio = Fraction(float(number / wanted)).limit_denominator(LARGEST)
    small = abs(ratio.numerator) <= LARGEST
    exact = mp.mpf(ratio.numerator) / ratio.denominator
    fits = small and all(same(found, exact * right) for found, right in pairs)
    return str(ratio) if fits else ""


def in_one_stage(slot: int, claimed: Numbers) -> str:
    """One local derivative that was taken for another."""
    program = claimed[0][0].program
    if program.size > MOST_STAGES:
        return ""
    for stage in program.stages():
        for place, operand in enumerate(stage.operands):
            if operand in program.constants or not stage.gate.partial(place):
                continue
            for text, slopes in wrong_slopes(claimed, stage.slot, place):
                found = (
                    with_slope(spot, stage.slot, place, slope, slot)
                    for (spot, _), slope in zip(claimed, slopes, strict=True)
                )
                if all(same(a, b) for a, (_, b) in zip(found, claimed, strict=True)):
                    return text.format(f"d({stage.code})/d{stage.operand_names[place]}")
    return ""


def wrong_slopes(claimed: Numbers, slot: int, place: int) -> Iterator[tuple[str, list[Any]]]:
    """What a local derivative is mistaken for, in words and at every point."""
    program = claimed[0][0].program
    spots = [spot for spot, _ in claimed]
    gate, operands = program.gates[slot], program.operands[slot]
    names = [program.labels[operand] for operand in operands]
    fed = [[spot.values[operand] for operand in operands] for spot in spots]
    right = [spot.back.locals[slot] for spot in spots]
    if any(slopes is None or slopes[place] is None for slopes in right):
        return
    yield "the sign of {} is wrong", [-slopes[place] for slopes in right]
    yield "as if {} were the function itself", [spot.values[slot] for spot in spots]
    yield "{} is left out, as if it were 1", [mp.mpf(1)] * len(spots)
    yield f"what comes through {program.labels[slot]} is left out", [mp.mpf(0)] * len(spots)
    yield f"as if {{}} were {names[place]}", [numbers[place] for numbers in fed]
    if len(operands) == 2:
        yield f"as if {{}} were {names[1 - place]}", [numbers[1 - place] for numbers in fed]
        return
    for sibling in SIBLINGS:
        if sibling != gate:
            slope, value = PRECISE.local["notes"][sibling], PRECISE.value[sibling]
            yield f"as if {{}} were that of {sibling}", [slope(*n, value(*n))[0] for n in fed]


def with_slope(spot: Spot, at: int, place: int, slope: Any, slot: int) -> Any:
    """The gradient of a slot, had one stage another local derivative."""
    program: Program = spot.program
    gradients: list[Any] = [UNREACHED] * len(spot.values)
    gradients[program.output] = mp.mpf(1)
    for stage, _, operands in program.backward_steps():
        partials = spot.back.locals[stage]
        if gradients[stage] is UNREACHED or partials is None:
            continue
        for position, (operand, partial) in enumerate(zip(operands, partials, strict=True)):
            taken = slope if (stage, position) == (at, place) else partial
            if taken is not None:
                gradients[operand] += taken * gradients[stage]
    return gradients[slot]
