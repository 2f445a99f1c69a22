"""The check where terms cancel, where constants lose digits, and where floats end."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from conftest import Command
from examining import checked
from mpmath import mp, mpf

from backprop import BackpropError, evaluate, parse
from backprop.checking.digits import lost_forward

VECTOR = {"x": [1.0, 2.0, 3.0]}
BATCH = np.random.default_rng(3)

# Right gradients whose parts cancel, to 0 or to next to nothing.
CANCELLING: list[tuple[str, dict[str, Any]]] = [
    ("exp(u)/(exp(u) + exp(v)) + exp(v)/(exp(u) + exp(v))", {"u": 1.2, "v": 0.6}),
    ("sin(x)**2 + cos(x)**2", {"x": 0.7}),
    ("log(exp(x)) - x", {"x": 2.0}),
    ("sum(softmax(x))", {"x": [1.2, 0.6, 1.3]}),
    ("sum(softmax(x + b)*y)", {"x": [0.3, -1.2, 0.5], "b": 0.2, "y": [1.0, -0.4, 0.7]}),
    ("sum(exp(log_softmax(x*c)))", VECTOR | {"c": 2.0}),
    ("norm(x/norm(x))", VECTOR),
    ("sum(softmax(A*c, axis=1))", {"A": [[1.0, 2.0], [3.0, 4.0]], "c": 2.0}),
    ("log_softmax(z)[0]", {"z": [20.0, 0.0]}),
    ("log_softmax(z)[0]", {"z": [40.0, 0.0, 1.0]}),
    ("sum(a*b)/(norm(a)*norm(b))", {"a": [1.0, 2.0, 3.3], "b": [1.0, 2.0, 3.3]}),
    ("h = X@W + b; d = h - mean(h, axis=0); s = sqrt(mean(d**2, axis=0) + 1e-5); sum(tanh(d/s)*Y)",
     {"X": BATCH.normal(size=(4, 3)), "W": BATCH.normal(size=(3, 2)), "b": [0.3, -0.4],
      "Y": BATCH.normal(size=(4, 2))}),
    ("(x + y)**2 - x**2 - 2*x*y - y**2", {"x": 0.1, "y": 0.3}),
    ("cos(pi*x)", {"x": 1.0}),
    ("cos(x*pi/2)", {"x": 1.0}),
    ("sum(cos(pi*v))", {"v": [1.0, 2.0]}),
    ("sum(log_softmax(x))", {"x": [1.0, 1.0, 1.0]}),
    ("-log_softmax(z)[y]", {"z": [1.0, 2.0, 3.0], "y": 1.0}),
    ("sum(C[X[:, 0]])", {"C": [[1.0, 2.0], [2.0, 3.0]], "X": [[1.0, 0.0], [0.0, 1.0]]}),
    ("softplus(x) + silu(x)", {"x": 1e160}),
    ("logaddexp(x, y)", {"x": 1e160, "y": 1.0}),
    ("logsumexp(v)", {"v": [1e160, 1.0]}),
    ("sum(solve(A, b)**2) + logdet(A)", {"A": BATCH.normal(size=(5, 5)), "b": [1.0] * 5}),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point"), CANCELLING, ids=[text for text, _ in CANCELLING])
def test_what_cancels_is_no_difference(text: str, point: dict[str, Any]) -> None:
    found = checked(text, point)
    assert (found.verdict, found.remarks) == ("agree", [])


def test_a_part_in_a_thousand_million_of_what_cancels_is_a_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dust that is forgiven is far below any mistake."""
    from backprop.arithmetic.precise import PRECISE

    right = PRECISE.local["notes"]["sin"]
    monkeypatch.setitem(
        PRECISE.local["notes"], "sin", lambda a, out: (right(a, out)[0] * (1 + mpf(10) ** -9),)
    )
    assert checked("sin(x)**2 + cos(x)**2", {"x": 0.7}).verdict == "differ"


def test_small_entries_beside_a_large_one_keep_their_digits() -> None:
    report = evaluate("log_softmax(z)[0]", {"z": [20.0, 0.0]})
    with mp.workdps(50):
        exact = -mp.log1p(mp.exp(-20))
        slope = 1 / (1 + mp.exp(20))
    assert report.value == pytest.approx(float(exact), rel=1e-15)
    assert report.gradient["z"].tolist() == pytest.approx([float(slope), -float(slope)], rel=4e-15)
    report = evaluate("logsumexp(z)", {"z": [0.0, -40.0]})
    assert report.value == pytest.approx(4.248354255291589e-18, rel=1e-15)


