"""How the tests ask for the three opinions: in this process, without a bound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backprop import evaluate
from backprop.answer.report import Report
from backprop.answer.verdicts import METHODS, Check
from backprop.checking.checker import request
from backprop.checking.examine import examine, subject_of
from backprop.checking.opinions import Subject
from backprop.language.syntax import Tree


def subject(report: Report) -> Subject:
    return subject_of(request(report, METHODS, 0, formula=False))


def checked(
    text: str | Tree, point: dict[str, Any], methods: Sequence[str] = METHODS, **options: Any
) -> Check:
    return examine(subject(evaluate(text, point, **options)), methods)
