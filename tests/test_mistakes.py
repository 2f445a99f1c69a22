"""What people really type: every message whole, and whether its advice can be taken."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import jsonschema
import pytest
from conftest import Command

from backprop.cli.pages import page
from backprop.errors import BackpropError

TYPED = [
    (("eval", "x*y", "x=1", "y=2"), "error: x=1 has no dashes\nhelp: write --x=1 --y=2\n"),
    (("eval", "x*z", "--x=1", "--z", "=", "-4"),
     "error: an option and its = stand together\nhelp: write --z=-4\n"),
    (("eval", "x*y", "--x", "--y", "2"), "error: --x has no value: --y follows\nhelp: --x=...\n"),
    (("eval", "x", "+", "y"), "error: there is a word too many: +\nhelp: put the whole program in quotes\n"),
    (("eval", "W*2", "--W=w.npy"),
     "error: the value of W is w.npy, the name of a file\nhelp: --W=@w.npy reads the file\n"),
    (("eval", "W*2", "--W=5x10"),
     "error: the value of W is 5x10, a shape\n"
     "help: --shape W=5x10 where only shapes matter, or --W='randn(5,10)'\n"),
    (("eval", "staged.bp", "--x=1"),
     "error: line 1, column 7: the attribute `.bp` can't be used here\n  1 | staged.bp\n    |       ^^^\n"
     "help: @staged.bp reads the program from the file\n"),
    (("eval", "other.bp", "--x=1"),
     "error: line 1, column 6: the attribute `.bp` can't be used here\n  1 | other.bp\n    |      ^^^\n"
     "help: @other.bp reads a program from a file, but there is no such file here\n"),
    (("eval", "sinx", "--x=1"),
     "error: --x is neither an option nor a variable; the program has sinx\n"
     "help: did you mean sin(x) where the program has sinx?\n"),
    (("eval", "2*sinx"),
     "error: no value for the variable sinx\n"
     "help: did you mean sin(x)? give --sinx=... if it is a variable\n"),
    (("eval", "y=x^2; dy/dx", "--x=1"),
     "error: no value for the variables dy, dx\n"
     "help: leave out dy/dx: eval takes the derivative of the last line\n"),
    (("check", "w*b", "--points=5", "--range", "w=0:1"),
     "error: no value for the variable b\nhelp: give --b=..., or --range b=LOW:HIGH\n"),
    (("eval", "x", "--x=-2,"), "error: the value of x ends with a comma\nhelp: write --x=-2\n"),
    (("eval", "x", "--x=1", "--seed", "abc"),
     "error: --seed takes a whole number of 0 or more; not abc\n"
     "help: backprop eval --help shows the options\n"),
    (("eval", "json*2", "--json=1"),
     "error: --json takes no value\nhelp: for the variable json: --set json=1\n"),
    (("eval", "x*2", "--json=1"), "error: --json takes no value\nhelp: write --json\n"),
    (("eval", "x*y", "--x=1", "--y=2", "--wrt", "x y"),
     "error: wrt names x y, which is not a variable; the program has x, y\n"
     "help: separate names by commas: x,y\n"),
    (("gates", "foo"), "error: there is no gate called foo\nhelp: backprop gates lists them all\n"),
    (("eval", "x", "--x=1", "--gates", "fusd"),
     "error: --gates takes written, fine or fused; not fusd\nhelp: did you mean --gates fused?\n"),
    (("eval", "x @ y", "--x=[1,2]", "--y=[[1,2]]"),
     "error: line 1, column 1: x is a vector of 2, y is 1x2: x @ y needs the 2 and the 1 to be equal\n"
     "  1 | x @ y\n    | ^^^^^\nmore: backprop help arrays\n"),
    (("eval", "x*/y", "--x=1"),
     "error: line 1, column 3: expected a number, a name or a bracket after `*`, not `/`\n"
     "  1 | x*/y\n    |   ^\nmore: backprop help language\n"),
]  # fmt: skip

ADVISED = [
    ("eval", "x*y", "--x=1", "--y=2"),
    ("eval", "x*z", "--x=1", "--z=-4"),
    ("eval", "x + y", "--x=1", "--y=2"),
    ("eval", "W*2", "--shape", "W=5x10"),
    ("eval", "sum(W*2)", "--W=randn(5,10)"),
    ("eval", "@staged.bp", "--x=1"),
    ("eval", "2*sin(x)", "--x=1"),
    ("eval", "y=x^2", "--x=1"),
    ("check", "w*b", "--points=5", "--range", "w=0:1", "--range", "b=0:1"),
    ("eval", "json*2", "--set", "json=1"),
    ("eval", "x*y", "--x=1", "--y=2", "--wrt", "x,y"),
]


@pytest.mark.parametrize(("args", "stderr"), TYPED, ids=[" ".join(args) for args, _ in TYPED])
def test_a_slip_is_answered_with_what_was_meant(
    command: Command, tmp_path: Path, args: tuple[str, ...], stderr: str
) -> None:
    (tmp_path / "staged.bp").write_text("x*2\n", "utf-8")
    done = command(*args, cwd=tmp_path)
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, 2)


@pytest.mark.parametrize("args", ADVISED, ids=" ".join)
def test_the_advice_can_be_taken(command: Command, tmp_path: Path, args: tuple[str, ...]) -> None:
    (tmp_path / "staged.bp").write_text("x*2\n", "utf-8")
    done = command(*args, cwd=tmp_path)
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    "args",
    [
        ("eval", "x*y", "-x", "-2", "-y3"),
        ("eval", "x*y", "--x", "-2", "--y", " 3"),
        ("eval", "--x", "2", "x*y", "--y=3"),
        ("eval", "--", "-x*y", "--x=2", "--y=3"),
        ("eval", "x == 2", "--x=2"),
        ("eval", "sinx", "--sinx=2"),
        ("eval", "dy/dx", "--dy=2", "--dx=1"),
    ],
    ids=" ".join,
)
def test_what_is_meant_as_it_stands_is_taken(command: Command, args: tuple[str, ...]) -> None:
    done = command(*args, "--no-check", "--json")
    assert (done.stderr, done.returncode) == ("", 0)


def test_a_terminal_hears_that_a_program_is_read_from_it() -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "backprop", "eval", "-", "--x=2", "--json", "--no-check"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        os.close(theirs)
        os.write(ours, b"x*x\n\x04")
        stdout, stderr = process.communicate(timeout=60)
    os.close(ours)
    assert stderr == "reading from the terminal; Ctrl-D on a line of its own ends it\n"
    assert '"gradient":{"x":4}' in stdout.replace(" ", "")


SCHEMA = json.loads(files("backprop.schemas").joinpath("error.json").read_text("utf-8"))
FAILURES = [
    (("eval", "1 + sigmod(x)", "--x=1", "--json"), "language", 1, 5, "did you mean sigmoid?"),
    (("eval", "x*y", "--x=1", "--json"), "missing-value", None, None, "give --y=..."),
    (("eval", "x@y", "--x=[1,2]", "--y=[1]", "--format", "json"), "shape", 1, 1, None),
    (("eval", "x", "--x=1", "--json", "--digits=a"), "usage", None, None, "backprop eval --help shows the options"),
    (("eval", "x", "--x=1", "--json", "--format=csv"), "usage", None, None, "backprop eval --help shows the options"),
    (("descend", "x**2", "--x=1", "--point", "--json"), "usage", None, None, "backprop descend --help shows the options"),
    (("gates", "tanhh", "--json"), "usage", None, None, "did you mean tanh?"),
    (("check", "x", "--format=json", "x=1"), "usage", None, None, "write --x=1"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "code", "line", "column", "hint"), FAILURES)
def test_json_has_an_error_as_one_object(
    command: Command, args: tuple[str, ...], code: str, line: int, column: int, hint: str
) -> None:
    done = command(*args)
    found = json.loads(done.stdout)
    jsonschema.validate(found, SCHEMA)
    assert list(found) == ["schema", "error"]
    error = found["error"]
    assert (error["code"], error["line"], error["column"], error["hint"]) == (
        code,
        line,
        column,
        hint,
    )
    place = f"line {line}, column {column}: " if line else ""
    assert done.stderr == f"error: {place}{error['message']}\n"
    assert done.returncode == 2


def test_every_code_is_in_the_schema_and_on_the_page() -> None:
    import backprop.batching.cluster
    import backprop.batching.running  # noqa: F401 - for the errors in them
    from backprop.cli.failures import DEFECT, MEMORY, USAGE

    codes, waiting = {DEFECT, MEMORY, USAGE}, [BackpropError]
    while waiting:
        kind = waiting.pop()
        codes.add(kind.code)
        waiting += kind.__subclasses__()
    assert codes == set(SCHEMA["properties"]["error"]["properties"]["code"]["enum"])
    text = page("json").text
    assert [code for code in codes if f"`{code}`" not in text] == []


def test_an_answer_that_is_not_finite_is_no_error(command: Command) -> None:
    done = command("eval", "log(x)", "--x=0", "--json", "--no-check")
    assert (json.loads(done.stdout)["schema"], done.returncode) == ("backprop/eval/1", 3)
