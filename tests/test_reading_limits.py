"""Reading ends, whatever is read: in an error that says what is too much, soon, and with little
memory. Nothing of a source is ever run."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fuzzing_python
import pytest
import reading_bombs

import backprop.reading
from backprop import BackpropError, evaluate
from backprop.reading.reader import read
from backprop.reading.source import decoded, parsed

SECONDS, MEGABYTES = 5.0, 500
FINE = frozenset(  # bombs that are none: they are worth something
    ["doubling", "pow5", "round", "binomial", "choice", "tolist", "str int", "hash", "float str", "self list eq", "self list min", "products of entries"]
)  # fmt: skip


@pytest.fixture(scope="module")
def bombs() -> Mapping[str, Any]:
    script = Path(reading_bombs.__file__)
    single = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}  # threads that wait count as work
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=300, check=False, env=single)  # fmt: skip
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    return {row["name"]: row for row in rows}


@pytest.mark.parametrize("name", reading_bombs.BOMBS)
def test_a_bomb_ends_in_an_error(name: str, bombs: Mapping[str, Any]) -> None:
    found = bombs[name]
    assert found["said"].startswith("error: ") != (name in FINE)
    assert found["seconds"] < SECONDS
    assert found["megabytes"] < MEGABYTES


def refused(text: str, unit: str = "") -> str:
    with pytest.raises(BackpropError) as found:
        read(parsed(text, "a.py", unit), {"x": 1.0})
    return found.value.message


DEEP = {
    "brackets": "y = " + "(" * 5000 + "x" + ")" * 5000,
    "lists": "y = " + "[" * 5000 + "x" + "]" * 5000,
    "signs": "y = " + "-" * 200_000 + "x",
    "nots": "y = " + "not " * 100_000 + "x",
    "powers": "y = " + "x ** " * 50_000 + "x",
    "attributes": "y = x" + ".T" * 100_000,
    "indices": "y = x" + "[0]" * 100_000,
    "calls": "y = x" + "()" * 100_000,
    "conditionals": "y = " + "x if x else " * 50_000 + "x",
    "lambdas": "y = " + "lambda: " * 50_000 + "x",
    "blocks": "".join(" " * k + "if x:\n" for k in range(101)) + " " * 101 + "y = x",
    "elifs": "if x: y = 1\n" + "elif x: y = 1\n" * 20_000 + "else: y = x\n",
    "f-strings": "y = f'{x:{x:{x:{x}}}}'",
    "comprehensions": "y = [" + "[" * 80 + "x" + " for i in x]" * 80 + " for i in x]",
    "comparisons": "y = " + "x < " * 100_000 + "x[",
    "digits": "y = " + "9" * 100_000,
    "hexadecimal": "y = x * 0x" + "f" * 1_000_000,
    "null": "y = x\0",
    "surrogate": "y = '\\ud800' + x\ny = 'é' @ x",
    "indentation": "def f():\n\tif x:\n        y = 1\n",
    "quotes": "y = '" * 100,
    "walrus": "y = (" * 60 + "x := x" + ")" * 60 + "[",
    "star": "y = *x",
    "decorators": "@x\n" * 5000 + "def f(): pass\ny = f()",
    "assignments": "y = " * 50_000 + "z",
}  # fmt: skip


@pytest.mark.parametrize("name", DEEP)
def test_a_text_that_is_deep_or_broken_ends_in_an_error(name: str) -> None:
    start = time.process_time()
    assert refused(DEEP[name])
    assert time.process_time() - start < SECONDS


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"# coding: nothing\n", b"# coding: rot13\n", b"x = '\xe9'\n", b"x" * (5 << 20), b"# coding: utf-16\nx"])  # fmt: skip
def test_bytes_that_are_no_text_end_in_an_error(data: bytes) -> None:
    with pytest.raises(BackpropError):
        decoded(data, "a.py")


# What 20,000 sources that nobody would write have shown.
ODD = {
    "return 10**400 @ np.newaxis": "this whole number is larger than any float",
    "a = 10**400\n    a @= '%d'\n    return a": "this whole number is larger than any float",
    "a = 10**400\n    a //= np.nan\n    return a": "this whole number is larger than any float",
    "return np.zeros(0) not in np.arange(3)": "an array of 0 and the entries of an array of 3",
}


@pytest.mark.parametrize("line", ODD)
def test_what_nobody_would_write_ends_in_an_error(line: str) -> None:
    text = f"import numpy as np\ndef f(x):\n    {line}\n"
    assert refused(text, "f").startswith(ODD[line])


@pytest.mark.parametrize("line", ["import os.path", "from . import a", "lambda: 1", "np.arange(3)", "class A: pass"])  # fmt: skip
def test_slow_statements_count_as_several_steps(line: str) -> None:
    """Without end they would take four times as long as what is quick."""
    text = (
        f"import numpy as np\ndef f(x):\n    for k in range(1000):\n        {line}\n    return x\n"
    )
    found = read(parsed(text, "a.py", "f"), {"x": 1.0})
    assert found.reader.machine.steps > 6_000


@pytest.mark.parametrize("number", range(400))
def test_no_source_ends_in_anything_but_an_error(number: int) -> None:
    text = fuzzing_python.source(f"short:{number}")
    said = fuzzing_python.ending(text, "f" if number % 3 else "")
    assert said is None or said.startswith("error: ")


def test_ten_thousand_assignments_that_double_are_linear() -> None:
    text = "def f(x):\n    for i in range(10000):\n        x = x + x\n        x = x * 0.5\n    return x\n"
    found = read(parsed(text, "a.py", "f"), {"x": 1.5})
    assert found.reader.machine.recorder.count == 20_000
    assert evaluate(found.tree, {"x": 1.5}).gradient == {"x": 1.0}


# Safety: what the code of the reader itself may do.

FORBIDDEN = frozenset(
    [
        "exec",
        "eval",
        "compile",
        "__import__",
        "open",
        "globals",
        "locals",
        "vars",
        "input",
        "breakpoint",
    ]
)
MODULES = frozenset(
    [
        "importlib",
        "os",
        "subprocess",
        "sys",
        "shutil",
        "pathlib",
        "socket",
        "pickle",
        "marshal",
        "ctypes",
        "runpy",
        "code",
        "builtins",
    ]
)
PATHS = {"dirname", "join", "normpath", "pardir", "relpath"}  # what only looks at texts
DISPATCH = frozenset(["do_", "of_"])  # methods of the reader, named like classes of ast
NAMED = frozenset(["name", "names", "made", "lineno", "col_offset", "end_lineno", "end_col_offset"])
HOME = Path(backprop.reading.__file__).parent
FILES = sorted(HOME.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_nothing_of_a_source_is_run(file: Path) -> None:
    tree = ast.parse(file.read_text())
    wrong = [ast.unparse(node)[:60] for node in ast.walk(tree) if unsafe(node)]
    assert wrong == []


def unsafe(node: ast.AST) -> bool:
    if isinstance(node, ast.Import):
        return any(alias.name.partition(".")[0] in MODULES - {"builtins"} for alias in node.names)
    if isinstance(node, ast.ImportFrom) and node.module == "os.path":
        return not {alias.name for alias in node.names} <= PATHS
    if isinstance(node, ast.ImportFrom):
        return (node.module or "").partition(".")[0] in MODULES
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        if node.func.id in ("getattr", "setattr", "delattr"):
            return not closed(node)
        return node.func.id in FORBIDDEN
    if isinstance(node, ast.Attribute):
        return node.attr in ("__globals__", "__dict__", "__subclasses__", "__builtins__", "__code__", "load", "save", "loadtxt", "fromfile", "tofile", "memmap")  # fmt: skip
    return False


def closed(call: ast.Call) -> bool:
    """Does it ask for a name that the source can't choose?"""
    name = call.args[1]
    if isinstance(name, ast.Constant):
        return name.value in NAMED
    if isinstance(name, ast.JoinedStr):  # getattr(self, f"of_{node.__class__.__name__}")
        first = name.values[0]
        return isinstance(first, ast.Constant) and first.value in DISPATCH
    # getattr(np, name): only of argmax and argmin, which two functions of the library give
    return ast.unparse(call) == "getattr(np, name)"
