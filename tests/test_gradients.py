"""check_gradient and assert_gradient: what is right, what is wrong and where, and what is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradient_bugs
import jsonschema
import numpy as np
import pytest
from gradient_bugs import AXIS, ENTRY, KINK, MASK, MILLIONTH, NEGATIVE, Bug, bugs, module_of, point
from right_gradients import right_gradients

import backprop
from backprop.testing.slopes import Sample, noise_of, slopes


def text_of(*args: Any, **options: Any) -> list[str]:
    with pytest.raises(AssertionError) as caught:
        backprop.assert_gradient(*args, **options)
    return str(caught.value).split("\n")


def refusal(*args: Any, **options: Any) -> str:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.check_gradient(*args, **options)
    return caught.value.message


# Slopes.

LINES: dict[str, tuple[Callable[[float], float], float, float]] = {
    "sin": (np.sin, 1.0, np.cos(1.0)),
    "exp at 3": (np.exp, 3.0, np.exp(3.0)),
    "exp at 1e-150": (np.exp, 1e-150, 1.0),
    "a square at 1e150": (lambda x: x * x * 1e-200, 1e150, 2e-50),
    "close to a kink": (abs, 1e-3, 1.0),
    "beside a pole": (lambda x: float(np.log(x)) if x > 0 else float("nan"), 1e-3, 1e3),
}


@pytest.mark.parametrize(("f", "x", "slope"), LINES.values(), ids=LINES)
def test_a_slope_is_known_within_its_error(
    f: Callable[[float], float], x: float, slope: float
) -> None:
    def line(t: float) -> Sample:
        value = float(f(x + t))
        return Sample(value, abs(value))

    found = slopes(line, [abs(x), 1.0], line(0.0), noise_of(line, abs(x)))
    assert abs(found.best.value - slope) <= 4 * found.best.error
    assert found.best.error < 1e-9 * abs(slope)
    assert not found.kinked


def test_a_kink_has_two_slopes() -> None:
    def line(t: float) -> Sample:
        return Sample(max(t, 0.0) + 1e6, 1e6)

    found = slopes(line, [1.0], line(0.0), noise_of(line, 1.0))
    assert found.kinked
    assert (found.left.value, found.right.value) == pytest.approx((0, 1), abs=1e-8)


def test_a_complex_step_sees_what_differences_can_not() -> None:
    """1e8 + sin(x) has slopes to 8 digits by differences, and abs of it no complex ones."""

    def wrong(x: Any) -> Any:
        return np.cos(x) * (1 + 1e-8)

    assert backprop.check_gradient(lambda x: 1e8 + np.sin(x), np.cos, at={"x": 1.0}).passed
    assert not backprop.check_gradient(lambda x: 1e8 + np.sin(x), wrong, at={"x": 1.0}).passed
    assert backprop.check_gradient(lambda x: abs(1e8 + np.sin(x)), np.cos, at={"x": 1.0}).passed


def test_what_a_function_rounds_is_measured() -> None:
    def line(t: float) -> Sample:
        value = float(np.sin(np.float32(1 + t)))
        return Sample(value, abs(value))

    assert 1e-8 < noise_of(line, 1.0) < 1e-6


NARROW: dict[str, tuple[Any, Any]] = {
    "sin": (np.sin, np.cos), "exp": (np.exp, np.exp), "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0) * 1.0),
}  # fmt: skip


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(("f", "df"), NARROW.values(), ids=NARROW)
def test_what_computes_in_float32_is_judged_as_such(f: Any, df: Any, seed: int) -> None:
    x = np.random.default_rng(seed).standard_normal(4)

    def narrow(x: Any) -> Any:
        return f(x.astype("float32")).sum()

    found = backprop.check_gradient(narrow, lambda x: df(x), at={"x": x}, points=4)
    assert found.passed, found
    assert any(note.startswith("differences say no more than") for note in found.notes)
    assert not backprop.check_gradient(narrow, lambda x: 1.01 * df(x), at={"x": x}, points=4).passed


# Bugs that are planted in layers. `campaigns/gradients.py` asks all of them, and other checkers.

SOME = {
    ("affine", MILLIONTH), ("layer_norm", ENTRY), ("gelu", NEGATIVE), ("softmax", AXIS),
    ("batch_norm", AXIS), ("leaky_relu", MASK), ("hinge", MASK),
}  # fmt: skip
PLANTED = [one for one in bugs() if (one.layer, one.kind) in SOME]


@pytest.mark.parametrize("bug", PLANTED, ids=lambda one: f"{one.layer}, {one.kind}")
def test_a_planted_bug_is_found_on_its_line(bug: Bug, tmp_path: Path) -> None:
    module = module_of(bug.text, tmp_path, f"planted_{bug.layer}")
    f, df = getattr(module, bug.layer), getattr(module, f"{bug.layer}_backward")
    found = backprop.check_gradient(f, df, at=point(bug.layer, bug.kind))
    assert found.verdict == "wrong"
    assert [one.line for one in found.lines] == [bug.line]
    assert (found.number > 1) == (bug.kind == NEGATIVE)  # where x < 0 is around the point


KINKS = [one for one in bugs() if one.kind == KINK and one.layer in ("relu", "absolute_error")]


@pytest.mark.parametrize("bug", KINKS, ids=lambda one: one.layer)
def test_half_of_two_slopes_is_neither(bug: Bug, tmp_path: Path) -> None:
    module = module_of(bug.text, tmp_path, f"kinked_{bug.layer}")
    f, df = getattr(module, bug.layer), getattr(module, f"{bug.layer}_backward")
    at = point(bug.layer, bug.kind)
    found = backprop.check_gradient(f, df, at=at)
    assert (found.verdict, found.findings[0].entry, found.passed) == ("kink", (1, 2), False)
    assert [one.line for one in found.lines] == [bug.line]
    assert backprop.check_gradient(f, df, at=at, allow=("kink",)).passed


LAYERS = ("relu", "softmax", "attention", "clipped")


@pytest.mark.parametrize("layer", LAYERS)
def test_a_right_layer_is_read_and_right_also_at_its_kinks(layer: str, tmp_path: Path) -> None:
    module = module_of(gradient_bugs.FILE.read_text(), tmp_path, f"right_{layer}")
    f, df = getattr(module, layer), getattr(module, f"{layer}_backward")
    found = backprop.check_gradient(
        f, df, at=point(layer, KINK if layer in gradient_bugs.HALF else "")
    )
    assert (found.verdict, found.methods) == ("right", ("read", "differences"))


RIGHT = [*right_gradients()]


def test_there_are_200_right_functions() -> None:
    assert len(RIGHT) >= 200


@pytest.mark.parametrize("one", RIGHT[::13], ids=lambda one: one.name)
def test_a_right_gradient_raises_no_alarm(one: Any) -> None:
    found = backprop.check_gradient(one.function, one.gradient, at=one.at, points=4)
    assert found.passed, found
    assert any("float32" in note for note in found.notes) == ("float32" in one.name)


# What is said.


def square(x: Any) -> Any:
    return np.sum(x**2)


def square_gradient(x: Any) -> Any:
    dx = 3 * x
    return (dx,)


def test_an_error_says_what_is_wrong_where_and_how_to_see_it_again() -> None:
    said = text_of(square, square_gradient, at={"x": [1.0, 2.0]})
    line = square_gradient.__code__.co_firstlineno + 1
    assert said == [
        "the gradient of x is wrong in 2 of 2 entries of x",
        "  dx[1] is 6, right is 4: off by 0.5 of it",
        "  dx[0] is 3, right is 2: off by 0.5 of it",
        "  at x = [1.0, 2.0]",
        f"  tests/test_gradients.py, line {line}: dx = 3 * x",
        said[5],
        "  again: backprop check tests/test_gradients.py:square --backward"
        """ tests/test_gradients.py:square_gradient --at '{"x": [1, 2]}'""",
    ]


def test_what_was_found_is_json() -> None:
    found = backprop.check_gradient(square, square_gradient, at={"x": [1.0, 2.0]})
    schema = json.loads(files("backprop.schemas").joinpath("gradient.json").read_text("utf-8"))
    jsonschema.validate(found.to_dict(), schema)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["verdict"] == "wrong"
    assert (
        repr(found) == "<gradient check square: the gradient of x is wrong in 2 of 2 entries of x>"
    )


# What may be given.


def test_a_gradient_may_be_a_dict_of_texts() -> None:
    assert backprop.check_gradient("x*y + sin(x)", {"x": "y + cos(x)", "y": "x"}).passed
    found = backprop.check_gradient("x*y + sin(x)", {"x": "y - cos(x)"}, at={"x": 1, "y": 2})
    assert [one.place for one in found.findings] == ["x"]
    wrong = backprop.check_gradient(lambda x, y: x * x * y, {"x": "2*x*y", "y": "x"}, at=[2.0, 3.0])
    assert [one.place for one in wrong.findings] == ["y"]


def test_a_gradient_may_be_a_dict_by_name() -> None:
    def gradient(x: Any, y: Any) -> dict[str, Any]:
        return {"dy": x * x, "x": 2 * x * y}

    assert backprop.check_gradient(lambda x, y: x * x * y, gradient, at=[2.0, 3.0]).passed


def test_a_function_may_return_its_gradient() -> None:
    def both(w: Any, x: Any) -> Any:
        s = x @ w
        return np.sum(s**2), 2 * x.T @ s

    assert backprop.check_gradient(both, shapes={"w": (2,), "x": (3, 2)}).rows[0].name == "w"


def test_a_gradient_may_take_what_the_function_keeps() -> None:
    def forward(x: Any, w: Any) -> Any:
        z = x @ w
        return np.tanh(z), (x, w, z)

    def backward(dout: Any, cache: Any) -> Any:
        x, w, z = cache
        dz = dout * (1 - np.tanh(z) ** 2)
        return dz @ w.T, x.T @ dz

    assert backprop.check_gradient(forward, backward, shapes={"x": (2, 3), "w": (3, 2)}).passed


def test_a_text_is_judged_by_itself() -> None:
    assert backprop.check_gradient("exp(x)*y", at={"x": 1, "y": 2}).verdict == "right"


class Doubled:
    def __init__(self, w: Any) -> None:
        self.w = w

    def forward(self, x: Any) -> Any:
        self.x = x
        return x @ self.w

    def backward(self, dout: Any) -> Any:
        self.dw = 2 * self.x.T @ dout
        return dout @ self.w.T


def test_a_class_has_both_passes() -> None:
    found = backprop.check_gradient(Doubled, at={"w": np.eye(2), "x": np.ones((3, 2))})
    assert (found.verdict, [one.code for one in found.lines]) == (
        "wrong",
        ["self.dw = 2 * self.x.T @ dout"],
    )
    source = Path(__file__).read_text("utf-8").split("\n")
    assert "self.dw = 2" in source[found.lines[0].line - 1]
    assert found.again.startswith("backprop check tests/test_gradients.py:Doubled --at '{")


def test_labels_are_handed_over_as_they_are() -> None:
    def loss(scores: Any, y: Any) -> Any:
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        return -np.log((e / e.sum(axis=1, keepdims=True))[np.arange(len(y)), y]).sum()

    def gradient(scores: Any, y: Any) -> Any:
        e = np.exp(scores - scores.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        p[np.arange(len(y)), y] -= 1
        return p

    at = {"scores": np.arange(6.0).reshape(2, 3), "y": np.array([2, 0])}
    assert backprop.check_gradient(loss, gradient, at=at).passed


def test_a_function_without_a_value_is_undecided() -> None:
    found = backprop.check_gradient(lambda x: np.log(x), lambda x: 1 / x, at={"x": -1.0})
    assert (found.verdict, found.passed) == ("undefined", False)
    assert found.headline == "undefined: the value is nan at the point"


def test_a_shape_that_is_another_is_wrong() -> None:
    found = backprop.check_gradient(square, lambda x: 2 * x.sum(), at={"x": [1.0, 2.0]})
    assert found.findings[0].words == "its shape is a number, that of x is 2"


# What is refused.

REFUSED: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "f": ((3,), {}, "f is a text, a Program, a function or a class, not int"),
    "gradient": ((square, 3), {}, "the gradient is a function, or a dict of texts, not int"),
    "points": ((square, square_gradient), {"points": -1}, "points is a number from 0 to 10,000, not -1"),
    "rtol": ((square, square_gradient), {"rtol": "a"}, "rtol is a number of 0 or more, not 'a'"),
    "allow": ((square, square_gradient), {"allow": "kinks"}, "allow can name kink, undefined, unchecked, not 'kinks'"),
    "at": ((square, square_gradient), {"at": {"y": 1.0}}, "there is no input y; the inputs are x"),
    "labels alone": ((square, square_gradient), {"at": {"x": np.array([1])}}, "square has no input of floats to differentiate by"),
    "no gradient": ((square,), {"at": {"x": 1.0}}, "square returns no gradient of x"),
    "a range": ((square, square_gradient), {"ranges": {"x": 3}}, "the range of x is two numbers: (low, high)"),
    "complex": ((square, square_gradient), {"at": {"x": np.array([1j])}}, "the value of x is complex"),
}  # fmt: skip


@pytest.mark.parametrize(("args", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_what_can_not_be_checked_is_refused(
    args: tuple[Any, ...], options: dict[str, Any], message: str
) -> None:
    assert refusal(*args, **options) == message


def test_a_check_is_no_truth_value() -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        bool(backprop.check_gradient(square, square_gradient, at={"x": 1.0}))
    assert caught.value.render() == (
        "error: a gradient check is neither true nor false\nhelp: ask for check.passed, or check.verdict"
    )
