"""The kernel at work on the jobs that emitted code is tested with."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from campaigns.special import DRAWS
from emitted import UNWRITTEN, Answer, Job, conditioned, ulps

from backprop.gates import GATES
from backprop.kernel import compiled
from backprop.kernel.exact_rows import Again

Array = Any
COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
ENGINES = ("numpy", *["native"] * bool(COMPILER))
MOST = 4  # units in the last place; a value's limit is 2
REPEATS = 70  # rows of each point, so that some are in vectors and some left over


def columns(work: Job) -> dict[str, Array]:
    return {
        name: np.array([float(point[name]) for point in work.points] * REPEATS)
        for name in work.program.inputs
    }


def answers(work: Job, engine: str) -> list[Answer]:
    """Value and gradient at every point, the same wherever its row stands."""
    kernel = compiled(work.program, ties=work.ties, engine=engine)
    lacking = UNWRITTEN["c"].intersection(work.program.gates)  # for these NumPy's engine stands in
    assert not kernel.note or (engine == "native" and lacking and "not written" in kernel.note)
    rows = len(work.points) * REPEATS
    value, gradients = kernel(columns(work)) if work.program.inputs else kernel({})
    table = np.column_stack([np.broadcast_to(c, rows) for c in (value, *gradients.values())])
    first = table[: len(work.points)]
    assert table.tobytes() == np.tile(first, (REPEATS, 1)).tobytes()
    return [[float(number) for number in row] for row in first]


def wrong(engine: str, jobs: Sequence[Job]) -> list[str]:
    """Where the kernel departs from the engine further than other functions may."""
    found = []
    for work in jobs:
        rows = answers(work, engine)
        special = [max(GATES[gate].ulps) for gate in work.program.gates if gate in DRAWS]
        room = max(special, default=0.0)  # a row says how far its text may be off
        for point, row, expected in zip(work.points, rows, work.engine(), strict=True):
            off = [ulps(a, b) for a, b in zip(row, expected, strict=True)]
            near = off[0] <= MOST / 2 + room and max(off) <= MOST + room
            if not near and not conditioned_so(work, point, row, expected):
                text = work.program.text[:200]
                found.append(f"{text} at {dict(point)}: {row}, expected {expected}")
    return found


def unequal(jobs: Sequence[Job]) -> list[str]:
    """Where rows that are done again all together differ in a bit from such as are done singly."""
    found = []
    for work in jobs:
        inputs = [np.array([float(p[n]) for p in work.points]) for n in work.program.inputs]
        rows, again = len(work.points), Again(work.program, [*work.program.inputs], work.ties)
        with np.errstate(all="ignore"):
            pairs = zip(again.singly(inputs, rows), again.together(inputs, rows), strict=True)
        for single, other in pairs:
            off = [k for k in range(rows) if repr(single[k]) != repr(other[k])]
            found += [f"{work.program.text[:200]} at {work.points[k]}" for k in off]
    return found


def conditioned_so(work: Job, point: Mapping[str, float], row: Answer, expected: Answer) -> bool:
    """Is every number as near as it can be, if every stage's value may be a last place off?"""
    nudged = [conditioned(work, point, seed) for seed in range(12)]
    for place, (number, right) in enumerate(zip(row, expected, strict=True)):
        if ulps(number, right) > MOST:
            others = [one[place] for one in nudged]
            spread = max(abs(other - right) for other in others)
            if not abs(number - right) <= 4 * spread + MOST * math.ulp(right):
                return False
    return True
