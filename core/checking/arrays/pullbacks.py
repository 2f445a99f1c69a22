"""Single gates of a program on arrays: is what they compute, and what they pass back, right?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from mpmath import mp, mpf

from backprop.answer.verdicts import Remark
from backprop.arithmetic.arrays import ARRAYS, IGNORED, ArrayArithmetic
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS, exactly
from backprop.arithmetic.whole import wholes
from backprop.checking.arrays.subject import Arrays
from backprop.checking.numeric import close
from backprop.engine.arrays import ArrayBackward, backward_arrays
from backprop.engine.numbers import forward
from backprop.engine.ties.arrays import sizes_passed
from backprop.gates import GATES
from backprop.program.program import Program

Array = Any
FAIR = 1e-8  # what any gate's floats may be off, beside the sizes of what it adds up
LEAST = 2.0**-1074
TINY = 1e-290  # what is smaller may have fewer digits than other floats
SMALL_STEP = 40  # digits of a difference's step
DIGITS = 130


def exact_passes(arrays: Arrays) -> tuple[list[Any], ArrayBackward]:
    """Both passes of the engine with its pull-backs, at mpmath's present precision."""
    values = forward(arrays.program, arrays.point, PRECISE_ARRAYS)
    start = exactly(arrays.upstream)
    return values, backward_arrays(
        arrays.program, values, start, arrays.branches, None, PRECISE_ARRAYS
    )


def wrong_pull_back(arrays: Arrays) -> Remark | None:
    """The last stage that passes back what differences of its own gate don't confirm."""
    program = arrays.program
    with mp.workdps(DIGITS):
        values, back = exact_passes(arrays)
        for slot, gate, operands in program.backward_steps():
            for place, operand in enumerate(operands):
                message = back.flow(slot, place)
                if message is None:
                    continue
                fed = [values[one] for one in operands]
                slope, moved = along(gate, fed, place, back.gradient(slot))
                if not close(slope, total(message * moved)):
                    stage = program.stage(slot, 0)
                    into = program.labels[operand]
                    text = (
                        f"what {stage.name} = {stage.code} passes back to {into} by the table's"
                        f" {gate}, {stage.local(place)}, is not what a difference of it gives"
                    )
                    return Remark("differ", stage.name, text)
    return None


def along(gate: str, fed: Sequence[Any], place: int, gradient: Any) -> tuple[Any, Array]:
    """The slope of sum(gradient*gate) as one operand moves some way, and this way."""
    random = np.random.default_rng(len(fed) + place)
    way = exactly(np.asarray(random.uniform(0.5, 1.5, np.shape(fed[place])))[()])
    step = mpf(10) ** -SMALL_STEP

    def value(side: int) -> Any:
        operands = [*fed[:place], fed[place] + side * step * way, *fed[place + 1 :]]
        return total(gradient * PRECISE_ARRAYS.value[gate](*operands))

    return (value(1) - value(-1)) / (2 * step), way


def total(array: Any) -> Any:
    return np.sum(np.asarray(array, dtype=object)) if np.size(array) else mpf(0)


def wrong_floats(arrays: Arrays) -> Remark | None:
    """The first stage whose floats are wrong for what it is fed, which no rounding explains."""
    program, convention = arrays.program, arrays.branches.convention
    for slot, gate, operands in program.forward_steps():
        if not arrays.back.reached(slot) or slot in arrays.branches.at:
            continue
        fed = [arrays.values[operand] for operand in operands]
        gradient = arrays.back.gradient(slot)
        with np.errstate(**IGNORED):
            found = list(results(ARRAYS, gate, fed, gradient, convention))
            truth = results(PRECISE_ARRAYS, gate, exact_of(fed), exactly(gradient), convention)
            moving = [message is not None for message in found[1:]]
            near = results(ARRAYS, gate, beside(fed, moving), gradient, convention)
            value = np.max(np.abs(found[0]), initial=0.0) if GATES[gate].array else 0.0
            sizes = [value, *sizes_passed(gate, fed, found[0], np.abs(gradient))]
        for number, right, other, size in zip(found, truth, near, sizes, strict=True):
            if number is not None and right is not None and off(number, right, other, size):
                label = program.labels[slot]
                return Remark("differ", label, f"{gate} has wrong floats at {label}")
    return None


def exact_of(fed: Sequence[Any]) -> list[Any]:
    return [exactly(operand) for operand in fed]


def results(
    arithmetic: ArrayArithmetic, gate: str, fed: Sequence[Any], gradient: Any, ties: str
) -> Iterator[Any]:
    """What a gate computes, and what it passes back to each operand."""
    value = arithmetic.value[gate](*fed)
    yield value
    if GATES[gate].array:
        heard = [True] * len(fed)
        yield from wholes(arithmetic.message[ties][gate](heard, *fed, value, gradient))
    else:
        for slope in arithmetic.local[ties][gate](*fed, value):
            yield None if slope is None else slope * gradient


def beside(fed: Sequence[Any], moving: Sequence[bool]) -> list[Any]:
    """What a gate is fed, a few floats away from it; an index stays what it is."""
    random = np.random.default_rng(len(fed))

    def near(operand: Any) -> Any:
        tiny = (operand != 0) & (np.abs(operand) < TINY)
        moved = operand * (1 + random.uniform(-1e-15, 1e-15, np.shape(operand)))
        return moved + tiny * random.choice((-2, -1, 1, 2), np.shape(operand)) * LEAST

    return [near(operand) if moves else operand for operand, moves in zip(fed, moving, strict=True)]


def off(number: Array, right: Array, other: Array, size: Array | None) -> bool:
    """Is an entry further from what is right than rounding its operands could bring it, or the
    parts that it adds up?"""
    found, near = np.asarray(number, dtype=float), np.asarray(other, dtype=float)
    truth = np.asarray(right, dtype=float)
    known = np.isfinite(found) & np.isfinite(truth) & np.isfinite(near)
    size = np.maximum(np.abs(truth), 0.0 if size is None else np.asarray(size, dtype=float))
    with np.errstate(**IGNORED):
        bad = np.abs(found - truth) > FAIR * size + 1000 * np.abs(near - found) + TINY
    return bool(np.any(bad & known))


def digits_by_stage(program: Program, digits: Sequence[Any]) -> Iterator[float]:
    """The fewest right digits among the entries of every slot."""
    for found in digits:
        yield min((float(one) for one in np.ravel(found)), default=16.0)
