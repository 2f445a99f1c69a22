"""Random programs on arrays, and networks as people write them, have the gradients that autograd
and PyTorch find. campaigns/array_programs.py runs any number of such programs."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from array_programs import differing, sample
from mutating_arrays import mutants, planted
from recorded import recorded

import backprop
from backprop.gates import GATES, array_gates

Array = Any
COUNT = 300


def test_autograd_agrees_on_300_random_programs() -> None:
    found = dict(differing(f"tests:{number}") for number in range(COUNT))
    assert {text: names for text, names in found.items() if names} == {}


def test_the_programs_use_nearly_every_gate_on_arrays() -> None:
    used: set[str] = set()
    for number in range(COUNT):
        found = sample(f"tests:{number}")
        shapes = {name: np.shape(x) for name, x in found.point.items() if np.ndim(x)}
        used |= set(backprop.parse(found.text, shapes=shapes).gates)
    python = {"put", "add_at", "permute"}  # what the language can not say
    seldom = {"std", "prod", "logdet", "batched", "batchvec", "vecbatch"}
    others = {
        "argsort",
        "cholesky",
        "cumprod",
        "dets",
        "invs",
        "logdets",
        "solves",
        "sort",
        "svdvals",
    }
    assert set(array_gates()) - used - python - others <= seldom  # others have shapes of their own
    assert len(used & set(GATES)) > 40


@pytest.mark.parametrize("gate", ["matmul", "sum", "softmax", "index", "solve", "amax"])
def test_a_planted_mistake_is_caught(gate: str) -> None:
    mutant = next(mutant for mutant in mutants(gate) if "millionth" in mutant.how)
    with planted(mutant):
        assert any(differing(f"tests:{number}")[1] for number in range(100))


# Networks.


def same(ours: dict[str, Array], theirs: dict[str, Array]) -> None:
    assert set(ours) == set(theirs)
    for name, slope in theirs.items():
        largest = float(np.max(np.abs(slope)))
        np.testing.assert_allclose(ours[name], slope, rtol=1e-12, atol=1e-12 * largest)


RANDOM = np.random.default_rng(5)
BATCH = {
    "X": RANDOM.normal(size=(6, 4)), "W1": RANDOM.normal(size=(4, 5)), "b1": RANDOM.normal(size=5),
    "W2": RANDOM.normal(size=(5, 3)), "b2": RANDOM.normal(size=3),
}  # fmt: skip
LABELS = [0, 2, 1, 1, 0, 2]
ONE_HOT = np.eye(3)[LABELS]
LAYERS = "H = maximum(0, X @ W1 + b1)\nS = H @ W2 + b2\n"


def scores(at: dict[str, Array]) -> Array:
    return anp.maximum(0, at["X"] @ at["W1"] + at["b1"]) @ at["W2"] + at["b2"]


def test_a_two_layer_net_with_cross_entropy_has_the_gradients_of_autograd() -> None:
    def loss(at: dict[str, Array]) -> Array:
        s = scores(at)
        s = s - anp.max(s, axis=1, keepdims=True)
        p = s - anp.log(anp.sum(anp.exp(s), axis=1, keepdims=True))
        return -anp.mean(anp.sum(p * ONE_HOT, axis=1)) + 0.1 * anp.sum(at["W1"] ** 2)

    text = LAYERS + "loss = -mean(sum(log_softmax(S)*Y, axis=1)) + 0.1*sum(W1**2)"
    report = backprop.evaluate(text, BATCH, Y=ONE_HOT, wrt=list(BATCH))
    same(report.gradient, autograd.grad(loss)(BATCH))


@pytest.mark.parametrize("text", [
    "mean(-log_softmax(S)[arange(6), y])",
    "mean(logsumexp(S, axis=1) - S[arange(6), y])",
    "loss = -mean(log(softmax(S)[arange(6), y]))",
    "mean(log(sum(exp(S), axis=1)) - sum(S*Y, axis=1))",
])  # fmt: skip
def test_cross_entropy_in_any_spelling_is_that_of_torch(text: str) -> None:
    more = {"Y": ONE_HOT} if "Y" in text else {"y": LABELS}
    report = backprop.evaluate(LAYERS + text, BATCH, **more, wrt=list(BATCH))
    theirs = recorded("pytorch")["cross-entropy"]
    same(report.gradient, {name: np.array(slope) for name, slope in theirs.items()})


def test_softmax_minus_the_label_is_the_gradient_of_cross_entropy() -> None:
    s = BATCH["X"] @ BATCH["W1"][:, :3]
    report = backprop.evaluate("-sum(log_softmax(S)*Y)", S=s, Y=ONE_HOT, wrt=["S"])
    raised = np.exp(s)
    same(report.gradient, {"S": raised / raised.sum(axis=1, keepdims=True) - ONE_HOT})


def test_the_svm_loss_of_a_batch_is_that_of_the_notes() -> None:
    """dW = X.T @ (a 1 for every margin above 0, and minus their number at the right class)"""
    x, w = BATCH["X"], RANDOM.normal(size=(4, 3))
    s = x @ w
    margins = s - s[np.arange(6), LABELS][:, None] + 1
    margins[np.arange(6), LABELS] = 0
    over = (margins > 0) * 1.0
    over[np.arange(6), LABELS] = -over.sum(axis=1)
    text = (
        "S = X @ W\nright = sum(S*Y, axis=1, keepdims=True)\n(sum(maximum(0, S - right + 1)) - 6)/6"
    )
    report = backprop.evaluate(text, X=x, W=w, Y=ONE_HOT)
    assert report.value == pytest.approx(margins.clip(0).sum() / 6, rel=1e-13)
    same({"W": report.gradient["W"]}, {"W": x.T @ over / 6})


def test_the_svm_loss_of_one_example() -> None:
    s = RANDOM.normal(size=5)
    over = (s - s[2] + 1 > 0) * 1.0
    over[2] = 1 - over.sum()
    report = backprop.evaluate("sum(maximum(0, s - s[y] + 1)) - 1", s=s, y=2, wrt=["s"])
    same(report.gradient, {"s": over})


def test_the_notes_matrix_product_by_its_text() -> None:
    """D = W.dot(X); dW = dD.dot(X.T); dX = W.T.dot(dD)"""
    w, x, d = (RANDOM.normal(size=shape) for shape in ((5, 10), (10, 3), (5, 3)))
    report = backprop.evaluate("D = W.dot(X)\nD", W=w, X=x, upstream=d.tolist())
    same(report.gradient, {"W": d.dot(x.T), "X": w.T.dot(d)})


def test_the_neuron_of_the_notes_with_its_lists_as_printed() -> None:
    pasted = """
    w = [2,-3,-3] # assume some random weights and data
    x = [-1, -2]

    # forward pass
    dot = w[0]*x[0] + w[1]*x[1] + w[2]
    f = 1.0 / (1 + math.exp(-dot)) # sigmoid function
    """
    text = "\n".join([line.strip() for line in pasted.split("\n")])
    report = backprop.evaluate(text)
    f = 1 / (1 + np.exp(-1.0))
    ddot = (1 - f) * f
    same(report.gradient, {"w": np.array([-1, -2, 1]) * ddot, "x": np.array([2, -3]) * ddot})
