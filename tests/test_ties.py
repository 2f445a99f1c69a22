"""The gradient at ties is the function's own slope wherever it has one."""

from __future__ import annotations

import json
from collections import Counter
from math import inf
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns.ties import Verdict, judged_in
from conftest import Command
from counts import cases
from tied import FAMILIES

import backprop
from backprop import compiled, evaluate, parse
from backprop.engine.ties.sides import near

CASES = Path(__file__).parent / "cases"
AT_0 = {"x": 0.0}
# A text, a point, the gradient, and the two slopes of every input that has a kink, or "jumps".
RULE: list[tuple[str, dict[str, float], dict[str, float], dict[str, Any]]] = [
    ("min(r*A, clip(r, 0.8, 1.2)*A)", {"r": 1, "A": 3}, {"r": 3, "A": 1}, {}),
    ("max(z,0) - z*y + log1p(exp(-abs(z)))", {"z": 0, "y": 1}, {"z": -0.5, "y": 0}, {}),
    ("max(x, x)", {"x": 2}, {"x": 1}, {}),
    ("relu(x) - relu(-x)", AT_0, {"x": 1}, {}),
    ("relu(x) + relu(-x) - abs(x)", AT_0, {"x": 0}, {}),
    ("where(x == 0, 2*x, x)", AT_0, {"x": 1}, {}),
    ("where(y == 1, -log(p), -log(1 - p))", {"y": 1, "p": 0.5}, {"y": 0, "p": -2}, {}),
    ("sign(x)*x", AT_0, {"x": 0}, {"x": (-1, 1)}),
    ("x - floor(x)", {"x": 2}, {"x": 1}, {"x": "jumps"}),
    ("sign(x)", AT_0, {"x": 0}, {"x": "jumps"}),
    ("round(x)", {"x": 2.5}, {"x": 0}, {"x": "jumps"}),
    ("min(max(0, x), y)", {"x": 0, "y": 0}, {"x": 0, "y": 1}, {"y": (1, 0)}),
    ("where(x**2 > 0, x, -x)", AT_0, {"x": 1}, {}),
    ("where(x == 0, 1, sin(x)/x)", AT_0, {"x": 0}, {}),
    ("where(x > 0, x*log(x), 0)", AT_0, {"x": 0}, {"x": (0, -inf)}),
    ("where(x > 0, sqrt(x), 0)", AT_0, {"x": 0}, {"x": (0, inf)}),
    ("where(x > 0, 1/x, 0)", AT_0, {"x": 0}, {"x": "jumps"}),
    ("max(0.1*x + 0.2*x, 0.3*x)", AT_0, {"x": 0.3}, {}),
    ("max(0.1*x + 0.2*x, 0.3*x)", {"x": 1}, {"x": 0.30000000000000004}, {}),
    ("max(0, x - 10*abs(y))", {"x": 0, "y": 0}, {"x": 1, "y": 0}, {"x": (0, 1)}),
    ("max(x, max(y, x))", {"x": 2, "y": 2}, {"x": 1, "y": 0}, {"x": (0, 1), "y": (0, 1)}),
    ("max(x, y)", {"x": 2, "y": 2}, {"x": 1, "y": 1}, {"x": (0, 1), "y": (0, 1)}),
    ("relu(x)", AT_0, {"x": 0}, {"x": (0, 1)}),
    ("abs(x)", AT_0, {"x": 0}, {"x": (-1, 1)}),
    ("abs(x)*x", AT_0, {"x": 0}, {}),
    ("leaky_relu(x) - leaky_relu(-x)", AT_0, {"x": 1.01}, {}),
    ("clip(x, 0, 1)", {"x": 1}, {"x": 1}, {"x": (1, 0)}),
    ("hypot(x, y)", {"x": 0, "y": 0}, {"x": 0, "y": 0}, {"x": (-1, 1), "y": (-1, 1)}),
    ("where(x, 2*x, x)", AT_0, {"x": 2}, {}),
    ("where(x >= 1, 0.1*x + 0.2*x, 0.3*x)", {"x": 1}, {"x": 0.30000000000000004}, {}),
    ("floor(x**2)", AT_0, {"x": 0}, {}),
    ("floor(-x**2)", AT_0, {"x": 0}, {"x": "jumps"}),
    ("1e10 + where(x > 0, 1, 0)", AT_0, {"x": 0}, {"x": "jumps"}),
    ("sign(relu(x**4))", AT_0, {"x": 0}, {"x": "jumps"}),
    ("where(max(0, x**4) > 0, 2, 1)", AT_0, {"x": 0}, {"x": "jumps"}),
    ("sign(min(0, x**4))", AT_0, {"x": 0}, {}),
]  # fmt: skip


