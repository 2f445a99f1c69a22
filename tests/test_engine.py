"""The two passes: pure, adding up at forks, stopping at structural zeros; and at any size."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce

import pytest
from programs import Sample, sample

from backprop import Report, evaluate, parse
from backprop.engine.numbers import Backward, backward, forward

SOME = [sample(f"engine:{number}") for number in range(60)]
some = pytest.mark.parametrize("case", SOME, ids=range(len(SOME)))


def shown(back: Backward) -> tuple[list[str], list[str]]:
    """Everything in it to the last bit, nan and the sign of 0 included."""
    return list(map(repr, back.gradients)), list(map(repr, back.locals))


def passed(report: Report, name: str) -> list[float]:
    """Every contribution that reached the slot of this name."""
    return [
        flow
        for computed in report.stages()
        for operand, flow in zip(computed.stage.operand_names, computed.flows, strict=True)
        if operand == name and flow is not None
    ]


@some
def test_forward_gives_the_same_values_twice(case: Sample) -> None:
    program = parse(case.text)
    assert forward(program, case.point) == forward(program, case.point)


@some
def test_backward_gives_the_same_gradients_twice(case: Sample) -> None:
    program = parse(case.text)
    values = forward(program, case.point)
    assert shown(backward(program, values)) == shown(backward(program, values))


@some
def test_backward_leaves_the_values_alone(case: Sample) -> None:
    program = parse(case.text)
    values = forward(program, case.point)
    before = values.copy()
    backward(program, values)
    assert values == before


@some
def test_forward_leaves_the_point_alone(case: Sample) -> None:
    point = dict(case.point)
    forward(parse(case.text), point)
    assert point == case.point


@some
def test_a_gradient_is_the_sum_of_its_contributions(case: Sample) -> None:
    """Of an output that is an input, the 1 that backward starts with is one of them."""
    report = evaluate(case.text, case.point)
    found = {name: passed(report, name) for name in report.gradient}
    for name, slot in report.program.inputs.items():
        found[name] += [1.0] * (slot == report.program.output)
    # fsum rounds once, a running sum at every contribution.
    slack = {name: 1e-14 * math.fsum(map(abs, flows)) for name, flows in found.items()}
    off = {name: abs(report.gradient[name] - math.fsum(flows)) for name, flows in found.items()}
    assert {name: error for name, error in off.items() if not error <= slack[name]} == {}


@some
def test_a_subset_of_inputs_gets_the_same_numbers(case: Sample) -> None:
    everything = evaluate(case.text, case.point).gradient
    found = [evaluate(case.text, case.point, wrt=[name]).gradient for name in everything]
    assert found == [{name: slope} for name, slope in everything.items()]


def test_x_times_x_shows_two_contributions() -> None:
    report = evaluate("x*x", x=3)
    assert (passed(report, "x"), report.gradient) == ([3.0, 3.0], {"x": 6.0})


def test_x_plus_x_shows_two_contributions() -> None:
    report = evaluate("x + x", x=3)
    assert (passed(report, "x"), report.gradient) == ([1.0, 1.0], {"x": 2.0})


def test_paths_that_fork_and_meet_add_up() -> None:
    """(s + 1) and s*s of one s = x*y, each times the other."""
    report = evaluate("s = x*y\n(s + 1)*(s*s)", x=2, y=3)
    assert (passed(report, "s"), report.gradient) == ([36.0, 42.0, 42.0], {"x": 360.0, "y": 240.0})


def test_how_often_a_slot_is_used_counts_contributions() -> None:
    report = evaluate("x*x + max(x, y)", x=3, y=1)
    named = {report.program.labels[slot]: count for slot, count in report.uses.items()}
    assert named == {"x": 3, "q1": 1, "q2": 1}


def test_an_input_that_the_output_does_not_need_has_gradient_0() -> None:
    assert evaluate("a = x*y\nx + 1", x=2, y=3).gradient == {"x": 1.0, "y": 0.0}


def test_a_stage_that_the_output_does_not_need_has_no_slopes() -> None:
    computed = next(evaluate("a = x*y\nx + 1", x=2, y=3).stages())
    assert (computed.gradient, computed.slopes, computed.flows) == (0.0, (None, None), (None, None))


def test_an_output_that_is_an_input_has_gradient_1() -> None:
    assert evaluate("x", x=5).gradient == {"x": 1.0}


def test_comparisons_pass_nothing_back() -> None:
    assert evaluate("(x > y)*z", x=2, y=1, z=5).gradient == {"x": 0.0, "y": 0.0, "z": 1.0}


# Where a gate routes, what it didn't choose gets nothing, however infinite its own slope is.
STOPPED = {
    "where(x > 0, sqrt(x), 0)": (0.0, 0.0),
    "where(x >= 0, x, log(x))": (0.0, 1.0),
    "max(1, sqrt(x))": (0.0, 0.0),
    "min(2, 1/x)": (0.0, 0.0),
    "relu(log(x))": (0.0, 0.0),
    "clip(1/x, 0, 3)": (0.0, 0.0),
    "where(x > -1, 7, 1/x)": (0.0, 0.0),
}


@pytest.mark.parametrize(("text", "expected"), STOPPED.items())
def test_a_structural_zero_stops_what_is_infinite(text: str, expected: tuple[float, float]) -> None:
    x, slope = expected
    assert evaluate(text, x=x).gradient == {"x": slope}


def test_a_numeric_zero_multiplies_by_ieee_rules() -> None:
    assert str(evaluate("0*sqrt(x)", x=0).gradient["x"]) == "nan"


TIES = {
    ("max(x, y)", "notes"): [1.0, 1.0],
    ("max(x, y)", "split"): [0.5, 0.5],
    ("max(x, y)", "first"): [1.0, 0.0],
    ("min(y, x)", "first"): [0.0, 1.0],
    ("max(x, y, 0)", "split"): [0.5, 0.5],
    ("max(x, y, 2)", "split"): [1 / 3, 1 / 3],
    ("max(x, y, x)", "notes"): [2.0, 1.0],
    ("max(x, y, x)", "first"): [1.0, 0.0],
    ("max(x, y, 3)", "notes"): [0.0, 0.0],
}


@pytest.mark.parametrize(("case", "expected"), TIES.items())
def test_ties_are_shared_as_asked(case: tuple[str, str], expected: list[float]) -> None:
    text, ties = case
    gradient = evaluate(text, x=2, y=2, ties=ties).gradient
    assert [gradient["x"], gradient["y"]] == expected


# Programs of any size. All numbers are small and whole, so the answers are exact.

NESTED = 20_000
CALLS = "g(u) = u + y\n"


def chain(lines: int) -> str:
    return "\n".join(
        ["s0 = x + y", *[f"s{number} = s{number - 1} + y" for number in range(1, lines)]]
    )


LARGE: dict[str, tuple[Callable[[], str], float, dict[str, float]]] = {
    "100,000 terms": (lambda: "+".join(["x*y"] * 100_000), 6e5, {"x": 2e5, "y": 3e5}),
    "100,000 brackets": (lambda: "(" * 100_000 + "x*y" + ")" * 100_000, 6.0, {"x": 2.0, "y": 3.0}),
    "100,000 nested sums": (
        lambda: "(" * 100_000 + "x" + "+y)" * 100_000,
        3 + 2e5,
        {"x": 1.0, "y": 1e5},
    ),
    "20,000 nested calls": (
        lambda: CALLS + "g(" * NESTED + "x" + ")" * NESTED,
        3.0 + 2 * NESTED,
        {"x": 1.0, "y": float(NESTED)},
    ),
    "50,000 lines": (lambda: chain(50_000), 3 + 1e5, {"x": 1.0, "y": 5e4}),
    "100,000 signs": (lambda: "-" * 100_000 + "x*y", 6.0, {"x": 2.0, "y": 3.0}),
}


@pytest.mark.parametrize(("text", "value", "gradient"), LARGE.values(), ids=LARGE)
def test_size_and_depth_do_not_matter(
    text: Callable[[], str], value: float, gradient: dict[str, float]
) -> None:
    report = evaluate(text(), x=3, y=2)
    assert (report.value, report.gradient) == (value, gradient)


def test_the_value_of_a_program_is_the_value_of_plain_python() -> None:
    """A thousand steps of the logistic map, in the same order of operations."""
    lines = [f"x{number} = 3.7*x{number - 1}*(1 - x{number - 1})" for number in range(1, 1001)]
    expected = reduce(lambda x, _: 3.7 * x * (1 - x), range(1000), 0.3)
    assert evaluate("\n".join(lines), x0=0.3).value == expected
