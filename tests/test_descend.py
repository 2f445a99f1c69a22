"""Descending: the moves against PyTorch's and SciPy's own, the endings, and why a run ended so."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from recorded import recorded

from backprop.descending.course import Course, Step, marked
from backprop.descending.descend import descend
from backprop.descending.scale import scale_of
from backprop.descending.schedule import SCHEDULES, rates_of
from backprop.errors import BackpropError, UsageError

ROSENBROCK = "(1-x)**2 + 100*(y-x**2)**2"
START = {"x": -1.2, "y": 1.0}

# A network of two layers, worked out by hand: https://mattmazur.com/2015/03/17/
NETWORK = """\
h1 = sigmoid(w1*i1 + w2*i2 + b1)
h2 = sigmoid(w3*i1 + w4*i2 + b1)
o1 = sigmoid(w5*h1 + w6*h2 + b2)
o2 = sigmoid(w7*h1 + w8*h2 + b2)
E = (t1 - o1)**2/2 + (t2 - o2)**2/2
"""
WEIGHTS = {
    "w1": 0.15,
    "w2": 0.2,
    "w3": 0.25,
    "w4": 0.3,
    "w5": 0.4,
    "w6": 0.45,
    "w7": 0.5,
    "w8": 0.55,
}
REST = {"i1": 0.05, "i2": 0.1, "b1": 0.35, "b2": 0.6, "t1": 0.01, "t2": 0.99}
STEPPED = {
    "w1": 0.14978071613, "w2": 0.19956143226, "w3": 0.24975114363, "w4": 0.29950228726,
    "w5": 0.35891647972, "w6": 0.40866618608, "w7": 0.51130127024, "w8": 0.56137012111,
}  # fmt: skip


def steps_of(program: str, values: dict[str, Any], **options: Any) -> list[Step]:
    found: list[Step] = []
    descend(program, values, tell=found.append, **options)
    return found


def test_one_step_of_a_network_is_what_was_worked_out_by_hand() -> None:
    found = descend(NETWORK, WEIGHTS | REST, wrt=WEIGHTS, lr=0.5, steps=1)
    assert found.course.values[0] == pytest.approx(0.29837110876, abs=1e-11)
    assert {name: found.point[name] for name in WEIGHTS} == pytest.approx(STEPPED, abs=1e-11)
    assert {name: found.point[name] for name in REST} == REST


def test_two_steps_of_adam_are_what_was_worked_out_by_hand() -> None:
    """Of x²/2, whose slope is x, with betas 1/2 and 3/4. In the first step both corrected means
    are the slope's own, so that the step is the rate."""
    first, second = steps_of(
        "x**2/2", {"x": 2.0}, method="adam", lr=0.5, steps=2, betas=(0.5, 0.75)
    )[1:]
    mean = (0.5 * (0.5 * 2) + 0.5 * 1.5) / (1 - 0.5**2)
    square = (0.75 * (0.25 * 2**2) + 0.25 * 1.5**2) / (1 - 0.75**2)
    assert first.point["x"] == pytest.approx(1.5, abs=1e-8)
    assert second.point["x"] == pytest.approx(1.5 - 0.5 * mean / square**0.5, abs=1e-8)


# PyTorch's optimizers, at some of their steps.

METHODS: dict[str, dict[str, Any]] = {
    "descent": {}, "momentum": {"momentum": 0.8}, "nesterov": {}, "adam": {"betas": (0.8, 0.99)},
}  # fmt: skip
MARKED = (0, 1, 2, 5, 10, 20, 40, 60)  # steps that are recorded
RATED = ("cosine", "exponential", "lr*0.5**floor(t/20)", "linear")


@pytest.mark.parametrize("method", METHODS)
def test_the_moves_are_those_of_pytorch(method: str) -> None:
    options = METHODS[method]
    found = steps_of(ROSENBROCK, START, method=method, lr=1e-3, steps=60, **options)
    assert len(found) == 61
    theirs = recorded("pytorch")["moves"][method]
    for number in MARKED:
        step = found[number]
        ours = [*step.point.values(), step.value]
        assert ours == pytest.approx(theirs[str(number)], rel=1e-12)


