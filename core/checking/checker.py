"""The parent's side of a check. Whatever the child does, there is an answer in time: its
own, or `unchecked` and why."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

from backprop.answer.report import Report
from backprop.answer.verdicts import METHODS, NAMES, TIMEOUT, Check, Method, received
from backprop.child.process import LATE, Child
from backprop.engine.numbers import Branches
from backprop.program.program import Program

PASSING = ("agree", "rounding")
FORMULA = 2.0  # seconds more that SymPy may take for the formula of the whole expression
RATE = 5_000  # stages that are checked in a second, at most
ENTRIES = 4_000  # operations on single entries that are; of more, samples have to do
MOST = 2_000_000  # entries that are sent to be checked


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
    if report.lowered is not None:
        report = report.lowered.base  # is the calculus right? That fewer bits cost is told already
    if refused := refusal(report, timeout):
        return Check(reason=refused)
    end = time.monotonic() + timeout
    reason = f"there was no verdict in {timeout:g} s"
    asked = request(report, methods, digits, formula=formula)
    wide = report.program.arrays and too_wide(report.program, timeout)
    child.send({**asked, "timeout": timeout, "wide": wide})
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
        found = beside_guards(received(answer["check"]), report)
        if not answer["more"]:
            return found
        end = time.monotonic() + FORMULA
    child.close()
    return found or unfinished(reason, methods, done)


def refusal(report: Report, timeout: float) -> str:
    """Why a report can't be checked, or not in this time; empty if it can."""
    size = report.program.size
    if size > RATE * timeout:
        need = math.ceil(2 * size / RATE)
        return f"{size:,} stages need more time: --timeout {need} may be enough"
    if entries_of(report) > MOST:
        return f"{entries_of(report):,} entries are too many: {MOST:,} are checked at most"
    if not report.wrt:
        return "there is no input to differentiate by"
    if not all(map(report.kind.finite, report.point.values())):
        return "an input is not finite"
    return ""


def entries_of(report: Report) -> int:
    """How many entries there are in all inputs."""
    return sum(math.prod(shape) for shape in report.program.shapes_of_inputs().values())


def beside_guards(found: Check, report: Report) -> Check:
    """What agrees on one side of a condition of a source says nothing of the other side."""
    said = next((one.message for one in report.notices if one.kind == "guard"), "")
    if not said or found.verdict not in PASSING:
        return found
    inputs = {
        name: one._replace(verdict="kink", reason=said) if one.verdict in PASSING else one
        for name, one in found.inputs.items()
    }
    return found._replace(verdict="kink", reason=said, inputs=inputs)


def too_wide(program: Program, timeout: float) -> bool:
    """Are there too many operations on single entries for the time?"""
    from backprop.engine.arrays import operations

    return operations(program) > ENTRIES * timeout


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
        "output": program.tree.output,
        "source": dict(program.tree.source),
        "given": list(report.point),
        "gates": program.granularity,
        "share": program.shared,
        "arrays": program.arrays,
        "point": {name: listed(value) for name, value in report.point.items()},
        "shapes": report.program.shapes_of_inputs(),  # which lists of nothing don't tell
        "wrt": list(report.wrt),
        "ties": report.ties,
        "direction": direction_of(report),
        "methods": list(methods),
        "digits": digits,
        "formula": formula,
        "wide": False,
        "value": listed(report.value),
        "second": second_rows(report),
        **gradient_of(report),
    }


def gradient_of(report: Report) -> dict[str, Any]:
    """The gradient to be checked, and what came after the output if that is an array. A
    Jacobian is checked along a random way through its rows."""
    if report.jacobian is None:
        gradient = {name: listed(report.gradient[name]) for name in report.wrt}
        upstream = listed(report.back.gradient(report.program.output))
        return {"gradient": gradient, "upstream": upstream}
    from backprop.answer.upstream import mixed

    return mixed(report)


def second_rows(report: Report) -> list[dict[str, Any]]:
    """The second derivatives that were asked for, number by number: arrays by their entries."""
    if report.motion is None:
        return []
    from backprop.answer.motion import cells

    return list(cells(report))


def direction_of(report: Report) -> dict[str, Any] | None:
    """The way along which branches were chosen, where gates tie."""
    way = Branches.of(report.branches).direction
    return None if way is None else {name: listed(part) for name, part in way.items()}


def listed(value: Any) -> Any:
    """A number, or an array as nested lists, as JSON carries them without loss."""
    return value.tolist() if hasattr(value, "tolist") else value
