"""Random points of a program's domain, the same for the same seed."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

from backprop.answer.values import Value, constant, point, unknown_variable
from backprop.engine.kinds import kind_of
from backprop.errors import UsageError
from backprop.program.program import Program

TRIES = 1_000  # points that may lie outside the domain for each one inside


class Range(NamedTuple):
    """Where an input is drawn from."""

    low: float
    high: float


def read_range(text: str) -> tuple[str, Range]:
    """`x=-2:2` as a name and its range."""
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    name = name.strip()
    if not (name and equals and colon):
        raise UsageError(f"--range takes NAME=LOW:HIGH, not {text}")
    found = Range(constant(name, low), constant(name, high))
    if not all(map(math.isfinite, found)):
        raise UsageError(f"the range of {name} is not finite")
    if found.low > found.high:
        raise UsageError(f"the range of {name} ends before it begins", hint=f"{high}:{low}")
    return name, found


def read_ranges(texts: tuple[str, ...], program: Program) -> dict[str, Range]:
    ranges: dict[str, Range] = {}
    for text in texts:
        name, found = read_range(text)
        if name not in program.inputs:
            raise unknown_variable(name, program)
        if name in ranges:
            raise UsageError(f"the range of {name} is given twice")
        ranges[name] = found
    return ranges


def random_points(
    program: Program,
    fixed: Mapping[str, Value],
    ranges: Mapping[str, Range],
    count: int,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Points where the value is a number; an error if the ranges have hardly any."""
    both = [name for name in ranges if name in fixed]
    if both:
        raise UsageError(f"{both[0]} is given a value and a range")
    random = Random(seed)
    shapes = program.shapes_of_inputs()
    tries = 0
    while count:
        drawn = {name: entries(random, ranges[name], shapes.get(name, ())) for name in ranges}
        at = point(program, {**fixed, **drawn})
        if has_value(program, at):
            count -= 1
            tries = 0
            yield at
        else:
            tries += 1
            if tries == TRIES:
                raise UsageError(
                    f"the program has no value at {TRIES:,} points of these ranges",
                    hint="choose ranges inside its domain",
                )


def entries(random: Random, drawn: Range, shape: tuple[int, ...]) -> Any:
    """A random number, or an array of them."""
    if not shape:
        return random.uniform(*drawn)
    import numpy as np

    return np.reshape([random.uniform(*drawn) for _ in range(math.prod(shape))], shape)


def has_value(program: Program, at: Mapping[str, Any]) -> bool:
    """Is the program's value at a point a number, or an array of numbers?"""
    kind = kind_of(program)
    return not kind.undefined(kind.forward(program, at)[program.output])
