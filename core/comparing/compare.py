"""Symbolic against staged: the one call of `backprop compare`. A program in, a Comparison out."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from backprop.answer.evaluation import arrays_in, checked_values, evaluate
from backprop.answer.report import Report
from backprop.answer.shown import Shown
from backprop.answer.values import Value, checked_wrt
from backprop.child.process import Child
from backprop.comparing.differencing import Difference, study
from backprop.comparing.iterating import TIMES, Iterated, iterated
from backprop.comparing.measuring import Row, marks_of, measured, part
from backprop.errors import UsageError
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.deriving import Derived, derived
from backprop.program.program import Notice, Program
from backprop.program.stage import stage
from backprop.program.stager import GRANULARITIES

SCHEMA = "backprop/compare/1"
TIMEOUT = 10.0
HOUR = 3600.0
DERIVED = 1000  # stages of a program that is derived as well


@dataclass(frozen=True, eq=False, repr=False)
class Comparison(Shown):
    what: ClassVar[str] = "comparison"
    asks: ClassVar[str] = "comparison.decided"

    program: Program
    iterated: Iterated | None
    rows: tuple[Row, ...]
    report: Report | None  # the last row at a point, if there is one
    difference: Difference | None
    derived: Derived | None  # the derivatives as a program, if it isn't too long
    notices: tuple[Notice, ...]

    @property
    def decided(self) -> bool:
        """Did SymPy finish anything?"""
        return any(row.symbolic.gradient is not None for row in self.rows)

    @property
    def brief(self) -> str:
        """`f: SymPy's value and gradient take 12 operations, the staged passes 8`."""
        last = self.rows[-1]
        symbolic = last.symbolic.gradient
        counted = "were not finished" if symbolic is None else f"take {symbolic:,} operations"
        return (
            f"{last.name}: SymPy's derivatives {counted}, the staged passes {last.staged.total:,}"
        )

    def to_dict(self, *, times: bool = True) -> dict[str, Any]:
        found = self.iterated
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "iterated": found and {
                "expression": found.expression, "variable": found.variable,
                "start": found.start, "times": len(found.names),
            },
            "gates": self.program.granularity,
            "rows": [row.to_dict(times=times) for row in self.rows],
            "difference": self.difference and self.difference.to_dict(),
            "derived": self.derived and {
                "text": self.derived.text, "operations": self.derived.operations,
            },
            "warnings": [
                {"stage": notice.stage or None, "kind": notice.kind, "message": notice.message}
                for notice in self.notices
            ],
        }  # fmt: skip


def compare(
    program: str | Tree | Program | Iterated,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    iterate: str | None = None,
    times: int | None = None,
    wrt: str | None = None,
    gates: str = "written",
    timeout: float = TIMEOUT,
    spare: Collection[str] = (),
    child: Child | None = None,
    **named: Value,
) -> Comparison:
    """What SymPy needs for value and gradient, and what the staged passes need.

    With `iterate` or `times` the program is applied to itself, as `iterated` says. With
    values there is also the error of finite differences by `wrt`, the first input unless given.
    """
    given = {**checked_values(values), **named}
    program = program.tree if isinstance(program, Program) else program
    if not isinstance(program, (str, Tree, Iterated)):
        raise UsageError(f"a program is a text or a Program, not {type(program).__name__}")
    if gates not in GRANULARITIES:
        raise UsageError(f"gates can be {', '.join(GRANULARITIES)}, not {gates}")
    if not 0 < timeout <= HOUR:
        raise UsageError(f"--timeout can be up to {HOUR:g} seconds, not {timeout:g}")
    source = parse(program) if isinstance(program, str) else program
    if isinstance(source, Tree) and (iterate is not None or times is not None):
        source = iterated(source, iterate, TIMES if times is None else times)
    unrolled = source if isinstance(source, Iterated) else None
    whole = stage(source.tree if isinstance(source, Iterated) else source, given, gates)
    if whole.arrays or arrays_in(given, 0):
        raise UsageError(
            "compare is for programs of single numbers", hint="backprop eval and check take arrays"
        )
    if wrt is not None:
        checked_wrt(whole, [wrt])
    report = report_at(whole, given, wrt, spare)
    marks = marks_of(whole, unrolled.names if unrolled else ())
    worker = child or Child()
    try:
        rows = measured(whole, marks, {} if report is None else report.point, worker, timeout)
    finally:
        if not child:
            worker.close()
    notices = whole.notices if report is None else report.notices
    difference = difference_of(report)
    return Comparison(whole, unrolled, rows, report, difference, derived_of(whole), notices)


def derived_of(whole: Program) -> Derived | None:
    """The derivatives by the inputs that the output needs, as a program."""
    names = part(whole, whole.output).inputs
    if not names or whole.size > DERIVED or whole.tree.source:
        return None
    return derived(whole, list(names))


def report_at(
    whole: Program, given: Mapping[str, Value], wrt: str | None, spare: Collection[str]
) -> Report | None:
    """Value and slope at the point, if there is one: values given, or a text that has them all."""
    inputs = part(whole, whole.output).inputs or whole.inputs
    if not given and (not inputs or set(inputs) - set(whole.defaults)):
        return None
    return evaluate(whole, given, wrt=[wrt or name for name in list(inputs)[:1]], spare=spare)


def difference_of(report: Report | None) -> Difference | None:
    """How differences fare, where there is a finite slope for them to be compared with."""
    if report is None or not report.wrt or not report.finite:
        return None
    name = report.wrt[0]
    return study(report.program, report.point, name, report.gradient[name], report.branches)
