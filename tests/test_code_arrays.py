"""NumPy code of programs about arrays computes what the engine computes, for networks as people
write them, for random programs and for every gate on arrays; and reads like the notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from random import Random
from typing import Any

import numpy as np
import pytest
from array_cases import DRAW
from array_programs import sample
from campaigns.special import DRAWS
from conftest import Command
from counting_calls import calls_of
from counts import cases
from emitted import UNWRITTEN
from test_accuracy import COMPOSED
from test_code_numbers import BRANCHES

import backprop
from backprop.arithmetic.system import TIES
from backprop.emitting import emit
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

Array = Any
CLOSE = 1e-12  # of the largest entry
GRANULARITIES = ("written", "fused", "fine")


def run(code: str, name: str, given: Mapping[str, Any] | Sequence[Any]) -> Any:
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102
    function = scope[name]
    return function(**given) if isinstance(given, Mapping) else function(*given)


def staged(text: str | Tree, given: Mapping[str, Any], gates: str = "written") -> Program:
    shapes = {name: np.shape(value) for name, value in given.items() if np.ndim(value)}
    if isinstance(text, Tree):
        return stage(text, given, gates, shapes=shapes)
    return backprop.parse(text, given=given, gates=gates, shapes=shapes)


def differing(
    text: str | Tree, given: Mapping[str, Any], upstream: Any = None, gates: str = "written",
    ties: str = "notes", twist: tuple[str, str] = ("", ""), wrt: Sequence[str] | None = None,
) -> list[str]:  # fmt: skip
    """What of the code's answer the engine says otherwise."""
    program = staged(text, given, gates)
    report = backprop.evaluate(
        program, given, upstream=upstream, ties=ties, allow_nonfinite=True, wrt=wrt
    )
    code = emit(program, "numpy", name="emitted", ties=ties, wrt=wrt).replace(*twist)
    assert twist[1] in code
    fed = [given[name] for name in program.inputs]
    fed += [upstream] if np.ndim(report.value) else []
    try:
        value, gradient = run(code, "emitted", fed)
    except ValueError:
        return ["shapes"]
    scale = 1.0 if upstream is None or np.ndim(report.value) else float(upstream)
    ours = {"value": value, **{name: scale * slope for name, slope in gradient.items()}}
    theirs = {"value": report.value, **report.gradient}
    assert ours.keys() == theirs.keys()
    return [name for name, slope in theirs.items() if not close(ours[name], slope)]


def close(ours: Any, theirs: Any) -> bool:
    finite = np.nan_to_num(np.abs(theirs), nan=0.0, posinf=0.0)
    most = CLOSE * max(np.max(finite, initial=0.0), 1e-3)
    return np.shape(ours) == np.shape(theirs) and np.allclose(
        ours, theirs, rtol=CLOSE, atol=most, equal_nan=True
    )


# Random programs, and every gate.


def test_300_random_programs() -> None:
    wrong = {}
    for number in range(300):
        found = sample(f"code:{number}")
        gates, ties = GRANULARITIES[number % 3], TIES[number // 3 % 3]
        some = Random(number).sample([*found.point], 2) if number % 4 == 0 else None
        if names := differing(found.text, found.point, gates=gates, ties=ties, wrt=some):
            wrong[found.text] = names
    assert wrong == {}


@pytest.mark.parametrize("gate", [gate for gate in DRAW if gate not in UNWRITTEN["numpy"]])
def test_every_gate_at_random_shapes_and_values(gate: str) -> None:
    wrong = {}
    for number in range(cases(5, 8) if gate in DRAWS or gate in COMPOSED else cases(15, 40)):
        found = DRAW[gate](Random(f"code {gate}:{number}"))
        upstream = found.upstream
        if np.ndim(upstream) == 0 and upstream is not None:
            upstream = 1.0
        if names := differing(found.program, found.given, upstream, ties=TIES[number % 3]):
            wrong[found.text] = names
    assert wrong == {}


SPECIAL = np.array([0.0, -0.0, 1.0, 2.0, -1.0, 0.5, np.inf, -np.inf, np.nan])


@pytest.mark.parametrize("ties", TIES)
@pytest.mark.parametrize("text", BRANCHES)
def test_what_a_branch_does_not_reach_entry_by_entry(text: str, ties: str) -> None:
    """Each way of broadcasting: a mask is as large as the gradient, or reduced with it."""
    text = text.replace("\\n", "\n")
    upstream = np.arange(81.0).reshape(9, 9) - 40
    for x, y in ((SPECIAL[:, None], SPECIAL), (SPECIAL, SPECIAL[:, None])):
        assert differing(text, {"x": x, "y": y}, upstream, ties=ties) == []
    for one in SPECIAL:
        assert differing(text, {"x": SPECIAL, "y": float(one)}, np.full(9, 2.0)) == []
        assert differing(text, {"x": float(one), "y": SPECIAL}, np.full(9, 2.0)) == []


@pytest.mark.parametrize(
    ("text", "given"),
    [
        ("sum(amax(A, axis=1)*v)".replace("amax", "max"), {"A": SPECIAL[:4].reshape(2, 2), "v": [1, 2]}),
        ("det(A)", {"A": np.zeros((2, 2))}),
        ("sum(inv(A))", {"A": np.ones((2, 2))}),
        ("sum(solve(A, v))", {"A": np.ones((2, 2)), "v": [1.0, 2.0]}),
        ("norm(A)", {"A": np.zeros((2, 2))}),
        ("sum(norm(A, axis=0))", {"A": np.array([[3e200, np.inf], [4e200, 1.0]])}),
        ("logsumexp(v)", {"v": [1000.0, 1001.0, -np.inf]}),
        ("sum(softmax(v)*v)", {"v": [-1000.0, 1e5, 0.0]}),
        ("mean(A)", {"A": np.zeros((0, 3))}),
        ("sum(mean(A, axis=0))", {"A": np.zeros((0, 3))}),
        ("sum(zeros(2, 3)*A + ones(3) + arange(3) + [[1], [2]])", {"A": np.ones((2, 3))}),
        ("x + sum([x, x*x, 3])", {"x": 2.0}),
        ("A", {"A": np.ones((2, 3))}),
        ("sum(A*0 + 2)*x", {"A": np.ones((2, 3)), "x": 2.0}),
        ("sum(v**0)", {"v": [1.0, 2.0]}),
    ],
)  # fmt: skip
def test_corners(text: str, given: dict[str, Any]) -> None:
    given = {name: x if np.ndim(x) == 0 else np.asarray(x) for name, x in given.items()}
    upstream = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]] if text == "A" else None
    for ties in TIES:
        assert differing(text, given, upstream, ties=ties) == []


