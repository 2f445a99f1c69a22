"""The backward pass in words: the notes' examples pinned whole, every number computed."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from conftest import Command
from derivations import STAGES
from mpmath import mp, mpf

import backprop
from backprop import evaluate
from backprop.arithmetic.precise import PRECISE
from backprop.engine.numbers import forward
from backprop.errors import UsageError
from backprop.explaining.nudging import nudges
from backprop.explaining.remarks import remarks

CASES = Path(__file__).parent / "cases" / "explained"
NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
TOLD = {
    "product": ("(x+y)*z", "--x=-2", "--y=5", "--z=-4"),
    "patterns": ("2*(x*y + max(z, w))", "--x=3", "--y=-4", "--z=2", "--w=-1"),
    "eight_stages": (STAGES, "--x=3", "--y=-4", "--gates=fused"),
    "neuron": (NEURON, "--w0=2", "--w1=-3", "--w2=-3", "--x0=-1", "--x1=-2"),
    "matmul": ("sum(W.dot(X)*dD)", "--W=randn(5,10)", "--X=randn(10,3)", "--dD=randn(5,3)"),
    "striking": ("relu(w*x) + sigmoid(9*w) + w*x", "--w=1", "--x=-2000"),
}


@pytest.mark.parametrize("name", TOLD)
def test_an_example_is_told_like_this(command: Command, name: str) -> None:
    done = command("explain", *TOLD[name])
    assert done.stderr == ""
    assert done.stdout == (CASES / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize(("x", "told"), [(999.0, 0), (1000.0, 1), (-1000.0, 1)])
def test_a_factor_a_thousand_times_the_other_gets_a_note(x: float, told: int) -> None:
    report = evaluate("x*y", x=x, y=1.0)
    (product,) = report.stages()
    assert len([*remarks(report, product, "{:g}".format)]) == told


def test_markdown(command: Command) -> None:
    done = command("explain", *TOLD["product"], "--format", "markdown")
    assert done.stdout == (CASES / "product.md").read_text("utf-8")


@pytest.mark.parametrize("name", TOLD)
def test_json_fits_its_schema_and_says_the_same(command: Command, name: str) -> None:
    done = command("explain", *TOLD[name], "--json")
    schema = json.loads(files("backprop.schemas").joinpath("explain.json").read_text("utf-8"))
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema)
    text = " ".join((CASES / f"{name}.txt").read_text("utf-8").split())
    for stage in found["stages"]:
        for said in (stage["forward"], *stage["passes"], *stage["remarks"]):
            assert " ".join(said.split()) in text


def test_the_shares_of_a_fork_add_up() -> None:
    report = evaluate(STAGES, x=3.0, y=-4.0, gates="fused")
    (_, x) = backprop.explain(report).meanings
    assert [name for name, _ in x.paths] == ["num", "sigx", "xpy"]
    assert sum(share for _, share in x.paths) == pytest.approx(report.gradient["x"], rel=1e-15)


@pytest.mark.parametrize("text", ["exp(x)*sin(x)", "x**3/7", "log(x)*x", "sqrt(x) - 1/x"])
@pytest.mark.parametrize("x", [0.3, 4.0, 7e3, 2e-5])
def test_a_nudge_is_what_really_happens(text: str, x: float) -> None:
    if text.startswith("exp") and x > 700:
        return
    report = evaluate(text, x=x)
    (found,) = nudges(report, "x")
    with mp.workdps(40):
        exact = [forward(report.program, {"x": mpf(at)}, PRECISE) for at in (x, found.raised)]
        moved = exact[1][report.program.output] - exact[0][report.program.output]
    assert found.actual == pytest.approx(float(moved), rel=1e-9)
    assert found.predicted == report.gradient["x"] * found.step


def test_a_nudge_that_rounding_hides_is_not_claimed() -> None:
    (found,) = nudges(evaluate("1e20 + x", x=1.0), "x")
    assert "rounding hides a change that small" in found.told("f", str)
    (leaving,) = nudges(evaluate("log(1 - x)", x=0.995), "x")
    assert "no finite value there" in leaving.told("f", str)
    (bent,) = nudges(evaluate("exp(90*x)", x=1.0), "x")
    assert "since the slope itself changes on the way" in bent.told("f", str)
    (flat,) = nudges(evaluate("x**2", x=0.0), "x")
    assert flat.told("f", str) == (
        "Raise x by 0.01, to 0.01: the slope is 0 here, so f moves only because the slope changes, by 0.0001."
    )


def test_one_stage(command: Command) -> None:
    done = command("explain", STAGES, "--x=3", "--y=-4", "--stage=xpy")
    assert "xpy = x + y = 3 + (-4) = -1" in done.stdout
    assert "num" not in done.stdout
    done = command("explain", STAGES, "--x=3", "--y=-4", "--stage=xpi")
    assert (done.returncode, done.stderr) == (
        2, "error: xpi is no stage\nhelp: did you mean xpy?\n",
    )  # fmt: skip
    done = command("explain", "x*y", "--x=3", "--y=-4", "--stage=x")
    assert (done.returncode, done.stderr) == (2, "error: x is an input, not a stage\n")


@pytest.mark.parametrize(
    ("loss", "difference"),
    [
        ("-sum(y*log(softmax(x)))", "p - y"),
        ("-log_softmax(x)[1]", "p - y"),
        ("-mean(log(softmax(stack([x, x]))[[0, 1], [1, 1]]))", "(p - y) times 0.5"),
    ],
)
def test_cross_entropy_is_probabilities_less_targets(loss: str, difference: str) -> None:
    report = evaluate(loss, x=[1.0, 2.0], y=[0.0, 1.0], spare={"y": 0})
    assert any(
        f"the probabilities minus the targets, {difference}: p = " in remark and "y = " in remark
        for told in backprop.explain(report).stages
        for remark in told.remarks
    )


@pytest.mark.parametrize("text", ["sum(softmax(x)*y)", "-sum(softmax(x))", "sum(log_softmax(x)*x)"])
def test_other_losses_have_no_targets(text: str) -> None:
    report = evaluate(text, x=[1.0, 2.0], y=[0.0, 1.0], spare={"y": 0})
    assert not any("targets" in str(told.remarks) for told in backprop.explain(report).stages)


@pytest.mark.parametrize(
    ("ties", "whom"),
    [("notes", "every tied input gets the whole gradient"), ("split", "tied inputs share the")],
)
def test_who_gets_the_gradient_of_a_tie(ties: str, whom: str) -> None:
    (told,) = backprop.explain(evaluate("max(x, y)", x=2.0, y=2.0, ties=ties)).stages
    assert f"to the largest input; here several are equal, and {whom}" in told.rule
    assert "nothing" not in told.rule


def test_very_many_stages_are_refused_kindly() -> None:
    program = "\n".join(["a0 = x", *(f"a{k} = a{k - 1}*x" for k in range(1, 300))])
    with pytest.raises(UsageError, match="299 stages are too many to explain"):
        backprop.explain(evaluate(program, x=1.0))
    (one,) = backprop.explain(evaluate(program, x=1.0), stage="a7").stages
    assert one.name == "a7"


def test_an_infinite_answer_is_told_and_exits_with_3(command: Command) -> None:
    done = command("explain", "log(x)", "--x=0")
    assert done.returncode == 3
    assert "log(0) is -inf, a pole" in done.stderr
    assert "moves by" not in done.stdout


def test_what_a_branch_did_not_take_passes_nothing() -> None:
    found = backprop.explain(evaluate("q = log(x)\nwhere(x > 0, x, q)", x=2.0))
    stages = {stage.name: stage for stage in found.stages}
    assert stages["q"].gradient == "No gradient reaches it, so it passes none on."
    assert stages["q"].passes == ()


def test_shapes_alone_do_not_decide_between_square_matrices() -> None:
    report = evaluate("sum(A @ B)", {"A": [[1, 2], [3, 4]], "B": [[1, 0], [0, 1]]})
    matmul = backprop.explain(report).stages[0]
    assert "these fit by shape alone: dq @ B, dq @ B.T" in matmul.passes[1]
    assert "dq @ B.T" in matmul.passes[1]


def test_no_numpy_for_single_numbers(command: Command) -> None:
    import subprocess
    import sys

    code = (
        "import sys; from backprop import evaluate, explain\n"
        "explain(evaluate('(x+y)*z', x=-2, y=5, z=-4))\n"
        "sys.exit('numpy' in sys.modules or 'sympy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
