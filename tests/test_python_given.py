"""Parameters of Python source that are no numbers: texts, True and False, dicts, on the command
line and in a point."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Command

SOURCE = """
import numpy as np

def scaled(x, mode, training=True, how="mean"):
    y = x * 3 if mode == "train" else x
    if not training:
        y = y + 1
    return np.mean(y) if how == "mean" else np.sum(y)

def normed(x, bn_param):
    eps = bn_param.get("eps", 1e-5)
    if bn_param["mode"] == "train":
        return ((x - x.mean()) / np.sqrt(x.var() + eps))[0]
    return x[0] / np.sqrt(eps)

def net(X, parameters):
    A = np.tanh(parameters["W1"] @ X + parameters["b1"])
    return np.sum(A ** 2)

def net_backward(X, parameters):
    A = np.tanh(parameters["W1"] @ X + parameters["b1"])
    dZ = 2 * A * (1 - A ** 2)
    return {"dW1": dZ @ X.T, "db1": dZ.sum(axis=1, keepdims=True)}

def sized(x, sizes, last=None):
    return x * len(sizes) + (sizes[1] if last is None else 0)
"""


def by_python(name: str, *fed: Any, **named: Any) -> Any:
    names: dict[str, Any] = {}
    exec(SOURCE, names)  # noqa: S102
    return names[name](*fed, **named)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "a.py"
    found.write_text(SOURCE)
    return found


X = [0.5, -1.0, 2.5]
SCALED: dict[str, tuple[list[str], dict[str, Any]]] = {
    "a word": (["--mode=train"], {"mode": "train"}),
    "another word": (["--mode", "test"], {"mode": "test"}),
    "a text in quotes": (["--mode='train'"], {"mode": "train"}),
    "False": (["--mode=train", "--training=False"], {"mode": "train", "training": False}),
    "false": (["--mode=train", "--training=false"], {"mode": "train", "training": False}),
    "a default that is a text": (["--mode=train", "--how=sum of all"],
                                 {"mode": "train", "how": "sum of all"}),
    "a text that looks like a number": (["--mode=train", "--how=1"], {"mode": "train", "how": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("name", SCALED)
def test_a_text_or_a_truth(command: Command, file: Path, name: str) -> None:
    options, named = SCALED[name]
    said = command("eval", f"{file}:scaled", f"--x={X}", *options, "--json")
    wanted = by_python("scaled", np.array(X), **named)
    assert json.loads(said.stdout)["value"] == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize(
    "text", ['{"mode": "train", "eps": 0.1}', "{'mode': 'train', 'eps': 1e-1}",
             '{"mode": "test", "eps": 4}'],
)  # fmt: skip
def test_a_dict_as_json_or_as_python(command: Command, file: Path, text: str) -> None:
    said = command("eval", f"{file}:normed", f"--x={X}", f"--bn_param={text}", "--json")
    wanted = by_python("normed", np.array(X), json.loads(text.replace("'", '"')))
    assert json.loads(said.stdout)["value"] == pytest.approx(wanted, rel=1e-14)


def test_arrays_in_a_dict_are_inputs_under_their_keys(command: Command, file: Path) -> None:
    given = "{'W1': np.array([[1.0, 2.0], [0.5, -1.0]]), 'b1': np.array([[0.1], [0.2]])}"
    said = command("eval", f"{file}:net", "--X=[[0.3, 0.1], [0.2, -0.4]]", f"--parameters={given}", "--json")  # fmt: skip
    found = json.loads(said.stdout)
    x = np.array([[0.3, 0.1], [0.2, -0.4]])
    parameters = {"W1": np.array([[1.0, 2.0], [0.5, -1.0]]), "b1": np.array([[0.1], [0.2]])}
    wanted = by_python("net_backward", x, parameters)
    assert found["value"] == pytest.approx(by_python("net", x, parameters), rel=1e-14)
    assert np.array(found["gradient"]["W1"]) == pytest.approx(wanted["dW1"], rel=1e-13)
    assert np.array(found["gradient"]["b1"]) == pytest.approx(wanted["db1"], rel=1e-13)
    assert sorted(found["gradient"]) == ["W1", "X", "b1"]


def test_a_pass_over_a_dict_of_parameters_is_checked_and_graded(
    command: Command, file: Path
) -> None:
    given = ["--X=randn(2, 3)", "--parameters={'W1': randn(4, 2), 'b1': randn(4, 1)}"]
    checked = command("check", f"{file}:net", *given)
    assert (checked.returncode, checked.stdout.split(":")[0]) == (0, "agree")
    graded = command("check", f"{file}:net", "--backward", f"{file}:net_backward", *given, "--json")
    assert graded.returncode == 0
    assert json.loads(graded.stdout)["verdict"] == "right"
    file.write_text(SOURCE.replace("2 * A * (1", "A * (1"))
    wrong = command("check", f"{file}:net", "--backward", f"{file}:net_backward", *given, "--json")
    assert wrong.returncode == 1


def test_a_point_may_hold_anything_that_json_has(command: Command, file: Path) -> None:
    point = {"x": X, "bn_param": {"mode": "train", "eps": 0.25}}
    said = command("eval", f"{file}:normed", "--at", json.dumps(point), "--json")
    wanted = by_python("normed", np.array(X), point["bn_param"])
    assert json.loads(said.stdout)["value"] == pytest.approx(wanted, rel=1e-14)


def test_tuples_and_none(command: Command, file: Path) -> None:
    said = command("eval", f"{file}:sized", "--x=2", "--sizes=(3, 4, 5)", "--last=None", "--json")
    assert json.loads(said.stdout)["value"] == by_python("sized", 2.0, (3, 4, 5)) == 10


def test_what_is_neither_json_nor_python_is_refused(command: Command, file: Path) -> None:
    said = command("eval", f"{file}:normed", f"--x={X}", '--bn_param={"mode": train')
    assert said.returncode == 2
    assert "the value of bn_param is neither JSON nor an expression of Python" in said.stderr


def test_a_value_reaches_nothing_outside(command: Command, file: Path) -> None:
    given = "--bn_param={'mode': __import__('os').system('true')}"
    said = command("eval", f"{file}:normed", f"--x={X}", given)
    assert said.returncode == 2
    assert "the value of bn_param can't be read" in said.stderr


def test_a_word_that_is_no_pass_is_the_value_of_a_variable(command: Command) -> None:
    """--mode is an option of eval, and what layers call their switch."""
    assert json.loads(command("eval", "x*mode", "--x=2", "--mode=3", "--json").stdout)["value"] == 6
    said = command("eval", "x*2", "--x=2", "--mode=train")
    assert said.stderr.startswith("error: --mode takes reverse, forward or both; not train\n")
