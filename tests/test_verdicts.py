"""What the three opinions say of worked cases, and of thousands of random programs."""

from __future__ import annotations

import math

import mpmath
import pytest
from campaigns.opinions import Case, judged
from counts import cases
from examining import checked, subject

from backprop import evaluate, parse
from backprop.answer.verdicts import Check
from backprop.checking import levels, opinions, symbolic
from backprop.checking.examine import examine
from backprop.program import fusing
from backprop.program.fusing import by_root

LOGISTIC = ["l1 = x", *(f"l{n} = 4*l{n - 1}*(1 - l{n - 1})" for n in range(2, 61))]


def logistic(n: int) -> str:
    return "\n".join(LOGISTIC[:n])


def nested(text: str, times: int) -> str:
    found = "x"
    for _ in range(times):
        found = text.format(found)
    return found


# Program, point, verdict, right digits of the derivative by x, and the exact one.
WORKED: list[tuple[str, dict[str, float], str, int, str]] = [
    ("(x+y)*z", {"x": -2, "y": 5, "z": -4}, "agree", 16, "-4"),
    ("(1-cos(x))/x**2", {"x": 1e-4}, "rounding", 0, "-8.3333333"),
    ("log(1+x)", {"x": 1e-10}, "rounding", 16, "0.9999999999"),
    ("((x+1e16)-1e16)*x", {"x": 3.3}, "rounding", 1, "6.59999999999999964"),
    ("sqrt(x*x+y*y)-x", {"x": 1e8, "y": 1}, "rounding", 0, "-4.99999999999999"),
    ("x**50-y**50", {"x": 1.0000001, "y": 1}, "agree", 16, "50.00024500058"),
    ("x**4-4*x**3+6*x**2-4*x+1", {"x": 1.0001}, "rounding", 4, "3.99999999999"),
    (logistic(10), {"x": 0.2}, "agree", 13, "-246.076928907"),
    (logistic(20), {"x": 0.2}, "agree", 11, "593458.740646"),
    (logistic(40), {"x": 0.2}, "rounding", 4, "-215024943735.98"),
    (logistic(60), {"x": 0.2}, "rounding", 0, "-2.5425731"),
    ("tanh(x)", {"x": 1000}, "agree", 16, "1.03061434918e-868"),
    ("exp(x)", {"x": 1000}, "overflow", 0, "1.9700711140"),
    ("x/x", {"x": 0}, "undefined", 0, "NaN"),
    ("max(x,x)", {"x": 2}, "agree", 16, "1"),
    ("max(x, exp(x)-1, (x+1)**2/2-1/2)", {"x": 0}, "agree", 16, "1"),
    ("relu(x)**2", {"x": 0}, "agree", 16, "0"),
    ("x**3", {"x": 0}, "agree", 16, "0"),
    ("where(x == 0, 1, sin(x)/x)", {"x": 0}, "agree", 16, "0"),
    ("x**1.5", {"x": 0}, "agree", 16, "0"),
    ("sin(x)**2 + cos(x)**2", {"x": 1.3}, "agree", 16, "0"),
    ("sin(1e100*x)", {"x": 1}, "agree", 16, "9.24724238751933"),
    ("1e200*x*x", {"x": 1e200}, "overflow", 0, "1.99999999999999987e400"),
    ("(x+1e160)-1e160", {"x": 3}, "rounding", 16, "1"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "point", "verdict", "digits", "exact"),
    WORKED,
    ids=[row[0].splitlines()[-1] for row in WORKED],
)
def test_worked_case(
    text: str, point: dict[str, float], verdict: str, digits: int, exact: str
) -> None:
    found = checked(text, point)
    judged = found.inputs["x"]
    mantissa, _, power = exact.partition("e")
    same = judged.exact is not None and judged.exact.startswith(mantissa)
    same = same and (not power or judged.exact.endswith(power))
    assert (found.verdict, judged.digits or 0, same) == (verdict, digits, True)


@pytest.mark.parametrize(
    ("x", "verdict"), [(40.0, "agree"), (-1000.0, "overflow"), (1000.0, "agree")]
)
def test_the_fine_sigmoid(x: float, verdict: str) -> None:
    found = checked("sigmoid(x)", {"x": x}, gates="fine")
    with mpmath.workdps(60):
        s = 1 / (1 + mpmath.exp(-mpmath.mpf(x)))
        truth = s * (1 - s) if x < 0 else s * s * mpmath.exp(-mpmath.mpf(x))
        exact = mpmath.mpf(found.inputs["x"].exact)
    assert (found.verdict, mpmath.almosteq(exact, truth, 1e-45)) == (verdict, True)


