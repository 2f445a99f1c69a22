"""The library call `backprop.evaluate`, what it refuses, and what it loads."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import library_usages
import pytest

import backprop
from backprop.answer.plain import plain
from backprop.errors import UsageError

HEAVY = ["sympy", "numpy", "rich", "click", "mpmath"]


def refusal(*args: Any, **options: Any) -> str:
    """The whole message, caret and help included."""
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate(*args, **options)
    return caught.value.render()


def test_a_gradient_by_name() -> None:
    report = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
    assert (report.value, report.gradient) == (-12.0, {"x": -4.0, "y": -4.0, "z": 3.0})


def test_a_point_can_be_a_mapping() -> None:
    """So that a variable can have the name of an option."""
    assert backprop.evaluate("ties*gates", {"ties": 2, "gates": 3}).gradient == {
        "ties": 3.0,
        "gates": 2.0,
    }


def test_names_win_over_the_mapping() -> None:
    assert backprop.evaluate("x*y", {"x": 2, "y": 3}, y=5).point == {"x": 2.0, "y": 5.0}


def test_a_text_is_parsed_to_a_program() -> None:
    assert isinstance(backprop.parse("(x+y)*z"), backprop.Program)


def test_a_program_is_evaluated_at_many_points() -> None:
    program = backprop.parse("x*y")
    assert [backprop.evaluate(program, x=x, y=2).value for x in (1, 2, 3)] == [2.0, 4.0, 6.0]


def test_a_report_can_be_had_as_json() -> None:
    assert backprop.evaluate("q = x*y\nq + x", x=2, y=3).to_dict() == {
        "schema": "backprop/eval/1",
        "expression": "q = x*y\nq + x",
        "inputs": {"x": 2, "y": 3},
        "output": "f",
        "value": 8,
        "gradient": {"x": 4, "y": 2},
        "stages": [
            {
                "id": 1, "name": "q", "gate": "mul", "symbol": "*", "code": "x * y",
                "inputs": ["x", "y"], "value": 6, "gradient": 1, "local": [3, 2], "flows": [3, 2],
                "line": 1, "span": [4, 7], "digits": None,
            },
            {
                "id": 2, "name": "f", "gate": "add", "symbol": "+", "code": "q + x",
                "inputs": ["q", "x"], "value": 8, "gradient": 1, "local": [1, 1], "flows": [1, 1],
                "line": 2, "span": [8, 13], "digits": None,
            },
        ],
        "ties": "auto",
        "check": {
            "verdict": "unchecked", "reason": "no independent check was run", "value": None,
            "inputs": {}, "methods": {}, "formula": {}, "latex": {}, "remarks": [],
        },
        "warnings": [],
    }  # fmt: skip


def test_only_some_inputs_can_be_asked_for() -> None:
    assert backprop.evaluate("x*y*z", x=2, y=3, z=5, wrt=["z", "x"]).gradient == {
        "z": 6.0,
        "x": 15.0,
    }


def test_a_spare_name_has_gradient_0_and_is_told_of() -> None:
    report = backprop.evaluate("x*1", {"x": 3, "y": 7}, spare=["y"])
    told = [(notice.kind, notice.message) for notice in report.notices]
    assert (report.gradient, told) == (
        {"x": 1.0, "y": 0.0},
        [("unused", "the program doesn't use y: its gradient is 0")],
    )


VALUES = {
    "pi/3": 1.0471975511965976, "1/3": 0.3333333333333333, "-2": -2.0, " 2 ": 2.0, "1e-3": 0.001,
    "1_000": 1000.0, "sqrt(2)": 1.4142135623730951, "2**-1": 0.5, "−3": -3.0,
}  # fmt: skip


@pytest.mark.parametrize(("text", "value"), VALUES.items())
def test_a_value_can_be_a_text_without_variables(text: str, value: float) -> None:
    assert backprop.evaluate("x", x=text).point == {"x": value}


@pytest.mark.parametrize("value", [2, 2.0, True, "2"])
def test_a_point_holds_floats_whatever_was_given(value: float | str) -> None:
    assert type(backprop.evaluate("x", x=value).point["x"]) is float


def refused_value(place: str, text: str, caret: str, hint: str = "") -> str:
    lines = [f"error: the value of x: line 1, {place}", f"  1 | {text}", f"    | {caret}"]
    return "\n".join([*lines, *([f"help: {hint}"] if hint else [])])


NUMBERS_ONLY = "a value is a number or an expression of numbers, such as pi/3"
INFINITE = "help: --allow-nonfinite lets infinite and undefined inputs through"
REFUSED_VALUES = {
    "abc": refused_value("column 1: abc is not a number", "abc", "^^^", NUMBERS_ONLY),
    "": "error: the value of x is empty\nhelp: give a number: x=1.5",
    "x+1": refused_value("column 1: x is not a number", "x+1", "^", NUMBERS_ONLY),
    "inf": f"error: the value of x is inf, not a finite number\n{INFINITE}",
    "nan": f"error: the value of x is nan, not a finite number\n{INFINITE}",
    "1/0": f"error: the value of x is inf, not a finite number\n{INFINITE}",
}


@pytest.mark.parametrize(("value", "message"), REFUSED_VALUES.items())
def test_a_value_that_is_no_finite_number_is_refused(value: str, message: str) -> None:
    assert refusal("x", x=value) == message


@pytest.mark.parametrize("value", [None, object, 3j])
def test_a_value_of_another_type_is_refused(value: Any) -> None:
    assert refusal("x", x=value) == f"error: the value of x is not a number: {value}"


def test_an_infinite_input_can_be_allowed() -> None:
    assert backprop.evaluate("1/x", x="inf", allow_nonfinite=True).value == 0.0


REFUSED: dict[str, tuple[dict[str, float], dict[str, Any], str]] = {
    "one missing": ({"x": 1}, {}, "no value for the variable alpha"),
    "all missing": ({}, {}, "no value for the variables x, alpha"),
    "unknown": ({"x": 1, "alpha": 2, "w": 3}, {}, "the program has no variable w; it has x, alpha"),
    "computed": (
        {"x": 1, "alpha": 2, "out": 3},
        {},
        "out is computed by the program, so it can't be given a value",
    ),
    "ties": (
        {"x": 1, "alpha": 2},
        {"ties": "half"},
        "ties can be auto, notes, split, first, not half",
    ),
    "gates": (
        {"x": 1, "alpha": 2},
        {"gates": "fin"},
        "gates can be written, fine, fused, not fin",
    ),
    "wrt": (
        {"x": 1, "alpha": 2},
        {"wrt": ["w"]},
        "wrt names w, which is not a variable; the program has x, alpha",
    ),
}


@pytest.mark.parametrize(("point", "options", "message"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_call_is_refused(
    point: dict[str, float], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        backprop.evaluate("out = x*alpha", point, **options)
    assert caught.value.message == message


def likely(**options: Any) -> str:
    return refusal("x*alpha", **options).split("\n")[-1]


def test_a_misspelt_name_gets_a_likely_one() -> None:
    assert likely(x=1, alhpa=2) == "help: did you mean alpha?"


def test_a_misspelt_name_in_wrt_gets_a_likely_one() -> None:
    assert likely(x=1, alpha=2, wrt=["alhpa"]) == "help: did you mean alpha?"


def test_a_misspelt_attribute_of_the_package_is_python_s_own_error() -> None:
    name = "evalute"
    with pytest.raises(AttributeError, match="module 'backprop' has no attribute 'evalute'"):
        getattr(backprop, name)


def test_the_package_lists_its_public_names() -> None:
    assert dir(backprop) == [
        "BackpropError", "GradientCheck", "Program", "Report", "__version__", "assert_gradient",
        "check", "check_claims", "check_gradient", "check_same", "compare", "compiled", "derive",
        "descend", "draw", "evaluate", "expectation", "explain", "grade", "hessian", "hvp",
        "improve", "jvp", "parse", "read", "unexpected",
    ]  # fmt: skip
    assert {type(getattr(backprop, name)).__name__ for name in dir(backprop)} <= {
        "type", "ABCMeta", "function", "str",
    }  # fmt: skip


CALLS = {
    "importing": "pass",
    "evaluating": "backprop.evaluate('(x+y)*z', x=-2, y=5, z=-4).to_dict()",
    "fusing": "backprop.evaluate('1/(1 + exp(-x))', x=-1000, gates='fused')",
    "looking for a remedy": "backprop.evaluate('1/(1 + exp(-x))', x=-1000)",
    "refusing": "try: backprop.evaluate('x*y', x=1)\nexcept backprop.BackpropError: pass",
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_nothing_heavy_is_loaded_by(call: str) -> None:
    """The floats of one point need no numpy, and a checker's SymPy costs half a second."""
    code = f"import sys, backprop\n{call}\nprint(*(set({HEAVY}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


