"""Functions with gradients that are right, at points that make checkers raise false alarms: kinks,
exact zeros, numbers from 1e-150 to 1e150, arrays in float32."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Function = Callable[[Any], Any]


def sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def softmax(x: Any) -> Any:
    e = np.exp(x - x.max())
    return e / e.sum()


def normed(x: Any) -> Any:
    return x / np.sqrt(np.sum(x * x) + 1e-3)


def normed_gradient(x: Any) -> Any:
    n = np.sqrt(np.sum(x * x) + 1e-3)
    w = np.cos(np.arange(x.size)).reshape(x.shape)
    return w / n - x * np.sum(w * x) / n**3


def weights(x: Any) -> Any:
    return np.cos(np.arange(x.size)).reshape(x.shape)


# A function of arrays that gives a number, and its gradient.
SMOOTH: dict[str, tuple[Function, Function]] = {
    "sum": (lambda x: np.sum(x), np.ones_like),
    "squares": (lambda x: np.sum(x * x), lambda x: 2 * x),
    "cubes": (lambda x: np.sum(x**3), lambda x: 3 * x**2),
    "exp": (lambda x: np.sum(np.exp(x)), np.exp),
    "expm1": (lambda x: np.sum(np.expm1(x)), np.exp),
    "log1p of a square": (lambda x: np.sum(np.log1p(x * x)), lambda x: 2 * x / (1 + x * x)),
    "sin": (lambda x: np.sum(np.sin(x)), np.cos),
    "sin of 10x": (lambda x: np.sum(np.sin(10 * x)), lambda x: 10 * np.cos(10 * x)),
    "tanh": (lambda x: np.sum(np.tanh(x)), lambda x: 1 / np.cosh(x) ** 2),
    "sigmoid": (lambda x: np.sum(sigmoid(x)), lambda x: sigmoid(x) * sigmoid(-x)),
    "softplus": (lambda x: np.sum(np.logaddexp(0, x)), sigmoid),
    "arctan": (lambda x: np.sum(np.arctan(x)), lambda x: 1 / (1 + x * x)),
    "mean": (lambda x: np.mean(x), lambda x: np.full_like(x, 1 / x.size)),
    "variance": (lambda x: np.var(x), lambda x: 2 * (x - x.mean()) / x.size),
    "softmax": (lambda x: softmax(x) @ weights(x),
                lambda x: softmax(x) * (weights(x) - softmax(x) @ weights(x))),
    "log of a sum": (lambda x: np.log(np.exp(x).sum()), softmax),
    "the sum of softmax": (lambda x: softmax(x).sum(), np.zeros_like),
    "normed": (lambda x: np.sum(weights(x) * normed(x)), normed_gradient),
    "product": (lambda x: float(np.prod(2 + np.tanh(x))),
                lambda x: np.prod(2 + np.tanh(x)) / (2 + np.tanh(x)) / np.cosh(x) ** 2),
    "a large constant": (lambda x: 1e6 + np.sum(np.sin(x)), np.cos),
    "one entry": (lambda x: x[0] ** 2, lambda x: np.where(np.arange(x.size) == 0, 2 * x, 0.0)),
    "a distance": (lambda x: np.sqrt(np.sum((x - 3) ** 2)),
                   lambda x: (x - 3) / np.sqrt(np.sum((x - 3) ** 2))),
    "reciprocals": (lambda x: np.sum(1 / (2 + x * x)), lambda x: -2 * x / (2 + x * x) ** 2),
    "neighbours": (lambda x: np.sum(x[1:] * x[:-1]),
                   lambda x: np.append(x[1:], 0.0) + np.append(0.0, x[:-1])),
}  # fmt: skip
KINKED: dict[str, tuple[Function, Function]] = {
    "relu, 0 at 0": (lambda x: np.sum(np.maximum(x, 0)), lambda x: (x > 0) * 1.0),
    "relu, 1 at 0": (lambda x: np.sum(np.maximum(x, 0)), lambda x: (x >= 0) * 1.0),
    "leaky": (lambda x: np.sum(np.where(x > 0, x, 0.1 * x)), lambda x: np.where(x > 0, 1.0, 0.1)),
    "abs, 0 at 0": (lambda x: np.sum(np.abs(x)), np.sign),
    "abs, 1 at 0": (lambda x: np.sum(np.abs(x)), lambda x: np.where(x >= 0, 1.0, -1.0)),
    "clip": (lambda x: np.sum(np.clip(x, 0, 1)), lambda x: ((x > 0) & (x < 1)) * 1.0),
    "clip, its ends inside": (lambda x: np.sum(np.clip(x, 0, 1)), lambda x: ((x >= 0) & (x <= 1)) * 1.0),
    "hinge": (lambda x: np.sum(np.maximum(0, x) ** 1), lambda x: (x > 0) * 1.0),
    "relu - relu of -x": (lambda x: np.sum(np.maximum(x, 0) - np.maximum(-x, 0)), np.ones_like),
    "square of relu": (lambda x: np.sum(np.maximum(x, 0) ** 2), lambda x: 2 * np.maximum(x, 0)),
    "x abs x": (lambda x: np.sum(x * np.abs(x)), lambda x: 2 * np.abs(x)),
    "max": (lambda x: np.max(x), lambda x: (np.arange(x.size) == np.argmax(x)) * 1.0),
    "huber": (lambda x: np.sum(np.where(np.abs(x) <= 1, x * x / 2, np.abs(x) - 0.5)),
              lambda x: np.clip(x, -1, 1)),
    "1.5th power of abs": (lambda x: np.sum(np.abs(x) ** 1.5),
                           lambda x: 1.5 * np.sign(x) * np.sqrt(np.abs(x))),
}  # fmt: skip
SCALES = (1e-150, 1e-75, 1e-12, 1e12, 1e75, 1e150)


class Right(NamedTuple):
    """A function with its gradient, and where it is checked."""

    name: str
    function: Function
    gradient: Function
    at: dict[str, Any]


def right_gradients() -> Iterator[Right]:
    random = np.random.default_rng(7)
    for name, (f, df) in (SMOOTH | KINKED).items():
        yield Right(name, f, df, {"x": random.standard_normal(5)})
        at = np.array([0.0, 1.0, -1.0, 0.5, 0.0])
        yield Right(f"{name}, exact zeros", f, df, {"x": at})
        yield Right(f"{name}, float32", f, df, {"x": random.standard_normal(5).astype("float32")})
        for scale in SCALES[:: 2 if name in KINKED else 3]:
            yield scaled(name, f, df, scale, random.standard_normal(5))


def scaled(name: str, f: Function, df: Function, scale: float, x: Any) -> Right:
    """The same of numbers of this size: its gradient is what it was."""
    return Right(
        f"{name}, {scale:g}",
        lambda x: scale * f(x / scale),
        lambda x: df(x / scale),
        {"x": x * scale},
    )
