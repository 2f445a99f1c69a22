"""Forms that keep more digits: the rules, the intervals, and what `improve` finds."""

from __future__ import annotations

import json
import math
from importlib.resources import files
from random import Random
from typing import Any

import numpy as np
import pytest
from digit_cases import Case, cases
from jsonschema import Draft202012Validator
from mpmath import mp, mpf
from mpmath.libmp import libmpf

import backprop
from backprop.arithmetic.intervals import (
    INTERVALS,
    Bits,
    UndecidedError,
    UndefinedError,
    of,
)
from backprop.errors import UsageError
from backprop.improving.exact import Oracle, UnknownError, any_float, place_of
from backprop.improving.forms import Forms, form_of
from backprop.improving.proved import ProvedOracle
from backprop.improving.proving import Probe, deviation
from backprop.improving.rational import Rationals
from backprop.improving.rewriting import rules_of, sides_of, texts
from backprop.improving.series import expansions
from backprop.improving.writing import written
from backprop.language.parser import parse
from backprop.program.fusing import staged
from backprop.program.stage import stage

ONE_OPERAND = (
    "sqrt", "cbrt", "exp", "expm1", "log", "log1p", "sin", "cos", "tan", "asin", "acos", "atan",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc",
)  # fmt: skip
DIGITS = 60


@pytest.mark.parametrize("name", ONE_OPERAND)
def test_an_interval_holds_what_mpmath_finds_with_more_digits(name: str) -> None:
    random = Random(name)
    seen = 0
    for _ in range(200):
        number = random.choice((-1, 1)) * math.exp(random.uniform(-30, 5))
        with mp.workdps(DIGITS):
            exact = (
                mp.sign(number) * mp.cbrt(abs(mpf(number)))
                if name == "cbrt"
                else getattr(mp, name)(mpf(number))
            )
        with Bits.of(128):
            try:
                low, high = INTERVALS.value[name](number).ends
            except UndefinedError:
                assert isinstance(exact, mp.mpc) or not mp.isfinite(exact)
                continue
            except UndecidedError:
                continue
        with mp.workdps(DIGITS):
            ends = [mp.make_mpf(end) for end in (low, high)]
            assert ends[0] <= exact <= ends[1]
            seen += 1
    assert seen > 10


def at(oracle: Oracle, point: dict[str, float]) -> Any:
    try:
        return oracle.at(point)
    except (UndefinedError, UnknownError):
        return None


@pytest.mark.parametrize("case", cases(), ids=lambda c: f"{c.group} {c.name}")
def test_balls_of_flint_and_intervals_hold_the_same_numbers(case: Case) -> None:
    random = Random(case.name)
    draw, oracles = case.draw("everyday"), (Oracle(case.program), ProvedOracle(case.program))
    found = [
        [at(oracle, point) for oracle in oracles] for point in [draw(random) for _ in range(6)]
    ]
    pairs = [pair for pair in found if None not in pair]
    assert len(pairs) >= 4
    assert all(a.value == b.value and a.gradient == b.gradient for a, b in pairs)


@pytest.mark.parametrize("number", [1e-149, -1e-200, 5e-324])
def test_an_interval_of_exp_next_to_0_is_no_exact_1(number: float) -> None:
    for bits in (160, 640, 1280):
        with Bits.of(bits):
            low, high = INTERVALS.value["exp"](number).ends
            assert low != high


def test_an_interval_that_is_too_wide_decides_nothing() -> None:
    with Bits.of(64), pytest.raises(UndecidedError):
        bool(of(1) / 3 * 3 < 1)


@pytest.mark.parametrize("text", texts())
def test_both_sides_of_a_rule_are_one_function(text: str) -> None:
    left, right, condition = sides_of(text)
    old, new = (stage(parse(side)) for side in (left, right))
    random, seen = Random(text), 0
    oracles = Oracle(old), Oracle(new)
    for _ in range(120):
        scale = random.choice((0.01, 1, 30))
        point = {name: random.uniform(-1, 1) * scale for name in "abcd"}
        one, other = (
            at(oracle, {name: point[name] for name in oracle.program.inputs}) for oracle in oracles
        )
        if one is None or other is None:
            continue
        if (
            condition
            and not backprop.evaluate(
                condition, {name: point[name] for name in backprop.parse(condition).inputs}
            ).value
        ):
            continue
        assert other.balls[0] is not None
        inputs = {name: one.gradient[name] for name in old.inputs}
        probe = Probe({name: point[name] for name in old.inputs}, one._replace(gradient=inputs))
        assert deviation(oracles[1], probe) == 0
        seen += 1
        if seen == 12:
            break
    assert seen >= 5


def test_a_rule_is_found_in_every_order_that_means_the_same() -> None:
    assert len(list(rules_of("a*b + a*c => a*(b + c)"))) == 8
    assert len(list(rules_of("a - sqrt(b) => (a**2 - b)/(a + sqrt(b))"))) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1/(x+1) - 1/x", "-(1 / (x * (x + 1)))"),
        ("sqrt(x)*sqrt(x) - x", "0"),
        ("x/3 + x/6", "1 / 2 * x"),
    ],
)
def test_a_rational_form_cancels(text: str, expected: str) -> None:
    forms = Forms()
    program = staged(text)
    found = Rationals(forms).simplified(form_of(forms, program)[program.output])
    shown = written(forms, found, {}, [])
    point = {"x": 0.3, "a": 2.5, "b": 0.7}
    numbers = [
        backprop.evaluate(one, {n: point[n] for n in backprop.parse(one).inputs}).value
        for one in (shown, expected)
    ]
    assert numbers[0] == pytest.approx(numbers[1], rel=1e-14, abs=1e-15)
    assert len(shown) <= len(expected) + 8


