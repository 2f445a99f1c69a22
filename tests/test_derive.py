"""derive: the program of the derivatives, read back, against the engine's own backward pass, mpmath
and NumPy."""

from __future__ import annotations

import re
import time
from random import Random
from typing import Any

import array_programs
import numpy as np
import programs
import pytest
from conftest import Command

import backprop

Array = Any


def read_back(text: str, point: dict[str, Any]) -> Any:
    """The value of a derived program, which may need fewer inputs."""
    used = {name: x for name, x in point.items() if re.search(rf"(?<!\w){name}(?!\w)", text)}
    return backprop.evaluate(text, used, spare=list(used), upstream=ones(text, used)).value


def ones(text: str, point: dict[str, Any]) -> str | None:
    shapes = {name: np.shape(x) for name, x in point.items() if np.shape(x)}
    program = backprop.parse(text, given=list(point), shapes=shapes)
    return "ones" if program.shapes[program.output] else None


@pytest.mark.parametrize(
    ("text", "wrt", "derived"),
    [
        ("x**3*y", "x", "dx = 3 * x**2 * y"),
        ("3 * x**2 * y", "x", "dx = 2 * x * (3 * y)"),
        ("(x+y)*z", "x,z", "dz = x + y\ndx = z\n[dx, dz]"),
        ("q = x + y\nf = q*z", "z", "q = x + y\ndz = q"),
        ("log(x1) + x1*x2 - sin(x2)", "x2", "dx2 = x1 - cos(x2)"),
        ("x*x", "x", "dx = x + x"),
        ("relu(x)*y", "x", "dx = where(x > 0, y, 0)"),
        ("sigmoid(x)", "x", "dx = sigmoid(x) * sigmoid(-x)"),
        ("x + y", "x", "dx = 1"),
        ("floor(x)", "x", "dx = 0"),
    ],
)
def test_a_derived_program(text: str, wrt: str, derived: str) -> None:
    assert backprop.derive(text, wrt=wrt).text == derived


def test_every_derivative_has_its_result() -> None:
    found = backprop.derive("x*y + dx", wrt="x,y")
    assert found.results == {"x": "dx1", "y": "dy"}


@pytest.mark.parametrize("number", range(60))
def test_read_back_it_is_the_gradient(number: int) -> None:
    sample = programs.sample(f"derive:{number}")
    report = backprop.evaluate(sample.text, sample.point, ties="split")
    if not report.finite or any(one.kind in ("kink", "tie", "switch") for one in report.notices):
        return
    for name, slope in report.gradient.items():
        text = backprop.derive(sample.text, sample.point, wrt=name).text
        size = max(map(abs, [slope, report.value, 1e-300]))
        assert read_back(text, sample.point) == pytest.approx(slope, rel=1e-7, abs=1e-9 * size)


@pytest.mark.parametrize("number", range(30))
def test_of_arrays_too(number: int) -> None:
    sample = array_programs.sample(f"derive:{number}")
    report = backprop.evaluate(sample.text, sample.point, ties="split")
    for name, slope in report.gradient.items():
        text = backprop.derive(sample.text, sample.point, wrt=name).text
        found = read_back(text, sample.point)
        assert np.shape(found) == np.shape(slope)
        np.testing.assert_allclose(found, slope, rtol=1e-8, atol=1e-9 * np.max(np.abs(slope)))


ARRAYS = {
    "A": np.array([[1.5, 0.3, -0.4], [0.2, -1.1, 0.7], [0.5, 0.9, 2.1]]),
    "v": np.array([0.5, -1.2, 0.8]),
}


@pytest.mark.parametrize(
    "text",
    [
        "sum(A[[0, 2, 0]]**2)", "sum(A[1:, ::2]*2)", "sum(A[:, 1]**3)", "prod(v)", "sum(prod(A, axis=0)**2)",
        "det(A)*sum(v)", "logdet(A)", "sum(inv(A)*A)", "sum(solve(A, v)**2)", "sum(cumsum(v)**2)",
        "norm(A)", "std(v)", "sum(var(A, axis=1)*v)", "max(A)*min(v)", "sum(softmax(A, axis=0)**2)",
        "trace(A @ A)", "sum(outer(v, v)*A)", "sum(diag(A)*v)", "sum(cholesky(A @ A.T + eye(3))**2)",
        "sum(concatenate([A, A*v], axis=1)**2)", "sum(swapaxes(A, 0, 1)*v)", "v @ A @ v", "mean(A**2 + v)",
    ],
)  # fmt: skip
def test_gates_on_arrays_against_the_backward_pass(text: str) -> None:
    point = {name: x for name, x in ARRAYS.items() if re.search(rf"\b{name}\b", text)}
    report = backprop.evaluate(text, point)
    for name, slope in report.gradient.items():
        found = read_back(backprop.derive(text, point, wrt=name).text, point)
        np.testing.assert_allclose(found, slope, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sum(sort(v))", "derive can't write what sort passes back"),
        ("v*2", "the output is an array, and a gradient is of a number"),
    ],
)
def test_what_is_refused(text: str, said: str) -> None:
    with pytest.raises(backprop.BackpropError, match=said):
        backprop.derive(text, {"v": ARRAYS["v"]})


def test_the_second_derivative_is_that_of_the_hessian() -> None:
    text, point = "exp(x*y)*sin(y) + x**3/y", {"x": 0.7, "y": 1.3}
    table = backprop.hessian(text, point)
    for a in point:
        once = backprop.derive(text, wrt=a).text
        for b in point:
            assert read_back(backprop.derive(once, wrt=b).text, point) == pytest.approx(
                table[a][b], rel=1e-12
            )


@pytest.mark.parametrize("number", range(40))
def test_it_is_small(number: int) -> None:
    """Sums, products and quotients in a row, which need one another."""
    random = Random(f"small:{number}")
    lines, names = [], ["x", "y", "z"]
    for k in range(random.randint(1, 30)):
        sign, left, right = random.choice("+-*/"), names[-1], random.choice(names)
        lines.append(f"v{k} = {left} {sign} {right}")
        names.append(f"v{k}")
    program = backprop.parse("\n".join(lines))
    if program.variables and program.size:
        assert backprop.derive(program).operations <= 4 * program.size


def test_twice_in_a_second() -> None:
    """63 stages: the cost of many more is linear, and measured in tests/bench."""
    lines = ["v0 = x*y"] + [f"v{k} = sin(v{k - 1})*x + v{k - 1}/(2 + y*y)" for k in range(1, 16)]
    program = backprop.parse("\n".join(lines))
    assert program.size == 63
    begun = time.process_time()
    once = backprop.derive(program, wrt="x")
    backprop.derive(once.text, wrt="x")
    assert time.process_time() - begun < 1


def test_the_command_line_reads_it_back(command: Command) -> None:
    text = command("derive", "x**3*y", "--wrt", "x").stdout
    assert text == "dx = 3 * x**2 * y\n"
    assert (
        "dx = 36\n"
        in command("eval", text, "--x=2", "--y=3", "--no-check", "--format=plain").stdout
    )
    assert command("draw", text).stdout.count("dx") == 1


def test_the_product_of_one_number_has_the_slope_one() -> None:
    assert backprop.derive("prod(x)", wrt="x").text == "dx = 1"
