"""The conventions of good command-line tools, a row each: those of clig.dev and no-color.org, of
POSIX, and of the tools that people know."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from conftest import CLEARED

import backprop
from backprop.cli import main, paging
from backprop.cli.commands import COMMANDS

POINT = ("--x=-2", "--y=5", "--z=-4")
EVAL = ("eval", "(x+y)*z", *POINT, "--no-check")
COLOUR = "\x1b["
LONG = "+".join(f"x*{i}" for i in range(5000))


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


class Shell:
    """Somebody who types: the command line in this process, its streams in memory."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        for name in (*CLEARED, "PAGER", "BACKPROP_PAGER", "BACKPROP_TRACEBACK"):
            patch.delenv(name, raising=False)
        patch.setenv("TERM", "xterm")
        patch.setattr(paging, "is_long", lambda *_: False)

    def __call__(
        self, *args: str, text: str = "", terminal: bool = False, encoding: str = "utf-8", **env: str
    ) -> Said:  # fmt: skip
        kind = Terminal if terminal else io.TextIOWrapper
        out, err = io.BytesIO(), io.BytesIO()
        with self.patch.context() as patch:
            for name, value in env.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", kind(io.BytesIO(text.encode()), "utf-8"))
            patch.setattr(sys, "stdout", kind(out, encoding, write_through=True))
            patch.setattr(sys, "stderr", kind(err, encoding, write_through=True))
            code = main.run([*args])
            sys.stdout.flush()
            return Said(code, out.getvalue().decode(encoding), err.getvalue().decode(encoding))


CONVENTIONS: dict[str, Callable[[Shell], None]] = {}


def convention(test: Callable[[Shell], None]) -> Callable[[Shell], None]:
    CONVENTIONS[test.__name__.replace("_", " ")] = test
    return test


# Help.


@convention
def h_and_help_mean_help_everywhere(shell: Shell) -> None:
    for args in ((), *((name,) for name in COMMANDS)):
        long, short = shell(*args, "--help"), shell(*args, "-h")
        assert long == short
        assert (long.code, long.err) == (0, "")
        assert long.out.startswith(f"Usage: {' '.join(('backprop', *args))} ")


@convention
def without_arguments_it_shows_its_help(shell: Shell) -> None:
    assert shell() == shell("--help")


@convention
def help_begins_with_examples(shell: Shell) -> None:
    for name in COMMANDS:
        text = shell(name, "--help").out
        assert text.index(f"backprop {name} ", len(f"Usage: backprop {name} ")) > 0
        assert text.index("    ") < text.index("Options:" if "Options:" in text else "Values:")


@convention
def help_names_the_page_where_more_stands(shell: Shell) -> None:
    for name in {*COMMANDS} - {"help"}:
        last = shell(name, "--help").out.splitlines()[-1].strip()
        assert last == f"The manual has a page: backprop help {name}"
        assert shell(*last.split()[-2:]).code == 0


@convention
def version_is_one_line(shell: Shell) -> None:
    for option in ("--version", "-V"):
        assert shell(option) == (0, f"backprop, version {backprop.__version__}\n", "")


@convention
def there_is_a_page_for_man(shell: Shell) -> None:
    assert shell("help", "--man").out.startswith(".TH BACKPROP 1")


@convention
def shells_complete_it(shell: Shell) -> None:
    for name, word in (("bash", "complete "), ("zsh", "#compdef"), ("fish", "complete ")):
        assert word in shell("completion", name).out


# Streams and exit codes.


@convention
def success_is_code_zero_and_silence_on_stderr(shell: Shell) -> None:
    assert shell(*EVAL)[::2] == (0, "")
    assert shell("gates")[::2] == (0, "")


@convention
def a_wrong_command_line_is_code_two_and_silence_on_stdout(shell: Shell) -> None:
    for args in (("evl",), ("eval",), ("eval", "x"), ("eval", "x +"), (*EVAL, "--nothing")):
        said = shell(*args)
        assert (said.code, said.out) == (2, "")
        assert said.err.startswith("error: ")


@convention
def an_answer_that_is_wrong_and_one_that_is_lacking_have_codes_of_their_own(shell: Shell) -> None:
    claim = shell("check", "x*y", "--claim", "x=x", "--methods=numeric")
    assert (claim.code, "wrong" in claim.out) == (1, True)
    assert shell("eval", "log(x)", "--x=0", "--no-check").code == 3


