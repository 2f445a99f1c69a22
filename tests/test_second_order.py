"""Tangents and second derivatives: the survey's traces number by number, laws, and random programs
against differences at 200 digits and autograd."""

from __future__ import annotations

import json
import math
import re
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import programs
import pytest
from conftest import Command
from second_order import arrays, numbers
from test_house import loaded_after

import backprop
from backprop.answer.verdicts import METHODS
from backprop.checking import second
from backprop.checking.checker import request
from backprop.checking.examine import subject_of
from backprop.checking.second import judged

SURVEY = "log(x1) + x1*x2 - sin(x2)"
AT = {"x1": 2.0, "x2": 5.0}
# Baydin and others 2018, tables 2 and 3: v1 to v5 with their tangents by x1, and their adjoints.
FORWARD = [(0.693, 0.5), (10.0, 5.0), (10.693, 5.5), (-0.959, 0.0), (11.652, 5.5)]
ADJOINTS = [1.0, 1.0, 1.0, -1.0, 1.0]


def test_the_forward_trace_of_the_survey() -> None:
    found = backprop.evaluate(SURVEY, AT, along="x1=1").to_dict()["stages"]
    rounded = [(round(stage["value"], 3), round(stage["tangent"], 3)) for stage in found]
    assert rounded == FORWARD


def test_the_reverse_trace_of_the_survey() -> None:
    report = backprop.evaluate(SURVEY, AT, mode="both")
    assert [stage.gradient for stage in report.stages()] == ADJOINTS
    assert {name: round(one, 3) for name, one in report.gradient.items()} == {
        "x1": 5.5, "x2": 1.716,
    }  # fmt: skip


def test_the_tangents_along_each_input_stand_by_its_name() -> None:
    last = backprop.evaluate(SURVEY, AT, mode="forward").to_dict()["stages"][-1]
    assert last["tangent"] == {"x1": 5.5, "x2": 2 - math.cos(5)}


def test_the_hessian_of_the_survey() -> None:
    found = backprop.hessian(SURVEY, AT)
    assert found == {"x1": {"x1": -0.25, "x2": 1.0}, "x2": {"x1": 1.0, "x2": math.sin(5)}}


def test_a_tangent_is_the_gradient_times_the_direction() -> None:
    report = backprop.evaluate(SURVEY, AT, jvp={"x1": 0.5, "x2": -2.0})
    assert report.motion.jvp[1] == pytest.approx(
        0.5 * report.gradient["x1"] - 2 * report.gradient["x2"], rel=1e-15
    )


@pytest.mark.parametrize("text", ["max(x, y)", "abs(x - y)", "relu(x-y) + max(x, y, 2*x)"])
@pytest.mark.parametrize("ties", ["auto", "notes", "split", "first"])
def test_at_a_tie_too(text: str, ties: str) -> None:
    report = backprop.evaluate(text, x=1, y=1, jvp="x=1,y=-3", ties=ties)
    assert report.motion.jvp[1] == report.gradient["x"] - 3 * report.gradient["y"]


def test_a_product_is_the_hessian_times_the_direction() -> None:
    text, at = "exp(x*y)*sin(z) + x**3/z", {"x": 0.3, "y": -0.7, "z": 1.2}
    table, way = backprop.hessian(text, at), {"x": 1.0, "y": -2.0, "z": 0.5}
    for name, found in backprop.hvp(text, at, along=way).items():
        assert found == pytest.approx(sum(table[name][b] * way[b] for b in way), rel=1e-13)


def test_a_hessian_is_symmetric_to_the_last_digits() -> None:
    text = (
        "sigmoid(a*b + c)*tanh(b - c) + hypot(a, c)/log(3 + b**2) + a**b + atan2(b, c)*softplus(a)"
    )
    table = backprop.hessian(text, a=1.3, b=-0.4, c=0.8)
    for a, row in table.items():
        for b, found in row.items():
            assert found == pytest.approx(table[b][a], rel=1e-14, abs=1e-15)


def test_blocks_of_arrays() -> None:
    matrix = np.array([[2.0, 1.0], [0.5, 3.0]])
    found = backprop.hessian("x @ A @ x", x=[1.0, 2.0], A=matrix)
    np.testing.assert_allclose(found["x"]["x"], matrix + matrix.T)
    assert found["x"]["A"].shape == (2, 2, 2)
    np.testing.assert_array_equal(found["A"]["A"], np.zeros((2, 2, 2, 2)))