# Constants are computed from the text, with all digits.

CONSTANTS: list[tuple[str, dict[str, Any], str, str]] = [
    ("x*((1 - cos(1e-8))/1e-16)", {"x": 2.0}, "rounding", "0.5"),
    ("x*(1e16 + 1 - 1e16)", {"x": 2.0}, "rounding", "1"),
    ("x*exp(800)/exp(799)", {"x": 2.0}, "overflow", "2.718281828459045"),
    ("x*log(2)", {"x": 2.0}, "agree", "0.693147180559945309417232121458176568"),
    ("x*(exp(800)/exp(799))", {"x": 2.0}, "overflow", "2.718281828459045"),
    ("x*(exp(-800)*exp(800))", {"x": 2.0}, "overflow", "1"),
    ("x*(1e200/(1e200*1e200))", {"x": 2.0}, "overflow", "1.0000000000000000302668777"),
    ("exp2(1e-160)**x", {"x": 2.0}, "rounding", "6.9314718055994530154"),
    ("x*asinh(sin(pi) + 1e-160)", {"x": 2.0}, "rounding", "9.999999999999999886"),
    ("f(t) = t*log(3)\nf(x) + sin(pi/6)*x", {"x": 2.0}, "agree", "1.598612288668109691395245236922"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "point", "verdict", "exact"), CONSTANTS)
def test_constants_are_exact_for_the_opinions(
    text: str, point: dict[str, Any], verdict: str, exact: str
) -> None:
    found = checked(text, point)
    assert found.inputs["x"].verdict == verdict
    assert str(found.inputs["x"].exact).startswith(exact)


ZEROS = ["sin(pi)", "(sqrt(2)**2 - 2)", "(log(e) - 1)", "(3 + sin(2*pi))*sin(pi)"]


@pytest.mark.parametrize("zero", ZEROS)
def test_a_constant_that_is_0_to_within_rounding_is_0(zero: str) -> None:
    found = checked(f"x*{zero}", {"x": 2.0})
    assert (found.verdict, found.value and found.value.exact) == ("agree", "0")
    assert found.inputs["x"].exact == "0"
    for whole in ("sum", "max"):
        of_array = checked(f"{whole}(v)*{zero}", {"v": [2.0, 3.0]}).inputs["v"]
        assert (of_array.verdict, of_array.exact) == ("agree", ["0", "0"])
    assert checked(f"x/({zero})", {"x": 2.0}).verdict == "undefined"


def test_a_root_of_0_is_not_0_to_within_rounding() -> None:
    """The root of 1.2e-16 is as far from 0 as 1e-8."""
    assert checked("x*sqrt(sin(pi))", {"x": 2.0}).verdict == "rounding"


def test_a_maximum_that_rounding_has_chosen_is_not_right_to_within_rounding() -> None:
    found = checked("min(A + (sqrt(2)**2 - 2))", {"A": [3.418e-161, -1.833e-161]})
    assert found.inputs["A"].verdict == "kink"


def test_constants_that_are_one_float_are_not_one_number() -> None:
    found = checked("cos((log(e) - 1) - (tanh(30) - 1)*c)*norm(A)", {"c": 0.7, "A": [[1.0, 2.0]]})
    assert [found.inputs[name].verdict for name in "cA"] == ["rounding", "agree"]


def test_constants_in_arrays_are_exact_too() -> None:
    found = checked("sum(x*[log(2), 1e16 + 1 - 1e16])", {"x": [2.0, 3.0]})
    assert found.verdict == "rounding"
    assert [text[:12] for text in found.inputs["x"].exact] == ["0.6931471805", "1"]
    assert checked("sum(x*pi*[1, 2])", {"x": [2.0, 3.0]}).verdict == "agree"


def test_ten_thousand_constants_in_a_row_are_no_recursion() -> None:
    assert checked("x*(" + "1 + " * 10_000 + "1)", {"x": 2.0}, ("numeric",)).verdict == "agree"


# What is next to nothing, but not 0.


@pytest.mark.parametrize("x", [40.0, 80.0, 300.0])
def test_a_small_difference_of_large_parts_is_not_0(x: float) -> None:
    found = checked("softplus(x) - x", {"x": x}).inputs["x"]
    assert (found.verdict, found.digits) == ("rounding", 0)
    with mp.workdps(50):
        assert abs(mpf(found.exact) * mp.exp(x) + 1) < 1e-15


