"""How far the engine's pull-back of a random one-gate program is from a difference in 100-digit
arithmetic of what the gate is by definition."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from random import Random
from typing import Any, NamedTuple

import grids
import numpy as np
from array_cases import DRAW
from given_arrays import Case, exact
from grids import Grid, Shape
from oracle import mp

import backprop

PART = 1e-11  # of what a sum of products would be without cancellation: thousands of roundings
FLOOR = 1e-15  # of the upstream gradient: what is left of slopes that cancel, as 1 - p does
INVERTING = ("det", "logdet", "inv", "solve", "dets", "logdets", "invs", "solves", "cholesky")
SINGULAR = 1e4  # no matrix that is inverted has a larger condition number


class Truth(NamedTuple):
    value: Grid
    slopes: dict[str, list[grids.Slope]]
    condition: float


def conditioned(found: Case) -> float:
    """How much a matrix that is inverted may lose, there and back again."""
    if found.gate not in INVERTING:
        return 1.0
    a = exact(found.given["A"])
    return float(min(np.max(np.linalg.cond(a)), SINGULAR)) ** 2 if a.size else 1.0


@cache
def drawn(gate: str, number: int) -> tuple[Case, Truth]:
    """The case of that number, and the truth about it."""
    found = DRAW[gate](Random(f"{gate}:{number}"))
    point = {name: grids.grid(exact(value)) for name, value in found.given.items()}
    with mp.workdps(100):
        value = found.function(point)
        slopes = grids.slopes(found.function, point, weights(found))
    return found, Truth(value, slopes, conditioned(found))


def weights(found: Case) -> list[float]:
    given = 1.0 if found.upstream is None else found.upstream
    return [float(x) for x in np.asarray(given, dtype=float).ravel()]


def wrong(gate: str, number: int) -> list[str]:
    """What of a case is not the truth: its value, or the gradient of an input. A gate that can't
    do its backward step at all raises what it likes."""
    found, truth = drawn(gate, number)
    report = backprop.evaluate(found.program, found.given, upstream=found.upstream)
    assert gate in report.program.gates
    total = sum(map(abs, weights(found)))
    off = []
    for name, slopes in truth.slopes.items():
        allowed = [truth.condition * (PART * slope.size + FLOOR * total) for slope in slopes]
        exact_ones = [slope.exact for slope in slopes]
        if not close(report.gradient[name], np.shape(found.given[name]), exact_ones, allowed):
            off.append(name)
    entries = truth.value.entries
    largest = 1 + max([abs(x) for x in entries], default=0)
    allowed = [truth.condition * PART * largest] * len(entries)
    return off if close(report.value, truth.value.shape, entries, allowed) else ["value", *off]


def close(found: Any, shape: Shape, truths: Sequence[Any], allowed: Sequence[Any]) -> bool:
    """Is every number within its allowance?"""
    numbers = np.asarray(found, dtype=float)
    return numbers.shape == shape and all(
        abs(mp.mpf(float(x)) - truth) <= most
        for x, truth, most in zip(numbers.ravel(), truths, allowed, strict=True)
    )
