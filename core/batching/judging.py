"""The sample of rows before the three opinions: is the program right there, and did the kernel
compute what the program says?"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import beginning, evaluate
from backprop.answer.verdicts import METHODS, VERDICTS, worst
from backprop.batching.job import Job
from backprop.batching.tally import Chosen
from backprop.checking.checker import check, refusal, request
from backprop.child.process import Child
from backprop.engine.kinds import kind_of, resolve
from backprop.errors import UsageError
from backprop.program.program import Program

CLOSE = 2.0**-50  # relative: 4 units in the last place
SMALLEST = 5e-324
UNIT = 2.0**-52
REHEARSED = 10_000  # characters of a program
NUDGES = 8


class Verdict(NamedTuple):
    """What came of the sample: how many rows have which verdict, and the worst with its row."""

    counts: dict[str, int]
    worst: str = "unchecked"
    where: str = ""
    reason: str = ""

    def to_dict(self) -> dict[str, Any]:
        return {**self._asdict(), "rows": sum(self.counts.values())}


def rehearse(job: Job, child: Child, timeout: float) -> None:
    """Ask about a point that nobody will hear of: what SymPy loads for such a program is there
    when the sample comes."""
    if len(job.text) > REHEARSED:
        return
    point: dict[str, Any] = {name: 0.5 + k / 100 for k, name in enumerate(job.taken.names)}
    point |= {name: np.full(shape, 0.5) for name, shape in job.shapes.items()} | job.point
    if job.source is not None:
        point = dict(job.source["point"])
    try:
        report = evaluate(
            job.program(), point, wrt=job.wrt or None, ties=job.ties, allow_nonfinite=True
        )
    except UsageError:  # such a label there may not be
        return
    if not report.faults and not refusal(report, timeout):
        asked = request(report, METHODS, 0, formula=False)
        child.send({**asked, "timeout": timeout, "rehearsal": True})


def judged(job: Job, sample: Sequence[Chosen], child: Child, timeout: float) -> Verdict:
    """Check rows for so many seconds; what was not reached is unchecked."""
    program = job.program()
    end = time.monotonic() + timeout
    found = []
    for chosen in sorted(sample, key=lambda one: one.where):
        left = end - time.monotonic()
        if left > 0 and child.alive:
            verdict, why = judged_row(job, program, chosen, child, left)
        else:
            verdict, why = "unchecked", f"there was no verdict in {timeout:g} s"
        found.append((verdict, chosen.where, why))
    if not found:
        return Verdict({}, reason="there was no row to check")
    verdicts = [verdict for verdict, _, _ in found]
    counts = {verdict: verdicts.count(verdict) for verdict in VERDICTS if verdict in verdicts}
    return Verdict(counts, *next(one for one in found if one[0] == worst(verdicts)))


def judged_row(
    job: Job, program: Program, chosen: Chosen, child: Child, seconds: float
) -> tuple[str, str]:
    """The verdict on a row, and why."""
    point = {**job.point, **dict(zip(job.taken.names, chosen.inputs, strict=True))}
    if job.source is not None:
        program = job.program(point)
    report = evaluate(
        program, point, wrt=job.wrt or None, ties=job.ties, allow_nonfinite=job.allow_nonfinite
    )
    opinion = check(report, child, timeout=seconds, formula=False)
    engine = flat([report.value, *(report.gradient[name] for name in job.wrt)])
    names = [name for name, one in zip(job.names, chosen.answers, strict=True) for _ in flat([one])]
    moved = None
    for place, (mine, theirs) in enumerate(zip(flat(chosen.answers), engine, strict=True)):
        if same(mine, theirs, 0.0):
            continue
        moved = moved or movement(job, program, report.point)
        if not same(mine, theirs, moved[place]):
            return "differ", f"{names[place]} is {mine!r} in the table, and {theirs!r} by eval"
    about = opinion if job.wrt or opinion.value is None else opinion.value
    return about.verdict, about.reason


def same(mine: float, theirs: float, moved: float) -> bool:
    """Is the kernel's number the engine's, to a few units in the last place or a few times what
    the engine's own moves by?"""
    if mine == theirs or (mine != mine and theirs != theirs):
        return True
    if not math.isfinite(moved) or not math.isfinite(theirs):
        return not math.isfinite(moved)
    return abs(mine - theirs) <= CLOSE * abs(theirs) + 4 * (SMALLEST + moved)


def movement(job: Job, program: Program, point: Mapping[str, float]) -> list[float]:
    """How far value and gradient move if every stage is a unit in the last place off, as with
    another exp and sin: what the kernel may depart by where digits cancel."""
    right = nudged(job, program, point, None)
    found = [0.0] * len(right)
    for seed in range(NUDGES):
        for place, number in enumerate(nudged(job, program, point, Random(seed))):
            far = abs(number - right[place])
            found[place] = max(found[place], far if far == far else math.inf)
    if program.arrays:
        found = [
            max(far, size) for far, size in zip(found, rounding(job, program, point), strict=True)
        ]
    return found


def rounding(job: Job, program: Program, point: Mapping[str, float]) -> list[float]:
    """What is lost of the parts that the gradient of arrays adds up, which may cancel."""
    from backprop.engine.ties.arrays import gradient_sizes

    values = kind_of(program).forward(program, point)
    sizes = gradient_sizes(program, values, np.ones(()))
    slots = [program.inputs[name] for name in job.wrt]
    parts = [np.zeros(program.shapes[s]) if sizes[s] is None else sizes[s] for s in slots]
    return [UNIT * size for size in flat([np.zeros(()), *parts])]


def nudged(
    job: Job, program: Program, point: Mapping[str, float], random: Random | None
) -> list[float]:
    """Value and gradient, with stages a unit in the last place off, up or down at random. A sum
    of products is off by as much as its parts: so are arrays that are inputs."""
    kind = kind_of(program)
    values = list(kind.forward(program, point))
    if random is not None:
        for slot in program.inputs.values():
            if program.shapes[slot]:
                values[slot] = beside(values[slot], random)
        with kind.quietly():
            for slot, gate, operands in program.forward_steps():
                value = kind.floats.value[gate](*[values[operand] for operand in operands])
                values[slot] = beside(value, random)
    passed = resolve(kind.watch(program, job.wrt), values, job.ties, beginning(program, None)).back
    slopes = [passed.gradient(program.inputs[name]) for name in job.wrt]
    return flat([values[program.output], *slopes])


def beside(value: Any, random: Random) -> Any:
    if isinstance(value, float):
        return math.nextafter(value, random.choice((-math.inf, math.inf)))
    ways = np.random.default_rng(random.getrandbits(32)).choice((-1.0, 1.0), value.shape)
    units = math.sqrt(max(value.shape, default=1))  # as far as a sum of so many may be off
    return value + ways * units * np.spacing(np.abs(value))


def flat(answers: Sequence[Any]) -> list[float]:
    """Numbers, and the entries of arrays one after the other."""
    found: list[float] = []
    for answer in answers:
        found += [float(answer)] if isinstance(answer, float) else np.ravel(answer).tolist()
    return found