def test_floats_below_the_normal_ones_round() -> None:
    given = {"u": [-1.4998e-160, -2.602e-160, 1.1964e-160]}
    assert checked("norm(u*u)", given).inputs["u"].verdict == "rounding"


@pytest.mark.parametrize("text", ["log(relu(x)) + y", "asinh(log(relu(x)))*y", "y + log(0*x)"])
def test_what_has_no_value_has_no_derivative(text: str) -> None:
    found = checked(text, {"x": -1.39, "y": 2.0})
    assert {one.verdict for one in found.inputs.values()} == {"undefined"}


def test_an_entry_without_a_value_that_nobody_uses_is_no_difference() -> None:
    found = checked("sqrt(A)[-1] @ v", {"A": [[0.4, -1.2], [0.7, 1.3]], "v": [-0.4, 1.0]})
    assert [found.inputs[name].verdict for name in "Av"] == ["undefined", "agree"]


def test_what_ties_in_floats_only_is_no_difference() -> None:
    """Exactly, atanh(y) is larger by a part in 10**16."""
    text = "min(atanh(y), abs(y)) + atan2(log10(2*y), acos(y**y))"
    assert checked(text, {"y": 1.0504e-08}).verdict == "agree"


def test_an_operand_that_overflowed_is_no_kink() -> None:
    found = checked("min(silu(x), x*(exp(800)/exp(799)))", {"x": -2.0414})
    assert (found.verdict, found.inputs["x"].verdict) == ("overflow", "overflow")


# What is passed on the way to a number.


def test_an_answer_that_an_overflow_has_spoiled_is_overflow(command: Command) -> None:
    done = command("check", "x/sqrt(1+x**2)", "--x=1e160")
    assert (done.returncode, done.stdout.splitlines()[:2]) == (
        3,
        ["overflow: f: a step on the way exceeds 1.8e308, where float64 ends; the exact value is 1",
         "note: hypot(1, x) instead of sqrt(1 + x**2) keeps 16 digits here"],
    )  # fmt: skip
    assert checked("x*log(x)", {"x": 1e-320}).verdict == "overflow"


def test_what_is_larger_than_any_float_is_computed_exactly() -> None:
    found = checked("log(exp(x) + exp(y))", {"x": 1e160, "y": 1.0})
    assert (found.verdict, found.inputs["x"].exact) == ("overflow", "1")
    assert [remark.message for remark in found.remarks] == [
        "logaddexp(x, y) instead of log(exp(x) + exp(y)) keeps 16 digits here"
    ]
    assert checked("exp(x)", {"x": 1e160}).reason.startswith(
        "df/dx: the value exceeds 1.8e308, where float64 ends; the exact value is larger than ten to a million"
    )


def test_a_power_near_1_is_not_called_boundless() -> None:
    found = checked("(1 + x/n)**n", {"x": 1.0, "n": 1e16})
    assert found.verdict == "rounding"
    assert str(found.value and found.value.exact).startswith("2.71828182845904")


def test_nothing_is_said_to_cancel_that_comes_alone() -> None:
    remark, _ = checked("atan(x)", {"x": 1e160}).remarks
    assert remark.message == "what f passes back to x loses digits: of 16 right ones 0 are left"


# Texts that every opinion would misread alike are refused.


@pytest.mark.parametrize(
    ("text", "given", "message"),
    [
        ("max(v[v > 0])", {"v": [1.0, -2.0]},
         "a condition in square brackets selects entries, which only sum, mean, prod and norm take"),
        ("sum(v[(v > 0) + (v < 2)])", {"v": [1.0, -2.0]}, "a sum of conditions counts them"),
    ],
)  # fmt: skip
def test_what_numpy_means_otherwise_is_refused(
    text: str, given: dict[str, Any], message: str
) -> None:
    with pytest.raises(BackpropError) as refused:
        evaluate(text, given)
    assert str(refused.value).startswith(message)


def test_a_stage_that_no_gradient_reaches_is_not_blamed() -> None:
    """Both branches lose their digits; what where does not choose is not in the answer."""
    program = parse("p = x - 1\nq = y - 1\nwhere(c, p, q)")
    digits = [16.0] * len(program.gates)
    for name, kept in (("p", 9.0), ("q", 2.0)):
        digits[program.names[name]] = kept

    class Chosen:
        def reached(self, slot: int) -> bool:
            return slot != program.names["q"]

    found = lost_forward(program, digits, Chosen())
    assert found is not None
    assert (program.labels[found.slot], found.before, found.after) == ("p", 16.0, 9.0)
