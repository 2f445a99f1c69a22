"""The sample of rows before the three opinions: is the program right there, and did the kernel
compute what the program says?"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from backprop.batching.job import Job
from backprop.batching.tally import Chosen
from backprop.checking.check import METHODS, VERDICTS, Judged, worst
from backprop.checking.checker import check, refusal, request
from backprop.checking.child import Child
from backprop.evaluation import evaluate
from backprop.program import Program

CLOSE = 2.0**-50  # relative: 4 units in the last place
SMALLEST = 5e-324
ONE_DIGIT = 10
REHEARSED = 10_000  # characters of a program
SURE = 1e-15


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
    point = {name: 0.5 + k / 100 for k, name in enumerate(job.columns)} | {**job.fixed}
    report = evaluate(
        job.program(), point, wrt=job.wrt or None, ties=job.ties, allow_nonfinite=True
    )
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
    point = {**job.fixed, **dict(zip(job.columns, chosen.inputs, strict=True))}
    report = evaluate(
        program, point, wrt=job.wrt or None, ties=job.ties, allow_nonfinite=job.allow_nonfinite
    )
    opinion = check(report, child, timeout=seconds, formula=False)
    exact = [opinion.value, *(opinion.inputs.get(name) for name in job.wrt)]
    engine = [report.value, *(report.gradient[name] for name in job.wrt)]
    for name, mine, theirs, known in zip(job.names, chosen.answers, engine, exact, strict=True):
        if not same(mine, theirs, known):
            return "differ", f"{name} is {mine!r} in the table, and {theirs!r} by eval"
    about = opinion if job.wrt or opinion.value is None else opinion.value
    return about.verdict, about.reason


def same(mine: float, theirs: float, known: Judged | None) -> bool:
    """Is the kernel's number the engine's, to a few units in the last place, or else as near to
    the exact one?"""
    if mine == theirs or (mine != mine and theirs != theirs):
        return True
    finite = math.isfinite(theirs)
    if finite and abs(mine - theirs) <= CLOSE * abs(theirs) + 4 * SMALLEST:
        return True
    if known is None or known.exact is None or not math.isfinite(mine):
        return False
    exact = Decimal(str(known.exact))
    allowed = Decimal(SURE) * abs(exact)
    if finite:
        allowed = max(allowed, ONE_DIGIT * abs(Decimal(theirs) - exact))
    return abs(Decimal(mine) - exact) <= allowed