def test_sympy_s_derivative_of_the_whole_isn_t_trusted_at_a_kink() -> None:
    """For Max, SymPy's own answer is 3/2 here; the function's slope is 1."""
    text = "max(x, exp(x)-1, (x+1)**2/2-1/2)"
    found = checked(text, {"x": 0})
    assert (found.inputs["x"].verdict, found.remarks) == ("agree", [])
    found = checked(text, {"x": 0}, ties="notes")
    assert found.inputs["x"].reason == "3 is taken, the function's slope is 1"


def test_a_kink_has_both_slopes() -> None:
    found = checked("abs(x) + 3*x", {"x": 0}).inputs["x"]
    assert (found.verdict, found.left, found.right, found.reason) == (
        "kink", "2", "4", "3 is taken; the slope is 2 on the left and 4 on the right",
    )  # fmt: skip


def test_a_jump_has_no_slope() -> None:
    found = checked("floor(x)", {"x": 1}).inputs["x"]
    assert found.reason == "0 is taken; the function jumps here"


def test_only_the_inputs_that_a_kink_touches_are_in_doubt() -> None:
    found = checked("relu(x) + y*y", {"x": 0, "y": 2})
    assert {name: judged.verdict for name, judged in found.inputs.items()} == {
        "x": "kink",
        "y": "agree",
    }


def test_a_branch_that_rounding_chose_is_a_kink() -> None:
    """Exactly x + 0.5 is larger; in floats the sum with 1e16 has rounded x up to 4."""
    found = checked("max((x + 1e16) - 1e16, x + 0.5)*x", {"x": 3.3})
    assert (found.verdict, found.inputs["x"].reason) == (
        "kink", "rounding makes q4 take another branch in float64",
    )  # fmt: skip


