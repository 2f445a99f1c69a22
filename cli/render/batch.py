"""What is said of a run: a line if all is well, and every kind of trouble with its rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop.batching.job import Job
from backprop.batching.judging import Verdict
from backprop.batching.running import Outcome
from backprop.errors import visible

SCHEMA = "backprop/batch/1"
MINUTE = 60


def counted(rows: int) -> str:
    return f"{rows:,} row{'s' * (rows != 1)}"


def rate(rows: int, seconds: float) -> str:
    return f"{rows / max(seconds, 1e-9):,.0f} rows/s"


def spent(seconds: float) -> str:
    if seconds < MINUTE:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), MINUTE)
    hours, minutes = divmod(minutes, MINUTE)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def lines(
    job: Job, outcome: Outcome, verdict: Verdict | None, seconds: float, *, quiet: bool
) -> Iterator[str]:
    tally = outcome.tally
    if outcome.note:
        yield f"note: {visible(outcome.note)}"
    if tally.troubles:
        yield from troubles(job, outcome)
    if verdict is not None and verdict.worst == "differ":
        yield f"error: the gradient is in doubt at {visible(verdict.where)}: {verdict.reason}"
    elif verdict is not None and verdict.counts and verdict.worst == "unchecked":
        yield f"warning: unchecked at {visible(verdict.where)}: {verdict.reason}"
    if outcome.overflow:
        yield "error: a sum is beyond the largest float"
    if not quiet:
        resumed = f", {outcome.resumed:,} of them by an earlier run," if outcome.resumed else ""
        checked = f"; {of_check(verdict)}" if verdict is not None else ""
        new = tally.rows - outcome.resumed
        yield f"{counted(tally.rows)}{resumed} in {spent(seconds)}, {rate(new, seconds)}{checked}"


def troubles(job: Job, outcome: Outcome) -> Iterator[str]:
    tally = outcome.tally
    kinds = [
        (tally.unreadable, "that can't be read"),
        (tally.nonfinite, "without a finite answer"),
    ]
    said = " and ".join(f"{counted(count)} {what}" for count, what in kinds if count)
    yield f"warning: {'left out' if job.on_error == 'skip' else 'null in'} {said}"
    for trouble in tally.troubles:
        yield f"  {visible(trouble.where)}: {visible(trouble.reason)}"
    if more := tally.unreadable + tally.nonfinite - len(tally.troubles):
        yield f"  and {more:,} more"


def of_check(verdict: Verdict) -> str:
    if not verdict.counts:
        return verdict.reason
    total = sum(verdict.counts.values())
    if len(verdict.counts) == 1:
        return f"{total} of them checked: {verdict.worst}"
    counts = ", ".join(f"{count} {name}" for name, count in verdict.counts.items())
    return f"{total} of them checked: {counts}"


def summary_dict(
    job: Job, outcome: Outcome, verdict: Verdict | None, seconds: float, file: str | None
) -> dict[str, Any]:
    tally = outcome.tally
    return {
        "schema": SCHEMA,
        "expression": job.text,
        "columns": dict(job.columns),
        "fixed": dict(job.fixed),
        "wrt": list(job.wrt),
        "file": file,
        "rows": tally.rows,
        "answered": tally.answered,
        "unreadable": tally.unreadable,
        "nonfinite": tally.nonfinite,
        "troubles": [{"where": one.where, "reason": one.reason} for one in tally.troubles],
        "engine": outcome.engine,
        "note": outcome.note,
        "resumed": outcome.resumed,
        "overflow": outcome.overflow,
        "seconds": round(seconds, 3),
        "check": None if verdict is None else verdict.to_dict(),
    }
