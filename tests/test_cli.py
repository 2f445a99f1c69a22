"""The command line as a process: values in every way, formats, exit codes, pipes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import forking
import pytest
from conftest import Command

from backprop.cli import main, output
from backprop.cli.commands import COMMANDS, group
from backprop.cli.headings import HEADING_OF, HEADINGS, OWN
from backprop.cli.render.gates import render_one
from backprop.gates import GATES, array_gates

CHAIN = ("eval", "(x+y)*z", "--x=-2", "--y=5", "--z=-4")
VARIABLES_OF_XY = "the program has x, y"


def answer(command: Command, *args: str, **kwargs: Any) -> dict[str, Any]:
    done = command(*args, "--json", **kwargs)
    assert (done.returncode, done.stderr) == (0, "")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize(
    "args",
    [
        ("--x=-2", "--y=5"),
        ("--x", "-2", "--y", "5"),
        ("-x", "-2", "-y", "5"),
        ("-x=-2", "-y=5"),
        ("-x-2", "-y5"),
        ("--x=-4/2", "--y=sqrt(25)"),
        ("--x=-2.0e0", "--y= 5 "),
        ("--set", "x=-2", "--set", "y = 5"),
        ("--at", '{"x": -2, "y": 5}'),
        ("--at", '{"x": "-4/2", "y": "5"}'),
        ("--at", '{"x": 7, "y": 5}', "--x=-2"),
        ("--at", "point.json"),
        ("--at", "@point.json"),
    ],
)
def test_a_value_can_be_given_in_every_way(
    command: Command, tmp_path: Path, args: tuple[str, ...]
) -> None:
    (tmp_path / "point.json").write_text('{"x": -2, "y": 5}', encoding="utf-8")
    assert answer(command, "eval", "x*y", *args, cwd=tmp_path)["gradient"] == {"x": 5, "y": -2}


@pytest.mark.parametrize(
    ("args", "text"),
    [
        (("eval", "-x*y", "--x=1", "--y=2"), None),
        (("eval", "--x=1", "-x*y", "--y=2"), None),
        (("eval", "--x", "1", "--y", "2", "-x*y"), None),
        (("eval", "--x=1", "--y=2", "--", "-x*y"), None),
        (("eval", "-", "--x=1", "--y=2"), "-x*y\n"),
        (("eval", "@program.bp", "--x=1", "--y=2"), None),
        (("eval", "--x=1", "@program.bp", "--y=2"), None),
    ],
)
def test_a_program_is_text_standard_input_or_a_file(
    command: Command, tmp_path: Path, args: tuple[str, ...], text: str | None
) -> None:
    (tmp_path / "program.bp").write_bytes(b"\xef\xbb\xbfq = -x\r\nq * y\r\n")
    assert answer(command, *args, text=text, cwd=tmp_path)["gradient"] == {"x": -2, "y": -1}


def test_a_variable_with_the_name_of_an_option_is_given_by_set(command: Command) -> None:
    found = answer(command, "eval", "x*json + help", "--x=2", "--set", "json=3", "--set", "help=1")
    assert found["gradient"] == {"x": 3, "json": 2, "help": 1}


def test_names_of_several_letters_may_have_one_dash(command: Command) -> None:
    assert answer(command, "eval", "w0*x", "-w0=2", "-x", "3")["gradient"] == {"w0": 3, "x": 2}


def test_an_unused_name_in_a_point_file_has_gradient_zero(command: Command) -> None:
    found = answer(command, "eval", "x*1", "--at", '{"x": 3, "y": 7}')
    assert found["gradient"] == {"x": 1, "y": 0}
    assert [warning["kind"] for warning in found["warnings"]] == ["unused"]


def test_constants_assigned_in_the_text_are_inputs_that_options_override(command: Command) -> None:
    text = "x = 3\ny = -4\nf = x*y"
    assert answer(command, "eval", text)["gradient"] == {"x": -4, "y": 3}
    assert answer(command, "eval", text, "--y=2")["gradient"] == {"x": 2, "y": 3}


def test_e_is_a_variable_once_it_has_a_value(command: Command) -> None:
    assert answer(command, "eval", "e*x", "--e=2", "--x=3")["gradient"] == {"e": 3, "x": 2}


@pytest.mark.parametrize(
    ("args", "stderr"),
    [
        (("eval",), "error: Missing argument 'PROGRAM'.\nhelp: backprop eval --help shows the options\n"),
        (("eval", "x*y", "--x=1"), "error: no value for the variable y\nhelp: give --y=...\n"),
        (("eval", "x*y"), "error: no value for the variables x, y\nhelp: give --x=... --y=...\n"),
        (("eval", "json*set"), "error: no value for the variables json, set\nhelp: give --set json=... --set set=...\n"),
        (("eval", "x*y", "--x=1", "--y=2", "--z=3"),
         f"error: --z is neither an option nor a variable; {VARIABLES_OF_XY}\n"),
        (("eval", "alpha*x", "--x=1", "--alpa=2"),
         "error: --alpa is neither an option nor a variable; the program has alpha, x\nhelp: did you mean --alpha?\n"),
        (("eval", "x*y", "--x=1", "--x=2", "--y=3"), "error: the value of x is given twice: 1 and 2\n"),
        (("eval", "x*y", "--x=1", "--set", "x=2", "--y=3"), "error: the value of x is given twice: 1 and 2\n"),
        (("eval", "x", "--x="), "error: the value of x is empty\nhelp: give a number: x=1.5\n"),
        (("eval", "x", "--x"), "error: --x has no value\nhelp: --x=...\n"),
        (("eval", "x", "--x=abc"),
         "error: the value of x: line 1, column 1: abc is not a number\n  1 | abc\n    | ^^^\n"
         "help: a value is a number or an expression of numbers, such as pi/3\n"),
        (("eval", "x", "--x=__import__('os')"),
         "error: the value of x: line 1, column 12: text in quotes can't be used here\n  1 | __import__('os')\n"
         "    |            ^^^^\nhelp: write the expression itself, without quotes\n"),
        (("eval", "x", "--x=1e999"),
         "error: the value of x: line 1, column 1: `1e999` is larger than any float\n  1 | 1e999\n    | ^^^^^\n"
         "help: the largest is 1.8e308\n"),
        (("eval", "x", "--x=inf"),
         "error: the value of x is inf, not a finite number\n"
         "help: --allow-nonfinite lets infinite and undefined inputs through\n"),
        (("eval", "x", "--x=-nan"),
         "error: the value of x is nan, not a finite number\n"
         "help: --allow-nonfinite lets infinite and undefined inputs through\n"),
        (("eval", "q = x*y\nq*2", "--x=1", "--y=2", "--q=3"),
         "error: q is computed by the program, so it can't be given a value\n"),
        (("eval", "x", "--x=1", "--set", "y"), "error: --set takes NAME=VALUE, not y\n"),
        (("eval", "x", "--at", "{"),
         "error: --at: line 1, column 2: this is not JSON: expecting property name enclosed in double quotes\n"
         '  1 | {\n    |  ^\nhelp: a point looks like this: {"x": -2, "y": 5}\n'),
        (("eval", "x", "--at", '{"x": NaN}'), 'error: --at: NaN is not JSON; write it as a string: "NaN"\n'),
        (("eval", "x", "--at", '{"x": 1, "x": 2}'), "error: --at: x is given twice\n"),
        (("eval", "x", "--at", '{"x": [1, "a"]}'), "error: --at: the value of x is not a number\n"),
        (("eval", "x", "--at", '{"x": true}'), "error: --at: the value of x is not a number\n"),
        (("eval", "x", "--at", "/nowhere.json"), "error: /nowhere.json can't be read: No such file or directory\n"),
        (("eval", "@/nowhere.bp"), "error: /nowhere.bp can't be read: No such file or directory\n"),
        (("eval", "@/"), "error: / is a directory\n"),
        (("eval", "@/dev/zero"), "error: /dev/zero is not a regular file\n"),
        (("eval", "@"), "error: there is no file name after @\n"),
        (("eval", "x", "--x=1", "--wrt", "y"), "error: wrt names y, which is not a variable; the program has x\n"),
        (("eval", "x", "--x=1", "--precision", "0"),
         "error: --precision takes a whole number from 1 to 17; not 0\n"
         "help: backprop eval --help shows the options\n"),
        (("eval", "x", "--x=1", "--no-check", "--digits", "9"),
         "error: --digits come from the check, which --no-check leaves out\nhelp: backprop eval --help shows the options\n"),
        (("evl", "x"), "error: there is no command called evl; did you mean eval?\nhelp: backprop --help shows the options\n"),
        (("x*y", "--x=1"),
         "error: there is no command called x*y; to evaluate an expression: backprop eval EXPRESSION\n"
         "help: backprop --help shows the options\n"),
        (("gates", "tanhh"), "error: there is no gate called tanhh\nhelp: did you mean tanh?\n"),
        (("eval", "x\x1b[31m", "--x=1"),
         "error: line 1, column 2: U+001B is a control character and can't be used here\n"
         "  1 | x\\x1b[31m\n    |  ^^^^\nhelp: delete it: it is invisible\n"),
    ],
)  # fmt: skip
def test_whatever_is_wrong_is_one_message_and_exit_code_two(
    command: Command, args: tuple[str, ...], stderr: str
) -> None:
    done = command(*args)
    assert (done.stdout, done.stderr, done.returncode) == ("", stderr, 2)


def test_a_file_is_named_in_the_errors_of_its_text(command: Command, tmp_path: Path) -> None:
    (tmp_path / "wrong.bp").write_text("q = x\nf = sigmod(q)\n", encoding="utf-8")
    done = command("eval", "@wrong.bp", "--x=1", cwd=tmp_path)
    assert done.stderr == (
        "error: wrong.bp: line 2, column 5: there is no function called `sigmod`\n"
        "  2 | f = sigmod(q)\n    |     ^^^^^^\nhelp: did you mean sigmoid?\n"
    )


def test_text_that_is_not_utf8_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "bytes.bp").write_bytes(b"x +\n\xff\xfe")
    done = command("eval", "@bytes.bp", cwd=tmp_path)
    assert done.stderr == "error: bytes.bp is not UTF-8 text: byte 0xff on line 2\n"


def test_a_deep_point_file_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "deep.json").write_text('{"x":' + "[" * 200_000, encoding="utf-8")
    done = command("eval", "x", "--at", "deep.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2,
        "error: --at deep.json: the JSON is nested too deeply\n",
    )


def test_an_infinite_answer_is_printed_and_exits_three(command: Command) -> None:
    done = command("eval", "1/(1+exp(-x))", "--x=-1000", "--json")
    found = json.loads(done.stdout)
    assert (found["value"], found["gradient"], done.returncode) == (0, {"x": "NaN"}, 3)
    assert done.stderr == (
        "error: no finite answer: stage 2 (q2, exp): exp(1000) is inf, larger than any float\n"
        "  then stage 2 (q2, exp): -0 * inf is nan on the way back to q1\n"
        "help: sigmoid(x) stays finite here\n"
    )


@pytest.mark.parametrize(
    ("program", "x", "stderr"),
    [
        ("log(x)", "-1", "stage 1 (f, log): log(-1) is nan, outside the domain of log"),
        ("2*log(x)", "0", "stage 1 (q, log): log(0) is -inf, a pole"),
        ("sqrt(x)", "0", "stage 1 (f, sqrt): the slope is inf at x = 0"),
        ("x/x", "0", "stage 1 (f, div): 0 / 0 is nan, outside the domain of div"),
    ],
)
def test_the_first_stage_at_fault_is_named(
    command: Command, program: str, x: str, stderr: str
) -> None:
    done = command("eval", program, f"--x={x}", "--json")
    assert done.stderr.splitlines()[0] == f"error: no finite answer: {stderr}"


def test_only_the_inputs_asked_for_decide_the_exit_code(command: Command) -> None:
    at = ("eval", "x**y", "--x=-2", "--y=3", "--json")
    assert command(*at).returncode == 3
    done = command(*at, "--wrt", "x")
    assert (done.returncode, json.loads(done.stdout)["gradient"]) == (0, {"x": 12})


@pytest.mark.parametrize("ties", [("notes", [1, 1]), ("split", [0.5, 0.5]), ("first", [1, 0])])
def test_ties_are_shared_as_asked(command: Command, ties: tuple[str, list[float]]) -> None:
    found = answer(command, "eval", "max(x, y)", "--x=2", "--y=2", "--ties", ties[0])
    assert list(found["gradient"].values()) == ties[1]


def test_help_lists_the_variables_of_the_program(command: Command) -> None:
    done = command("eval", "w = 3\nalpha*x + json + w", "--help")
    section = done.stdout.split("Variables of this program:\n")[1].split("\n\n")[0]
    assert section.splitlines() == [
        "  --w VALUE         a number, 3 if not given",
        "  --alpha VALUE     a number",
        "  --x VALUE         a number",
        "  --set json=VALUE  a number",
    ]


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if name not in ("gates", "help", "completion")]
)
def test_options_stand_under_headings_with_help_at_the_end(command: Command, name: str) -> None:
    lines = command(name, "--help").stdout.split("Usage: ")[1].splitlines()
    headings = [line[:-1] for line in lines if line.endswith(":") and line[0] != " "]
    assert headings[-1] == "Help"
    order = [OWN, *HEADINGS]
    assert headings == sorted(set(headings), key=order.index)
    assert "PROGRAM" not in [line.strip() for line in lines]


def test_every_option_under_a_heading_is_one_of_a_command() -> None:
    context = click.Context(group)
    commands = [group.get_command(context, name) for name in COMMANDS]
    known = {
        option
        for command in commands
        if command
        for param in command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
        for option in param.opts
    }
    assert [option for option in HEADING_OF if option not in known] == []


def test_python_m_is_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "backprop", "gates", "add"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("add hands its gradient to every input unchanged\n")


def test_every_gate_can_be_shown() -> None:
    array_gates()
    assert [gate for gate in GATES.values() if not output.drawn(render_one(gate))] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_offers_the_variables(command: Command, shell: str) -> None:
    done = command(
        COMP_WORDS="backprop eval alpha*x --", COMP_CWORD="--" if shell == "fish" else "3",
        _BACKPROP_COMPLETE=f"{shell}_complete",
    )  # fmt: skip
    assert "--alpha" in done.stdout.replace(",", "\n").replace("\t", "\n").splitlines()


@pytest.mark.parametrize("option", ["--data", "--at", "-o", "--summary"])
def test_completion_leaves_the_names_of_files_to_the_shell(command: Command, option: str) -> None:
    done = command(
        COMP_WORDS=f"backprop batch x {option} poi", COMP_CWORD="4", _BACKPROP_COMPLETE="bash_complete",
    )  # fmt: skip
    assert done.stdout.split() == ["file,poi"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")
def test_a_full_disk_is_said() -> None:
    with open("/dev/full", "w", encoding="utf-8") as full:
        done = subprocess.run(
            [forking.script(), *CHAIN, "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    message = "error: the answer can't be written: No space left on device\n"
    assert (done.returncode, done.stderr) == (2, message)


def test_ctrl_c_exits_130_without_a_word() -> None:
    command = [sys.executable, "-m", "backprop.cli", "eval", "-", "--x=1"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        time.sleep(1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (130, b"", b"")


class PanicException(BaseException):
    """What Polars raises when Rust panics."""


@pytest.mark.parametrize(
    "error", [ValueError("odd\nthing"), KeyError("k"), OSError(5, "bad", "f"), PanicException("p")]
)
def test_what_nobody_expected_ends_as_one_line_that_asks_for_a_report(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    def fail(*_: object) -> int:
        raise error

    monkeypatch.setattr(main, "invoke", fail)
    assert main.run(["gates"]) == 2
    [line] = capsys.readouterr().err.splitlines()
    name = type(error).__name__
    assert line.startswith(f"error: this is a defect of backprop, please report it: {name}: ")
    assert line.endswith("BACKPROP_TRACEBACK=1 shows the traceback")
    monkeypatch.setenv("BACKPROP_TRACEBACK", "1")
    assert main.run(["gates"]) == 2
    assert "Traceback (most recent call last)" in capsys.readouterr().err


def test_half_a_character_is_no_name(command: Command) -> None:
    done = command("eval", "x", "--x=1", "--at", '{"\\ud800": 1}')
    message = 'error: --at: "\\ud800" is not a name: it holds half a character\n'
    assert (done.returncode, done.stderr) == (2, message)


def test_a_stream_shows_half_a_character(capsys: Any) -> None:
    output.print_pieces(["\ud800\n"])
    assert capsys.readouterr().out == "\\ud800\n"


@pytest.mark.parametrize(
    "args",
    [
        ("eval", "a" * 100_000),
        ("eval", "x", f"--{'a' * 100_000}=1", "--x=1"),
        ("eval", "x", "--x", "a" * 100_000),
        ("eval", "x", "--wrt", "a" * 100_000, "--x=1"),
        ("eval", "x", "--format", "a" * 100_000, "--x=1"),
        ("eval", "+".join(f"x{k}" for k in range(20_000)), "--z=1"),
    ],
    ids=range(6),
)
def test_no_message_is_longer_than_a_screen(command: Command, args: tuple[str, ...]) -> None:
    done = command(*args)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ")
    assert len(done.stderr) < 1000


@pytest.mark.parametrize(
    "args",
    [
        ("eval", "sum(x)", "--x=randn(3)"), ("descend", "sum(x*x)", "--x=randn(3)"),
        ("quiz", "x*y", "--x=1", "--y=2"), ("batch", "x", "--data", "d.csv"),
    ],
    ids=lambda args: args[0],
)  # fmt: skip
def test_a_seed_is_not_below_zero(command: Command, args: tuple[str, ...]) -> None:
    done = command(*args, "--seed=-1")
    assert done.returncode == 2
    assert done.stderr.startswith("error: --seed takes a whole number of 0 or more; not -1")