# Kinks of second order: the slopes of the gradient on both sides, worked out by hand.
@pytest.mark.parametrize(
    ("text", "value", "said"),
    [
        ("abs(x)*x", 0.0, "df/dx has slope -2 on the left and 2 on the right"),
        ("elu(x)", 0.0, "df/dx has slope 1 on the left and 0 on the right"),
        ("softsign(x)", 0.0, "df/dx has slope 2 on the left and -2 on the right"),
        ("huber(x, 1)", 1.0, "df/dx has slope 1 on the left and 0 on the right"),
        ("relu(x)*x", 0.0, "df/dx has slope 0 on the left and 2 on the right"),
        ("relu(x)", 0.0, "df/dx jumps from 0 to 1"),
    ],
)
def test_a_kink_of_second_order(text: str, value: float, said: str) -> None:
    report = backprop.evaluate(text, x=value, hessian=True)
    assert f"{said} as x moves: a kink of second order" in [one.message for one in report.notices]


@pytest.mark.parametrize(
    ("text", "value"),
    [("relu(x)", 1.0), ("abs(x)*x", -1.0), ("relu(x) - relu(-x)", 0.0), ("abs(x)*x**2", 0.0)],
)
def test_none_where_there_is_none(text: str, value: float) -> None:
    report = backprop.evaluate(text, x=value, hessian=True)
    assert [one.message for one in report.notices] == []


# Second derivatives where a text of the table fills a value in: by limits.
@pytest.mark.parametrize(
    ("text", "at", "a", "b", "truth"),
    [
        ("x**y", {"x": 2.0, "y": 0.0}, "x", "y", 0.5),
        ("xlogy(x, y)", {"x": 0.0, "y": 2.0}, "y", "x", 0.5),
        ("mish(x)", {"x": 0.0}, "x", "x", 0.64),
        ("sinc(x)", {"x": 0.0}, "x", "x", -1 / 3),
        ("hypot(x, y)**3", {"x": 0.0, "y": 0.0}, "x", "x", 0.0),
        ("sqrt(x) + y**2", {"x": 0.0, "y": 1.0}, "y", "y", 2.0),
        ("sqrt(x) + y**2", {"x": 0.0, "y": 1.0}, "x", "y", 0.0),
        ("exp(800*x)", {"x": 1.0}, "x", "x", math.inf),
    ],
)
def test_where_a_value_is_filled_in(
    text: str, at: dict[str, float], a: str, b: str, truth: float
) -> None:
    assert backprop.hessian(text, at)[a][b] == pytest.approx(truth, rel=1e-12)


@pytest.mark.parametrize(
    ("text", "kind", "newton"),
    [
        ("x**2 + 3*y**2", "positive definite", {"x": -1.0, "y": -2.0}),
        ("-x**2 - y**2", "negative definite", {"x": -1.0, "y": -2.0}),
        ("x*y", "indefinite", {"x": -1.0, "y": -2.0}),
        ("(x + y)**2", "positive semidefinite", None),
        ("x - y", "zero", None),
    ],
)
def test_what_a_small_hessian_is_like(text: str, kind: str, newton: Any) -> None:
    found = backprop.evaluate(text, x=1, y=2, hessian=True).motion.curvature
    assert (found.kind, found.newton and dict(found.newton)) == (
        kind, newton and pytest.approx(newton),
    )  # fmt: skip


@pytest.mark.parametrize("number", range(40))
def test_second_differences_say_so_too(number: int) -> None:
    found = numbers(f"suite:{number}")
    assert found.verdict != "differ", f"{found.text}\n{found.said}"


@pytest.mark.parametrize("number", range(40))
def test_autograd_says_so_too_of_arrays(number: int) -> None:
    found = arrays(f"suite:{number}")
    assert found.verdict != "differ", f"{found.text}\n{found.said}"


def test_a_long_program_needs_no_recursion() -> None:
    text = "v0 = x*y\n" + "\n".join(f"v{k} = v{k - 1}*0.999 + y" for k in range(1, 20_000))
    found = backprop.hessian(text, x=1, y=2)
    assert found["x"]["y"] == pytest.approx(0.999**19_999)


@pytest.mark.parametrize(
    ("direction", "said"),
    [
        ("x", "a direction is written x=1,y=-0.5, not x"),
        ("z=1", "the program has no variable z; it has x, y"),
        ({"x": math.inf}, "the direction of x is not finite"),
        (3, "a direction is a text such as x=1,y=-0.5, or a dict by name"),
    ],
)
def test_a_direction_that_is_none(direction: Any, said: str) -> None:
    with pytest.raises(backprop.BackpropError, match=said.replace("(", r"\(")):
        backprop.jvp("x*y", x=1, y=2, along=direction)


