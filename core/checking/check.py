"""Text or Program in, Report with a verdict out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backprop.answer.evaluation import Readable, evaluate
from backprop.answer.report import Report
from backprop.answer.values import Value
from backprop.answer.verdicts import METHODS, TIMEOUT
from backprop.checking.checker import check as checked
from backprop.child.process import Child
from backprop.errors import UsageError
from backprop.language.syntax import Tree
from backprop.program.program import Program


def check(
    program: str | Tree | Program | Readable,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    methods: Sequence[str] = METHODS,
    timeout: float = TIMEOUT,
    digits: int = 0,
    **options: Any,
) -> Report:
    """What `evaluate` gives, with `report.check`: what SymPy, many digits and a numeric
    difference say of it. They work in a process of their own, for at most `timeout` seconds."""
    report = evaluate(program, values, **options)
    with Child() as child:
        found = checked(
            report, child, methods=checked_methods(methods), timeout=timeout, digits=digits
        )
    return replace(report, check=found)


def checked_methods(names: Iterable[str]) -> tuple[str, ...]:
    """The methods by these names, in their order of working."""
    asked = set(names)
    if not asked or not asked <= set(METHODS):
        raise UsageError(f"methods can be {', '.join(METHODS)}, not {', '.join(asked) or 'none'}")
    return tuple(method for method in METHODS if method in asked)
