"""Passes over arrays: several axes, stacks of matrices, what `wrt` leaves out, large numbers and
many of them; numbers against autograd, PyTorch and mpmath."""

from __future__ import annotations

import math
import re
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from mpmath import mp, mpf
from recorded import recorded

import backprop
from backprop.arithmetic.arrays import ARRAYS, finite
from backprop.arithmetic.texts import CALLS, Target, formula, statements
from backprop.cli.render.gates import passed_back
from backprop.engine.arrays import backward_arrays, passed
from backprop.engine.numbers import forward
from backprop.gates import GATES, array_gates, scalars
from backprop.gates.arrays import CALLED
from backprop.language.parser import parse as parse_tree
from backprop.language.printer import print_tree
from backprop.program.listing import row_dict

Array = Any
RANDOM = np.random.default_rng(7)
T = RANDOM.standard_normal((2, 3, 4))
W = {axes: RANDOM.standard_normal(np.sum(T, axis=axes).shape) for axes in ((0, 1), (0, 2), (1, 2))}


# Several axes at once.

REDUCTIONS = {
    "sum": anp.sum,
    "mean": anp.mean,
    "prod": anp.prod,
    "max": anp.max,
    "min": anp.min,
    "norm": lambda a, axis: anp.sqrt(anp.sum(a * a, axis=axis)),
    "logsumexp": lambda a, axis: anp.log(anp.sum(anp.exp(a), axis=axis)),
}


@pytest.mark.parametrize("axes", W, ids=str)
@pytest.mark.parametrize("name", REDUCTIONS)
def test_several_axes_are_reduced_at_once(name: str, axes: tuple[int, int]) -> None:
    value, slope = autograd.value_and_grad(
        lambda a: anp.sum(W[axes] * REDUCTIONS[name](a, axis=axes))
    )(T)
    first, second = axes
    for written in (f"({first}, {second})", f"[{second}, {first}]", f"({first - 3}, {second})"):
        found = backprop.evaluate(f"sum(w*{name}(T, axis={written}))", w=W[axes], T=T)
        assert found.value == pytest.approx(value, rel=1e-13)
        np.testing.assert_allclose(found.gradient["T"], slope, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
def test_a_distribution_over_several_axes(name: str) -> None:
    def theirs(a: Array) -> Array:
        logs = a - anp.log(anp.sum(anp.exp(a), axis=(0, 2), keepdims=True))
        return anp.sum(T * (anp.exp(logs) if name == "softmax" else logs))

    found = backprop.evaluate(f"sum(w*{name}(T, axis=(0, 2)))", w=T, T=T)
    np.testing.assert_allclose(found.gradient["T"], autograd.grad(theirs)(T), rtol=1e-12)


@pytest.mark.parametrize("keep", ["1", "True"])
def test_axes_that_are_kept_broadcast(keep: str) -> None:
    found = backprop.evaluate(f"sum(T*mean(T, axis=(1, 2), keepdims={keep}))", T=T)
    slope = autograd.grad(lambda a: anp.sum(a * anp.mean(a, axis=(1, 2), keepdims=True)))(T)
    np.testing.assert_allclose(found.gradient["T"], slope, rtol=1e-13)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("sum(T, axis=())", "T"),
        ("max(T, axis=())", "T"),
        ("sum(T, axis=[])", "T"),
        ("sum(T, (0, 1))", "sum(T, axis=(0, 1))"),
        ("reshape(T, (4, 6))", "reshape(T, 4, 6)"),
        ("zeros((2, 1, 4)) + T", "zeros(2, 1, 4) + T"),
        ("concatenate((T, T))", "concatenate([T, T])"),
    ],
)
def test_tuples_are_read_as_lists(text: str, same: str) -> None:
    one, other = (backprop.evaluate(t, T=T, upstream="ones") for t in (text, same))
    assert np.array_equal(one.value, other.value)
    assert np.array_equal(one.gradient["T"], other.gradient["T"])


def test_a_tuple_is_printed_as_a_list() -> None:
    assert print_tree(parse_tree("sum(A, axis=(0, 1))")) == "sum(A, axis=[0, 1])"