def kinks(report: backprop.Report) -> dict[str, Any]:
    assert report.resolved is not None
    return {
        one.name: "jumps" if one.jumps else (one.left.slope, one.right.slope)
        for one in report.resolved.kinks
    }


@pytest.mark.parametrize(("text", "point", "gradient", "slopes"), RULE, ids=[r[0] for r in RULE])
def test_the_rule(
    text: str, point: dict[str, float], gradient: dict[str, float], slopes: dict[str, Any]
) -> None:
    report = evaluate(text, point)
    assert {name: report.gradient[name] for name in gradient} == gradient
    assert kinks(report) == slopes


@pytest.mark.parametrize(("text", "point", "gradient", "slopes"), RULE, ids=[r[0] for r in RULE])
def test_the_rule_for_arrays(
    text: str, point: dict[str, float], gradient: dict[str, float], slopes: dict[str, Any]
) -> None:
    """A vector whose first entry lies beside the tie, and whose second lies on it."""
    spelled = text.replace("max(", "maximum(").replace("min(", "minimum(")
    spelled = spelled.replace("maximum(0, x)", "maximum(x, 0)")
    beside = {
        name: [value + 0.25 * (k + 1), value] for k, (name, value) in enumerate(point.items())
    }
    report = evaluate(f"sum({spelled})", beside)
    assert {name: report.gradient[name][1] for name in gradient} == pytest.approx(gradient)
    assert report.resolved is not None
    found = {}
    for one in report.resolved.kinks:
        assert one.way[one.name].tolist() == [0, 1]
        found[one.name] = "jumps" if one.jumps else (one.left.slope, one.right.slope)
    assert found == slopes


def test_sixteen_equal_inputs() -> None:
    names = [f"x{k}" for k in range(16)]
    report = evaluate(f"max({', '.join(names)})", dict.fromkeys(names, 3.0))
    assert report.gradient == dict.fromkeys(names, 1.0)
    assert kinks(report) == dict.fromkeys(names, (0.0, 1.0))


@pytest.mark.parametrize(
    "text",
    ["where((x != 0)*(y != 0), 1, 0)", "where(x > 0, where(y > 0, 1, 0), 0)", "sign(x)*sign(y)"],
)
def test_a_jump_that_no_input_makes_alone(command: Command, text: str) -> None:
    """Along each axis the function is constant; off the axes it is another."""
    report = evaluate(text, x=0.0, y=0.0)
    assert report.gradient == {"x": 0.0, "y": 0.0}
    assert kinks(report) == {"": "jumps"}
    assert report.notices[0].message.endswith("f jumps as x and y move together")
    done = command("check", text, "--x=0", "--y=0")
    assert done.returncode == 3
    assert "df/dx: kink: 0 is taken; the function jumps here" in done.stdout
    entries = evaluate(f"sum({text.replace('y', 'x[::-1]')})", x=[0.0, 0.0])
    assert kinks(entries) == {"": "jumps"}


def test_a_bend_that_inputs_make_together_is_no_jump() -> None:
    report = evaluate("where(x > 0, x, 0)*where(y > 0, y, 0)", x=0.0, y=0.0)
    assert kinks(report) == {}


@pytest.mark.parametrize(
    ("text", "point"),
    [
        ("where(y == 1, -log(p), -log(1 - p))", {"y": 1, "p": 0.3}),
        ("sum(where(y == 1, -log(p), -log(1 - p)))", {"y": [1, 0, 1], "p": [0.3, 0.2, 0.2]}),
        ("x*(y == 1)", {"x": 2, "y": 1}),
    ],
)
def test_a_check_does_not_move_labels(command: Command, text: str, point: dict[str, Any]) -> None:
    options = [f"--{name}={json.dumps(value)}" for name, value in point.items()]
    done = command("check", text, *options, "--json")
    assert done.returncode == 0
    verdicts = json.loads(done.stdout)["inputs"]
    assert {name: one["verdict"] for name, one in verdicts.items()} == dict.fromkeys(point, "agree")


def test_labels_that_stand_alone_move() -> None:
    """There is nothing else to differentiate by."""
    assert kinks(evaluate("where(x == 0, 3, 4)", AT_0)) == {"x": "jumps"}
    assert kinks(evaluate("where(x == 0, 3, 4) + y", x=0.0, y=0.0)) == {}


def test_a_misfit_is_a_kink_with_its_slope() -> None:
    report = evaluate("where(x == 0, 1, (exp(x) - 1)/x)", AT_0)
    assert report.gradient == {"x": 0.0}
    assert kinks(report) == {"x": (0.5, 0.5)}
    assert report.notices[0].message.endswith(
        "df/dx is 0.5 on both sides, which no choice of branches gives"
    )