def layer() -> tuple[Any, Any]:
    """Weights, and what they are multiplied by."""
    numbers = np.sin(np.arange(1.0, 9.0) ** 2)
    return numbers[:6].reshape(3, 2), numbers[6:]


@pytest.mark.parametrize("method", METHODS)
def test_the_moves_of_arrays_are_those_of_pytorch(method: str) -> None:
    start, data = layer()
    values = {"W": start.copy(), "v": data}
    found = steps_of(
        "sum(tanh(W@v)**2)", values, wrt=["W"], method=method, lr=1e-3, steps=60,
        **METHODS[method],
    )  # fmt: skip
    theirs = recorded("pytorch")["moves of arrays"][method]
    for number in MARKED:
        assert found[number].point["W"] == pytest.approx(np.array(theirs[str(number)]), rel=1e-12)
    assert (values["W"] == start).all()


@pytest.mark.parametrize("name", RATED)
def test_the_rates_are_those_of_pytorch(name: str) -> None:
    ours = rates_of(name, 0.3, 50)
    assert [ours(step) for step in range(50)] == pytest.approx(
        recorded("pytorch")["rates"][name], rel=1e-9
    )


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_schedule_with_a_name_has_rates(name: str) -> None:
    rates = [rates_of(name, 0.5, 20)(step) for step in range(20)]
    assert all(0 < rate <= 0.5 for rate in rates)


# SciPy's methods.


