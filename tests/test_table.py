"""The table of stages at every width: what stands on one line, which stages, colours, the pager."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Command
from derivations import STAGES

POINT = ("--x=3", "--y=-4", "--gates=fused")
AT = ("eval", STAGES, *POINT)
SGR = re.compile(r"\x1b\[([\d;]*)m")
STAGE = re.compile(r"^ *\((\d+)\) ", re.MULTILINE)
LIST = """\
    y   value ↓ -4   gradient ↑ 1.59223
    x   value ↓ 3    gradient ↑ 2.05957

(1) sigy = sigmoid(y)
    value ↓ 0.0179862   gradient ↑ 0.512144
    dsigy/dy = sigy*(1 - sigy) = 0.0176627   dy += 0.00904586

(2) num = x + sigy
    value ↓ 3.01799   gradient ↑ 0.512144
    dnum/dx = 1      dx += 0.512144
    dnum/dsigy = 1   dsigy = 0.512144

"""


def shown(text: str) -> list[int]:
    return [int(number) for number in STAGE.findall(text)]


@pytest.mark.parametrize("width", ["60", "80", "100", "110", "120", "200"])
def test_a_local_derivative_and_what_it_passes_back_stand_on_one_line(
    command: Command, width: str
) -> None:
    lines = [" ".join(line.split()) for line in command(*AT, COLUMNS=width).stdout.splitlines()]
    for passing in (
        "dden/dxpysqr = 1 dxpysqr = -0.791593",
        "dsigx/dx = sigx*(1 - sigx) = 0.0451767 dx += -0.0357615",
        "dinvden/dden = -1/den**2 = -0.262292 dden = -0.791593",
    ):
        assert [line for line in lines if line.endswith(passing)], passing


def test_a_table_that_has_no_room_is_a_list(command: Command) -> None:
    done = command(*AT, "--stages=1:2", COLUMNS="80").stdout
    assert done.partition("\n\n")[2].startswith(LIST)


def test_a_table_that_has_room_is_a_table(command: Command) -> None:
    assert "passes back\n" in command("eval", "x*y", "--x=1", "--y=2", COLUMNS="80").stdout


@pytest.mark.parametrize("width", ["40", "60", "80", "120", "200"])
@pytest.mark.parametrize(
    "program", [STAGES, "x + y", "gelu(x)*hypot(x, y)", "where(x > y, x, y)", "x", "3"]
)
def test_no_line_is_wider_than_the_terminal(command: Command, program: str, width: str) -> None:
    names = [name for name in "xy" if name in program]
    done = command("eval", program, *(f"--{name}=1.23456" for name in names), COLUMNS=width)
    assert max(map(len, done.stdout.splitlines())) <= int(width)


def test_below_60_columns_the_number_stays_beside_what_is_passed(command: Command) -> None:
    done = command(*AT, "--stages=7", COLUMNS="40").stdout
    assert "  dinvden/dden = -1/den**2\n    = -0.262292   dden = -0.791593\n" in done


def test_a_stage_has_the_number_that_code_and_explain_give_it(command: Command) -> None:
    for done in (
        command(*AT),
        command("explain", STAGES, *POINT),
        command("code", STAGES, "--lang=python"),
    ):
        assert re.search(r"\(6\) den = |\bden = .*# \(6\)", done.stdout)


def test_nothing_passes_is_said(command: Command) -> None:
    done = command("eval", "relu(x)", "--x=-1").stdout
    assert "df/dx = (x > 0) = 0   nothing passes\n" in done


# Which stages.


@pytest.mark.parametrize(
    ("options", "numbers"),
    [
        (("--stages=3:5",), [3, 4, 5]),
        (("--stages=7:",), [7, 8]),
        (("--stages=:2",), [1, 2]),
        (("--stages=4",), [4]),
        (("--stages=6:100",), [6, 7, 8]),
        (("--around=sigx",), [3, 6, 7]),
        (("--around=y", "--stages=1:4"), [1, 2, 4]),
        (("--order=backward",), [8, 7, 6, 5, 4, 3, 2, 1]),
        (("--order=backward", "--stages=2:3"), [3, 2]),
    ],
)
def test_stages_are_chosen(command: Command, options: tuple[str, ...], numbers: list[int]) -> None:
    for kind in ("table", "markdown"):
        text = command(*AT, *options, "--format", kind).stdout.replace("| (", "(")
        assert shown(text) == numbers


def test_only_inputs_of_the_chosen_stages_are_shown(command: Command) -> None:
    done = command(*AT, "--stages=1", "--format=plain").stdout
    assert done.startswith("input y = -4\nstage 1: ")


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (("--stages=a",), "--stages takes numbers such as 3:9, not a"),
        (("--stages=:",), ""),
        (("--stages=9",), "--stages 9: the stages are 1 to 8"),
        (("--stages=5:3",), "--stages 5:3: the stages are 1 to 8"),
        (("--around=sigz",), "there is no stage called sigz"),
        (("--stages=1", "--json"), "--format json has all stages, and so no --stages"),
    ],
)
def test_stages_that_are_none(command: Command, options: tuple[str, ...], error: str) -> None:
    done = command(*AT, *options)
    assert done.stderr.partition("\n")[0] == (error and f"error: {error}")


# A verdict says a thing once.


def test_a_reason_stands_once(command: Command) -> None:
    done = command("eval", "(1-cos(x))/x**2", "--x=1e-4", check=True).stdout
    assert done.count("no digit is right") == 1
    assert "\ncheck: rounding for f, df/dx\n" in done
    done = command("check", "(1-cos(x))/x**2", "--x=1e-4").stdout
    assert done.count("no digit is right") == 1
    for program, value in (("abs(x)", "0"), ("sum(abs(x))", "[1, 0]")):
        for name in ("check", "eval"):
            done = command(name, program, f"--x={value}", check=True).stdout
            assert done.count("-1 on the left and 1 on the right") == 1


# Colours.


def styles(text: str, word: str) -> list[str]:
    """How a word is styled, wherever it stands: `1;32`."""
    found, style = [], ""
    for place, piece in enumerate(SGR.split(text)):
        if place % 2:
            style = "" if piece in ("", "0") else piece
        elif word in piece:
            found.append(style)
    return found


def coloured(command: Command, *args: str, check: bool = False) -> str:
    done = command(*args, check=check, FORCE_COLOR="1", TERM="xterm", COLUMNS="120")
    return done.stdout + done.stderr


def test_ones_are_dim_the_output_is_bold_and_a_fork_stands_out(command: Command) -> None:
    text = coloured(command, "eval", "q = x*y\nq*x + y", "--x=5", "--y=7")
    assert styles(text, "df/dy = 1") == ["1;2"]
    assert styles(text, "f = q2 + y") == ["1"] or styles(text, " f = ")
    assert set(styles(text, "+=")) <= {"1;31"}
    assert "+=" in text


@pytest.mark.parametrize(
    ("args", "word", "style"),
    [
        (("check", "x*y", "--x=1", "--y=2"), "agree", "32"),
        (("check", "abs(x)", "--x=0"), "kink", "33"),
        (("check", "abs(x)", "--x=0"), "note", "33"),
        (("check", "x*y", "--claim", "x=y"), "right", "32"),
        (("check", "x*y", "--claim", "x=x"), "wrong", "1;31"),
        (("eval", "1/2x", "--x=1"), "error", "1;31"),
        (("eval", "1/2x", "--x=1"), "help", "36"),
        (("eval", "1/2x", "--x=1"), "^^", "1;31"),
        (("explain", "x*y", "--x=1", "--y=2"), "Forward", "32"),
        (("explain", "x*y", "--x=1", "--y=2"), "Backward", "1;31"),
        (("code", "x*y", "--lang=python"), "return", "94"),
        (("eval", "--help"), "Gates", "1"),
    ],
)
def test_words_have_colours(command: Command, args: tuple[str, ...], word: str, style: str) -> None:
    assert style in styles(coloured(command, *args), word)


@pytest.mark.parametrize(
    "args",
    [
        ("check", "abs(x)", "--x=0"),
        ("code", "x*y", "--lang=c"),
        ("eval", "1/2x"),
        ("eval", "--help"),
    ],
)
def test_no_colours_where_nobody_sees_them(command: Command, args: tuple[str, ...]) -> None:
    done = command(*args)
    assert "\x1b" not in done.stdout + done.stderr


# The pager.

LONG = "+".join(f"sin({place}*x)" for place in range(40))


def in_a_terminal(folder: Path, *args: str, **env: str) -> str:
    """What a terminal of 24 lines shows."""
    ours, theirs = pty.openpty()
    clean = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    clean |= {"TERM": "xterm", "COLUMNS": "80", "LINES": "24", "NO_COLOR": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "backprop.cli", *args],
        stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder, env=clean | env,
    ) as process:  # fmt: skip
        os.close(theirs)
        found = b""
        while True:
            try:
                piece = os.read(ours, 1 << 16)
            except OSError:
                break
            if not piece:
                break
            found += piece
        os.close(ours)
    assert process.returncode == 0
    return found.decode().replace("\r\n", "\n")


@pytest.fixture
def marker(tmp_path: Path) -> str:
    """A pager that says where it begins."""
    script = tmp_path / "marker"
    script.write_text("#!/bin/sh\necho paged; exec cat\n")
    script.chmod(0o755)
    return str(script)


def test_what_is_longer_than_the_screen_goes_through_the_pager(marker: str, tmp_path: Path) -> None:
    text = in_a_terminal(tmp_path, "eval", LONG, "--x=1", "--no-check", PAGER=marker)
    assert text.startswith("paged\nf(x)\n")
    assert text.endswith("check: unchecked: no independent check was run\n")


@pytest.mark.parametrize(
    ("program", "more", "env"),
    [
        ("x", (), {}),
        (LONG, ("--no-pager",), {}),
        (LONG, (), {"BACKPROP_PAGER": ""}),
        (LONG, (), {"BACKPROP_PAGER": "cat"}),
        (LONG, (), {"BACKPROP_PAGER": "no-such-pager"}),
        (LONG, (), {"TERM": "dumb"}),
        (LONG, ("--json",), {}),
    ],
)
def test_no_pager(
    marker: str, tmp_path: Path, program: str, more: tuple[str, ...], env: dict[str, str]
) -> None:
    args = ("eval", program, "--x=1", "--no-check", *more)
    assert "paged" not in in_a_terminal(tmp_path, *args, **({"PAGER": marker} | env))


def test_a_pager_that_is_left_early_is_no_error(tmp_path: Path) -> None:
    text = in_a_terminal(tmp_path, "eval", LONG, "--x=1", "--no-check", PAGER="head -n 1")
    assert text == "f(x)\n"