def test_only_inputs_that_are_asked_for_move() -> None:
    report = evaluate("max(x, y)*z", x=1.0, y=1.0, z=2.0, wrt=["z"])
    assert (kinks(report), report.notices, report.gradient) == ({}, (), {"z": 1.0})


def test_the_rule_costs_a_pass_for_every_input_and_not_more() -> None:
    """Ten thousand relus, every one of them at its kink."""
    count = 10_000
    text = " + ".join(f"relu(x{k})" for k in range(count))
    report = evaluate(text, {f"x{k}": 0.0 for k in range(count)})
    assert report.resolved is not None
    assert len(report.resolved.kinks) == count
    assert set(report.gradient.values()) == {0.0}


def test_where_inputs_are_too_many_some_directions_are_looked_at() -> None:
    given = {"X": np.linspace(-1, 1, 50).reshape(10, 5), "W": np.zeros((5, 20))}
    report = evaluate("sum(max(X@W, 0))", given, wrt=["W"])
    assert report.resolved is not None
    assert report.resolved.sampled == ["W"]
    assert report.notices[-1].message == (
        "W has too many entries at ties: 16 directions were looked at"
    )


# Real losses, beside JAX.

RECORDED = json.loads((CASES / "tied_losses.json").read_text("utf-8"))


@pytest.mark.parametrize(
    "case", RECORDED["cases"], ids=lambda c: f"{c['loss']} {[*c['point'].values()]}"
)
def test_losses_have_the_slopes_that_jax_has_beside_their_ties(case: dict[str, Any]) -> None:
    report = evaluate(case["text"], case["point"])
    told = kinks(report)
    for name, (left, right) in case["slopes"].items():
        near = pytest.approx  # curvature moves a slope by about the hair
        slope = report.gradient[name]
        if abs(left - right) < 1e-8:
            assert slope == near((left + right) / 2, abs=1e-8)
            assert name not in told
        else:
            assert told[name] == near((left, right), abs=1e-8)
            assert min(left, right) - 1e-8 <= slope <= max(left, right) + 1e-8


# Random programs; campaigns/ties.py has any number of them.


@pytest.mark.parametrize("family", [*FAMILIES, "arrays"])
@pytest.mark.parametrize("part", range(4))
def test_random_programs_at_ties(family: str, part: int) -> None:
    found: list[Verdict] = []
    number, count = 1_000_000 * part, cases(40, 100)
    while len(found) < count:
        verdict = judged_in(family, 7, number)
        found += [verdict] if verdict else []
        number += 1
    assert [(one.text, one.point, one.wrong) for one in found if one.wrong] == []
    assert sum(one.misfit for one in found) <= 5
    states = Counter(state for one in found for state in one.states)
    assert states["smooth"] > count / 2
    assert states["kink"] > 0


# Every command.

PPO = "min(r*A, clip(r, 0.8, 1.2)*A)"
BCE = "max(z,0) - z*y + log1p(exp(-abs(z)))"


def test_check_agrees_where_the_slope_is_one(command: Command) -> None:
    for text, point in ((PPO, {"r": 1, "A": 3}), (BCE, {"z": 0, "y": 1}), ("max(x,x)", {"x": 2}),
                        ("relu(x)+relu(-x)-abs(x)", AT_0), ("where(x==0,2*x,x)", AT_0)):  # fmt: skip
        done = command("check", text, *[f"--{name}={value}" for name, value in point.items()])
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("agree: SymPy and a numeric difference agree")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sign(x)", "0 is taken; the function jumps here"),
        ("where(x>0, x*log(x), 0)",
         "0 is taken; the slope is 0 on the left and -inf on the right"),
        ("abs(x)", "0 is taken; the slope is -1 on the left and 1 on the right"),
        ("where(x==0, 1, (exp(x)-1)/x)", "0 is taken, the function's slope is 0.5"),
    ],
)  # fmt: skip
def test_check_tells_both_slopes_of_a_kink(command: Command, text: str, reason: str) -> None:
    done = command("check", text, "--x=0")
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == f"kink: df/dx: {reason}"


def test_a_convention_that_misses_the_slope_is_told_so(command: Command) -> None:
    done = command("check", "max(x, x)", "--x=2", "--ties", "notes")
    assert done.returncode == 3
    assert done.stdout.splitlines()[0] == "kink: df/dx: 2 is taken, the function's slope is 1"


def test_batch_follows_eval(tmp_path: Path, command: Command) -> None:
    (tmp_path / "d.csv").write_text("r,A\n1,3\n1,-2\n1.3,2\n0.5,1\n", "utf-8")
    done = command("batch", PPO, "--data", "d.csv", cwd=tmp_path)
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        {"value": 3.0, "dr": 3.0, "dA": 1.0},
        {"value": -2.0, "dr": -2.0, "dA": 1.0},
        {"value": 2.4, "dr": 0.0, "dA": 1.2},
        {"value": 0.5, "dr": 1.0, "dA": 0.5},
    ]


