"""Code that is emitted of Python source refuses to go on where the source goes another way than
where it was read, and so says the page."""

from __future__ import annotations

import ctypes
import math
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.answer.evaluation import evaluate
from backprop.drawing.page import page
from backprop.emitting import emit
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.reading.unit import read

SOURCE = """
import numpy as np

def f(x, y, n=2):
    z = x * y
    if z > 1:
        return 3 * z
    for k in range(int(n)):
        z = z + x ** k
    if int(4 * x) == 2:
        z = z * 5
    return z * y

def g(a, b):
    h = a * b
    h[h < 0] *= 0.1
    best = np.argmax(h)
    order = np.sort(a)
    return h[best] + (h * order).sum()
"""
SAID = "goes another way here than where the source was read"
COMPILER = shutil.which("cc")
NODE = shutil.which("node")


def by_python(name: str, **values: Any) -> Any:
    names: dict[str, Any] = {}
    exec(SOURCE, names)  # noqa: S102
    return names[name](**values)


def program(name: str, **values: Any) -> Program:
    tree, given = read(SOURCE, name).at(values)
    shapes = {key: np.shape(value) for key, value in given.items() if np.ndim(value)}
    return stage(tree, given, shapes=shapes)


def function_of(text: str, name: str) -> Any:
    names: dict[str, Any] = {}
    exec(text, names)  # noqa: S102
    return names[name]


NUMBERS = program("f", x=0.6, y=1.2)
HERE, BESIDE = {"x": 0.6, "y": 1.2}, {"x": 0.7, "y": 1.1}  # both go the same way
BEYOND = [{"x": 1.5, "y": 1.2}, {"x": 0.3, "y": 1.2}, {"x": 0.8, "y": 1.2}]


@pytest.mark.parametrize("language", ["python", "numpy"])
def test_python_raises_beyond_a_guard(language: str) -> None:
    function = function_of(emit(NUMBERS, language), "f")
    for point in (HERE, BESIDE):
        assert function(**point)[0] == pytest.approx(by_python("f", **point), rel=1e-14)
    for point in BEYOND:
        with pytest.raises(ValueError, match=SAID):
            function(**point)


def test_a_guard_names_its_line_and_code() -> None:
    text = emit(NUMBERS, "python")
    assert f'raise ValueError("line 6: if z > 1 {SAID}")' in text
    assert f'raise ValueError("line 10: int(4 * x) {SAID}")' in text


def test_numpy_raises_where_an_order_or_a_mask_is_another() -> None:
    a, b = np.array([0.5, -1.0, 2.0]), np.array([1.0, 2.0, 0.7])
    function = function_of(emit(program("g", a=a, b=b), "numpy", name="g"), "g")
    near = np.array([0.6, -0.9, 1.9])
    assert function(near, b)[0] == pytest.approx(by_python("g", a=near, b=b), rel=1e-13)
    for other in ([0.5, -1.0, 0.6], [2.5, -1.0, 2.0], [-0.5, -1.0, 2.0]):
        wanted = by_python("g", a=np.array(other), b=b)
        try:
            assert function(np.array(other), b)[0] == pytest.approx(wanted, rel=1e-13)
        except ValueError as problem:
            assert SAID in str(problem)  # noqa: PT017
    with pytest.raises(ValueError, match=SAID):
        function(np.array([2.5, -1.0, 2.0]), b)


def test_an_array_program_in_python_raises_where_a_whole_number_is_another() -> None:
    source = "def f(x, n):\n    return sum(x ** k for k in range(n))\n"
    tree, given = read(source, "f").at({"x": 0.5, "n": 3})
    function = function_of(emit(stage(tree, given), "python"), "f")
    assert function(x=0.5, n=3)[0] == 1.75
    with pytest.raises(ValueError, match=SAID):
        function(x=0.5, n=4)


@pytest.mark.skipif(COMPILER is None, reason="there is no C compiler")
def test_c_gives_nan_beyond_a_guard(tmp_path: Path) -> None:
    code, library = tmp_path / "f.c", tmp_path / "f.so"
    code.write_text(emit(NUMBERS, "c"))
    flags = ["-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-lm", "-o", str(library)]
    subprocess.run([str(COMPILER), str(code), *flags], check=True)
    function = ctypes.CDLL(str(library)).f
    function.restype = ctypes.c_double
    names = list(NUMBERS.inputs)
    for point, fits in ((HERE, True), (BESIDE, True), *((one, False) for one in BEYOND)):
        fed = (ctypes.c_double * len(names))(*(point[name] for name in names))
        grad = (ctypes.c_double * len(names))()
        value = function(fed, grad)
        if fits:
            assert value == pytest.approx(by_python("f", **point), rel=1e-14)
        assert math.isnan(value) != fits
        assert all(math.isnan(one) != fits for one in grad)


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_javascript_throws_beyond_a_guard(tmp_path: Path) -> None:
    script = tmp_path / "f.mjs"
    tries = "".join(
        f"try {{ console.log(f({{ x: {p['x']}, y: {p['y']} }}).value); }}"
        " catch (error) { console.log(error.message); }\n"
        for p in (HERE, *BEYOND)
    )
    script.write_text(emit(NUMBERS, "javascript") + tries)
    done = subprocess.run([str(NODE), str(script)], capture_output=True, text=True, check=True)
    first, *others = done.stdout.splitlines()
    assert float(first) == pytest.approx(by_python("f", **HERE), rel=1e-14)
    assert all(line.endswith(SAID) for line in others)


def test_the_page_says_so_when_an_input_moves_past_a_guard() -> None:
    text = page(evaluate(NUMBERS, HERE))
    assert f'broken.push("line 6: if z > 1 {SAID}")' in text
    assert '<p id="guard" role="alert"></p>' in text
    assert 'element("guard").textContent = broken' in text


@pytest.mark.skipif(NODE is None, reason="there is no Node")
def test_what_the_page_says_is_there_at_the_moved_point_alone(tmp_path: Path) -> None:
    from backprop.emitting.tracing import trace

    script = tmp_path / "trace.mjs"
    order = list(NUMBERS.inputs)
    calls = "".join(
        f"console.log(trace({[p[name] for name in order]}).broken.length);\n"
        for p in (HERE, *BEYOND)
    )
    script.write_text(trace(NUMBERS, "split") + calls)
    done = subprocess.run([str(NODE), str(script)], capture_output=True, text=True, check=True)
    first, *others = map(int, done.stdout.split())
    assert first == 0
    assert all(others)
