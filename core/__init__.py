"""backprop: gradients stage by stage, and whether they can be trusted.

    import backprop
    report = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
    report.value, report.gradient["x"]

The names below are loaded when first used, so that importing costs next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop.version import __version__ as __version__

if TYPE_CHECKING:
    from backprop.answer.evaluation import evaluate, parse
    from backprop.answer.report import Report
    from backprop.checking.check import check
    from backprop.comparing.compare import compare
    from backprop.descending.descend import descend
    from backprop.errors import BackpropError
    from backprop.explaining.explanation import explain
    from backprop.kernel import compiled
    from backprop.program.program import Program
    from backprop.reading.unit import read

HOMES = {
    "BackpropError": "backprop.errors",
    "Program": "backprop.program.program",
    "Report": "backprop.answer.report",
    "check": "backprop.checking.check",
    "compare": "backprop.comparing.compare",
    "compiled": "backprop.kernel",
    "descend": "backprop.descending.descend",
    "evaluate": "backprop.answer.evaluation",
    "explain": "backprop.explaining.explanation",
    "parse": "backprop.answer.evaluation",
    "read": "backprop.reading.unit",
}

REPORTING = ("Report", "check", "evaluate")  # what gives a report to a notebook

__all__ = [
    "BackpropError", "Program", "Report", "check", "compare", "compiled", "descend", "evaluate",
    "explain", "parse", "read",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in HOMES:
        raise AttributeError(f"module 'backprop' has no attribute {name!r}")
    from importlib import import_module

    found = getattr(import_module(HOMES[name]), name)
    if name in REPORTING:
        from backprop.answer.report import Report

        Report.viewer = Viewer
    return found


class Viewer:
    """What draws a report where a notebook shows it, loaded when it first does."""

    @staticmethod
    def html(report: Report) -> str:
        from backprop.drawing.notebook import html

        return html(report)

    @staticmethod
    def svg(report: Report) -> str | None:
        from backprop.drawing.notebook import svg

        return svg(report)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