@pytest.mark.parametrize(
    ("number", "text"),
    [(3.0, "3"), (-0.0, "-0.0"), (2.0**53 - 1, "9007199254740991"), (2.0**53, "9007199254740992.0"),
     (-(2.0**53), "-9007199254740992.0"), (1e300, "1e+300"), (0.1, "0.1")],
)  # fmt: skip
def test_json_writes_a_whole_number_without_a_point_as_far_as_floats_have_all_of_them(
    number: float, text: str
) -> None:
    assert json.dumps(plain(number)) == text


# What is given may be of any type.

REPORT = backprop.evaluate("x*y", x=1, y=2)
WRONG_TYPES: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "parse": (backprop.parse, (3,), "a program is a text, not int"),
    "evaluate": (backprop.evaluate, (None,), "a program is a text or a Program, not NoneType"),
    "check": (backprop.check, (b"x",), "a program is a text or a Program, not bytes"),
    "values": (backprop.evaluate, ("x", [1]), "values are a dict by name, not list"),
    "explain": (backprop.explain, ("x",), "explain takes a Report, not str"),
    "compiled": (backprop.compiled, ("x",), "compiled takes a Program, not str"),
    "read": (backprop.read, (3,), "read takes a function or a text"),
    "compare": (backprop.compare, (3,), "a program is a text or a Program, not int"),
    "descend": (backprop.descend, (3,), "a program is a text or a Program, not int"),
    "draw": (backprop.draw, (3,), "a program is a text or a Program, not int"),
    "grade": (backprop.grade, ("x", 3), "a backward pass is a text, not int"),
    "claims": (backprop.check_claims, ("x", "x"), "claims are a dict of formulas by name"),
    "same": (backprop.check_same, ("x", 3), "a program is a text or a Program, not int"),
    "expectation": (backprop.expectation, ("x",), "an expectation is made of a Report, not of str"),
    "unexpected": (backprop.unexpected, (REPORT, 3), "a stored result is a text, not int"),
}  # fmt: skip