def test_an_index_that_is_computed_has_to_be_whole_and_there() -> None:
    code = emit(staged("a[i]", {"a": [1.0, 2.0], "i": [0, 1]}), "numpy")
    value, gradient = run(code, "f", {"a": [1.0, 2.0], "i": [1, 1], "upstream": 1.0})
    assert (value.tolist(), gradient["a"].tolist()) == ([2.0, 2.0], [0.0, 2.0])
    for index in ([0.5, 1], [np.nan, 1], [2, 0]):
        with pytest.raises(IndexError):
            run(code, "f", {"a": [1.0, 2.0], "i": index, "upstream": 1.0})


def test_other_sizes_will_do() -> None:
    """What was broadcast is known, how much of it isn't."""
    text = "mean(logsumexp(X @ W + b, axis=1) - max(X @ W, axis=1)) + mean(W)"
    code = emit(staged(text, net(6, 4)), "numpy")
    given = net(9, 2)
    value, gradient = run(code, "f", given)
    report = backprop.evaluate(text, given)
    assert value == pytest.approx(report.value)
    for name, slope in report.gradient.items():
        np.testing.assert_allclose(gradient[name], slope, rtol=1e-12, atol=1e-15)


def net(rows: int, columns: int) -> dict[str, Array]:
    random = np.random.default_rng(rows)
    sizes = {"X": (rows, columns), "W": (columns, 3), "b": (3,)}
    return {name: random.normal(size=size) for name, size in sizes.items()}


def test_inputs_are_left_alone() -> None:
    given = net(4, 2)
    kept = {name: array.copy() for name, array in given.items()}
    run(emit(staged("H = relu(X @ W + b)\nsum(H*H) + sum(b*b)", given), "numpy"), "f", given)
    assert all((given[name] == kept[name]).all() for name in given)


# The tests can fail.