@convention
def the_answer_goes_to_stdout_and_words_about_it_to_stderr(shell: Shell) -> None:
    said = shell("eval", "log(x)", "--x=0", "--no-check", "--format=csv")
    assert said.out.splitlines()[-1].startswith("stage,1,f,log,log(x),-Infinity")
    assert said.err.startswith("error: no finite answer: ")


@convention
def a_pipe_that_closes_early_is_code_141_without_a_word(shell: Shell) -> None:
    del shell
    asked = [sys.executable, "-m", "backprop.cli", "eval", LONG, "--x=1", "--json", "--no-check"]
    with subprocess.Popen(asked, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert (process.stderr.read(), process.wait(30)) == (b"", 141)


@convention
def ctrl_c_is_code_130_without_a_word(shell: Shell) -> None:
    def interrupt(*_: object) -> int:
        signal.raise_signal(signal.SIGINT)
        return 0

    shell.patch.setattr(main, "invoke", interrupt)
    assert shell(*EVAL) == (130, "", "")


@convention
def no_traceback_is_shown_whatever_happens(shell: Shell) -> None:
    def fail(*_: object) -> int:
        raise ValueError("odd\nthing")

    shell.patch.setattr(main, "invoke", fail)
    said = shell(*EVAL)
    assert (said.code, said.out, said.err.count("\n")) == (2, "", 1)
    assert said.err.startswith("error: this is a defect of backprop, please report it: ValueError")


# What is typed.


@convention
def a_dash_is_standard_input(shell: Shell) -> None:
    assert shell("eval", "-", *EVAL[2:], text="(x+y)*z\n") == shell(*EVAL)


@convention
def two_dashes_end_the_options(shell: Shell) -> None:
    said = shell("eval", "--x=3", "--no-check", "--json", "--", "-x**2")
    assert json.loads(said.out)["gradient"] == {"x": -6}


@convention
def options_stand_before_or_after_with_or_without_an_equals_sign(shell: Shell) -> None:
    wanted = shell(*EVAL)
    assert shell("eval", "--no-check", *POINT, "(x+y)*z") == wanted
    assert shell("eval", "--x", "-2", "(x+y)*z", "--y", "5", "--z", "-4", "--no-check") == wanted


@convention
def an_error_says_what_was_meant(shell: Shell) -> None:
    for args, meant in (
        (("evl", "x"), "did you mean eval?"),
        (("eval", "sigmod(x)", "--x=1"), "did you mean sigmoid?"),
        (("eval", "alpha", "--alpa=1"), "did you mean --alpha?"),
        (("eval", "x", "--x=1", "--precison=3"), "did you mean --precision?"),
        (("eval", "x", "--x=1", "--gates=fusd"), "did you mean --gates fused?"),
        (("gates", "sigmod"), "did you mean sigmoid?"),
        (("help", "quickstrat"), "did you mean quickstart?"),
    ):
        assert meant in shell(*args).err


@convention
def an_error_names_the_place_and_a_remedy(shell: Shell) -> None:
    assert shell("eval", "x + exp[y]", "--x=1", "--y=2").err == (
        "error: line 1, column 8: the function exp is called with round brackets\n"
        "  1 | x + exp[y]\n    |        ^\nhelp: write exp(y)\n"
    )


@convention
def control_characters_never_reach_the_terminal(shell: Shell) -> None:
    said = shell("eval", "x\x1b[31m + y", "--x=1", "--y=1")
    assert (said.code, "\x1b" in said.err, "\\x1b[31m" in said.err) == (2, False, True)


# What is printed.


@convention
def json_is_one_object_on_one_line(shell: Shell) -> None:
    said = shell(*EVAL, "--json")
    assert said.out.count("\n") == 1
    assert json.loads(said.out)["schema"] == "backprop/eval/1"


@convention
def with_json_an_error_is_an_object_with_a_code(shell: Shell) -> None:
    said = shell("eval", "x + ", "--x=1", "--json")
    assert json.loads(said.out)["schema"] == "backprop/error/1"
    assert json.loads(said.out)["error"]["code"] == "language"
    assert (said.code, said.err.count("\n")) == (2, 1)


@convention
def a_file_is_written_whole_or_not_at_all(shell: Shell) -> None:
    assert shell(*EVAL, "-o", "answer.md") == (0, "", "")
    before = Path("answer.md").read_text("utf-8")
    assert before.startswith("| stage |")
    assert shell("eval", "x", "-o", "answer.md").code == 2
    assert (Path("answer.md").read_text("utf-8"), os.listdir()) == (before, ["answer.md"])


@convention
def quiet_leaves_only_errors(shell: Shell) -> None:
    noted = (*EVAL, "--json", "--check-timeout=3")
    assert shell(*noted).err.startswith("note: ")
    assert shell(*noted, "--quiet") == shell(*EVAL, "--json")
    failing = ("check", "x*y", "--x=1", "--y=1", "--methods=numeric", "--quiet")
    assert shell(*failing)[1:] == ("", "")


@convention
def colour_is_for_terminals(shell: Shell) -> None:
    assert COLOUR not in shell(*EVAL).out
    assert COLOUR in shell(*EVAL, terminal=True).out
    assert COLOUR in shell("eval", "x +", terminal=True).err


@convention
def no_color_takes_colour_away_and_force_color_gives_it(shell: Shell) -> None:
    assert COLOUR in shell(*EVAL, FORCE_COLOR="1").out
    assert COLOUR in shell(*EVAL, CLICOLOR_FORCE="1").out
    assert COLOUR not in shell(*EVAL, FORCE_COLOR="1", NO_COLOR="1").out
    for off in ({"NO_COLOR": "1"}, {"CLICOLOR": "0"}, {"TERM": "dumb"}):
        assert COLOUR not in shell(*EVAL, terminal=True, **off).out
    assert COLOUR not in shell(*EVAL, "--json", FORCE_COLOR="1").out


@convention
def columns_is_the_width(shell: Shell) -> None:
    wide = shell("eval", "1/(1+exp(-(w*x+b)))", "--w=2", "--x=-1", "--b=3", "--no-check")
    assert max(map(len, wide.out.splitlines())) > 80
    for width in (40, 60, 80):
        said = shell("help", "ties", COLUMNS=str(width))
        prose = [line for line in said.out.splitlines() if line and line[0] not in " |"]
        assert max(map(len, prose)) <= width
        for args in (EVAL, ("gates",), ("gates", "--help"), ("compare", "x*y", "--no-times")):
            lines = shell(*args, COLUMNS=str(width)).out.splitlines()
            folded = [line for line in lines if not line.startswith("    backprop ")]
            assert max(map(len, folded)) <= width


@convention
def long_answers_have_a_pager_on_a_terminal_unless_nobody_wants_one(shell: Shell) -> None:
    started: list[list[str]] = []
    shell.patch.setattr(paging, "is_long", lambda *_: True)
    shell.patch.setattr(paging, "started", lambda words: started.append(words))
    shell.patch.setattr("shutil.which", lambda name: name)
    shell("gates", "tanh")
    shell("gates", "tanh", terminal=True, TERM="dumb")
    shell("gates", "tanh", terminal=True, PAGER="cat")
    shell("--no-pager", "gates", "tanh", terminal=True)
    shell("gates", "tanh", "--no-pager", terminal=True)
    assert started == []
    shell("gates", "tanh", terminal=True, PAGER="more -s")
    shell("gates", "tanh", terminal=True, PAGER="more", BACKPROP_PAGER="most")
    shell("gates", "tanh", terminal=True)
    assert started == [["more", "-s"], ["most"], ["less"]]


@convention
def whoever_has_to_type_is_told_that_it_waits(shell: Shell) -> None:
    said = shell("eval", "-", "--no-check", text="2*3", terminal=True)
    assert said.err == "reading from the terminal; Ctrl-D on a line of its own ends it\n"
    assert shell("eval", "-", "--no-check", text="2*3").err == ""


@convention
def any_encoding_will_do(shell: Shell) -> None:
    for encoding in ("ascii", "latin-1"):
        said = shell(*EVAL, encoding=encoding)
        assert (said.code, said.err) == (0, "")
        assert said.out.splitlines()[-1] == "check: unchecked: no independent check was run"
    assert "\\u03c3" in shell("eval", "σ2 = x +", encoding="ascii").err


@pytest.fixture
def shell(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shell:
    monkeypatch.chdir(tmp_path)
    return Shell(monkeypatch)


@pytest.mark.parametrize("test", CONVENTIONS.values(), ids=CONVENTIONS)
def test_convention(test: Callable[[Shell], None], shell: Shell) -> None:
    test(shell)


def test_there_are_thirty() -> None:
    assert len(CONVENTIONS) == 30
