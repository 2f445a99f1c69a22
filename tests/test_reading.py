"""Python source, read and never run: what it comes to is what Python and NumPy make of it."""

from __future__ import annotations

import json
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

import backprop
from backprop.errors import BackpropError, LanguageError
from backprop.reading.source import decoded, parsed
from backprop.reading.unit import Unit

RANDOM = np.random.default_rng(11)


def draw(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


# A source, the function in it, and its arguments. The first result is a number.
IDIOMS: dict[str, tuple[str, dict[str, Any]]] = {
    "a softmax loss with labels": ("""
        def f(W, X, y, reg=0.1):
            scores = X.dot(W)
            scores -= np.max(scores, axis=1, keepdims=True)
            probs = np.exp(scores) / np.sum(np.exp(scores), axis=1, keepdims=True)
            loss = -np.log(probs[np.arange(X.shape[0]), y]).mean()
            return loss + 0.5 * reg * np.sum(W * W)
        """, {"W": draw(3, 4), "X": draw(5, 3), "y": np.array([0, 3, 1, 1, 2])}),
    "the loops of a naive convolution": ("""
        def f(x, w, b, stride=1, pad=1):
            xp = np.pad(x, ((0, 0), (pad, pad), (pad, pad)), mode="constant")
            F, C, HH, WW = w.shape
            H, W = x.shape[1:]
            out = np.zeros((F, 1 + (H + 2*pad - HH) // stride, 1 + (W + 2*pad - WW) // stride))
            for k in range(F):
                for i in range(out.shape[1]):
                    for j in range(out.shape[2]):
                        window = xp[:, i*stride:i*stride + HH, j*stride:j*stride + WW]
                        out[k, i, j] = np.sum(window * w[k]) + b[k]
            return (out**2).sum()
        """, {"x": draw(2, 4, 4), "w": draw(2, 2, 3, 3), "b": draw(2)}),
    "a recurrent net that keeps its states in a dict": ("""
        def step(x, h, Wx, Wh):
            return np.tanh(x @ Wx + h @ Wh)

        def f(xs, Wx, Wh):
            hs = {-1: np.zeros(Wh.shape[0])}
            for t in range(len(xs)):
                hs[t] = step(xs[t], hs[t - 1], Wx, Wh)
            return sum(np.dot(h, h) for h in hs.values())
        """, {"xs": draw(4, 2), "Wx": draw(2, 3), "Wh": draw(3, 3)}),
    "a running sum in an array": ("""
        def f(x):
            total = np.zeros_like(x)
            total[0] = x[0]
            for k in range(1, len(x)):
                total[k] = 0.9 * total[k - 1] + x[k]
            return np.sum(total * total)
        """, {"x": draw(6)}),
    "views share memory": ("""
        def f(a):
            b = np.zeros((3, 4))
            left, flat = b[:, :2], b.reshape(-1)
            left += a[:, :2]
            flat[::5] = 3 * a[0, 0]
            b.T[3] = a[:, 3] ** 2
            return (b * np.arange(12.0).reshape(3, 4)).sum()
        """, {"a": draw(3, 4)}),
    "masks": ("""
        def f(x):
            y = x.copy()
            y[y < 0] *= 0.1
            y[x > 1] = 1
            return np.sum(y[y > 0.2] ** 2) + y.sum()
        """, {"x": draw(7)}),
    "places that are named several times": ("""
        def f(E, d):
            ix = [0, 2, 0, 1]
            grown = np.zeros_like(E)
            np.add.at(grown, ix, d)
            return (grown ** 2).sum() + E[ix].sum()
        """, {"E": draw(3, 2), "d": draw(4, 2)}),
    "while, break and else": ("""
        def f(x, n=3):
            y, k = x, 0
            while True:
                y = y * x + k
                k += 1
                if k >= n:
                    break
            for j in range(2):
                if j > 5:
                    break
            else:
                y += 1
            return y
        """, {"x": 0.7}),
    "closures, lambda and comprehensions": ("""
        def f(x, ws):
            def scaled(k):
                return lambda v: v * k
            layers = [scaled(w) for w in ws if w.sum() != 0]
            for layer in layers:
                x = np.tanh(layer(x))
            return max(x.sum(), 0.0) + {"a": 1.5}["a"] * x[0]
        """, {"x": draw(3), "ws": draw(2, 3)}),
    "stars, tuples and keywords": ("""
        def g(a, *rest, scale=1.0, **more):
            return scale * (a + sum(rest)) + more.get("extra", 0)

        def f(x, y):
            first, *others = [x, y, x * y]
            (u, v), w = (first, others[0]), others[-1]
            return g(u, v, w, scale=2.0, extra=x ** 2)
        """, {"x": 1.3, "y": -0.4}),
    "einsum, stacks and splits": ("""
        def f(q, k, v):
            heads = np.stack(np.split(q, 2, axis=-1))
            keys = np.stack(np.split(k, 2, axis=-1))
            scores = np.einsum("hid,hjd->hij", heads, keys) / np.sqrt(2.0)
            weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
            weights /= weights.sum(-1, keepdims=True)
            out = weights @ np.stack(np.split(v, 2, axis=-1))
            return np.concatenate(out, axis=-1).var(axis=0).sum()
        """, {"q": draw(3, 4), "k": draw(3, 4), "v": draw(3, 4)}),
}  # fmt: skip


def run_by_python(source: str, values: dict[str, Any]) -> Any:
    names: dict[str, Any] = {"np": np}
    exec(source, names)  # noqa: S102
    given = {key: np.array(v) if np.ndim(v) else v for key, v in values.items()}
    return names["f"](**given)


def differences(source: str, values: dict[str, Any], name: str) -> Any:
    """The gradient by one input, by central differences of the function itself."""
    found = np.zeros(np.shape(values[name]))
    step = 1e-6
    for place in np.ndindex(*np.shape(found)):
        sides = []
        for sign in (1, -1):
            moved = np.array(values[name], dtype=float)
            moved[place] += sign * step
            sides.append(run_by_python(source, {**values, name: moved[()]}))
        found[place] = (sides[0] - sides[1]) / (2 * step)
    return found


@pytest.mark.parametrize("name", IDIOMS)
def test_a_function_comes_to_what_python_makes_of_it(name: str) -> None:
    text, values = IDIOMS[name]
    source = textwrap.dedent(text)
    report = backprop.evaluate(Unit(parsed(source, "file.py", "f")), values)
    assert report.value == pytest.approx(run_by_python(source, values), rel=1e-12)
    for variable in report.wrt:
        expected = differences(source, values, variable)
        assert report.gradient[variable] == pytest.approx(expected, rel=1e-6, abs=1e-7)


def test_what_is_used_as_an_index_is_whole_and_not_differentiated() -> None:
    text, values = IDIOMS["a softmax loss with labels"]
    unit = Unit(parsed(textwrap.dedent(text), "file.py", "f"))
    assert "y" not in backprop.evaluate(unit, values).gradient
    with pytest.raises(BackpropError, match="whole numbers"):
        backprop.evaluate(unit, values | {"y": np.array([0.5, 1, 1, 1, 1])})


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("def f(x):\n    return undefined(x)", "the name undefined has no value here"),
        ("def f(x):\n    return np.frobnicate(x)", "numpy.frobnicate is not known here"),
        ("def f(x):\n    return np.sum(x, weight=2)", "sum takes no argument weight"),
        ("def f(x):\n    return x.frob()", "the method .frob of arrays can't be read"),
        ("def f(x):\n    yield x", "yield can't be read"),
        ("def f(x):\n    with open('a') as g:\n        return x", "with is read for torch.no_grad() and np.errstate() alone"),
        ("def f(x):\n    raise ValueError('no')", "the source raises an exception here"),
        ("def f(x):\n    return x[5]", "axis 0 of an array of 3 has no entry 5"),
        ("def f(x):\n    if x > 0:\n        return x", "is neither true nor false"),
        ("def f(x):\n    return [1, 2][7]", "a list of 2 entries has no entry 7"),
        ("def f(x):\n    return __import__('os')", "the name __import__ has no value here"),
        ("def f(x):\n    return eval('x')", "the name eval has no value here"),
        ("def f(x):\n    return x.__class__", "the method .__class__ of arrays can't be read"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_where_it_stands(source: str, message: str) -> None:
    with pytest.raises(LanguageError, match=re.escape(message)) as e:
        backprop.evaluate(Unit(parsed(source, "file.py", "f")), x=[1.0, 2.0, 3.0])
    assert e.value.span is not None


FILE = """\
import numpy as np

def loss(w, x, y=1.0):
    \"\"\"A squared error.\"\"\"
    error = np.dot(w, x) - y
    return error ** 2, {"error": error}
"""


def test_the_command_reads_a_function_of_a_file(tmp_path: Path, command: Command) -> None:
    (tmp_path / "model.py").write_text(FILE)
    values = ("--w=[1,2]", "--x=[0.5,0.25]")
    done = command("check", "model.py:loss", *values, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("agree: SymPy and a numeric difference agree")
    found = json.loads(command("eval", "model.py:loss", *values, "--json", cwd=tmp_path).stdout)
    assert [stage["name"] for stage in found["stages"]] == ["q", "error", "f"]
    assert [stage["line"] for stage in found["stages"]] == [5, 5, 6]
    other = command("eval", "model.py:loss", *values, "--result", "error", "--json", cwd=tmp_path)
    assert json.loads(other.stdout)["gradient"]["w"] == [0.5, 0.25]


def test_what_a_function_takes_is_told(tmp_path: Path, command: Command) -> None:
    (tmp_path / "model.py").write_text(FILE)
    text = command("eval", "model.py:loss", "--help", cwd=tmp_path).stdout
    assert "--y VALUE  1.0 if not given" in text
    done = command("eval", "model.py:loss", "--w=[1,2]", cwd=tmp_path)
    assert done.stderr == "error: no value for the variable x\nhelp: give --x=...\n"
    done = command("eval", "model.py:los", "--w=1", cwd=tmp_path)
    assert done.stderr == "error: model.py has no function los\nhelp: did you mean loss?\n"


def test_a_script_is_differentiated_by_what_it_is_given(tmp_path: Path, command: Command) -> None:
    (tmp_path / "s.py").write_text("x = 2.0\nz = x * y\nfor k in range(2):\n    z = z * x\n")
    done = command("eval", "s.py", "--y=3", "--wrt", "x,y", "--json", "--no-check", cwd=tmp_path)
    found = json.loads(done.stdout)
    assert (found["value"], found["gradient"]) == (24, {"x": 36, "y": 8})
    done = command("eval", "s.py", "--y=3", "--x=1", "--json", "--no-check", cwd=tmp_path)
    assert json.loads(done.stdout)["value"] == 3


def test_a_notebook_is_its_cells_without_magics() -> None:
    cells = [
        {"cell_type": "markdown", "source": ["# words"]},
        {"cell_type": "code", "source": ["%matplotlib inline\n", "w = 3.0 # why?\n", "!ls"]},
        {"cell_type": "code", "source": ["data = open('names.txt').read()\n", "loss = w * x"]},
    ]
    text = decoded(json.dumps({"cells": cells}).encode(), "n.ipynb")
    report = backprop.evaluate(Unit(parsed(text, "n.ipynb")), x=2.0, wrt=["x"])
    assert (report.value, report.gradient) == (6.0, {"x": 3.0})


BRANCHES = """\
def f(x):
    if x > 1:
        return (x - 3) ** 2
    return 4 - x
"""


def test_a_condition_holds_where_it_was_read(tmp_path: Path, command: Command) -> None:
    (tmp_path / "b.py").write_text(BRANCHES)
    done = command("descend", "b.py:f", "--x=0", "--lr", "0.2", "--json", cwd=tmp_path)
    assert json.loads(done.stdout.splitlines()[-1])["point"]["x"] == pytest.approx(3, abs=1e-6)
    done = command("check", "b.py:f", "--points", "9", "--range", "x=-2:4", cwd=tmp_path)
    assert done.returncode == 0
    done = command("check", "b.py:f", "--x=1", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stdout.startswith("kink: line 2: x > 1 is just where it switches")


SCALE = 2.0


def helper(a: Any) -> Any:
    return np.tanh(a) * SCALE


def objective(w: Any, x: Any) -> Any:
    return np.mean((x @ w - helper(w).sum()) ** 2)


def test_a_function_object_is_read_by_its_source() -> None:
    w, x = draw(3), draw(4, 3)
    report = backprop.check(backprop.read(objective), w=w, x=x)
    assert report.value == pytest.approx(objective(w, x), rel=1e-12)
    assert report.check.verdict == "agree"
