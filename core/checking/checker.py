"""The parent's side of a check. Whatever the child does, there is an answer in time: its
own, or `unchecked` and why."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from backprop.checking.check import METHODS, NAMES, TIMEOUT, Check, Method, received
from backprop.checking.child import LATE, Child
from backprop.report import Report

FORMULA = 2.0  # seconds more that SymPy may take for the formula of the whole expression
RATE = 5_000  # stages that are checked in a second, at most


def check(
    report: Report,
    child: Child,
    *,
    methods: Sequence[str] = METHODS,
    timeout: float = TIMEOUT,
    digits: int = 0,
    formula: bool = True,
) -> Check:
    """What independent opinions say of a report, in `timeout` seconds or so.

    A child that comes too late is ended, since it may be at work for hours.
    """
    if refused := refusal(report, timeout):
        return Check(reason=refused)
    end = time.monotonic() + timeout
    reason = f"there was no verdict in {timeout:g} s"
    child.send({**request(report, methods, digits, formula=formula), "timeout": timeout})
    found: Check | None = None
    done: dict[str, Method] = {}
    while (answer := child.answer(end)) is not LATE:
        if answer is None:
            reason = "the checking process ended early"
            break
        if "failed" in answer:
            reason = answer["failed"]
            break
        if "method" in answer:
            done[answer["method"]] = Method("done", answer["seconds"])
            continue
        found = received(answer["check"])
        if not answer["more"]:
            return found
        end = time.monotonic() + FORMULA
    child.close()
    return found or unfinished(reason, methods, done)


def refusal(report: Report, timeout: float) -> str:
    """Why a report can't be checked, or not in this time; empty if it can."""
    if report.program.shapes is not None:
        return "vectors and matrices are not checked yet"
    size = report.program.size
    if size > RATE * timeout:
        need = math.ceil(2 * size / RATE)
        return f"{size:,} stages need more time: --check-timeout {need} may be enough"
    if not report.wrt:
        return "there is no input to differentiate by"
    if not all(map(math.isfinite, report.point.values())):
        return "an input is not finite"
    return ""


def unfinished(reason: str, methods: Sequence[str], done: Mapping[str, Method]) -> Check:
    """No verdict: say what was reached and what was not."""
    missing = [NAMES[name] for name in methods if name not in done]
    if missing:
        reason += f"; missing: {', '.join(missing)}"
    found = {name: done.get(name, Method("late")) for name in methods}
    return Check(reason=reason, methods=found)


def request(
    report: Report, methods: Sequence[str], digits: int, *, formula: bool
) -> dict[str, Any]:
    program = report.program
    return {
        "text": program.text,
        "given": list(report.point),
        "gates": program.granularity,
        "share": program.shared,
        "point": {name: value.hex() for name, value in report.point.items()},
        "wrt": list(report.wrt),
        "ties": report.ties,
        "methods": list(methods),
        "digits": digits,
        "formula": formula,
        "value": report.value.hex(),
        "gradient": {name: report.gradient[name].hex() for name in report.wrt},
    }