@pytest.mark.parametrize("text", ["(1, 2)*A", "max((1, 2)*A, A)", "A[(0, 1)]", "f((1, 2)"])
def test_a_comma_in_brackets_that_are_no_argument_is_refused(text: str) -> None:
    message = "never closed" if text[0] == "f" else "a comma can't stand here: these brackets group"
    with pytest.raises(backprop.BackpropError, match=message):
        backprop.evaluate(text, A=T)


@pytest.mark.parametrize("ties", ["notes", "split", "first"])
def test_ties_over_several_axes(ties: str) -> None:
    a = [[[2.0, 1.0]], [[2.0, 2.0]]]
    parts = {"notes": [1, 0, 1, 1], "split": [1 / 3, 0, 1 / 3, 1 / 3], "first": [1, 0, 0, 0]}
    found = backprop.evaluate("sum(max(a, axis=(0, 2)))", a=a, ties=ties)
    assert found.gradient["a"].ravel().tolist() == parts[ties]


# Stacks of matrices.

STACKS = [
    ((2, 3, 4), (4, 5), "batched"),
    ((3, 4), (2, 4, 5), "batched"),
    ((2, 3, 4), (2, 4, 5), "batched"),
    ((1, 3, 4), (2, 4, 5), "batched"),
    ((5, 1, 3, 4), (2, 4, 2), "batched"),
    ((0, 3, 4), (4, 5), "batched"),
    ((5, 2, 3, 4), (4,), "batchvec"),
    ((4,), (5, 2, 4, 3), "vecbatch"),
    ((3, 4), (4, 2), "matmul"),
]