def test_an_opinion_that_fails_is_said_and_the_others_stand(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def failing(*_arguments: object) -> None:
        raise TypeError("no rule")

    monkeypatch.setattr(symbolic, "chained", failing)
    found = checked("x*y", {"x": 2, "y": 3})
    assert (found.verdict, found.reason) == (
        "agree",
        "a numeric difference agrees, though SymPy failed: TypeError: no rule;"
        " float64 keeps 16 digits",
    )
    assert found.methods["symbolic"].state == "failed"
    alone = checked("x*y", {"x": 2, "y": 3}, ("precise", "symbolic"))
    assert (alone.verdict, alone.methods["symbolic"].reason) == ("unchecked", "TypeError: no rule")


def test_a_maximum_of_very_many_is_no_burden() -> None:
    names = [f"x{k}" for k in range(300)]
    point = {name: float(k) for k, name in enumerate(names)}
    assert checked(f"max({', '.join(names)})", point).verdict == "agree"


@pytest.mark.parametrize(
    ("text", "point", "stage", "advice"),
    [
        ("(1-cos(x))/x**2", {"x": 1e-4}, "q2", "2*sin(x/2)**2 instead of 1 - cos(x) keeps 6"),
        ("log(1+x)", {"x": 1e-10}, "f", "log1p(x) instead of log(1 + x) keeps 16"),
        ("sqrt(x*x+y*y)", {"x": 1e-200, "y": 1e-200}, "f",
         "hypot(x, y) instead of sqrt(x*x + y*y) keeps 16"),
        ("1-1/(1+exp(-x))", {"x": 40}, "f", "sigmoid(-x) instead of 1 - 1/(1 + exp(-x)) keeps 16"),
        ("exp(x)/(exp(x)+exp(y)+exp(z))", {"x": 800, "y": 799, "z": 3}, None,
         "1/(1 + exp(y - x) + exp(z - x)) instead of exp(x)/(exp(x) + exp(y) + exp(z)) keeps 16"),
        ("(sqrt(x*x+y*y)-x)*2", {"x": 1e8, "y": 1}, "q5",
         "y*y/(hypot(x, y) + x) instead of sqrt(x*x + y*y) - x keeps 16"),
    ],
)  # fmt: skip
def test_where_digits_went_and_what_keeps_them(
    text: str, point: dict[str, float], stage: str | None, advice: str
) -> None:
    remarks = {remark.kind: remark for remark in checked(text, point).remarks}
    assert remarks["stable"].message == f"{advice} digits here"
    assert (remarks["rounding"].stage if stage else None) == stage


def test_advice_that_doesn_t_help_isn_t_given() -> None:
    found = checked("((x+1e16)-1e16)*x", {"x": 3.3}).remarks
    assert [remark.kind for remark in found] == ["rounding", "stable"]
    assert found[1].message == "backprop improve looks for a form that keeps more digits"


def test_digits_are_counted_for_every_stage() -> None:
    found = checked("(1-cos(x))/x**2", {"x": 1e-4})
    values, gradients = zip(*found.stages, strict=True)
    assert (values[:2], values[-1], gradients[-1]) == ((16, 8), 8, 16)


LARGE = {
    "the logistic map of 12 as one expression": (nested("4*({0})*(1-({0}))", 11), {"x": 0.2}),
    "a product of 100": ("*".join(f"x{i}" for i in range(100)), {f"x{i}": 1 + i / 99 for i in range(100)}),
    "60 nested sigmoids": (nested("1/(1+exp(-({0})))", 60), {"x": 0.3}),
    "a loss of 1,000 samples": (
        "+".join(f"(a*{i / 7!r}+b-{i % 13})**2" for i in range(1000)), {"a": 0.3, "b": 0.2}),
    "1,000 stages": (
        "v0=x*y\n" + "\n".join(f"v{i}=sin(v{i - 1})*y+cos(v{i - 1})" for i in range(1, cases(251, 2501))),
        {"x": 0.3, "y": 0.2}),
    "1,000 inputs": ("+".join(f"w{i}*sin(w{i})" for i in range(1000)), {f"w{i}": i / 99 for i in range(1000)}),
}  # fmt: skip


@pytest.mark.parametrize("name", LARGE)
def test_large_programs_are_checked_stage_by_stage(name: str) -> None:
    found = checked(*LARGE[name])
    assert (found.verdict, found.reason.startswith("SymPy and a numeric difference agree")) == (
        "agree",
        True,
    )


def test_of_very_many_inputs_some_are_checked_alone_and_it_is_said() -> None:
    found = checked(*LARGE["1,000 inputs"])
    assert "on 20 inputs alone and on all together" in found.reason


def test_the_engine_alone_is_no_independent_opinion() -> None:
    found = checked("x*y", {"x": 2, "y": 3}, ("precise",))
    assert (found.verdict, found.reason) == (
        "unchecked",
        "df/dy: only the engine itself was asked (and 1 more)",
    )


@pytest.mark.parametrize("gates", ["written", "fine", "fused"])
def test_gelu_and_its_constants_agree_at_every_granularity(gates: str) -> None:
    assert checked("gelu(x/3)*log2(x)", {"x": 1.7}, gates=gates).verdict == "agree"


# What more digits make clear, at which lower precisions were mistaken.


@pytest.mark.parametrize(
    ("text", "x", "verdict"),
    [
        ("1-sigmoid(x)", 150.0, "rounding"),
        ("erf(x)-1", 12.0, "rounding"),
        ("acos(tanh(x))", 100.0, "rounding"),
        ("log(1-sigmoid(x))", 150.0, "rounding"),
        ("atanh(tanh(x))", 80.0, "rounding"),
        ("1/(1-sigmoid(x))", 150.0, "rounding"),
        ("silu(x)", -1.2784645427610738, "rounding"),
        ("gelu(x)", -0.7517915246935645, "rounding"),
        ("sinc(x)", 4.493409457909064, "rounding"),
        ("sin(exp(exp(x)))", 8.0, "overflow"),
        ("1e40*abs(x)", 0.0, "kink"),
        ("where(x, 2, x)", 0.0, "kink"),
        ("tanh(round(sinh(sign(x))))", 0.0, "kink"),
        ("floor(x*10)*2", 0.3, "kink"),
        ("logaddexp(-(x+x)^(x+x), 3*x)", 700.0, "overflow"),
        ("max(x, 1, 2, 3, 4, 5, 6)", 7.0, "agree"),
    ],
)
def test_hard_cases(text: str, x: float, verdict: str) -> None:
    assert checked(text, {"x": x}).verdict == verdict


def test_a_kink_elsewhere_excuses_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine overwrites, and a relu sits on its kink: that explains only the relu."""
    from test_mutations import backward_by, overwriting

    text, point = "q = sin(x)\nq*y + q*x + relu(w)", {"x": 0.3, "y": 2.0, "w": 0.0}
    assert checked(text, point).verdict == "kink"
    monkeypatch.setattr(opinions, "backward", backward_by(overwriting))
    found = checked(text, point)
    assert (found.verdict, found.inputs["x"].verdict) == ("differ", "differ")


def test_a_wrong_fusion_is_caught_by_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = by_root(["log(2 + a) => log1p(a)"])
    monkeypatch.setattr(fusing, "patterns", lambda: wrong)
    assert checked("x*log(2+x)", {"x": 1.0}, gates="fused").verdict == "differ"


def test_one_kink_among_very_many_inputs_is_singled_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "WORK", 5_000)  # so that 60 are very many
    text = "+".join(f"w{i}*sin(w{i})" for i in range(60)) + "+abs(w7)+abs(v)"
    point = {f"w{i}": 0.5 + i / 99 for i in range(60)} | {"v": 0.0}
    found = checked(text, point)
    assert [name for name, one in found.inputs.items() if one.verdict != "agree"] == ["v"]


def test_a_wave_finer_than_the_step_is_no_leap() -> None:
    """cos(cosh(700)) turns 1e303 times a unit; the step of sign beside it changes nothing."""
    text = "s = log1p(logaddexp(max(sign(floor(x)), 3), x))\ncos(cosh(s + max(y, 0.5)))*exp(s)"
    found = checked(text, {"x": -750.0, "y": 700.0})
    assert (found.verdict, found.inputs["y"].verdict) == ("rounding", "rounding")


@pytest.mark.parametrize(
    "text", ["round(mod(y, x))", "max(round(mod(y, x)), 7)", "tanh(max(round(mod(y, x)), 7) - 7)"]
)
def test_a_remainder_that_jumps_below_a_flat_gate_is_a_kink(text: str) -> None:
    found = checked(text, {"x": 9.0, "y": 999.0})
    assert {one.verdict for one in found.inputs.values()} == {"kink"}


@pytest.mark.parametrize("digits", [5, 30])
def test_few_digits_shown_are_no_difference(digits: int) -> None:
    report = evaluate("x*y", x=0.3, y=0.7)
    check = examine(subject(report), ("precise", "symbolic"), digits)
    assert (check.verdict, check.remarks) == ("agree", [])


def test_a_negative_literal_keeps_its_brackets() -> None:
    import backprop

    formula = backprop.check("(-0.1*x)**2", x=3).check.formula["x"]
    assert math.isclose(evaluate(formula, x=3).value, 0.06)


# SymPy's formulas are in our own language: they can be read again.


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("(x+y)*z", {"x": -2, "y": 5, "z": -4}),
        ("max(x, y)**2 + abs(x)", {"x": 3, "y": -4}),
        ("where(x > y, x*y, exp(y))/sqrt(x)", {"x": 3, "y": 4}),
        ("log(1+exp(x))*atan2(y, x) + cbrt(y)", {"x": 0.3, "y": -0.4}),
        ("x**y + gelu(x) + 0.1*x", {"x": 1.3, "y": -0.4}),
        ("clip(x, -1, 1)*hypot(x, y) + floor(x)*x", {"x": 0.3, "y": -0.4}),
    ],
)
def test_a_formula_can_be_evaluated_as_a_program(text: str, point: dict[str, float]) -> None:
    import backprop

    report = backprop.check(text, point)
    for name, slope in report.gradient.items():
        formula = report.check.formula[name]
        needed = {key: value for key, value in point.items() if key in parse(formula).inputs}
        assert math.isclose(evaluate(formula, needed).value, slope, rel_tol=1e-12)


# Random programs.

COUNT = cases(24, 300)  # the campaign of verdicts goes on from there


def verdicts(gates: str, count: int) -> list[Case]:
    return [judged(7, gates, number) for number in range(count)]


def test_no_opinion_differs_on_random_programs() -> None:
    found = verdicts("written", COUNT)
    assert [case for case in found if case.verdict in ("differ", "failed")] == []
    assert sum(case.verdict == "agree" for case in found) >= 0.75 * COUNT


@pytest.mark.parametrize("gates", ["fine", "fused"])
def test_nor_do_they_at_other_granularities(gates: str) -> None:
    assert [c for c in verdicts(gates, cases(6, 60)) if c.verdict in ("differ", "failed")] == []


def test_an_unchecked_report_says_so() -> None:
    assert evaluate("x", x=1).check == Check()