@pytest.mark.parametrize(("call", "args", "message"), WRONG_TYPES.values(), ids=WRONG_TYPES)
def test_a_wrong_type_is_an_error_of_ours(call: Any, args: tuple[Any, ...], message: str) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        call(*args)
    assert caught.value.message == message


# Answers.

PRINTED = {
    "(x+y)*z": {"x": -2, "y": 5, "z": -4},
    "1/(1 + exp(-(w*x + b)))": {"w": 2, "x": -1, "b": 3},
    "abs(x)": {"x": 0},
    "log(x)": {"x": 1e-3},
    "W @ X": {"W": [[1, 2], [3, 4]], "X": [[1, 0.5], [2, -1]]},
}


@pytest.mark.parametrize(("text", "values"), PRINTED.items(), ids=PRINTED)
def test_print_is_the_table_of_eval(text: str, values: dict[str, Any], command: Any) -> None:
    upstream = [[1, 2], [3, 4]] if "@" in text else None
    report = backprop.evaluate(text, values, upstream=upstream)
    point = json.dumps(values)
    more = ["--upstream", json.dumps(upstream)] if upstream else []
    assert f"{report}\n" == command("eval", text, "--at", point, *more).stdout


def test_the_usages_that_mypy_reads_work() -> None:
    assert library_usages.gradients().verdict == "right"
    assert library_usages.reports().value == 2
    assert all(library_usages.answers())
    assert library_usages.kernels().tolist() == [2, 2, 2, 2]
    assert library_usages.functions().gradient["w"].shape == (2,)
    assert library_usages.refused().startswith("error: line 1")


def test_a_kernel_of_arrays_is_both_passes_of_the_engine() -> None:
    program = backprop.parse("sum(sigmoid(W @ x)) * c", shapes={"W": (2, 3), "x": (3,)})
    kernel = backprop.compiled(program)
    weights = [[[1, 2, 3], [4, 5, 6]], [[0, 1, 0], [2, 0, -1]]]
    others = {"x": [0.1, -0.2, 0.3], "c": 2}
    value, gradient = kernel({"W": weights, **others})
    for k, one in enumerate(weights):
        report = backprop.evaluate(program, {"W": one, **others})
        assert value[k] == report.value
        assert all((gradient[name][k] == report.gradient[name]).all() for name in ("W", "x"))
        assert gradient["c"][k] == report.gradient["c"]
