"""The public library as people use it, which `mypy --strict` reads and a test runs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

import backprop
from backprop import GradientCheck, Program, Report

Array = NDArray[np.float64]


def loss(w: Array, x: Array) -> float:
    return float(np.sum(np.tanh(x @ w) ** 2))


def loss_gradient(w: Array, x: Array) -> dict[str, Array]:
    t = np.tanh(x @ w)
    dz = 2 * t * (1 - t * t)
    return {"w": x.T @ dz, "x": np.outer(dz, w)}


def gradients() -> GradientCheck:
    shapes = {"w": (2,), "x": (3, 2)}
    backprop.assert_gradient(loss, loss_gradient, shapes=shapes, points=3, ranges={"w": (-1, 1)})
    found = backprop.check_gradient(loss, loss_gradient, at={"w": [0.5, -1.0], "x": np.eye(2)})
    assert found.passed
    assert [row.name for row in found.rows] == ["w", "x"]
    return found


def reports() -> Report:
    program: Program = backprop.parse("x*sin(y)")
    report = backprop.evaluate(program, {"x": 2, "y": "pi/2"}, wrt=["x"])
    assert report.gradient == {"x": 1.0}
    judged = backprop.check(program, x=2, y=1)
    assert judged.check.verdict == "agree"
    return report


def answers() -> list[str]:
    report = backprop.evaluate("q = x*y\nq + x", x=2, y=3)
    claims = backprop.check_claims("x*y", {"x": "y", "y": "x"}, ranges={"x": (0, 1)}, points=5)
    same = backprop.check_same("x*y", "y*x", x=1, y=2)
    grade = backprop.grade("x*y", "dx = y\ndy = x", x=2, y=3)
    comparison = backprop.compare("x*sin(x)", x=2)
    descent = backprop.descend("(x-1)**2", x=3, lr=0.3)
    assert claims.passed
    assert same.passed
    assert grade.verdict == "right"
    assert comparison.decided
    assert descent.fine
    assert backprop.unexpected(report, backprop.expectation(report)) == []
    assert backprop.draw(report, kind="svg").startswith("<svg")
    assert backprop.draw("x*y", kind="text")
    found = [report, claims, same, grade, comparison, descent, backprop.explain(report)]
    return [text for one in found for text in (str(one), repr(one))]


def kernels() -> Array:
    kernel = backprop.compiled(backprop.parse("sum(W @ x)", shapes={"W": (2, 2), "x": (2,)}))
    value, gradient = kernel({"W": np.eye(2), "x": np.ones((4, 2))})
    assert gradient["W"].shape == (4, 2, 2)
    found: Array = value
    return found


def functions() -> Report:
    return backprop.evaluate(backprop.read(loss), {"w": [1.0, 2.0], "x": [[0.1, 0.2]]})


def refused() -> str:
    try:
        backprop.parse("x+")
    except backprop.BackpropError as error:
        return error.render()
    return ""