def test_a_series_is_the_function_near_its_centre() -> None:
    forms = Forms()
    program = staged("(1 - cos(x))/x**2")
    start = form_of(forms, program)[program.output]
    last = [*expansions(Rationals(forms), start, forms.name("x"))][-1]
    program = stage(parse(written(forms, last, {}, [])))
    found = Oracle(program).at({"x": 0.01}).value
    assert found == pytest.approx((2 * math.sin(0.005) ** 2) / 1e-4, rel=1e-15)


def test_floats_are_drawn_each_as_likely_as_any_other() -> None:
    random = Random(1)
    drawn = [any_float(random, 1.0, 4.0) for _ in range(2_000)]
    assert 0.45 < sum(number < 2 for number in drawn) / len(drawn) < 0.55
    assert place_of(-0.0) == 0
    assert place_of(5e-324) == 1


QUICK = ("2sqrt", "2log", "expm1", "logq", "tanhf", "length", "asinhf", "interest", "cosh1")


@pytest.mark.parametrize("case", [c for c in cases() if c.name in QUICK], ids=lambda c: c.name)
def test_every_output_keeps_its_digits(case: Case) -> None:
    found = backprop.improve(case.program, draws=[case.draw("floats"), case.draw("everyday")],
                             points=32)  # fmt: skip
    assert found.better
    assert found.far == 0
    assert min(kept.mean for kept in found.after.values()) > 14.95


def test_digits_are_those_of_numpy_against_many_digits() -> None:
    """The numbers that are shown, counted again by other means."""
    found = backprop.improve("log(1 + x)", {"x": (1e-20, 1e-3)}, points=16)
    assert found.text == "log1p(x)"
    right = []
    random = Random("judge 0")
    for _ in range(16):
        x = any_float(random, 1e-20, 1e-3)
        with mp.workdps(50):
            exact = float(mp.log1p(mpf(x)))
        ulps = abs(np.log(1 + x) - exact) / np.spacing(exact)
        right.append(max(0.0, (53 - math.log2(1 + ulps)) * math.log10(2)))
    assert found.before[""].mean == pytest.approx(sum(right) / 16, abs=0.1)


def test_the_new_program_is_in_the_authors_names() -> None:
    found = backprop.improve(
        "u = sqrt(1 + x*x)\nv = u - 1\nloss = v/u", {"x": (1e-12, 1e3)}, points=24
    )
    assert found.better
    assert found.text.splitlines()[-1].startswith("loss = ")
    assert backprop.evaluate(found.text, x=1e-8).gradient["x"] == pytest.approx(1e-8, rel=1e-14)


def test_nothing_better_leaves_the_program_alone() -> None:
    found = backprop.improve("x*y + 1", {"x": (1, 2), "y": (1, 2)}, points=16)
    assert not found.better
    assert found.text == "x*y + 1"
    assert found.before == found.after


def test_a_form_has_no_value_where_the_program_has_none() -> None:
    found = backprop.improve("log(x) - log(y)", {"x": (-10, 10), "y": (-10, 10)}, points=32)
    assert math.isnan(backprop.evaluate(found.text, x=-2.0, y=-3.0).value)


def test_what_intervals_lack_is_refused() -> None:
    with pytest.raises(UsageError, match="improve can't yet take lgamma"):
        backprop.improve("lgamma(x)", {"x": (1, 2)})


def test_json_follows_its_schema(command: Any) -> None:
    done = command("improve", "exp(x) - 1", "--range", "x=-1:1", "--points", "16", "--json")
    answer = json.loads(done.stdout)
    schema = json.loads(files("backprop.schemas").joinpath("improve.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(answer)
    assert answer["program"] == "expm1(x)"
    assert answer["digits"]["gradient"]["x"]["after"]["mean"] > 15
    assert libmpf.from_float(answer["full"])


def test_the_program_is_written_to_a_file(command: Any, tmp_path: Any) -> None:
    file = tmp_path / "better.bp"
    done = command("improve", "exp(x)-1", "--range", "x=-1:1", "--points", "16", "-o", str(file))
    assert done.returncode == 0
    assert file.read_text() == "expm1(x)\n"


def test_arrays_are_refused(command: Any) -> None:
    done = command("improve", "x*2", "--x=[1,2]")
    assert (done.returncode, done.stderr) == (
        2, "error: a form is looked for among numbers, and x is an array\n"
        "help: write out one entry of what the program computes\n",
    )  # fmt: skip
    assert command("improve", "sum([x, 2])").returncode == 2


def test_a_program_without_values_ends_soon(command: Any) -> None:
    done = command("improve", "log(-1 - x*x)", "--timeout", "1")
    assert done.stderr.startswith("error: only 0 of the points drawn have a value and a gradient")
