"""Finite differences against the exact slope: the figure of the survey, and its edges."""

from __future__ import annotations

import pytest

import backprop
from backprop.comparing.differencing import Difference, study
from backprop.comparing.iterating import iterated
from backprop.language.parser import parse


def study_of(text: str, times: int, **point: float) -> Difference:
    program = backprop.parse(iterated(parse(text), "l=x", times).tree.text)
    slope = backprop.evaluate(program, point).gradient["x"]
    return study(program, point, "x", slope)


def test_the_slope_of_the_survey() -> None:
    found = study_of("4*l*(1-l)", 4, x=0.2)
    assert found.slope == pytest.approx(9.0660864, rel=1e-15)


@pytest.mark.parametrize(("kind", "best"), [("central", 1e-7), ("forward", 1e-9)])
def test_the_best_step_is_the_surveys_within_a_decade(kind: str, best: float) -> None:
    step = study_of("4*l*(1-l)", 4, x=0.2).best(kind)
    assert step
    assert best / 10 <= step.h <= best * 10


@pytest.mark.parametrize(("kind", "growth"), [("central", 100), ("forward", 10)])
def test_errors_grow_as_powers_of_a_large_step(kind: str, growth: float) -> None:
    steps = study_of("4*l*(1-l)", 4, x=0.2).steps
    at = {step.h: getattr(step, kind) for step in steps}
    assert at[1e-4] / at[1e-5] == pytest.approx(growth, rel=0.01)


def test_steps_go_from_1e_16_to_1_eight_a_decade() -> None:
    steps = [step.h for step in study_of("4*l*(1-l)", 2, x=0.2).steps]
    assert (steps[0], steps[-1], len(steps)) == (1e-16, 1.0, 129)
    assert {10.0**-k for k in range(1, 7)} <= set(steps)


def test_a_step_too_small_to_see_has_lost_the_slope_whole() -> None:
    found = study_of("4*l*(1-l)", 2, x=5.0).steps[0]
    assert (found.central, found.forward) == (1.0, 1.0)


def test_a_slope_of_zero_has_absolute_errors() -> None:
    program = backprop.parse("cos(x)")
    assert study(program, {"x": 0.0}, "x", 0.0).relative is False
