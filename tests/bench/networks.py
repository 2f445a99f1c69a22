"""One network, written for every contender as its users would: 784-100-10 with tanh, softmax and
cross-entropy, the mean over a batch of 64. Each answers with the loss and its gradient."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

Array = Any
Answer = tuple[Array, dict[str, Array]]
Contender = Callable[[], Answer]

BATCH, PIXELS, HIDDEN, CLASSES = 64, 784, 100, 10
WEIGHTS = ("W1", "b1", "W2", "b2")
TEXT = f"""
h = tanh(X @ W1 + b1)
p = log_softmax(h @ W2 + b2, axis=1)
loss = -sum(Y*p)/{BATCH}
"""


def point() -> dict[str, Array]:
    random = np.random.default_rng(0)
    return {
        "X": random.standard_normal((BATCH, PIXELS)),
        "Y": np.eye(CLASSES)[random.integers(0, CLASSES, BATCH)],
        "W1": random.standard_normal((PIXELS, HIDDEN)) / PIXELS**0.5,
        "b1": random.standard_normal(HIDDEN) / 10,
        "W2": random.standard_normal((HIDDEN, CLASSES)) / HIDDEN**0.5,
        "b2": random.standard_normal(CLASSES) / 10,
    }


def by_hand() -> Contender:
    at = point()

    def answer() -> Answer:
        h = np.tanh(at["X"] @ at["W1"] + at["b1"])
        s = h @ at["W2"] + at["b2"]
        s -= np.max(s, axis=1, keepdims=True)
        p = s - np.log(np.sum(np.exp(s), axis=1, keepdims=True))
        loss = -np.sum(at["Y"] * p) / BATCH
        ds = (np.exp(p) - at["Y"]) / BATCH
        da = (ds @ at["W2"].T) * (1 - h * h)
        back = {"W1": at["X"].T @ da, "b1": da.sum(0), "W2": h.T @ ds, "b2": ds.sum(0)}
        return loss, back

    return answer


def evaluated() -> Contender:
    """The whole call: inputs looked at, both passes, and what is to be said of them."""
    from backprop import evaluate, parse

    at = point()
    program = parse(TEXT, shapes={name: value.shape for name, value in at.items()})

    def answer() -> Answer:
        report = evaluate(program, at, wrt=WEIGHTS)
        return report.value, report.gradient

    return answer


def passes() -> Contender:
    """The two passes alone."""
    from backprop import parse
    from backprop.arithmetic.arrays import ARRAYS
    from backprop.engine.arrays import backward_arrays
    from backprop.engine.numbers import forward

    at = point()
    program = parse(TEXT, shapes={name: value.shape for name, value in at.items()})

    def answer() -> Answer:
        values = forward(program, at, ARRAYS)
        back = backward_arrays(program, values, np.float64(1.0), wrt=WEIGHTS)
        found = {name: back.gradient(program.inputs[name]) for name in WEIGHTS}
        return values[program.output], found

    return answer


def loss_in(library: Any, at: dict[str, Array], weights: dict[str, Array]) -> Array:
    """The loss in a library that looks like NumPy."""
    h = library.tanh(at["X"] @ weights["W1"] + weights["b1"])
    s = h @ weights["W2"] + weights["b2"]
    s = s - library.max(s, axis=1, keepdims=True)
    p = s - library.log(library.sum(library.exp(s), axis=1, keepdims=True))
    return -library.sum(at["Y"] * p) / BATCH


def autograd() -> Contender:
    library, numpy = import_module("autograd"), import_module("autograd.numpy")
    at = point()
    weights = {name: at[name] for name in WEIGHTS}
    both = library.value_and_grad(lambda weights: loss_in(numpy, at, weights))

    def answer() -> Answer:
        loss, back = both(weights)
        return loss, back

    return answer


def torch() -> Contender:
    library = import_module("torch")
    library.set_num_threads(1)
    at = {name: library.tensor(value) for name, value in point().items()}

    def answer() -> Answer:
        weights = {name: at[name].detach().requires_grad_() for name in WEIGHTS}
        h = library.tanh(at["X"] @ weights["W1"] + weights["b1"])
        p = library.log_softmax(h @ weights["W2"] + weights["b2"], 1)
        loss = -(at["Y"] * p).sum() / BATCH
        loss.backward()
        return loss.detach().numpy(), {name: x.grad.numpy() for name, x in weights.items()}

    return answer


def jax() -> Contender:
    library, numpy = import_module("jax"), import_module("jax.numpy")
    library.config.update("jax_enable_x64", True)
    at = {name: numpy.asarray(value) for name, value in point().items()}
    weights = {name: at[name] for name in WEIGHTS}
    both = library.jit(library.value_and_grad(lambda weights: loss_in(numpy, at, weights)))

    def answer() -> Answer:
        loss, back = library.block_until_ready(both(weights))
        return np.asarray(loss), {name: np.asarray(x) for name, x in back.items()}

    return answer


CONTENDERS: dict[str, Callable[[], Contender]] = {
    "NumPy by hand": by_hand,
    "evaluate": evaluated,
    "both passes": passes,
    "autograd": autograd,
    "torch": torch,
    "JAX, compiled": jax,
}
