"""The check of arrays: what is right is called right, entry by entry, and what isn't isn't."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from conftest import Command
from counts import cases
from examining import checked
from given_arrays import Case
from mutating_arrays import Mutant, mutants, planted
from pulling_back import drawn, wrong

from backprop import check, evaluate
from backprop.arithmetic.arrays import ARRAYS
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS
from backprop.checking import checker, levels
from backprop.checking.arrays.pullbacks import off
from backprop.gates import array_gates
from backprop.gates.linear import STACKED
from backprop.gates.shapes import MismatchError
from backprop.program.array_stager import ArrayStager

RANDOM = np.random.default_rng(0)
POINT = {
    "A": RANDOM.normal(size=(3, 2)),
    "B": RANDOM.normal(size=(2, 3)),
    "C": RANDOM.normal(size=(3, 3)),
}
IMPOSSIBLE = (
    MismatchError, ValueError, IndexError, TypeError, AttributeError, ZeroDivisionError,
)  # fmt: skip
ALONE = (("precise", "symbolic"), ("precise", "numeric"))


def at(text: str) -> dict[str, Any]:
    return {name: value for name, value in POINT.items() if name in text}


PROGRAMS = (
    "sum(softmax(A @ B)*C)", "norm(A)", "sum(norm(A, axis=1))", "logsumexp(A @ B)",
    "sum(log_softmax(A @ B, axis=0)*C)", "det(C)", "logdet(C)", "sum(inv(C)*C)",
    "sum(solve(C, A)**2)", "sum(solve(C, A[:, 0]))", "sum(cumsum(A, axis=1)*A)",
    "max(A) + min(B)", "sum(max(A, axis=0))", "prod(C[0]) + sum(prod(C, axis=1))", "trace(C @ C)",
    "sum(diag(C)*C[1])", "sum(diag(C[0]) @ C)", "sum(outer(C[0], C[1]) @ C)",
    "mean(sigmoid(A) @ B)", "sum(tanh(A)*relu(A) + erf(A)/exp(A)**2)",
    "sum(maximum(A, 0.3)*where(A > 0.1, A, 2*A))", "sum(concatenate([A, A*2], axis=1) @ ones(4, 1))",
    "sum(softplus(A) + gelu(A) + silu(A))", "C[0] @ C @ C[1]", "sum([A[0, 0], A[1, 1]**2])",
    "sum(reshape(A, 2, 3) @ A)", "sum(hypot(A, 1) + atan2(A, 2))", "sum(zeros(2) + C[1:, 0:2] @ [1, 2])",
    "f(a, b) = a @ b + 1\nsum(f(C, C)[:, ::2])", "k = [A, 2*A]\nsum(k[1]) + C[-1, -1]",
    "sum(array([1, 2, 3])*C[[0, 1]]) + C.dot(C)[0, 0]", "sum(arange(3)*sum(C, 1))",
    "v = C[0]\nsum(randn(3)*v) + e*pi", "sum(mean(C, axis=0, keepdims=1)*C)", "sum(A[1:1])",
    "sum(stack([C[0], C[1]]) @ C.T)", "norm(C - C) + C[0, 0]",
    "sum(A)/sum(B > -10)", "sum(A[A > 0.1])", "np.mean(A[A > 0.1]**2)", "p = A[A > 0]\nsum(p*B.T[A > 0])/len(p)",
    "prod(C[(C > -1)*(C < 2)])", "A[A != 0].sum() + norm(B[(B > 0)*(B < 1)])", "sum(log(A[A > 0.1]))",
    "sum(A[..., 0, None]*A.shape[0])/len(A)", "sum(np.full((2, 3), A[0, 0])*A.T) + A.size*A[0, 1]",
    "sum(A % 0.7) + sum(fmod(C, B[0, 0]))", "var(A, ddof=1) + sum(std(B, axis=0, ddof=1))",
    "A[0, 0] if 0 < A.ndim < 3 and not A[0, 0] > 9 else A[1, 1]",
)  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS)
def test_each_opinion_agrees_alone(text: str) -> None:
    for methods in ALONE:
        found = checked(text, at(text), methods)
        assert found.verdict in ("agree", "unchecked"), found.reason  # SymPy may be silent
    assert checked(text, at(text)).verdict == "agree"


@pytest.mark.parametrize("gates", ["fine", "fused"])
def test_other_gates_agree_too(gates: str) -> None:
    assert checked("sum(sigmoid(A @ B)*C)", POINT, gates=gates).verdict == "agree"


def test_a_vector_jacobian_product_and_a_jacobian_are_checked() -> None:
    upstream = RANDOM.normal(size=(3, 3))
    assert checked("A @ B", at("AB"), upstream=upstream).verdict == "agree"
    report = evaluate("A @ B", at("AB"), jacobian=True)
    assert checked("A @ B", at("AB"), jacobian=True).verdict == "agree"
    assert report.jacobian is not None
    report.jacobian["A"][2, 1, 0, 0] += 1e-3  # one entry of one row
    assert check_of(report).verdict == "differ"


def check_of(report: Any) -> Any:
    from examining import subject

    from backprop.checking.examine import examine

    return examine(subject(report), ("precise", "numeric", "symbolic"))


@pytest.mark.parametrize(
    ("text", "x", "verdict", "words"),
    [
        ("sum(abs(x))", [1, 0], "kink", "-1 on the left and 1 on the right"),
        ("max(x)", [2, 1, 2], "kink", "1 is taken"),
        ("norm(x)", [0.0, 0.0], "kink", "0 is taken"),
        ("sum(sqrt(x))", [1.0, 0.0], "undefined", "no finite slope"),
        ("sum(log(x))", [1.0, -1.0], "undefined", "no finite slope"),
        ("sum(exp(x))", [1000, 1], "overflow", "1.97007e+434"),
        ("sum(x)", [1e16, 1, -1e16], "rounding", "no digit is right"),
        ("sum(x*x)", [1, 2], "agree", "float64 keeps 16 digits"),
    ],
)
def test_verdicts_on_vectors(text: str, x: list[float], verdict: str, words: str) -> None:
    found = checked(text, {"x": x})
    assert found.verdict == verdict
    assert words in found.reason


def test_the_entry_at_fault_is_named() -> None:
    found = checked("sum(abs(W))", {"W": [[1, 2], [3, 0]]})
    assert found.inputs["W"].reason.startswith("W[1, 1]: ")


def test_what_is_exact_stands_as_the_array_does() -> None:
    found = checked("sum(W*W)/2", {"W": [[1, 2], [3, 4]]})
    assert found.inputs["W"].exact == [["1", "2"], ["3", "4"]]
    assert found.methods["numeric"].gradient["W"] == [["1", "2"], ["3", "4"]]


def test_very_many_entries_are_sampled_and_that_is_said() -> None:
    point = {name: RANDOM.normal(size=(16, 16)) for name in "AB"}
    found = checked("sum(tanh(A @ B))", point)
    assert found.verdict == "agree"
    assert "on 8 entries alone and on all together" in found.reason
    assert "all together" in found.reason


def test_digits_of_stages_are_those_of_their_worst_entry() -> None:
    found = checked("q = x - 1\nsum(q)", {"x": [1 + 1e-9, 3.0]})
    assert found.stages[0][0] == 16
    lost = checked("q = sum(x)\nq*q", {"x": [1e16, 1, -1e16]})
    assert lost.stages[0][0] == 0
    assert any("loses digits" in remark.message for remark in lost.remarks)


def test_an_array_s_branches_along_a_way_are_checked() -> None:
    found = checked("sum(where(v == 0, 2*v, v))", {"v": [0.0, 1.0]})
    assert (found.verdict, found.inputs["v"].exact) == ("agree", ["1", "1"])


def test_a_small_program_has_formulas_by_entry() -> None:
    found = check("x @ x", {"x": [1.0, 2.0]}).check
    assert found.formula == {"x[0]": "2*x[0]", "x[1]": "2*x[1]"}


# Mistakes that have to be caught.


SOME = 60  # random cases among which every mistake shows


def shown_by(mutant: Mutant) -> Case | None:
    """A random program whose gradient a mistake makes wrong, but not impossible."""
    for number in range(SOME):
        with suppress(*IMPOSSIBLE):
            if wrong(mutant.gate, number):
                return drawn(mutant.gate, number)[0]
    return None


# Gates on stacks are those on matrices, again and again.
CHECKED = [row.name for row in array_gates().values()
           if any(row.partials) and row.name not in STACKED.values()]  # fmt: skip


def verdict_on(mutant: Mutant) -> str:
    """What the check says of a program in which a mistake shows; nothing if none could be run."""
    with planted(mutant), planted(mutant, PRECISE_ARRAYS):
        found = shown_by(mutant)
        if found is None:
            return ""
        with suppress(*IMPOSSIBLE):
            return checked(found.program, found.given, upstream=found.upstream).verdict
        return ""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("gate", CHECKED)
def test_a_wrong_pull_back_is_called(gate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "LEVELS", levels.LEVELS[:1])
    made = [mutant for mutant in mutants(gate) if not mutant.equal]
    some = made[:: -(-len(made) // cases(3, 1000))]
    verdicts = {str(mutant): verdict_on(mutant) for mutant in some}
    assert {how: found for how, found in verdicts.items() if found not in ("differ", "")} == {}
    assert "differ" in verdicts.values()


@pytest.mark.parametrize("methods", ALONE)
@pytest.mark.parametrize("text", ["-(g @ b.T)", "g @ b", "b.T @ g", "2*(g @ b.T)"])
def test_each_opinion_calls_it_alone(
    text: str, methods: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    row = array_gates()["matmul"]
    for arithmetic in (ARRAYS, PRECISE_ARRAYS):
        step = arithmetic.pull(row._replace(partials=(text, row.partials[1])), "notes")
        monkeypatch.setitem(arithmetic.message["notes"], "matmul", step)
    found = checked("sum((C @ C.T)*C.T)", at("C"), methods)
    assert found.verdict == "differ", found.reason
    assert any("by the table's matmul" in remark.message for remark in found.remarks)


def test_floats_alone_that_are_wrong_are_called(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = array_gates()["matmul"]._replace(partials=("g @ b.T", "-(a.T @ g)"))
    monkeypatch.setitem(ARRAYS.message["notes"], "matmul", ARRAYS.pull(wrong, "notes"))
    found = checked("sum(A @ B)", at("AB"))
    assert found.verdict == "differ"
    assert "matmul has wrong floats" in found.reason


def test_staging_that_is_wrong_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ArrayStager, "transposed", lambda self, slot: slot)
    assert checked("sum(C.T @ C)", at("C"), ALONE[1]).verdict == "differ"


# Too large for many digits.

LARGE = "h = tanh(X @ W + b)\nmean(sum(log_softmax(h)*Y, axis=1))"


def large() -> dict[str, Any]:
    sizes = {"X": (40, 60), "W": (60, 20), "b": (20,), "Y": (40, 20)}
    return {name: RANDOM.normal(size=size) for name, size in sizes.items()}


def test_a_large_program_is_checked_at_small_shapes_and_in_floats() -> None:
    found = check(LARGE, large()).check
    assert found.verdict == "agree"
    assert "at small shapes (X 4x5, W 5x3, b a vector of 3, Y 4x3)" in found.reason
    assert "differences in floats agree on 20 entries alone and 4 ways" in found.reason


def wide(report: Any) -> Any:
    from backprop.checking.examine import examine_wide

    request = checker.request(report, ("precise", "numeric", "symbolic"), 0, formula=False)
    return examine_wide({**request, "timeout": 10.0})


def test_a_wrong_gradient_of_a_large_program_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    report = evaluate(LARGE, large())
    report.gradient["W"][:] *= 1.01  # right at small shapes
    assert wide(report).verdict == "differ"
    row = array_gates()["matmul"]
    wrong = row._replace(partials=("-(g @ b.T)", row.partials[1]))
    for arithmetic in (ARRAYS, PRECISE_ARRAYS):
        monkeypatch.setitem(arithmetic.message["notes"], "matmul", arithmetic.pull(wrong, "notes"))
    found = wide(evaluate(LARGE, large()))
    assert found.verdict == "differ"
    assert "at small shapes" in found.reason


def test_a_large_program_that_fits_no_small_shapes_is_unchecked() -> None:
    point = {"A": RANDOM.normal(size=10000), "B": RANDOM.normal(size=(100, 100))}
    found = check("sum(reshape(A, 100, 100) @ B)", point).check
    assert found.verdict == "unchecked"
    assert "don't fit into 100x100" in found.reason


def test_a_golden_file_of_arrays(tmp_path: Any) -> None:
    from backprop.answer.expectation import departures, expected_text, read_expectation

    report = evaluate("sum(W @ x)", {"W": [[1, 2], [3, 4]], "x": [1, 2]})
    text = expected_text(report)
    assert not list(departures(report, read_expectation(text, "f"), 0))
    other = read_expectation(text.replace("4,", "5,"), "f")
    assert list(departures(report, other, 1e-9)) == ["df/dx[0] is 4, expected 5"]


def test_random_arrays(command: Command) -> None:
    ranges = ("--shape", "W=3x4,x=4", "--range", "W=-1:1", "--range", "x=0.5:1")
    done = command("check", "sum((W @ x)**2)", "--points", "5", *ranges)
    assert done.returncode == 0
    assert done.stdout.startswith("agree at 5 random points: ")
    done = command("check", "sum(log(x - 3))", "--points", "2", "--shape=x=2", "--range=x=0:1")
    assert (done.returncode, done.stderr) == (
        2, "error: the program has no value at 1,000 points of these ranges\n"
        "help: choose ranges inside its domain\n",
    )  # fmt: skip
    done = command("check", "sum(x)", "--points", "2", "--shape=y=2", "--range=x=0:1")
    assert "the program has no variable y" in done.stderr


def test_a_wrong_float_is_seen_beside_one_that_is_not_finite() -> None:
    right, infinite = np.array([2.0, 3.0]), np.array([2.0, np.inf])
    assert not off(infinite, right, infinite, None)
    wrong_too = np.array([2.1, np.inf])
    assert off(wrong_too, right, wrong_too, None)
