"""Formulas that people fit models with: likelihoods, a Gaussian process, attention, a Kalman step,
a convolution. Each has its value by another library, its gradient by a difference of this, and a
verdict, in a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from time import process_time
from typing import Any, NamedTuple

import numpy as np
import pytest
from examining import checked
from scipy import linalg, signal, special, stats

import backprop

Array = Any
RANDOM = np.random.default_rng(24)
COUNTS = np.array([0.0, 3.0, 1.0, 7.0, 2.0])
REALS = RANDOM.normal(size=5)
LONG = 5.0  # seconds


class Formula(NamedTuple):
    text: str
    point: dict[str, Any]
    value: Callable[..., Any]  # of the same arguments, by their names
    wrt: tuple[str, ...]


def negative_binomial(y: Array, mu: float, alpha: float) -> Any:
    r = 1 / alpha
    return np.sum(stats.nbinom.logpmf(y, r, r / (r + mu)))


def zero_inflated(y: Array, rate: float, p: float) -> Any:
    mixed = p + (1 - p) * np.exp(-rate)
    return np.sum(np.where(y == 0, np.log(mixed), np.log(1 - p) + stats.poisson.logpmf(y, rate)))


def cox(x: Array, beta: Array) -> Any:
    """Times in order, no ties, everybody's event seen."""
    risk = x @ beta
    return sum(risk[k] - special.logsumexp(risk[k:]) for k in range(len(risk)))


def gaussian_process(x: Array, y: Array, length: float, noise: float) -> Any:
    kernel = np.exp(-((x[:, None] - x[None, :]) ** 2) / (2 * length**2)) + noise * np.eye(len(x))
    return stats.multivariate_normal.logpdf(y, np.zeros(len(x)), kernel)


def heads(x: Array, q: Array, k: Array, v: Array, o: Array) -> Any:
    parts = []
    for head in range(len(q)):
        scores = (x @ q[head]) @ (x @ k[head]).T / np.sqrt(q.shape[-1])
        parts.append(special.softmax(scores, axis=-1) @ (x @ v[head]))
    return np.sum((np.concatenate(parts, axis=-1) @ o) ** 2)


def kalman(m: Array, p: Array, f: Array, h: Array, z: Array, r: float) -> Any:
    """The logarithm of the likelihood of a measurement, and the length of the new mean."""
    mean, cov = f @ m, f @ p @ f.T + 0.1 * np.eye(2)
    innovation = h @ cov @ h.T + r * np.eye(2)
    gain = cov @ h.T @ linalg.inv(innovation)
    new = mean + gain @ (z - h @ mean)
    return stats.multivariate_normal.logpdf(z, h @ mean, innovation) + new @ new


def convolved(x: Array, w: Array) -> Any:
    found = [
        [sum(signal.correlate2d(x[0, c], w[o, c], "same") for c in range(2))] for o in range(2)
    ]
    return np.sum(np.array(found)[:, 0, ::2, ::2] ** 2)


