"""Programs said to compute the same: identities that hold, that hold nearly, and that hold here."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import Command
from derivations import STAGES

from backprop.answer.evaluation import arrays_in
from backprop.child.process import Child
from backprop.claims.instances import Asked
from backprop.claims.sameness import Sameness, check_sameness
from backprop.errors import BackpropError
from backprop.language.parser import parse
from backprop.program.stage import stage

WHOLE = "(x + sigmoid(y))/(sigmoid(x) + (x+y)**2)"

IDENTITIES = [
    (STAGES, WHOLE),
    ("sin(x)**2 + cos(x)**2", "1 + 0*x"),
    ("tanh(x)", "2*sigmoid(2*x) - 1"),
    ("log(exp(x) + exp(y))", "x + softplus(y - x)"),
    ("(x - y)*(x + y)", "x**2 - y**2"),
    ("cosh(x)**2 - sinh(x)**2", "x/x"),
    ("sqrt(x**2)", "abs(x)"),
    ("0.1*x + x/5", "3*x/10"),
    ("exp(x + y)", "exp(x)*exp(y)"),
]
DIFFERENT = [
    (STAGES, WHOLE.replace("(x+y)**2", "(x+y)*2")),
    ("sin(x)**2 + cos(x)**2", "1 + 1e-9*x"),
    ("sqrt(x**2)", "x"),
    ("log(x*y)", "log(x) + log(y)"),
    ("exp(x + y)", "exp(x) + exp(y)"),
    ("x**2", "abs(x)**2.0000001"),
    ("max(x, y)", "x"),
]


def compared(text: str, other: str, /, child: Child | None = None, **values: Any) -> Sameness:
    values = values | (arrays := arrays_in(values, 0))
    shapes = {name: array.shape for name, array in arrays.items()}
    programs = [stage(parse(one), values, shapes=shapes) for one in (text, other)]
    asked = Asked(symbolic=child is not None, timeout=60)
    return check_sameness(programs[0], programs[1], values, asked, child)


def test_what_sympy_shows_is_the_same_everywhere() -> None:
    with Child() as child:
        found = {other: compared(text, other, child).state for text, other in IDENTITIES}
    assert found == dict.fromkeys(found, "everywhere")


@pytest.mark.parametrize(("text", "other"), IDENTITIES)
def test_points_agree_where_programs_do(text: str, other: str) -> None:
    found = compared(text, other)
    assert (found.state, found.points, found.exit_code) == ("sampled", 20, 0)


@pytest.mark.parametrize(("text", "other"), DIFFERENT)
def test_a_difference_is_found_with_a_counterexample(text: str, other: str) -> None:
    found = compared(text, other)
    assert (found.state, found.exit_code) == ("different", 1)
    assert found.counterexample is not None
    ours, theirs = found.values(found.counterexample)
    assert not abs(ours - theirs) <= 1e-13 * abs(ours)


def test_the_same_here_and_not_everywhere() -> None:
    found = compared("x*y", "x + y", x=2.0, y=2.0)
    assert (found.state, found.exit_code) == ("point", 1)
    assert found.counterexample is not None
    point = found.counterexample.point
    assert float(found.values(found.counterexample)[0]) == pytest.approx(point["x"] * point["y"])


def test_sympy_shows_nothing_that_is_not_so() -> None:
    """What points would refute is not even asked; here it is, and no way of looking is fooled."""
    from backprop.claims.proving import prove, subject

    questions = [
        {**subject(stage(parse(text))), "same": subject(stage(parse(other)))}
        for text, other in DIFFERENT
        if "log" not in text  # where both have a value, these are the same
        and "\n" not in text  # takes long
    ]
    assert [proof.equal for proof in prove(questions, None, 120)] == [False] * len(questions)


MISTAKES = [
    ("sigy", "math.exp(-y)", "math.exp(y)"), ("num", "x + sigy", "x - sigy"),
    ("sigx", "math.exp(-x)", "math.exp(x)"), ("xpysqr", "xpy**2", "xpy**3"),
    ("den", "sigx + xpysqr", "sigx - xpysqr"), ("invden", "1.0 / den", "2.0 / den"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_the_first_stage_that_differs_is_named(name: str, right: str, wrong: str) -> None:
    found = compared(STAGES.replace(right, wrong), STAGES)
    assert found.departure is not None
    assert (found.departure.name, found.departure.named) == (name, True)
    assert abs(found.departure.value - found.departure.other) > 0


@pytest.mark.parametrize(("name", "right", "wrong"), MISTAKES)
def test_so_is_the_first_that_an_expression_does_not_have(
    name: str, right: str, wrong: str
) -> None:
    found = compared(STAGES.replace(right, wrong), WHOLE)
    assert found.departure is not None
    if name in ("den", "invden"):  # 1/den is no part of a division
        assert found.departure.name in ("den", "invden")
    else:
        assert (found.departure.name, found.departure.named) == (name, False)


def test_nothing_is_said_of_a_stage_where_all_are_there() -> None:
    assert compared("a = x*y\nf = a + x", "x*y - x").departure is None


def test_no_point_decides_nothing() -> None:
    found = compared("log(-1 - x**2)", "sqrt(-1 - x**2)")
    assert (found.state, found.exit_code) == ("undecided", 3)


def test_arrays_are_compared_at_points() -> None:
    arrays: dict[str, Any] = {"W": "randn(3, 3)", "X": "randn(3, 3)"}
    assert compared("sum((W @ X)**2)", "trace(W @ X @ X.T @ W.T)", **arrays).state == "sampled"
    assert compared("W @ X", "X @ W", **arrays).state == "different"
    assert compared("W @ X", "sum(W @ X)", **arrays).state == "different"
    found = compared("a = W @ X\nb = a.T\nsum(b*W)", "a = W @ X\nb = a + 0\nsum(b*W)", **arrays)
    assert found.departure is not None
    assert found.departure.name == "b"


@pytest.mark.parametrize(
    ("text", "other", "values", "message"),
    [
        ("x*y", "x*y", {"x": 1.0}, "no value for the variable y"),
        ("x", "x*w", {"x": 1.0}, "no value for w, which only the other program has"),
        ("x", "x", {"x": 1.0, "v": 2.0}, "the program has no variable v; it has x"),
        (
            "W @ W",
            "W @ W",
            {"W": "randn(2, 2)", "x": 1.0},
            "the program has no variable x; it has W",
        ),
        ("sum(W)", "x", {"W": "[1, 2]", "x": 2.0}, ""),
    ],
)
def test_values_are_for_both(text: str, other: str, values: dict[str, Any], message: str) -> None:
    if not message:
        assert compared(text, other, **values).state in ("different", "point")
        return
    with pytest.raises(BackpropError) as caught:
        compared(text, other, **values)
    assert caught.value.message == message


# The command.


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "staged.bp").write_text(STAGES)
    (tmp_path / "wrong.bp").write_text(STAGES.replace("xpy**2", "xpy*2"))
    return tmp_path


@pytest.mark.parametrize(
    ("args", "code", "output"),
    [
        (("@staged.bp", "--same-as", WHOLE), 0, "the same everywhere\n"),
        (("@staged.bp", "--same-as", WHOLE, "--x=3", "--y=-4"), 0, "the same everywhere\n"),
        (("@wrong.bp", "--same-as", "@staged.bp", "--x=3", "--y=-4"), 1,
         "not the same\n  here f is -2.88134, and the other is 1.54564\n"
         "  the first stage that differs is xpysqr = xpy*2: it is -2, and the other's is 1\n"),
        (("@wrong.bp", "--same-as", WHOLE, "--x=3", "--y=-4"), 1,
         "not the same\n  here f is -2.88134, and the other is 1.54564\n"
         "  the first stage that the other doesn't have is xpysqr = xpy*2\n"),
        (("x", "--same-as", "x*w", "--x=2", "--set", "w=1", "--range", "x=2:2", "--quiet"), 1, ""),
        (("x*y", "--same-as", "x**2", "--x=2", "--y=2", "--seed=3", "--points=1"), 1,
         "the same here, but not everywhere\n  at x=0.95, y=2.18 f is 2.071, and the other is 0.9025\n"),
    ],
)  # fmt: skip
def test_what_the_command_says(
    command: Command, folder: Path, args: tuple[str, ...], code: int, output: str
) -> None:
    done = command("check", *args, cwd=folder)
    assert (done.stdout, done.stderr, done.returncode) == (output, "", code)


@pytest.mark.parametrize(
    ("same_as", "message"),
    [
        ("x*(y", "error: --same-as: line 1, column 3: this bracket is never closed"),
        ("sigmod(x)", "error: --same-as: line 1, column 1: there is no function called `sigmod`"),
        ("@none.bp", "error: none.bp can't be read: No such file or directory"),
        ("", "error: --same-as: the text is empty"),
    ],
)
def test_what_is_wrong_with_the_other(
    command: Command, folder: Path, same_as: str, message: str
) -> None:
    done = command("check", "x*y", "--same-as", same_as, cwd=folder)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", message)


@pytest.mark.parametrize(
    "args", [("@staged.bp", "--same-as", WHOLE), ("@wrong.bp", "--same-as", "@staged.bp"),
             ("@wrong.bp", "--same-as", WHOLE, "--x=3", "--y=-4"),
             ("W @ W", "--same-as", "W*2", "--W=[[1,2],[3,4]]")],
)  # fmt: skip
def test_json_fits_its_schema(command: Command, folder: Path, args: tuple[str, ...]) -> None:
    done = command("check", *args, "--json", cwd=folder)
    found = json.loads(done.stdout)
    schema = json.loads(files("backprop.schemas").joinpath("same.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert found["passed"] == (done.returncode == 0)
