"""From text to stages: names, sharing, constants, functions, granularity, and what is refused."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from programs import sample

import backprop
from backprop import evaluate, parse
from backprop.language.ending import ending, variables
from backprop.program.program import Notice, Program


def codes(text: str, **options: Any) -> list[str]:
    """The stages as they are written, one `name = code` each."""
    return [f"{stage.name} = {stage.code}" for stage in parse(text, **options).stages()]


def refusal(text: str) -> str:
    with pytest.raises(backprop.BackpropError) as caught:
        parse(text)
    return caught.value.message


NAMED = {
    "two stages are q and f": ("(x+y)*z", ["q = x + y", "f = q * z"]),
    "one stage is f": ("x*y", ["f = x * y"]),
    "several are numbered": (
        "(x+y)*(x-y)*z",
        ["q1 = x + y", "q2 = x - y", "q3 = q1 * q2", "f = q3 * z"],
    ),
    "q is the user's": ("(q+y)*z", ["q1 = q + y", "f = q1 * z"]),
    "f is the user's": ("(x+f)*z", ["q = x + f", "f1 = q * z"]),
    "f1 is too": ("(q+f)*f1", ["q1 = q + f", "f2 = q1 * f1"]),
    "q1 is the user's": ("(x+y)*(x-y)*q1", ["q2 = x + y", "q3 = x - y", "q4 = q2 * q3", "f = q4 * q1"]),
    "q is a parameter": ("g(q) = q*q\ng(x) + 1", ["q1 = x * x", "f = q1 + 1"]),
    "a name given is kept": ("a = x + y\nb = a*z", ["a = x + y", "b = a * z"]),
    "names given and not": ("a = x + y*z\n2*a*x", ["q1 = y * z", "a = x + q1", "q2 = 2 * a", "f = q2 * x"]),
    "f given inside": ("f = x*y\nf + 1", ["f = x * y", "f1 = f + 1"]),
    "a name for an input": ("l1 = x\nl2 = l1*l1", ["l2 = x * x"]),
    "two names for a stage": ("t = x*y\nu = x*y\nt + u", ["t = x * y", "f = t + t"]),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), NAMED.values(), ids=NAMED)
def test_stages_are_named_as_in_the_notes(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


@pytest.mark.parametrize("number", range(100))
def test_no_stage_has_the_name_of_an_input_or_of_another_stage(number: int) -> None:
    program = parse(sample(f"names:{number}").text)
    names = [*program.inputs, *[stage.name for stage in program.stages()]]
    assert len(set(names)) == len(names)


CONSTANTS = {
    "folded as written": ("2*3*x", ["f = (2*3) * x"]),
    "pi by its name": ("pi/3*x", ["f = (pi/3) * x"]),
    "a long one by its value": ("x*(1+2+3+4+5+6+7+8+9+10+11+12+13)", ["f = 91.0 * x"]),
    "only what is constant": ("x*2*3", ["q = 2 * x", "f = 3 * q"]),
    "one over": ("1/x", ["f = 1 / x"]),
    "two over": ("2/x", ["f = 2 / x"]),
    "plus": ("2 + x", ["f = x + 2"]),
    "minus": ("x - 2", ["f = x - 2"]),
    "a whole power": ("x**3", ["f = x**3"]),
    "a negative power": ("x**-1", ["f = x**(-1)"]),
    "a power of two": ("2**x", ["f = 2**x"]),
    "a plus sign is nothing": ("+x*+y", ["f = x * y"]),
}


@pytest.mark.parametrize(("text", "expected"), CONSTANTS.values(), ids=CONSTANTS)
def test_a_constant_becomes_part_of_one_gate(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


GATES = {
    "x + 2": ("shift", "+2"), "2*x": ("scale", "*2"), "1/x": ("recip", "1/x"), "-x": ("neg", "*-1"),
    "x**2": ("square", "**2"), "x**3": ("powc", "**3"), "x**0": ("unit", "**0"), "x**y": ("pow", "**"),
    "x/y": ("div", "/"), "x*y": ("mul", "*"), "x + y": ("add", "+"), "logistic(x)": ("sigmoid", "σ"),
    "ln(x)": ("log", "log"), "np.maximum(x, y)": ("max", "max"), "x > y": ("gt", ">"),
    "x <= 2": ("le", "<=2"), "2/x": ("div", "2/"), "where(x, y, z)": ("where", "where"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), GATES.items())
def test_an_operator_is_one_gate_drawn_as_in_the_notes(
    text: str, expected: tuple[str, str]
) -> None:
    (stage,) = parse(text).stages()
    assert (stage.gate.name, stage.symbol) == expected


@pytest.mark.parametrize(("name", "value"), [("pi", 3.141592653589793), ("e", 2.718281828459045)])
def test_a_constant_of_nature_stands_for_its_float(name: str, value: float) -> None:
    assert evaluate(f"{name}*x", x=1).value == value


@pytest.mark.parametrize("name", ["pi", "e"])
def test_a_constant_of_nature_that_is_given_is_an_input(name: str) -> None:
    assert evaluate(f"{name}*x", {"x": 2, name: 7}).gradient == {"x": 7.0, name: 2.0}


@pytest.mark.parametrize("name", ["pi", "e"])
def test_a_constant_of_nature_that_is_assigned_is_an_input(name: str) -> None:
    assert evaluate(f"{name} = 7\n{name}*x", x=2).gradient == {"x": 7.0, name: 2.0}


def test_using_e_is_told() -> None:
    message = "e is read as 2.718...; to make it a variable, give it a value: --e=..."
    assert parse("e*x").notices == (Notice("constant", message),)


def test_no_constant_is_folded_in_big_integers() -> None:
    assert evaluate("2**10**10**10 + x", x=1).value == float("inf")


# Assignments of numbers.


def test_constants_of_the_same_operands_in_another_order_are_not_the_same() -> None:
    found = backprop.evaluate("x*(2 - 3) + y*(3 - 2) + u*2**3 + v*3**2", x=5, y=7, u=1, v=1)
    assert found.value == 19
    assert found.gradient == {"x": -1, "y": 1, "u": 8, "v": 9}


def test_an_assigned_number_is_an_input_with_a_default() -> None:
    program = parse("x = 3\nx*y")
    assert (list(program.inputs), dict(program.defaults)) == (["x", "y"], {"x": 3.0})


def test_the_default_is_used_and_differentiated() -> None:
    assert evaluate("x = 3\nx*y", y=2).gradient == {"x": 2.0, "y": 3.0}


def test_a_value_overrides_the_default() -> None:
    assert evaluate("x = 3\nx*y", y=2, x=5).gradient == {"x": 2.0, "y": 5.0}


def test_a_constant_that_ends_the_program_is_its_output() -> None:
    report = evaluate("a = 2*3")
    assert (report.program.output_name, report.value, report.gradient) == ("a", 6.0, {})


# Functions.

FUNCTIONS = {
    "inlined": ("g(u) = u*u\ng(x) + g(y)", ["q1 = x * x", "q2 = y * y", "f = q1 + q2"]),
    "equal calls once": ("g(u) = u*u\ng(x) + g(x)", ["q = x * x", "f = q + q"]),
    "one calls another": (
        "g(u) = u*u\nh(u) = g(u) + 1\nh(x)*h(y)",
        ["q1 = x * x", "q2 = q1 + 1", "q3 = y * y", "q4 = q3 + 1", "f = q2 * q4"],
    ),
    "of itself": ("g(u) = u*u\ng(g(x))", ["q = x * x", "f = q * q"]),
    "of constants": ("g(u) = u*u\ng(3)*x", ["f = (3*3) * x"]),
    "a parameter hides a name": ("g(x) = x + y\ng(z)*x", ["q = z + y", "f = q * x"]),
    "a body sees assignments": ("c = 2\ng(u) = u + c\ng(x)", ["f = x + c"]),
}


@pytest.mark.parametrize(("text", "expected"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_a_function_is_inlined(text: str, expected: list[str]) -> None:
    assert codes(text) == expected


REFUSED = {
    "g(u) = u*u\ng(x, y)": "g takes 1 argument, not 2",
    "g(u, v) = u*v\ng(x)": "g takes 2 arguments, not 1",
    "exp(x, y)": "exp takes 1 argument, not 2",
    "max(x)": "max takes two or more arguments, not 1",
    "where(x, y)": "where takes 3 arguments, not 2",
    "g(u) = h(u)\nh(u) = u\ng(x)": "the function g calls h, which comes after it",
    "g(u) = g(u)\ng(x)": "the function g calls itself",
    "a = x\na = y\na": "a is assigned twice",
    "y = a\na = x": "a is used before it is assigned",
    "[x, [y]]": "x is a number, [y] is a vector of 1: the entries of a list have to have one shape",
}


def test_a_program_that_ends_early_keeps_only_the_functions_that_it_calls() -> None:
    whole = "within(u) = u*j\naround(u) = within(u)\nother(u) = u*k\na = around(x)\nother(a)"
    cut = ending(parse(whole).tree, "a")
    assert [*cut.functions] == ["within", "around"]
    assert variables(cut) == ["j", "x"]


@pytest.mark.parametrize(("text", "message"), REFUSED.items())
def test_what_cannot_be_staged_is_refused(text: str, message: str) -> None:
    assert refusal(text) == message


# Granularity and sharing.

OPENED = {
    "sigmoid(x)": ["q1 = -x", "q2 = exp(q1)", "q3 = q2 + 1", "f = 1 / q3"],
    "relu(x)": ["q = x > 0", "f = where(q, x, 0)"],
    "x/y": ["q = 1 / y", "f = x * q"],
    "x - y": ["q = -y", "f = x + q"],
    "x**2": ["f = x * x"],
}
CLOSED = {
    "1/(1 + exp(-x))": ["f = sigmoid(x)"],
    "1/(exp(-x) + 1)": ["f = sigmoid(x)"],
    "log(1 + exp(x))": ["f = softplus(x)"],
    "sqrt(x**2 + y**2)": ["f = hypot(x, y)"],
    "exp(x) - 1": ["f = expm1(x)"],
    "sin(x*y)/(x*y)": ["q = x * y", "f = sinc(q)"],
    "u = exp(-x)\n1/(1 + u)": ["q1 = -x", "u = exp(q1)", "q2 = u + 1", "f = 1 / q2"],
    "sin(x)/y": ["q = sin(x)", "f = q / y"],
}


@pytest.mark.parametrize(("text", "expected"), OPENED.items())
def test_fine_gates_open_what_is_composite(text: str, expected: list[str]) -> None:
    assert codes(text, gates="fine") == expected


@pytest.mark.parametrize(("text", "expected"), CLOSED.items())
def test_fused_gates_close_known_patterns_but_no_named_stage(
    text: str, expected: list[str]
) -> None:
    assert codes(text, gates="fused") == expected


@pytest.mark.parametrize(("share", "count"), [(True, 2), (False, 3)])
def test_equal_subtrees_are_shared_unless_told_otherwise(share: bool, count: int) -> None:
    assert parse("exp(x) + exp(x)", share=share).size == count


@pytest.mark.parametrize("number", range(100))
def test_sharing_and_opening_change_no_number_where_floats_are_exact(number: int) -> None:
    case = sample(f"whole:{number}", whole=True)
    runs: list[dict[str, Any]] = [
        {"gates": "written"},
        {"gates": "fine"},
        {"gates": "fused"},
        {"share": False},
    ]
    reports = [evaluate(case.text, case.point, **options) for options in runs]
    expected = (case.value, reports[0].gradient)
    assert [(report.value, report.gradient) for report in reports] == [expected] * 4


def columns(program: Program) -> list[Any]:
    fields = [field.name for field in dataclasses.fields(program) if field.name != "tree"]
    values = [getattr(program, name) for name in fields]
    return [dict(value) if hasattr(value, "items") else value for value in values]


@pytest.mark.parametrize("number", range(50))
def test_the_same_text_is_staged_the_same_way(number: int) -> None:
    text = sample(f"same:{number}").text
    assert columns(parse(text)) == columns(parse(text))


# A program is frozen, and can't be built broken.


def test_a_program_can_not_be_changed() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        parse("x*y").__setattr__("output", 0)


@pytest.mark.parametrize("column", ["constants", "literals", "inputs", "defaults", "names"])
def test_the_columns_of_a_program_can_not_be_changed(column: str) -> None:
    with pytest.raises(TypeError):
        getattr(parse("2*x"), column)["x"] = 0


BROKEN: dict[str, dict[str, Any]] = {
    "the columns of a program have different lengths": {"nodes": (0, 1)},
    "a stage is fed by itself or by a later one": {"operands": ((), (), (0, 2))},
    "the gate mul doesn't take 0 operands": {"gates": ("input", "mul", "mul")},
    "the gate exp doesn't take 2 operands": {"gates": ("input", "input", "exp")},
    "a constant has no value": {"gates": ("input", "constant", "mul")},
    "an input has no name, or the output no slot": {"output": 3},
}


@pytest.mark.parametrize(("message", "change"), BROKEN.items())
def test_a_broken_program_can_not_be_built(message: str, change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(parse("x*y"), **change)