FORMULAS = {
    "negative binomial": Formula(
        "r = 1/alpha\n"
        "sum(lgamma(y + r) - lgamma(r) - lgamma(y + 1) + r*log(r/(r + mu)) + xlogy(y, mu/(r + mu)))",
        {"y": COUNTS, "mu": 2.5, "alpha": 0.4}, negative_binomial, ("mu", "alpha"),
    ),
    "Student t": Formula(
        "z = (y - m)/s\n"
        "sum(-lbeta(nu/2, 0.5) - log(nu)/2 - log(s) - (nu + 1)/2*log1p(z**2/nu))",
        {"y": REALS, "m": 0.1, "s": 1.3, "nu": 4.5},
        lambda y, m, s, nu: np.sum(stats.t.logpdf(y, nu, m, s)), ("m", "s", "nu"),
    ),
    "von Mises": Formula(
        "sum(k*(cos(y - m) - 1) - log(2*pi*i0e(k)))",
        {"y": REALS, "m": 0.3, "k": 2.2},
        lambda y, m, k: np.sum(stats.vonmises.logpdf(y, k, m)), ("m", "k"),
    ),
    "Poisson": Formula(
        "sum(xlogy(y, exp(b)) - exp(b) - lgamma(y + 1))",
        {"y": COUNTS, "b": 0.7},
        lambda y, b: np.sum(stats.poisson.logpmf(y, np.exp(b))), ("b",),
    ),
    "gamma": Formula(
        "sum(a*log(rate) - lgamma(a) + (a - 1)*log(y) - rate*y)",
        {"y": np.exp(REALS), "a": 2.3, "rate": 1.7},
        lambda y, a, rate: np.sum(stats.gamma.logpdf(y, a, scale=1 / rate)), ("a", "rate"),
    ),
    "beta": Formula(
        "sum((a - 1)*log(y) + (b - 1)*log1p(-y) - lbeta(a, b))",
        {"y": special.expit(REALS), "a": 2.3, "b": 0.8},
        lambda y, a, b: np.sum(stats.beta.logpdf(y, a, b)), ("a", "b"),
    ),
    "Dirichlet": Formula(
        "lgamma(sum(a)) - sum(lgamma(a)) + sum(xlogy(a - 1, p))",
        {"a": np.array([0.7, 2.0, 3.5]), "p": np.array([0.2, 0.3, 0.5])},
        lambda a, p: stats.dirichlet.logpdf(p, a), ("a",),
    ),
    "zero-inflated": Formula(
        "sum(where(y == 0, log(p + (1 - p)*exp(-rate)),"
        " log1p(-p) + y*log(rate) - rate - lgamma(y + 1)))",
        {"y": COUNTS, "rate": 2.1, "p": 0.25}, zero_inflated, ("rate", "p"),
    ),
    "Cox": Formula(
        "risk = x @ beta\nlater = where(triu(ones(4, 4)) > 0, risk[None, :], -1e9)\n"
        "sum(risk - logsumexp(later, axis=1))",
        {"x": RANDOM.normal(size=(4, 2)), "beta": np.array([0.4, -0.7])}, cox, ("beta",),
    ),
    "probit": Formula(
        "sum(log_ndtr((2*y - 1)*(x @ beta)))",
        {"x": RANDOM.normal(size=(4, 2)), "y": np.array([0.0, 1.0, 1.0, 0.0]),
         "beta": np.array([0.4, -0.7])},
        lambda x, y, beta: np.sum(stats.norm.logcdf((2 * y - 1) * (x @ beta))), ("beta",),
    ),
    "Gaussian process": Formula(
        "K = exp(-(x[:, None] - x[None, :])**2/(2*length**2)) + noise*eye(4)\n"
        "L = cholesky(K)\nz = solve_triangular(L, y, lower=True)\n"
        "-sum(z**2)/2 - sum(log(diag(L))) - 2*log(2*pi)",
        {"x": np.array([0.0, 0.7, 1.1, 2.0]), "y": REALS[:4], "length": 0.8, "noise": 0.3},
        gaussian_process, ("length", "noise"),
    ),
    "multi-head attention": Formula(
        "a = attention(x @ q, x @ k, x @ v)\n"
        "joined = reshape(moveaxis(a, 0, 1), 3, 4)\nsum((joined @ o)**2)",
        {"x": RANDOM.normal(size=(3, 4)), **{name: RANDOM.normal(size=(2, 4, 2)) for name in "qkv"},
         "o": RANDOM.normal(size=(4, 4))},
        heads, ("q", "k"),
    ),
    "Kalman step": Formula(
        "mean = f @ m\ncov = f @ p @ f.T + 0.1*eye(2)\nS = h @ cov @ h.T + r*eye(2)\n"
        "e1 = z - h @ mean\nnew = mean + cov @ h.T @ solve(S, e1)\n"
        "-(e1 @ solve(S, e1) + logdet(S))/2 - log(2*pi) + new @ new",
        {"m": np.array([0.3, -0.2]), "p": np.array([[1.0, 0.2], [0.2, 0.5]]),
         "f": np.array([[1.0, 0.1], [0.0, 1.0]]), "h": np.array([[1.0, 0.5], [0.2, 1.0]]),
         "z": np.array([0.4, 0.1]), "r": 0.3},
        kalman, ("m", "f", "r"),
    ),
    "2d convolution": Formula(
        "sum(conv2d(x, w, stride=2, padding=1)**2)",
        {"x": RANDOM.normal(size=(1, 2, 4, 4)), "w": RANDOM.normal(size=(2, 2, 3, 3))},
        convolved, ("w",),
    ),
}  # fmt: skip


def slopes(formula: Formula, name: str) -> Array:
    """Of the other library's value, by differences."""
    here = np.asarray(formula.point[name], dtype=float)
    found = np.empty(here.shape)
    for index in np.ndindex(*here.shape):
        sides = []
        for step in (-1e-5, 1e-5):
            moved = np.array(here)
            moved[index] += step
            sides.append(float(formula.value(**{**formula.point, name: moved[()]})))
        found[index] = (sides[1] - sides[0]) / 2e-5
    return found


@pytest.mark.parametrize("name", FORMULAS)
def test_a_formula_has_its_value_its_gradient_and_a_verdict_soon(name: str) -> None:
    formula = FORMULAS[name]
    start = process_time()
    check = checked(formula.text, formula.point, wrt=formula.wrt)
    taken = process_time() - start
    report = backprop.evaluate(formula.text, formula.point, wrt=formula.wrt)
    assert report.value == pytest.approx(float(formula.value(**formula.point)), rel=1e-12)
    for variable in formula.wrt:
        expected = slopes(formula, variable)
        assert np.asarray(report.gradient[variable]) == pytest.approx(expected, rel=1e-6, abs=1e-7)
    assert check.verdict == "agree"
    assert taken < LONG
