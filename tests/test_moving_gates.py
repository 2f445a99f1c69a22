"""How every gate of the table moves: its tangent, and those of its slopes and messages, against
differences at many digits."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest
from mpmath import mp, mpf

import backprop
from backprop.arithmetic.ieee import IEEE, VALUE
from backprop.arithmetic.moving import moved
from backprop.arithmetic.precise import PRECISE
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS, exactly
from backprop.engine.array_tangents import second_arrays
from backprop.engine.arrays import backward_arrays
from backprop.engine.numbers import forward
from backprop.gates import GATES, scalars

Array = Any
STEP = mpf(10) ** -15
STILL = {"powc": 1, "scale": 1, "shift": 1, "polygamma": 0}  # operands that are constants
MOVING = [name for name, row in scalars().items() if any(row.partials)]


@pytest.mark.parametrize("name", MOVING)
def test_a_gate_of_numbers(name: str) -> None:
    row, random = GATES[name], Random(name)
    count = 2 if row.variadic else len(row.operands)
    ranges = [row.samples[min(k, len(row.samples) - 1)] for k in range(count)]
    at = [random.uniform(*one) for one in ranges]
    ways = [0.0 if STILL.get(name) == k else random.uniform(-1, 1) for k in range(count)]
    if name == "polygamma":
        at[0] = float(round(at[0]))
    found = moved(IEEE, name, count)(*at, VALUE[name](*at), *ways)
    with mp.workdps(50):

        def local(side: int) -> list[Any]:
            fed = [mpf(a) + side * STEP * d for a, d in zip(at, ways, strict=True)]
            out = PRECISE.value[name](*fed)
            return [out, *PRECISE.local["first"][name](*fed, out)]

        after, here, before = local(1), local(0), local(-1)
        mine = [found[0], *found[count + 1 :]]
        for a, b, slope, number in zip(after, before, here, mine, strict=True):
            if a is not None and number is not None:
                truth = (a - b) / (2 * STEP)
                assert abs(number - truth) <= mpf(10) ** -9 * (abs(truth) + abs(slope)) + STEP


A = np.array([[1.5, 0.3, -0.4], [0.2, -1.1, 0.7], [0.5, 0.9, 2.1]])
GIVEN = {
    "A": A, "S": A @ A.T + np.eye(3), "v": np.array([0.5, -1.2, 0.8]),
    "B": np.array([[0.3, -0.8, 1.1, 0.2], [0.9, 0.4, -0.5, 1.3], [-0.7, 0.6, 0.1, 0.5]]),
    "T": np.array([A, A.T + 0.1 * A]),
}  # fmt: skip
SHAPES = {name: np.shape(x) for name, x in GIVEN.items()}
PROGRAMS = (
    "sum((A @ A)*A)", "sum(tanh(A @ v)**2)", "v @ A @ v", "sum((v @ T)**3)", "sum((T @ v)**3)",
    "sum((T @ A)**3)", "sum(softmax(A, axis=1)*A)", "sum(log_softmax(A, axis=0)**2)", "det(A)",
    "logdet(A)**2", "sum(inv(A)**2)", "sum(solve(A, v)**3)", "sum(cholesky(S)**2*A)",
    "sum(svdvals(B)**3)", "sum(svdvals(B))", "prod(v)", "sum(prod(A, axis=0)**2)", "sum(cumprod(v)**2)",
    "sum(cumsum(A, axis=1)**3)", "norm(v)*sum(v)", "norm(A, axis=1) @ v", "std(v)**3",
    "sum(var(A, axis=0)**2)", "logsumexp(A)", "sum(sort(A, axis=1)*A)", "max(A)**2*sum(v)",
    "sum(A[0]*A[1]**2)", "sum(A[[0, 0, 1]]**3)", "sum(concatenate([A, B], axis=1)**3)",
    "sum(stack([v, v*v])**3)", "sum(outer(v, v)**2)", "trace(A @ A @ A)", "sum(diag(A)**3)",
    "sum(diag(v)**3 @ A)", "sum(A.T*A**2)", "sum(reshape(A, 9)**3)", "sum((A + v)**3)",
    "sum(where(A > 0, A**3, A))", "sum(det(T)**2)", "sum(inv(T)**2)", "sum(logdet(T)**2)",
    "sum(solve(T, T*T)**2)", "sum(swapaxes(A, 0, 1)*A**2)", "mean((A @ B)**3)",
)  # fmt: skip


@pytest.mark.parametrize("text", PROGRAMS)
def test_a_gate_on_arrays(text: str) -> None:
    program = backprop.parse(text, shapes=SHAPES)
    random = np.random.default_rng(1)
    point = {name: GIVEN[name] for name in program.inputs}
    way = {name: random.normal(size=x.shape) for name, x in point.items()}
    values = backprop.evaluate(program, point).values
    found = second_arrays(program, values, way, np.float64(1.0))
    with mp.workdps(50):

        def gradient(side: int) -> Any:
            moved_point = {
                name: exactly(x) + side * STEP * exactly(way[name]) for name, x in point.items()
            }
            exact = forward(program, moved_point, PRECISE_ARRAYS)
            return backward_arrays(program, exact, mpf(1), "notes", None, PRECISE_ARRAYS)

        after, before = gradient(1), gradient(-1)
        for slot in program.inputs.values():
            truth = (after.gradient(slot) - before.gradient(slot)) / (2 * STEP)
            exact = np.asarray(truth, dtype=float)
            np.testing.assert_allclose(found.moved[slot], exact, rtol=1e-9, atol=1e-9)
