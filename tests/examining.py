"""How the tests ask for the three opinions: in this process, without a bound."""

from __future__ import annotations

from collections.abc import Sequence

from backprop import evaluate
from backprop.checking.check import METHODS, Check
from backprop.checking.examine import examine
from backprop.checking.opinions import Subject
from backprop.report import Report


def subject(report: Report) -> Subject:
    return Subject(
        report.program.tree, report.program, report.point, list(report.gradient), report.ties,
        report.program.granularity, report.value, report.gradient,
    )  # fmt: skip


def checked(
    text: str, point: dict[str, float], methods: Sequence[str] = METHODS, gates: str = "written"
) -> Check:
    return examine(subject(evaluate(text, point, gates=gates)), methods)