def test_the_command_line_says_it_all(command: Command) -> None:
    args = ("--x=2", "--y=3", "--hessian", "--hvp", "x=1", "--jvp", "y=1", "--no-check", "--json")
    found = json.loads(command("eval", "x**2*y", *args).stdout)
    assert found["hessian"] == {"x": {"x": 6, "y": 4}, "y": {"x": 4, "y": 0}}
    assert found["hvp"] == {"along": {"x": 1, "y": 0}, "gradient": {"x": 6, "y": 4}}
    assert found["jvp"] == {"along": {"x": 0, "y": 1}, "value": 4}
    assert found["curvature"]["kind"] == "indefinite"


def test_explain_tells_how_a_stage_moves(command: Command) -> None:
    done = command("explain", "(x+y)*z", "--x=-2", "--y=5", "--z=-4", "--along", "x=1")
    assert "(1) q = x + y = (-2) + 5 = 3; moves by 1\n" in done.stdout
    assert "(2) f = q * z = 3 * (-4) = -12; moves by -4\n" in done.stdout


def test_a_picture_has_dual_numbers(command: Command) -> None:
    done = command("draw", "x*y", "--x=2", "--y=5", "--along", "x=1,y=-1", "--precision=0")
    assert {"2 + 1ε", "5 - 1ε", "10 + 3ε"} <= set(re.findall(r"\d+ [+-] \dε", done.stdout))


def test_the_check_judges_each_by_three_opinions() -> None:
    report = backprop.check("x**3*sin(y)", x=2, y=1, hessian=True)
    assert [(one.by, one.mover, one.verdict) for one in report.check.second] == [
        ("x", "x", "agree"), ("y", "x", "agree"), ("x", "y", "agree"), ("y", "y", "agree"),
    ]  # fmt: skip


def test_the_check_of_a_kink_of_second_order() -> None:
    (found,) = backprop.check("abs(x)*x", x=0, hessian=True).check.second
    assert (found.verdict, found.reason) == (
        "kink", "df/dx has slope -2 on the left and 2 on the right as x moves: a kink of second order",
    )  # fmt: skip


def test_the_check_of_entries() -> None:
    found = backprop.check("sum(tanh(W @ x))", W=[[1.0, 2.0]], x=[0.1, 0.2], hvp="x=1").check.second
    assert {one.by: one.verdict for one in found} == dict.fromkeys(
        ("W[0, 0]", "W[0, 1]", "x[0]", "x[1]"), "agree"
    )


def test_a_wrong_second_derivative_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's number is not what SymPy and differences say."""
    right = second.by_engine
    monkeypatch.setattr(
        second,
        "by_engine",
        lambda *args: {name: x + bool(name) for name, x in right(*args).items()},
    )
    report = backprop.evaluate("x**3*y", x=2, y=1, hessian=True)
    asked = request(report, METHODS, 0, formula=False)
    verdicts = [one.verdict for one in judged(subject_of(asked), asked["second"], METHODS)]
    assert verdicts == ["differ"] * 4


@pytest.mark.parametrize("number", range(15))
def test_no_right_second_derivative_is_called_wrong(number: int) -> None:
    sample = programs.sample(f"judged:{number}")
    report = backprop.evaluate(sample.text, sample.point, hessian=True)
    asked = request(report, METHODS, 0, formula=False)
    if report.finite and sample.point:
        verdicts = {one.verdict for one in judged(subject_of(asked), asked["second"], METHODS)}
        assert verdicts <= {"agree", "rounding", "kink"}


def test_tangents_load_nothing_more() -> None:
    args = ["eval", "x*y", "--x=1", "--y=2", "--mode=both", "--hvp=x=1", "--no-check", "--json"]
    code = f"from backprop.cli.main import run; run({args!r})"
    assert loaded_after(code) & {"sympy", "numpy", "rich", "mpmath"} == set()


def test_what_eval_prints_is_as_its_schema_says(command: Command) -> None:
    schema = json.loads(files("backprop.schemas").joinpath("eval.json").read_text("utf-8"))
    for args in (
        ("x**2*y", "--x=2", "--y=3", "--hessian", "--mode=both", "--jvp=x=1", "--hvp=y=1"),
        ("sum(W**3)", "--W=[1,2]", "--hessian", "--along=W=ones"),
    ):
        jsonschema.validate(json.loads(command("eval", *args, "--json").stdout), schema)
