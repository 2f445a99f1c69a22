"""What stands around a function: names of the file that get values, print as a statement, out=."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

import backprop
from backprop.reading.source import parsed
from backprop.reading.unit import read

SOURCE = """
import numpy as np

words = open("words.txt").read()
size, count = len(set(words)), len(words)
print 'there are %d words' % size
rate = 0.5
W = np.ones((2, 3)) * rate
b = np.zeros(2)

def layer(x):
    return np.tanh(W @ x + b)

def loss(x, scale=2.0):
    h = layer(x)
    for name, value in {'h': h}.iteritems():
        print name, value.shape
    total = 0
    for k in xrange(2): print k; total = total + scale * h[k] ** 2
    return total * size

def clipped(x):
    y = x * 3
    z = np.zeros(3)
    np.clip(y, -1, 1, out=y)
    np.add(y, x, out=z)
    return np.sum(z * y)
"""
GIVEN = {"W": np.array([[0.1, 0.2, -0.3], [0.5, 0.1, 0.4]]), "b": np.array([0.3, -0.2])}
X = np.array([0.5, -1.0, 2.0])


def test_names_around_a_function_are_variables_with_values_of_their_own() -> None:
    unit = read(SOURCE, "loss")
    assert dict(unit.parameters) == {
        "x": None, "scale": "2.0", "W": "np.ones((2, 3)) * rate", "b": "np.zeros(2)",
        "size": "its own value",
    }  # fmt: skip


def test_a_name_around_a_function_is_an_input_where_it_is_given() -> None:
    tree, given = read(SOURCE, "loss").at({"x": X, **GIVEN, "size": 4.0})
    report = backprop.evaluate(tree, given)
    h = np.tanh(GIVEN["W"] @ X + GIVEN["b"])
    slope = 4 * 2.0 * 2 * h * (1 - h**2)
    assert report.value == pytest.approx(4 * 2.0 * np.sum(h**2), rel=1e-14)
    assert report.gradient["W"] == pytest.approx(np.outer(slope, X), rel=1e-13)
    assert report.gradient["b"] == pytest.approx(slope, rel=1e-13)
    assert report.gradient["x"] == pytest.approx(GIVEN["W"].T @ slope, rel=1e-13)


def test_it_is_what_the_file_assigns_where_it_is_not_given(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text(SOURCE)
    said = command(
        "eval", f"{file}:loss", f"--x={X.tolist()}", "--size=1", "--wrt", "x,W", "--json"
    )
    found = json.loads(said.stdout)
    h = np.tanh(np.full((2, 3), 0.5) @ X)
    slope = 4 * h * (1 - h**2)
    assert found["value"] == pytest.approx(2.0 * np.sum(h**2), rel=1e-14)
    assert np.array(found["gradient"]["W"]) == pytest.approx(np.outer(slope, X), rel=1e-13)


def test_what_can_not_be_read_around_it_is_named_where_it_is_needed(
    command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "a.py"
    file.write_text(SOURCE)
    said = command("eval", f"{file}:loss", f"--x={X.tolist()}")
    assert said.returncode == 2
    assert "line 4" in said.stderr


def test_print_is_a_statement_as_in_python_2() -> None:
    text = "print 'a', 3\nx = 2\nif x: print 'b'\nprint\nfor k in range(2): print k\n"
    assert len(parsed(text).tree.body) == 5
    with pytest.raises(backprop.BackpropError, match="this is Python 2"):
        parsed("print 'a', 3\nx = = 2\n")


def test_out_takes_what_is_computed() -> None:
    names: dict[str, Any] = {}
    text = SOURCE[SOURCE.index("def clipped") :]
    exec("import numpy as np\n" + text, names)  # noqa: S102
    for x in (X, np.array([0.1, 0.2, -0.3])):
        tree, given = read(SOURCE, "clipped").at({"x": x})
        assert backprop.evaluate(tree, given).value == pytest.approx(names["clipped"](x), rel=1e-14)


SCRIPT = """
import numpy as np
n = 4
W = np.ones((2, n)) / n ** 0.5
b = W.sum(axis=1)
loss = np.sum((W.sum(axis=1) * b) ** 2)
"""


def test_what_is_made_of_other_inputs_is_an_input_with_the_value_it_has() -> None:
    tree, given = read(SCRIPT).at({"n": 4.0}, wanted=["W"])
    report = backprop.evaluate(tree, given, wrt=["W"])
    W = np.ones((2, 4)) / 2  # noqa: N806
    assert report.gradient["W"] == pytest.approx(
        np.broadcast_to(4 * W.sum(axis=1, keepdims=True) ** 3, (2, 4))
    )


def test_what_is_made_of_another_that_is_asked_for_is_none() -> None:
    with pytest.raises(backprop.BackpropError, match="b is computed"):
        read(SCRIPT).at({"n": 4.0}, wanted=["W", "b"])