@pytest.mark.parametrize(
    ("text", "right", "mistaken"),
    [
        ("sum((X @ W + b)**2)", "dq1 @ W.T", "dq1 @ W"),
        ("sum((X @ W + b)**2)", "X.T @ dq1", "X.T @ dq2 + 1"),
        ("sum((X @ W + b)**2)", ".sum(axis=0)", ".sum(axis=1)"),
        ("sum((X @ W + b)**2)", ".sum(axis=0)", ".mean(axis=0)"),
        ("sum(softmax(X @ W)*b)", "(dq2 * q2).sum(axis=-1", "(dq2 * q2).sum(axis=0"),
        ("sum(relu(X @ W)*b)", "q1 > 0", "q1 < 0"),
        ("sum(max(X @ W, axis=1)*2 + b[0])", "routed(q1 == q2[:, None]", "routed(q1 != q2[:, None]"),
        ("sum(where(b > 0, log(b), b)) + 0*sum(X @ W)", "np.where(q1 != 0, log_slope(b) * dq2, 0.0)", "log_slope(b) * dq2"),
        ("mean(X @ W) + b[1]", "/ q1.size", "/ q1.shape[0]"),
        ("sum((X @ W)[1:, :2]) + sum(b)", "np.s_[1:, :2]", "np.s_[1:, 1:3]"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_seen(text: str, right: str, mistaken: str) -> None:
    given = net(5, 3)
    given["b"] = np.array([0.5, -1.5, 2.0])
    code = emit(staged(text, given), "numpy", name="emitted")
    assert right in code
    assert differing(text, given) == []
    assert differing(text, given, twist=(right, mistaken)) != []


# Names and sizes.

HOSTILE = """np upstream c1 c2 norm softmax routed first len range map float math dW W dq reached_q q1 lambda
class f df scattered whole peak inv solve print θ _ __name__ erf sum_ x1""".split()  # noqa: SIM905


def test_hostile_names_are_just_names() -> None:
    terms = [f"sum(relu(-{a})*softmax({a}*[1, 2])) + max({a}) + norm({a})" for a in HOSTILE]
    given = {name: np.array([k / 8, -1.0]) for k, name in enumerate(HOSTILE)}
    assert differing(" + ".join(terms), given) == []
    for name in HOSTILE:
        assert differing(f"{name} = u*norm(u)*[1, 2]\n{name}", {"u": [1.0, 2.0]}, [1.0, 3.0]) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_output_hides_nothing_that_is_needed(name: str) -> None:
    program = staged(f"{name} = max(u, axis=0)*erf(norm(u))\n{name}", {"u": np.ones((2, 2))})
    code = emit(program, "numpy", ties="first")
    function = code.rpartition("\ndef ")[2].partition("(")[0]
    run(code, function, {"u": [[1.0, 2.0], [3.0, 4.0]], "upstream": 1.0})


def test_an_array_of_the_program_is_written_out_if_it_is_small() -> None:
    with pytest.raises(backprop.BackpropError, match="at most 1,000 are written out"):
        emit(staged("sum(randn(40, 40) @ v)", {"v": np.ones(40)}), "numpy")
    code = emit(staged("sum((randn(3, 2) + zeros(3, 2)) @ v)", {"v": np.ones(2)}), "numpy")
    assert code.count("np.array(") == 1


def test_four_times_the_stages_take_four_times_the_work() -> None:
    counts = []
    for stages in (300, 1_200):
        lines = [f"s{k + 1} = sin(s{k})*y + max(s{k}, y)" for k in range(stages)]
        text = "\n".join(lines).replace("s0", "x") + f"\nsum(s{stages})"
        program = staged(text, {"x": np.ones((3, 2)), "y": np.ones(2)})
        counts.append(calls_of(partial(emit, program, "numpy")))
    assert counts[1] < 4.2 * counts[0]


# What it looks like.

PRODUCT = '''\
import numpy as np


@np.errstate(all="ignore")
def D(W, X, upstream):
    """Value and gradient of D for W (5x10), X (10x3)."""
    W, X = map(np.float64, (W, X))
    # forward
    D = W @ X      # (1)
    # backward
    dD = np.broadcast_to(upstream, D.shape)
    dW = dD @ X.T  # (1)
    dX = W.T @ dD  # (1)
    return D, {"W": dW, "X": dX}
'''
NET = """
H = relu(X @ W1 + b1)
S = H @ W2 + b2
loss = -mean(sum(log_softmax(S)*Y, axis=1))
"""
SIZES = "X=6x4,W1=4x5,b1=5,W2=5x3,b2=3,Y=6x3"
NET_IN_NUMPY = '''\
# At a tie: relu' = 0 at its kink.

import math
import numpy as np


def peak(a, axis):
    """The largest entry, less which no exponential overflows; 0 where it isn't finite."""
    found = np.max(a, axis=axis, keepdims=True, initial=-np.inf)
    return np.where(np.isfinite(found), found, 0.0)


def first(chosen, axes):
    """Of the entries that are chosen along these axes the first alone."""
    moved = np.moveaxis(chosen, axes, range(len(axes)))
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes):])
    alone = line & (np.cumsum(line, axis=0) == 1)
    return np.moveaxis(alone.reshape(moved.shape), range(len(axes)), axes)


def log_of_total(lowered, axis):
    """log(sum(exp(lowered))); one largest entry of 0 is the 1 of log1p, so small others count."""
    axes = range(lowered.ndim) if axis is None else np.atleast_1d(axis)
    ones = first(lowered == 0, tuple(axes))
    small = np.sum(np.where(ones, 0.0, np.exp(lowered)), axis=axis, keepdims=True)
    some = np.any(ones, axis=axis, keepdims=True)
    return np.where(some, np.log1p(small), np.log(small))


def log_softmax(a, axis=None):
    """log(softmax(a)), which doesn't underflow."""
    lowered = a - peak(a, axis)
    return lowered - log_of_total(lowered, axis)


def relu(a):
    """where(a > 0, a, 0)."""
    return np.where(a <= 0, 0.0, a)


def rest(g, axes):
    """For every entry the sum of the others along these axes, without a difference."""
    moved = np.moveaxis(g, axes, range(len(axes)))
    line = moved.reshape(math.prod(moved.shape[: len(axes)]), *moved.shape[len(axes):])
    before, after = np.zeros_like(line), np.zeros_like(line)
    before[1:] = np.cumsum(line[:-1], axis=0)
    after[:-1] = np.cumsum(line[:0:-1], axis=0)[::-1]
    return np.moveaxis((before + after).reshape(moved.shape), range(len(axes)), axes)


def routed(chosen, out, g):
    """The gradient where it was chosen, else nothing; nan where the output is."""
    return np.where(np.isnan(out), np.nan, np.where(chosen, g, 0.0))


@np.errstate(all="ignore")
def loss(X, W1, b1, W2, b2, Y):
    """Value and gradient of loss for X (6x4), W1 (4x5), b1 (5), W2 (5x3), b2 (3), Y (6x3)."""
    X, W1, b1, W2, b2, Y = map(np.float64, (X, W1, b1, W2, b2, Y))
    # forward
    q1 = X @ W1                                              # (1)
    q2 = q1 + b1                                             # (2)
    H = relu(q2)                                             # (3)
    q3 = H @ W2                                              # (4)
    S = q3 + b2                                              # (5)
    q4 = log_softmax(S, axis=-1)                             # (6)
    q5 = q4 * Y                                              # (7)
    q6 = q5.sum(axis=1)                                      # (8)
    q7 = q6.mean()                                           # (9)
    loss = -q7                                               # (10)
    # backward
    dq7 = -1.0                                               # (10)
    dq6 = np.broadcast_to(dq7, q6.shape) / q6.size           # (9)
    dq5 = np.broadcast_to(dq6[:, None], q5.shape)            # (8)
    dq4 = Y * dq5                                            # (7)
    dY = q4 * dq5                                            # (7)
    dS = -np.expm1(q4) * dq4 - np.exp(q4) * rest(dq4, (1,))  # (6)
    dq3 = dS                                                 # (5)
    db2 = dS.sum(axis=0)                                     # (5)
    dH = dq3 @ W2.T                                          # (4)
    dW2 = H.T @ dq3                                          # (4)
    dq2 = routed(q2 > 0, H, dH)                              # (3)
    dq1 = dq2                                                # (2)
    db1 = dq2.sum(axis=0)                                    # (2)
    dX = dq1 @ W1.T                                          # (1)
    dW1 = X.T @ dq1                                          # (1)
    return loss, {"X": dX, "W1": dW1, "b1": db1, "W2": dW2, "b2": db2, "Y": dY}
'''


def test_the_notes_matrix_product(command: Command) -> None:
    done = command("code", "D = W.dot(X)", "--lang=np", "--shape", "W=5x10,X=10x3")
    assert (done.stdout, done.stderr, done.returncode) == (PRODUCT, "", 0)


def test_a_net_of_two_layers(command: Command) -> None:
    done = command("code", NET, "--lang=numpy", "--shape", SIZES)
    assert (done.stdout, done.stderr, done.returncode) == (NET_IN_NUMPY, "", 0)


# The command.


def test_values_say_the_shapes_too(command: Command) -> None:
    done = command("code", "W @ x", "--lang=numpy", "--W=[[1, 2]]", "--x=[3, 4]", "--checked")
    assert done.stdout.splitlines()[:2] == [
        "# Checked at W = [1x2], x = [2]:",
        "# agree: SymPy and a numeric difference agree; float64 keeps 16 digits",
    ]
    assert "dW = np.outer(df, x)" in done.stdout


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["sum(W @ x)", "--lang=numpy"],
         "error: no shape for the variables W, x\n"
         "help: give --shape W=..., written 5x10, 5 for a vector or number; or a value\n"),
        (["sum(W @ x)", "--lang=numpy", "--shape", "W=5x10"],
         "error: no shape for the variable x\n"
         "help: give --shape x=..., written 5x10, 5 for a vector or number; or a value\n"),
        (["sum(W @ x)", "--lang=python", "--shape", "W=5x10,x=10"],
         "error: this program is about arrays, and Python is written of numbers only\n"
         "help: --lang numpy writes arrays\n"),
        (["w*x", "--lang=js", "--w=[1, 2]", "--x=3"],
         "error: this program is about arrays, and JavaScript is written of numbers only\n"
         "help: --lang numpy writes arrays\n"),
    ],
)  # fmt: skip
def test_errors(command: Command, args: list[str], error: str) -> None:
    done = command("code", *args)
    assert (done.stdout, done.stderr, done.returncode) == ("", error, 2)