def rosenbrock(vector: Any) -> tuple[float, Any]:
    x, y = vector
    slope = [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2, np.array(slope)


def test_lbfgs_goes_the_way_of_scipy() -> None:
    optimize = pytest.importorskip("scipy.optimize")
    way = [np.array([-1.2, 1.0])]
    optimize.minimize(
        rosenbrock, way[0], jac=True, method="L-BFGS-B", callback=lambda x: way.append(x.copy())
    )
    found = steps_of(ROSENBROCK, START, method="lbfgs")
    ours = [list(step.point.values()) for step in found]
    assert len(way) > 30
    for mine, theirs in zip(ours[:30], way[:30], strict=True):
        assert mine == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize("method", ["lbfgs", "trust"])
def test_methods_of_scipy_find_the_end_of_the_valley(method: str) -> None:
    pytest.importorskip("scipy")
    found = descend(ROSENBROCK, START, method=method)
    assert found.status == "converged"
    assert found.point == pytest.approx({"x": 1, "y": 1}, abs=1e-7)
    assert found.steps < 100


@pytest.mark.parametrize("method", ["lbfgs", "trust", "descent", "adam"])
def test_bounds_are_kept_and_may_be_where_it_ends(method: str) -> None:
    if method in ("lbfgs", "trust"):
        pytest.importorskip("scipy")
    rate: dict[str, Any] = {} if method in ("lbfgs", "trust") else {"lr": 1e-3, "steps": 20_000}
    seen: list[float] = []
    found = descend(
        ROSENBROCK,
        START,
        method=method,
        bounds=["x=-2:0.5"],
        tell=lambda step: seen.append(step.point["x"]),
        **rate,
    )
    assert found.status == "converged"
    assert max(seen) <= 0.5
    assert found.point == pytest.approx({"x": 0.5, "y": 0.25}, abs=1e-6)


@pytest.mark.parametrize("method", ["lbfgs", "trust"])
def test_a_method_turns_back_where_there_is_no_value(method: str) -> None:
    pytest.importorskip("scipy")
    found = descend("x - log(x)", {"x": 50.0}, method=method)
    assert found.status == "converged"
    assert found.point == pytest.approx({"x": 1.0}, abs=1e-7)


# How runs end.

ENDINGS = [
    ("x**2", {"x": 3.0}, {"lr": 0.1}, "converged", ""),
    ("x**2", {"x": 3.0}, {"lr": 0.1, "steps": 5}, "steps", ""),
    ("cos(x) + exp(x*x)", {"x": 0.3}, {"lr": 0.1}, "converged", ""),
    ("relu(1 - w)", {"w": 0.0}, {"lr": 0.3}, "converged", ""),  # a relu that should fall, and did
    ("exp(-x)", {"x": 18.6}, {}, "converged", ""),
    ("max(x**2, 3)", {"x": 1.0}, {}, "converged", ""),
    ("(x-y)**2", {"x": 1.0, "y": 3.0}, {"lr": 0.1}, "converged", ""),
    (ROSENBROCK, START, {"lr": 0.01}, "diverged", "q5"),
    (ROSENBROCK, START, {"lr": 1e200}, "diverged", "q2"),
    ("x**2", {"x": 1.0}, {"lr": 1.1}, "diverged", "f"),
    ("x**2", {"x": 1.0}, {"lr": 1.1, "steps": 5}, "diverged", "f"),
    ("-exp(x)", {"x": 1.0}, {"lr": 1.0}, "diverged", "q"),
    ("x - log(x)", {"x": 3.0}, {"lr": 5.0}, "undefined", "q"),
    ("sqrt(x)", {"x": 0.0}, {}, "undefined", "f"),
    ("exp(x)", {"x": 1000.0}, {}, "undefined", "f"),
    ("(relu(w+b) - 1)**2", {"w": 1.0, "b": -5.0}, {}, "vanished", "q2"),
    ("(relu(w+b) - 0.1)**2", {"w": 5.0, "b": 0.0}, {"lr": 0.9}, "vanished", "q2"),  # died on the way
    ("(relu(w) - 1)**2", {"w": -0.01}, {}, "vanished", "q1"),  # just behind its kink
    ("sinc(x)", {"x": 7.0}, {"lr": 1.0}, "converged", ""),  # a minimum, though not the lowest
    ("(1/(1+exp(-x)))**2", {"x": 40.0}, {}, "vanished", "q2"),
    ("sigmoid(x)**2", {"x": 40.0}, {}, "vanished", "q"),
    ("floor(x)", {"x": 0.7}, {}, "vanished", "f"),
    ("cos(x)", {"x": 0.0}, {}, "vanished", "f"),  # a maximum
    ("(x*y - 1)**2", {"x": 0.0, "y": 0.0}, {}, "vanished", "q1"),  # a saddle
    ("x**3", {"x": 0.0}, {}, "vanished", "f"),
    ("sum(sigmoid(W*1000)**2)", {"W": [1.0, 2.0]}, {}, "vanished", "q2"),
    ("sum((W - 2)**2)", {"W": [1.0, 2.0]}, {"lr": 1e9}, "diverged", "q2"),
    ("sum((W - 2)**2)", {"W": [1.0, 2.0]}, {"lr": 0.1}, "converged", ""),
    ("sum(log(W))", {"W": [1.0, 2.0]}, {"lr": 3.0}, "undefined", "q"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "values", "options", "status", "stage"), ENDINGS, ids=[f"{e[0]} {e[2]}" for e in ENDINGS]
)  # fmt: skip
def test_a_run_ends_like_this_and_names_the_stage(
    program: str, values: dict[str, Any], options: dict[str, Any], status: str, stage: str
) -> None:
    found = descend(program, values, **options)
    assert (found.status, found.verdict.stage) == (status, stage)
    assert found.fine == (status in ("converged", "steps"))


def test_the_rate_that_a_diverging_run_is_told_goes_down() -> None:
    hint = descend(ROSENBROCK, START, lr=1e9).verdict.hint
    assert hint == "a smaller rate, such as --lr 0.001"
    found = descend(ROSENBROCK, START, lr=float(hint.split()[-1]), steps=5000)
    assert found.course.values[0] > found.course.values[-1]


def test_a_diverging_run_ends_soon() -> None:
    assert descend("x**2", {"x": 1.0}, lr=1.01, steps=100_000).steps < 200


def test_a_kink_that_stops_a_method_is_named() -> None:
    pytest.importorskip("scipy")
    found = descend("abs(x)", {"x": 0.7}, method="lbfgs")
    assert found.status == "stalled"
    assert "f = abs(x)" in found.verdict.reason


def test_the_last_point_is_the_last_with_numbers() -> None:
    found = descend("x - log(x)", {"x": 3.0}, lr=5.0)
    assert (found.point, found.steps) == ({"x": 3.0}, 1)
    assert found.to_dict()["values"][-1] == "NaN"


def test_rising_and_falling_is_not_diverging() -> None:
    course = Course(1000, 1e-8)
    for number in range(200):
        value = 1.0 if number == 0 else 900.0 + 100.0 * (number % 3)
        assert not course.visit(Step(number, value, {"x": 1.0}, {"x": 1.0}, 1.0))


def test_points_are_kept_in_full_at_1_2_5_10_20() -> None:
    rows = descend("x**2", {"x": 3.0}, lr=0.1, steps=60).course.rows()
    assert [step.number for step in rows] == [0, 1, 2, 5, 10, 20, 50, 60]
    assert [n for n in range(1001) if marked(n)] == [0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000]


# Small parts.


@pytest.mark.parametrize(
    ("values", "logarithmic"),
    [
        ([1.0, 10.0], False),
        ([1.0, 100.0], True),
        ([0.0, 100.0], False),
        ([-1.0, 100.0], False),
        ([3.0], False),
    ],
)
def test_the_axis_is_logarithmic_where_values_span_decades(
    values: list[float], logarithmic: bool
) -> None:
    scale = scale_of(values)
    assert scale.logarithmic == logarithmic
    assert all(0 <= scale.share(value) <= 1 for value in values)
    ticks = scale.ticks(5)
    assert all(low < high for low, high in pairwise(ticks))
    assert 1 <= len(ticks) <= 6


XS = np.linspace(-1.0, 1.0, 23)
REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"method": "adan"}, "there is no method called adan; there are descent, momentum, nesterov, adam, lbfgs, trust"),
    ({"lr": 0.0}, "--lr is a rate above 0, not 0"),
    ({"lr": float("nan")}, "--lr is a rate above 0, not nan"),
    ({"method": "lbfgs", "lr": 1.0}, "lbfgs chooses its own steps: it takes no --lr or --schedule"),
    ({"method": "trust", "batch": 2}, "trust needs all rows at every step: it takes no --batch"),
    ({"steps": 0}, "--steps can be 1 to 1,000,000, not 0"),
    ({"tol": -1.0}, "--tol is a slope of 0 or more, not -1"),
    ({"momentum": 1.0}, "--momentum can be from 0 to below 1, not 1"),
    ({"betas": (0.9, 2.0)}, "--betas can be from 0 to below 1, not 2"),
    ({"batch": 2}, "--batch is for rows of data, and there are none"),
    ({"bounds": ["y=0:1"]}, "--bounds names y, which is not a parameter; they are x"),
    ({"bounds": ["x=0"]}, "--bounds takes NAME=LOW:HIGH, not x=0"),
    ({"bounds": ["x=2:1"]}, "the bounds of x leave no room: 2:1"),
    ({"bounds": ["x=0:1"]}, "x starts outside its bounds, 0 to 1"),
    ({"bounds": ["x=0:", "x=:9"]}, "the bounds of x are given twice"),
    ({"schedule": "lr/q"}, "--schedule lr/q: a schedule is a formula of lr, t, steps"),
    ({"schedule": "lr/t"}, "--schedule lr/t: the rate of step 0 is inf"),
    ({"wrt": ["z"]}, "wrt names z, which is not a variable; the program has x"),
    ({"engine": "native"}, "--engine is for rows of data, and there are none"),
    ({"columns": {"x": XS[:0]}}, "columns are arrays of numbers, all of one length above 0"),
    ({"columns": {"x": XS, "y": XS[1:]}}, "columns are arrays of numbers, all of one length above 0"),
    ({"columns": {"x": XS}, "wrt": ["x"]}, "x is a column of the data, so it can't be a parameter"),
    ({"ties": "none"}, "ties can be auto, notes, split, first, not none"),
]  # fmt: skip


@pytest.mark.parametrize(("options", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_cannot_be_descended_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        descend("x**2", {"x": 3.0}, **options)
    assert caught.value.message == message


def test_a_broken_schedule_points_at_its_character() -> None:
    with pytest.raises(BackpropError) as caught:
        descend("x**2", {"x": 3.0}, schedule="lr/(")
    assert (
        caught.value.render().splitlines()[0]
        == "error: --schedule: line 1, column 4: this bracket is never closed"
    )


def test_an_output_that_is_an_array_has_no_way_down() -> None:
    with pytest.raises(
        UsageError, match="the output is a vector of 2, and only a number can be descended"
    ):
        descend("W*2", {"W": [1.0, 2.0]})