@pytest.mark.parametrize("engine", ["numpy", "native"])
def test_rows_that_tie_are_done_as_eval_does_them(engine: str) -> None:
    random = np.random.default_rng(1)
    texts = [text for text, *_ in RULE] + ["max(x,x) + max(x,y)", "max(x,y,z,w) + min(x,max(y,z))"]
    for text in dict.fromkeys(texts):
        program = parse(text)
        kernel = compiled(program, engine=engine)
        columns = {
            name: random.choice([0.0, 0.0, 1.0, 1.0, 2.0, 0.5, -1.0], 400)
            for name in program.inputs
        }
        value, gradients = kernel(columns)
        for row in range(60):
            at = {name: float(column[row]) for name, column in columns.items()}
            report = evaluate(program, at)
            assert value[row] == pytest.approx(report.value, rel=1e-12, nan_ok=True)
            for name, column in gradients.items():
                assert column[row] == pytest.approx(
                    report.gradient[name], rel=1e-12, nan_ok=True
                ), (text, at, name)


def test_few_rows_and_many_have_the_same_answers() -> None:
    """A pattern of ties with many rows has a plan of its own."""
    kernel = compiled(parse(PPO))
    many = kernel({"r": np.ones(5000), "A": np.full(5000, 3.0)})[1]
    few = compiled(parse(PPO))({"r": np.ones(3), "A": np.full(3, 3.0)})[1]
    assert set(many["r"]) == set(few["r"]) == {3.0}
    assert set(many["A"]) == set(few["A"]) == {1.0}


def test_descend_is_no_longer_stuck_at_the_tie_where_it_begins(command: Command) -> None:
    done = command(
        "descend", BCE, "--z=0", "--y=1", "--wrt", "z", "--lr", "1", "--steps", "3", "--json"
    )
    found = json.loads(done.stdout)
    assert found["steps"] == 3
    assert found["point"]["z"] > 0.5


def test_grading_calls_the_right_line_right(tmp_path: Path, command: Command) -> None:
    (tmp_path / "back.txt").write_text("dz = sigmoid(z) - y\ndy = -z\n", "utf-8")
    done = command("check", BCE, "--z=0", "--y=1", "--backward", str(tmp_path / "back.txt"))
    assert done.returncode == 0, done.stdout


def test_a_claim_at_a_tie(command: Command) -> None:
    done = command("check", BCE, "--z=0", "--y=1", "--claim", "dz = sigmoid(z) - y")
    assert done.returncode == 0, done.stdout


# Code can't look around a tie.


def test_code_shares_at_ties_and_says_so(command: Command) -> None:
    done = command("code", PPO, "--lang", "python")
    assert done.stdout.startswith(
        "# At a tie: equal inputs of max and min share the gradient, clip' = 1 at its kink.\n"
    )
    scope: dict[str, Any] = {}
    exec(done.stdout, scope)
    assert scope["f"](1.0, 3.0) == (3.0, {"r": 3.0, "A": 1.0})


def test_code_has_no_auto(command: Command) -> None:
    done = command("code", PPO, "--lang", "c", "--ties", "auto")
    assert (done.returncode, done.stderr) == (
        2,
        "error: ties can be notes, split, first in code, not auto\n"
        "help: a file can't look around a tie as the other commands do\n",
    )


@pytest.mark.parametrize(
    ("a", "b", "size", "one"),
    [
        (1.0, 1.0 + 1e-8, 100.0, True),  # the rounding of parts of 100
        (1.0, 1.0 + 1e-8, 0.0, False),
        (1.0, 1.0 + 1e-10, 0.0, True),
        (inf, inf, 0.0, True),
        (inf, 1.0, inf, False),
    ],
)
def test_slopes_are_one_to_within_the_rounding_of_their_parts(
    a: float, b: float, size: float, one: bool
) -> None:
    assert near(a, b, size) == near(b, a, size) == one


def test_a_curved_gate_has_the_slopes_right_at_its_kink() -> None:
    """selu is a multiple of exp(x) - 1 on the left, whose slope is that of x = 0."""
    slopes = (1.0507009873554805, 1.7580993408473766)
    for given in (0.0, [0.0, 1.0]):
        report = backprop.evaluate("sum(selu(x))" if given else "selu(x)", x=given)
        assert slopes[0] <= np.ravel(report.gradient["x"])[0] <= slopes[1]
        said = " ".join(notice.message for notice in report.notices)
        assert "1.7581 on the left and 1.0507 on the right" in said
