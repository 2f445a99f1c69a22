"""Twenty tasks that a newcomer solves with `backprop help` alone: some words find the page, and a
command on it does what is asked. What comes out is compared with what is known otherwise."""

from __future__ import annotations

import json
import math
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import sympy
from click.testing import CliRunner
from readme import BLOCK, commands

from backprop.cli.commands import group
from backprop.cli.main import run
from backprop.cli.pages import page

HEREDOC = re.compile(r"cat > (\S+) <<'END'\n(.*)\nEND", re.DOTALL)
HIT = re.compile(r"^  ([\w-]+)   ", re.MULTILINE)
STATUS = '; echo "exit code $?"'


class Task(NamedTuple):
    """What somebody wants, the words that they look for, and what they find: a page, and the
    beginning of a command on it. `holds` says whether its answer is right."""

    wish: str
    words: str
    topic: str
    command: str
    holds: Callable[[str], Any]


def numbers(out: str, pattern: str) -> list[float]:
    return [float(found) for found in re.findall(pattern + r"(-?[\d.]+(?:e-?\d+)?)", out)]


def slope_of_sigmoid(x: float) -> float:
    return math.exp(-x) / (1 + math.exp(-x)) ** 2


def written_code(out: str) -> dict[str, str]:
    """What the lines of a function in C assign to the gradients of its inputs."""
    return dict(re.findall(r"^ {8}(d\w+) = (.*?);", out, re.MULTILINE))


X = np.array([1.0, 2, 3, 4])
Y = np.array([2.1, 3.9, 6.2, 7.8])
W = np.array([[1.0, -2]])
H = 1 / (1 + np.exp(-W @ [3.0, 1.0]))

TASKS = [
    Task("a gradient", "first gradient", "quickstart", 'backprop eval "(x+y)*z"',
         lambda out: numbers(out, r"\ndf/d[xyz] = .*= ") == [-4, -4, 3]),
    Task("the first program", "first program", "quickstart", "backprop eval @neuron.bp",
         lambda out: np.allclose(numbers(out, "df/db = .*= "), slope_of_sigmoid(1), rtol=1e-5)),
    Task("the derivative as a formula, and the numbers behind it", "table of stages", "eval",
         'backprop eval "1/(1+exp(-(w*x+b)))" --w=2 --x=-1 --b=3 --precision 4',
         lambda out: np.allclose(numbers(out, "df/dw = .*= "), -slope_of_sigmoid(1), rtol=1e-3)),
    Task("large numbers without inf", "answer isn't finite", "eval", 'backprop eval "log(1 + exp(x))"',
         lambda out: "the exact value is 1000" in out),
    Task("gradients of matrices", "matrix gradient", "arrays", 'backprop eval "W.dot(X)" --W',
         lambda out: f"df/dW = {(np.array([[1, 2], [3, 4]]) @ [[1, 2], [0.5, -1]]).astype(int).tolist()}" in out),
    Task("do the shapes fit?", "shape mismatch", "arrays", 'backprop eval "D = W @ X" --shape',
         lambda out: "D is {}x{}".format(*(np.zeros((5, 10)) @ np.zeros((10, 3))).shape) in out),
    Task("arrays for NumPy", "save arrays for numpy", "arrays", 'backprop eval "h = sigmoid(W @ x + b)',
         lambda out: np.allclose(numbers(out, "\nf = "), float(H[0] ** 2), rtol=1e-5)
         and np.allclose(np.load("run.npz")["h"], H)),
    Task("values with pi", "give values", "values", 'backprop eval "x*sin(y)"',
         lambda out: np.allclose(numbers(out, "input,,x,,,-2,"), math.sin(math.pi / 3))),
    Task("the slope of relu at zero", "relu at zero", "ties", 'backprop eval "max(x, y) + relu(z)"',
         lambda out: "df/dz = 0 (kink: 0 is taken; the slope is 0 on the left and 1 on the right)" in out),
    Task("the backward pass in words", "backward pass in words", "explain", 'backprop explain "(x+y)*z"',
         lambda out: "dz = 3. Raise z by 0.01, to -3.99" in out),
    Task("a picture", "picture", "draw", 'backprop draw "x*y" --format mermaid',
         lambda out: "\nflowchart LR\n" in out),
    Task("the backward pass in C", "c code", "code", 'backprop code "relu(w*x + b)" --lang c',
         lambda out: written_code(out) == {"db": "dq2", "dw": "x * dq1", "dx": "w * dq1"}),
    Task("a derivation for lecture notes", "latex", "code", 'backprop code "(x+y)*z" --lang latex',
         lambda out: r"\frac{\partial f}{\partial z} &= q && = 3" in out),
    Task("can I trust this gradient?", "trust gradient", "check", 'backprop check "(1-cos(x))/x**2"',
         lambda out: out.startswith("rounding: ") and abs(float(sympy.limit("(1-cos(x))/x**2", "x", 0)) - 0.5) < 1e-15),
    Task("is my derivative right?", "is my derivative right", "claims", 'backprop check "x*y + sin(x)" --claim x="y + cos(x)"',
         lambda out: out == "df/dx = y + cos(x): right everywhere\ndf/dy = x: right everywhere\n"
         and sympy.diff("x*y + sin(x)", "x") == sympy.sympify("y + cos(x)")),
    Task("which line of my backward pass is wrong?", "wrong line backward", "grading", "backprop check @forward.bp --backward",
         lambda out: "line 3, square:" in out and "line 4, overwrites:" in out),
    Task("a function that I have in Python", "my python function", "python", "backprop eval loss.py:hinge",
         lambda out: np.allclose(numbers(out, r"^(?ms:.*)\nf = "), 10 / 3, rtol=1e-5)),
    Task("a worksheet for a class", "worksheet for students", "quiz", 'backprop quiz "(x+y)*z"',
         lambda out: out.startswith("backprop worksheet\n") and out.count("____") == 6),
    Task("every row of a table", "csv rows", "batch", 'backprop batch "(w*x + b - y)**2" --data samples.csv --w=2 --b=0 --wrt w,b --reduce sum',
         lambda out: math.isclose(json.loads(out)["dw"], sum(2 * (2 * X - Y) * X))),
    Task("minimise a loss", "minimise a loss", "descend", 'backprop descend "(w*x - y)**2" --w=0',
         lambda out: abs(numbers(out, r"\nw = ")[0] - 6 / 2) < 1e-3),
]  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.wish)
def test_a_newcomer_finds_the_command_that_does_it(task: Task, folder: Path, capfd: Any) -> None:
    said = CliRunner().invoke(group, ["help", *task.words.split()], standalone_mode=False).stdout
    topics = HIT.findall(said)
    assert topics[:1] == [task.topic] or said.startswith(page(task.topic).title)
    on_page = [
        command for block in BLOCK.findall(page(task.topic).text) for command in commands(block)
    ]
    for made in filter(None, map(HEREDOC.fullmatch, on_page)):
        (folder / made[1]).write_text(f"{made[2]}\n", "utf-8")
    command = next(one for one in on_page if one.startswith(task.command))
    words = shlex.split(command.removesuffix(STATUS).split(" | ")[0])
    run(words[1:])
    out, _ = capfd.readouterr()
    assert task.holds(out), out


def test_there_are_twenty() -> None:
    assert len({task.wish for task in TASKS}) == 20
