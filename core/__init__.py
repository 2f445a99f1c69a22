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
    from backprop.answer.deriving import derive
    from backprop.answer.evaluation import evaluate, parse
    from backprop.answer.report import Report
    from backprop.answer.second import hessian, hvp, jvp
    from backprop.asking import check_claims, check_same, draw, expectation, grade, unexpected
    from backprop.checking.check import check
    from backprop.comparing.compare import compare
    from backprop.descending.descend import descend
    from backprop.errors import BackpropError
    from backprop.explaining.explanation import explain
    from backprop.improving.improve import improve
    from backprop.kernel import compiled
    from backprop.program.program import Program
    from backprop.reading.unit import read
    from backprop.testing.gradients import assert_gradient, check_gradient
    from backprop.testing.results import GradientCheck

HOMES = {
    "BackpropError": "backprop.errors",
    "GradientCheck": "backprop.testing.results",
    "Program": "backprop.program.program",
    "Report": "backprop.answer.report",
    "assert_gradient": "backprop.testing.gradients",
    "check": "backprop.checking.check",
    "check_claims": "backprop.asking",
    "check_gradient": "backprop.testing.gradients",
    "check_same": "backprop.asking",
    "compare": "backprop.comparing.compare",
    "compiled": "backprop.kernel",
    "derive": "backprop.answer.deriving",
    "descend": "backprop.descending.descend",
    "draw": "backprop.asking",
    "evaluate": "backprop.answer.evaluation",
    "expectation": "backprop.asking",
    "explain": "backprop.explaining.explanation",
    "grade": "backprop.asking",
    "hessian": "backprop.answer.second",
    "hvp": "backprop.answer.second",
    "improve": "backprop.improving.improve",
    "jvp": "backprop.answer.second",
    "load_ipython_extension": "backprop.notebook.extension",  # what %load_ext backprop asks for
    "parse": "backprop.answer.evaluation",
    "read": "backprop.reading.unit",
    "unexpected": "backprop.asking",
}

__all__ = [
    "BackpropError", "GradientCheck", "Program", "Report", "assert_gradient", "check",
    "check_claims", "check_gradient", "check_same", "compare", "compiled", "derive", "descend",
    "draw", "evaluate", "expectation", "explain", "grade", "hessian", "hvp", "improve", "jvp",
    "parse", "read", "unexpected",
]  # fmt: skip


def __getattr__(name: str) -> object:
    from importlib import import_module

    if name not in HOMES:
        raise AttributeError(f"module 'backprop' has no attribute {name!r}")
    found = getattr(import_module(HOMES[name]), name)
    import_module("backprop.answer.shown").Shown.viewer = Viewer
    return found


class Viewer:
    """What prints an answer and shows it in a notebook, loaded when it first does."""

    @staticmethod
    def text(answer: object) -> str:
        from backprop.showing.text import text

        return text(answer)

    @staticmethod
    def html(answer: object) -> str:
        from backprop.showing.html import html

        return html(answer)


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
