"""The verdicts of a check: a line for each number that is in doubt, and one over all."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.errors import visible
from backprop.showing.lines import doubted, unrepeated

SCHEMA = "backprop/check/1"
SHOWN = 12  # inputs of a point that are named


def render_lines(
    report: Report, code: int, departures: Sequence[str], points: int | None
) -> Iterator[str]:
    check, output = report.check, report.program.output_name
    if points and (code or check.verdict != "agree"):
        point = [f"{name}={plain(value)}" for name, value in report.point.items()]
        more = f" and {len(point) - SHOWN} more" if len(point) > SHOWN else ""
        yield (
            f"at point {points}, {' '.join(point[:SHOWN])}{more}\n"
            if code
            else (f"the least certain point is {' '.join(point[:SHOWN])}{more}\n")
        )
    plural = "s" if points and points > 1 else ""
    at = f" at {points} random point{plural}" if points and not code else ""
    doubts = doubted(report)
    yield f"{check.verdict}{at}: {check.reason}\n"
    named = [(output, check.value)] if check.value else []
    named += [(f"d{output}/d{name}", judged) for name, judged in check.inputs.items()]
    for name, judged in named:
        if name in doubts and judged and not repeats(check.reason, output, name, judged.reason):
            yield f"{name}: {judged.verdict}: {judged.reason}\n"
        if judged and judged.exact and check.exact_digits:
            yield f"{name} = {judged.exact_text}\n"
    for remark in check.remarks:
        yield f"note: {visible(remark.message)}\n"
    for notice in report.notices:
        if report.lowered is not None or notice not in report.faults:
            yield f"note: {visible(unrepeated(notice.message, doubts))}\n"
    for departure in departures:
        yield f"unexpected: {visible(departure)}\n"


def repeats(overall: str, output: str, name: str, reason: str) -> bool:
    """Does the overall verdict have the reason of one answer? Of arrays it names the entry."""
    return overall.startswith((f"{name}: {reason}", f"d{output}/d{reason}"))


def render_json(
    report: Report, code: int, departures: Sequence[str], points: int | None
) -> Iterator[str]:
    found: dict[str, Any] = {
        "schema": SCHEMA,
        "expression": report.program.text,
        "passed": code == 0,
        "point": {name: plain(value) for name, value in report.point.items()},
        "points": points,
        "gradient": {name: plain(value) for name, value in report.gradient.items()},
        **({} if report.lowered is None else {"lowered": report.lowered.to_dict()}),
        **report.check.to_dict(),
        "unexpected": list(departures),
    }
    found["warnings"] = report.tail()["warnings"]
    yield json.dumps(found, allow_nan=False) + "\n"
