"""The backward pass as data, run by a plain walk of its texts, is what the engine does."""

from __future__ import annotations

from functools import cache
from math import nan

import pytest
from programs import sample

from backprop import evaluate
from backprop.answer.report import Report
from backprop.arithmetic.ieee import VALUE
from backprop.checking.walk import Dialect, constant, walk
from backprop.engine.ties.conventions import convention
from backprop.language.parser import parse
from backprop.program.adjoint import always_reached, meaning, passings

FLOATS = Dialect(VALUE, float, constant)
tree_of = cache(parse)


def computed(text: str, names: dict[str, float]) -> float:
    return walk(tree_of(text), names, FLOATS)  # type: ignore[no-any-return]


def by_steps(report: Report) -> dict[int, float]:
    """The gradients that the steps come to, for every slot that one reaches."""
    program = report.program
    found: dict[int, float] = {program.output: 1.0}
    for step in passings(program, convention(report.ties)):
        names = {n: report.values[slot] for n, slot in meaning(program, step).items()}
        if step.stage not in found or (step.when and not computed(step.when, names)):
            continue
        inside = not step.domain or computed(step.domain, names)
        message = (computed(step.slope, names) if inside else nan) * found[step.stage]
        found[step.into] = found[step.into] + message if step.into in found else message
    return found


def agrees(report: Report) -> bool:
    found = by_steps(report)
    assert found.keys() >= always_reached(
        report.program, passings(report.program, convention(report.ties))
    )
    return all(
        report.back.reached(slot) == (slot in found)
        and equal(report.back.gradient(slot), found.get(slot, 0.0))
        for slot in range(len(report.program.gates))
        if slot not in report.program.constants
    )


def equal(a: float, b: float) -> bool:
    return a == b or (a != a and b != b)


@pytest.mark.parametrize("gates", ["written", "fine", "fused"])
def test_the_steps_do_what_the_engine_does(gates: str) -> None:
    for seed in range(100):
        found = sample(f"adjoint {seed}")
        assert agrees(evaluate(found.text, found.point, gates=gates, ties="notes")), found.text


@pytest.mark.parametrize("ties", ["notes", "split", "first"])
@pytest.mark.parametrize(
    "text",
    ["max(x, y, x)*y", "min(x, y)", "max(x, y, z) + min(y, z, x)", "relu(x - y)*log(x)",
     "where(x > 5, log(x - 5), x*y)", "clip(x, y, z)", "abs(x - y)", "hypot(x, y, z)",
     "x + log(z - y)", "sqrt(z - y)*x", "acosh(z - y) + z"],
)  # fmt: skip
def test_ties_and_branches(text: str, ties: str) -> None:
    values = {"x": 2.0, "y": 2.0, "z": 1.0}
    report = evaluate(text, {n: v for n, v in values.items() if n in text}, ties=ties)
    assert agrees(report)


@pytest.mark.parametrize("ties", ["notes", "split", "first"])
@pytest.mark.parametrize(
    "text",
    ["max(x, y)", "min(y, x, y)", "relu(x)*y", "clip(y, x, 2)", "where(x, x, y)", "max(x, 2) + y"],
)  # fmt: skip
def test_nan_is_passed_by_what_can_not_choose(text: str, ties: str) -> None:
    values = {"x": nan, "y": 2.0}
    assert agrees(evaluate(text, values, ties=ties, allow_nonfinite=True))


def test_what_a_branch_may_not_reach_is_known() -> None:
    program = evaluate("q = log(x)\nwhere(x > 1, q, y) + y", x=2.0, y=1.0).program
    sure = always_reached(program, passings(program))
    assert program.inputs["y"] in sure
    assert program.names["q"] not in sure
    assert program.inputs["x"] not in sure


def test_first_is_said_once_for_every_slot() -> None:
    program = evaluate("x*x + x*y", x=2.0, y=1.0).program
    steps = list(passings(program))
    assert [step.first for step in steps if step.into == program.inputs["x"]] == [
        True,
        False,
        False,
    ]


def test_only_what_is_asked_for() -> None:
    program = evaluate("x*y + z", x=1.0, y=1.0, z=1.0).program
    into = {step.into for step in passings(program, wrt=["x"])}
    assert program.inputs["x"] in into
