"""What the three opinions say of a gradient by the engine: of a text that brings none of its own,
and of a source whose gradient is called wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.answer.report import Report
from backprop.checking.check import check
from backprop.errors import BackpropError
from backprop.language.syntax import Tree
from backprop.testing.results import KINK, RIGHT, UNCHECKED, UNDEFINED, WRONG

VERDICTS = {
    "agree": RIGHT, "rounding": RIGHT, "kink": KINK, "undefined": UNDEFINED, "overflow": UNDEFINED,
    "differ": WRONG,
}  # fmt: skip


def opinions(tree: Tree, given: Mapping[str, Any], upstream: Any) -> Report | None:
    """A report with its check; None where the program can't be checked."""
    values = {name: value for name, value in given.items() if name in tree.names}
    try:
        return check(tree, values, upstream=upstream if np.ndim(upstream) else None)
    except BackpropError:
        return None


def verdict_of(report: Report | None) -> str:
    return UNCHECKED if report is None else VERDICTS.get(report.check.verdict, UNCHECKED)