def stack(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[Array, Array, Array]:
    """Two stacks of matrices, and what comes back to their product."""

    def array(shape: tuple[int, ...], start: float) -> Array:
        return np.sin((np.arange(float(np.prod(shape))) + start) ** 2).reshape(shape)

    one, other = array(a, 1), array(b, 2)
    return one, other, array((one @ other).shape, 3)


@pytest.mark.parametrize(("place", "gate"), list(enumerate(gate for _, _, gate in STACKS)))
def test_a_product_of_stacks_is_torch_s(place: int, gate: str) -> None:
    one, other, upstream = stack(*STACKS[place][:2])
    ours = backprop.evaluate("A @ B", A=one, B=other, upstream=upstream)
    theirs = recorded("pytorch")["products"][place]
    assert [stage.stage.gate.name for stage in ours.stages()] == [gate]
    assert np.array_equal(ours.value, one @ other)
    for name, slope in theirs.items():
        np.testing.assert_allclose(
            ours.gradient[name],
            np.reshape(slope, ours.gradient[name].shape),
            rtol=1e-12,
            atol=1e-14,
        )


def test_every_axis_is_reversed_by_a_transpose() -> None:
    upstream = RANDOM.standard_normal((4, 3, 2))
    found = backprop.evaluate("T.T", T=T, upstream=upstream)
    assert np.array_equal(found.value, T.T)
    assert np.array_equal(found.gradient["T"], upstream.T)


# What a gate stops.


def test_what_one_gate_stops_no_gate_behind_it_lets_through() -> None:
    """relu passes on what where has stopped; the slope of sqrt behind it is infinite there."""
    found = backprop.evaluate("sum(where(m > 0, relu(1 + sqrt(x)), 0))", x=[0, 4], m=[0, 1])
    assert found.gradient["x"].tolist() == [0, 0.25]


def test_an_entry_is_reached_where_every_gate_on_the_way_lets_through() -> None:
    slope, gradient = np.array([1.0, 1.0, 0.0, 0.0]), np.full(4, 2.0)
    before = np.array([True, False, True, False])
    (part,), (reach,) = passed([slope], [True], gradient, before, routes=True)
    assert np.array_equal(np.asarray(part), [2, 0, 0, 0])
    assert np.array_equal(np.asarray(reach), [True, False, False, False])


# Only what is asked for.

NET = "h = tanh(X @ V)\nloss = sum(concatenate([h @ w, w])**2) + sum(X)"
POINT = {"X": T[0], "V": RANDOM.standard_normal((4, 2)), "w": RANDOM.standard_normal(2)}


def test_nothing_is_passed_to_what_was_not_asked_for() -> None:
    program = backprop.parse(NET, shapes={name: x.shape for name, x in POINT.items()})
    values = forward(program, POINT, ARRAYS)
    back = backward_arrays(program, values, np.float64(1.0), wrt=("V",))
    passed = {
        (program.labels[slot], program.labels[operand])
        for slot, _, operands in program.forward_steps()
        for operand, message in zip(operands, back.messages[slot] or [None] * 9, strict=False)
        if message is not None
    }
    assert ("q1", "V") in passed
    assert not {into for _, into in passed} & {"X", "w"}


@pytest.mark.parametrize("wrt", ["X", "V", "w"])
def test_stages_are_right_about_inputs_that_were_not_asked_for(wrt: str) -> None:
    whole = backprop.evaluate(NET, POINT)
    some = backprop.evaluate(NET, POINT, wrt=[wrt])
    assert list(some.gradient) == [wrt]
    for name, slot in whole.program.inputs.items():
        assert np.array_equal(some.every.gradient(slot), whole.gradient[name])
    for one, other in zip(some.stages(), whole.stages(), strict=True):
        assert np.array_equal(one.gradient, other.gradient)
        assert [x is None for x in one.flows] == [x is None for x in other.flows]


# Other granularities.

GRANULAR = {
    "sum(1/(1 + exp(-(A @ v))))": "A @ v; sigmoid(q1); sum(q2)",
    "sum(1/(1 + exp(-A)) + v)": "sigmoid(A); q1 + v; sum(q2)",
    "sum(log(1 + exp(A))*v)": "softplus(A); q1 * v; sum(q2)",
    "sum(sqrt(A**2 + v**2))": "hypot(A, v); sum(q)",
    "sum(sigmoid(A)*tanh(v))": "sigmoid(A); tanh(v); q1 * q2; sum(q3)",
    "sum(log(ones(4) + exp(A))*v)": "exp(A); q1 + ones(4); log(q2); q3 * v; sum(q4)",
}


@pytest.mark.parametrize("text", GRANULAR)
def test_fine_and_fused_gates_on_arrays_give_the_same(text: str) -> None:
    point = {"A": T[0], "v": T[1, 0]}
    written = backprop.evaluate(text, point)
    for gates in ("fine", "fused"):
        found = backprop.evaluate(text, point, gates=gates)
        assert found.value == pytest.approx(written.value, rel=1e-14)
        for name, slope in written.gradient.items():
            np.testing.assert_allclose(found.gradient[name], slope, rtol=1e-12)
        for stage in found.stages():
            assert np.shape(stage.value) == found.program.shapes[stage.stage.slot]
    assert "; ".join(stage.stage.code for stage in found.stages()) == GRANULAR[text]


# Large numbers, and many.


@pytest.mark.parametrize(
    ("entries", "is_finite"),
    [([1.0, 2.0], True), ([1e200, 1e308], True), ([1.0, math.inf], False), ([math.nan], False),
     ([-math.inf, math.inf], False), ([], True)],
)  # fmt: skip
def test_finiteness_of_a_whole_array(entries: list[float], is_finite: bool) -> None:
    assert finite(np.array(entries)) is is_finite


def test_a_sum_of_a_million_keeps_its_digits() -> None:
    x = RANDOM.standard_normal(10**6) * 10.0 ** RANDOM.integers(-8, 8, 10**6)
    found = backprop.evaluate("sum(x)", x=x)
    assert found.value == pytest.approx(math.fsum(x), rel=1e-13)


def exact_log_softmax(numbers: list[float]) -> list[Any]:
    total = mp.log(mp.fsum(mp.exp(mpf(number)) for number in numbers))
    return [mpf(number) - total for number in numbers]


def test_a_softmax_of_large_logits_keeps_its_digits() -> None:
    logits = [1e4, 1e4 - 0.3, 1e4 - 30.0, -1e4]
    weights = [0.7, -1.2, 3.0, 0.1]
    with mp.workdps(50):
        logs = exact_log_softmax(logits)
        shares = [mp.exp(log) for log in logs]
        mean = mp.fsum(w * p for w, p in zip(weights, shares, strict=True))
        slopes = {
            "log_softmax": [w - mp.fsum(weights) * p for w, p in zip(weights, shares, strict=True)],
            "softmax": [p * (w - mean) for w, p in zip(weights, shares, strict=True)],
            "logsumexp": shares,
        }
    for name, right in slopes.items():
        text = f"{name}(z)" if name == "logsumexp" else f"sum(w*{name}(z))"
        point = {"z": logits} if name == "logsumexp" else {"z": logits, "w": weights}
        found = backprop.evaluate(text, point)
        np.testing.assert_allclose(found.gradient["z"], [float(x) for x in right], rtol=4e-15)
    found = backprop.evaluate("log_softmax(z)", z=logits, upstream="ones")
    np.testing.assert_allclose(found.value, [float(x) for x in logs], rtol=4e-16)


def test_an_entry_that_is_minus_infinity_takes_no_part() -> None:
    text = "sum({}(where(m > 0, z, -1/0), axis=1)*w)"
    point = {"z": [[5.0, 1.0, 2.0]], "m": [[0.0, 1.0, 1.0]], "w": [[1.0, 2.0, 3.0]]}
    found = backprop.evaluate(text.format("softmax"), point)
    share = 1 / (1 + math.exp(1.0))
    slope = share * (1 - share)
    np.testing.assert_allclose(found.gradient["z"], [[0, -slope, slope]], rtol=1e-14)
    lse = backprop.evaluate("logsumexp(where(m > 0, z, -1/0))", z=point["z"], m=point["m"])
    np.testing.assert_allclose(lse.gradient["z"], [[0, share, 1 - share]], rtol=1e-14)


@pytest.mark.parametrize("size", [1e200, 1e-200, 1e307, 5e-320])
def test_a_norm_neither_overflows_nor_underflows(size: float) -> None:
    found = backprop.evaluate("norm(v)", v=[3 * size, 0.0, -4 * size])
    assert found.value == pytest.approx(5 * size, rel=1e-3 if size < 1e-300 else 1e-15)
    np.testing.assert_allclose(found.gradient["v"], [0.6, 0, -0.8], rtol=1e-4)


@pytest.mark.parametrize(
    ("entries", "slopes"),
    [([2.0, 0.0, 3.0], [0, 6, 0]), ([0.0, 0.0, 3.0], [0, 0, 0]), ([7.0], [1]), ([2, 3, 4], [12, 8, 6])],
)  # fmt: skip
def test_a_product_with_zeros(entries: list[float], slopes: list[float]) -> None:
    assert backprop.evaluate("prod(v)", v=entries).gradient["v"].tolist() == slopes


@pytest.mark.parametrize(
    "matrix",
    [[[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[0, 0], [0, 1]], [[1, 1, 1]] * 3, [[0, 0, 0]] * 3],
    ids=str,
)
def test_a_singular_matrix_has_cofactors(matrix: list[list[float]]) -> None:
    n = len(matrix)
    exact = [
        [(-1) ** (i + j) * mp.det(mp.matrix(np.delete(np.delete(matrix, i, 0), j, 1).tolist()))
         for j in range(n)] for i in range(n)
    ]  # fmt: skip
    found = backprop.evaluate("det(A)", A=matrix)
    np.testing.assert_allclose(
        found.gradient["A"], np.array(exact, dtype=float), rtol=1e-12, atol=1e-13
    )


# The listing.


@pytest.mark.parametrize("name", array_gates())
def test_a_gate_on_arrays_says_its_shape_and_what_it_calls(name: str) -> None:
    row = row_dict(GATES[name])
    called = {word for text in row["local"] for word in re.findall(CALLS, text)}
    assert row["shape"]
    assert called <= {*CALLED, *GATES}
    assert [text.split("(")[0] for text in row["where"]] == [
        word for word in dict.fromkeys(re.findall(CALLS, " ".join(row["local"]))) if word in CALLED
    ]


@pytest.mark.parametrize("name", array_gates())
def test_a_gate_on_arrays_says_all_that_it_passes_back(name: str) -> None:
    told = [text for _, text in passed_back(GATES[name])]
    assert len(told) == len([text for text in GATES[name].partials if text])


def test_nothing_is_explained_that_no_gate_calls() -> None:
    texts = " ".join(
        text for gate in array_gates().values() for text in (*gate.partials, *gate.tangents)
    )
    assert set(CALLED) == set(re.findall(CALLS, texts)) - {*scalars(), *array_gates()}


def test_a_call_on_arrays_is_made_once() -> None:
    known: dict[str, str] = {}
    target = Target(str, divides=True, arrays=True, known=known)
    first = statements(formula("a/hypot(a, b)"), target)
    second = statements(formula("b/hypot(a, b)"), target)
    assert (first, second) == ((["_0 = hypot(a, b)"], "(a / _0)"), ([], "(b / _0)"))
