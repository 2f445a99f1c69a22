"""One vocabulary: every option is declared once, means the same in all commands, and stands on the
page of options; what it was called before still works."""

from __future__ import annotations

import ast
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from readme import ROOT

from backprop.cli.commands import COMMANDS, group
from backprop.cli.main import run
from backprop.cli.options import Format, Option
from backprop.cli.pages import TABLE, blocks, page, rows

CONTEXT = click.Context(group, info_name="backprop")
POINT = ("--x=-2", "--y=5", "--z=-4")
CHAIN = ("(x+y)*z", *POINT)
PROGRAMS = sorted({*COMMANDS} - {"gates", "help", "completion"})
Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capfd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """The command line in this process and in a folder of its own: code, stdout, stderr."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("x\n1\n2\n", "utf-8")

    def called(*args: str) -> tuple[int, str, str]:
        code = run([*args])
        out, err = capfd.readouterr()
        return code, out, err

    return called


def command_of(name: str) -> click.Command:
    command = group.get_command(CONTEXT, name)
    assert command is not None
    return command


def options_of(name: str) -> dict[str, click.Option]:
    command = command_of(name)
    params = command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
    return {
        option: param
        for param in params
        if isinstance(param, click.Option)
        for option in param.opts
    }


def declared() -> Iterator[str]:
    """The options that the source declares, each as often as it does."""
    for path in (ROOT / "cli").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = ast.unparse(node.func).rpartition(".")[2]
            if name in ("option", "Option"):
                words = [one for part in node.args for one in ast.walk(part)]
                yield from (
                    str(one.value)
                    for one in words
                    if isinstance(one, ast.Constant) and str(one.value).startswith("-")
                )


def test_every_option_is_declared_once() -> None:
    counted = Counter(declared())
    assert len(counted) > 70
    often = {option: count for option, count in counted.items() if count > 1}
    # These two are another thing in draw and batch, which see to it themselves.
    assert often == {"--format": 2, "-o": 2, "--output": 2}


def told(text: str) -> set[str]:
    """The commands that a cell of the page names."""
    if text == "every command":
        return {*COMMANDS}
    names = {name.strip() for name in text.removeprefix("all but ").split(",")}
    assert names <= {*COMMANDS}
    return {*COMMANDS} - names if text.startswith("all but ") else names


TABLES = [rows(block) for block in blocks(page("options").text) if block.kind == TABLE]


@pytest.mark.parametrize("row", TABLES[0][1:], ids=lambda row: row[0])
def test_the_page_names_the_commands_that_have_an_option(row: list[str]) -> None:
    for option in re.findall(r"--[a-z-]+|-[a-z]\b", row[0]):
        if option != "--no-pager":  # of the command before all others
            assert {name for name in COMMANDS if option in options_of(name)} == told(row[2])


@pytest.mark.parametrize("row", TABLES[1][1:], ids=lambda row: row[0])
def test_the_page_names_the_commands_that_have_a_format(row: list[str]) -> None:
    kind = row[0].strip("`")
    having = {name for name in COMMANDS if kind in formats_of(name)} - {"batch"}
    assert having == told(row[2])


def formats_of(name: str) -> tuple[str, ...]:
    param = options_of(name).get("--format")
    kinds = param.type.choices if param and isinstance(param.type, click.Choice) else ()
    return tuple(map(str, kinds))


def test_an_option_has_the_same_metavar_everywhere() -> None:
    """Except where a command takes one name of many, or a word of its own."""
    found: dict[str, set[str | None]] = {}
    for name in COMMANDS:
        for option, param in options_of(name).items():
            if not param.is_flag and not isinstance(param.type, click.Choice):
                found.setdefault(option, set()).add(param.metavar)
    several = {option: kinds for option, kinds in found.items() if len(kinds) > 1}
    assert several == {"--wrt": {"NAME", "NAMES"}}


@pytest.mark.parametrize(
    ("args", "note"),
    [
        (("eval", *CHAIN, "--no-check", "--check-timeout=3"), "--check-timeout is now --timeout"),
        (("eval", *CHAIN, "--no-check", "--check-timeout", "3"), "--check-timeout is now --timeout"),
        (("explain", *CHAIN, "--markdown"), "--markdown is now --format markdown"),
        (("explain", "--markdown", *CHAIN), "--markdown is now --format markdown"),
        (("eval", "q = x*y; q*z", *POINT, "--no-check", "--output", "q"), "--output is now --result"),
        (("eval", "q = x*y; q*z", *POINT, "--no-check", "--output=q"), "--output is now --result"),
        (("batch", "2*x", "--data=t.csv", "--check-rows=0", "--quiet", "--to=csv"), ""),
        (("batch", "2*x", "--data=t.csv", "--check-rows=0", "--to", "csv"), "--to is now --format"),
    ],
)  # fmt: skip
def test_an_old_spelling_works_and_stderr_names_the_new_one(
    call: Call, args: tuple[str, ...], note: str
) -> None:
    code, out, err = call(*args)
    assert code == 0
    assert err.splitlines()[:1] == ([f"note: {note}"] if note else [])
    assert out


def test_a_variable_with_an_old_spelling_is_a_variable(call: Call) -> None:
    code, out, err = call("batch", "to*x", "--data=t.csv", "--check-rows=0", "--to=3", "--quiet")
    assert (code, err) == (0, "")
    assert json.loads(out.splitlines()[0]) == {"value": 3, "dto": 1, "dx": 3}


def test_output_is_a_file_unless_it_is_a_statement(call: Call) -> None:
    assert call("eval", *CHAIN, "--no-check", "--json", "--output", "q") == (0, "", "")
    assert json.loads(Path("q").read_text("utf-8"))["value"] == -12
    (Path("p.py")).write_text("def f(x):\n    q = x*x\n    return q*3\n", "utf-8")
    code, out, err = call("eval", "p.py:f", "--x=2", "--no-check", "--json", "--output=q")
    assert (code, json.loads(out)["value"], err) == (0, 4, "note: --output is now --result\n")


def test_o_and_h_are_never_variables(call: Call) -> None:
    assert "  --h VALUE  a number\n" in call("eval", "h*o", "-h")[1]
    asked = ("eval", "h*o", "--h=2", "--no-check", "--json")
    assert call(*asked, "-o", "3")[2] == "error: no value for the variable o\n"
    assert not Path("3").exists()
    assert call(*asked, "--o=3", "-o", "3") == (0, "", "")
    assert json.loads(Path("3").read_text("utf-8"))["gradient"] == {"h": 3, "o": 2}
    assert call(*asked, "--set", "o=3", "-o=4") == (0, "", "")
    assert Path("4").read_text("utf-8") == Path("3").read_text("utf-8")


BASE = {
    "eval": (*CHAIN, "--no-check"), "explain": CHAIN, "check": (*CHAIN, "--methods=precise,numeric"), "compare": ("x*y", "--no-times"),
    "descend": ("(w-3)**2", "--w=0", "--steps=3"), "quiz": ("(x+y)*z",), "gates": ("tanh",),
    "code": ("x*y", "--lang=python"),
}  # fmt: skip


@pytest.mark.parametrize("name", BASE)
def test_a_file_holds_what_would_be_printed(call: Call, name: str) -> None:
    for kind in formats_of(name) or ("",):
        if kind in ("csv", "junit") and name == "check":
            continue
        args = [name, *BASE[name], *([f"--format={kind}"] if kind else [])]
        code, printed, _ = call(*args)
        assert (code, printed != "") == (0, True)
        assert call(*args, "-o", "answer")[:2] == (0, "")
        written = Path("answer").read_text("utf-8")
        assert without_seconds(written) == without_seconds(printed)


def without_seconds(text: str) -> str:
    return re.sub(r'"seconds": [\d.]+', '"seconds": 0', text)


QUICK = [name for name in BASE if formats_of(name) and name != "compare"]  # no SymPy to wait for


@pytest.mark.parametrize("name", QUICK)
def test_the_name_of_a_file_chooses_the_format(call: Call, name: str) -> None:
    for suffix, kind in ((".json", "json"), (".md", "markdown"), (".TXT", "plain")):
        assert call(name, *BASE[name], "-o", f"one{suffix}")[0] == 0
        assert call(name, *BASE[name], "--format", kind, "-o", "two")[0] == 0
        one, two = (Path(path).read_text("utf-8") for path in (f"one{suffix}", "two"))
        assert without_seconds(one) == without_seconds(two)


@pytest.mark.parametrize("name", QUICK)
def test_json_is_short_for_a_format_and_refuses_another(call: Call, name: str) -> None:
    code, out, _ = call(name, *BASE[name], "--json")
    assert (code, json.loads(out)["schema"].split("/")[0]) == (0, "backprop")
    code, out, err = call(name, *BASE[name], "--json", "--format", "plain")
    assert (code, json.loads(out)["error"]["code"]) == (2, "usage")
    assert err == "error: --json and --format plain ask for different things\n"


@pytest.mark.parametrize("name", QUICK)
def test_plain_has_no_colour_and_no_boxes_whatever_is_wished(
    call: Call, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    for kind in ("plain", "markdown"):
        out = call(name, *BASE[name], "--format", kind)[1]
        assert not re.search("[\x1b─│┤]", out)


def test_a_file_gets_no_colour_and_nothing_where_a_run_fails(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert call("eval", *CHAIN, "--no-check", "-o", "table")[0] == 0
    before = Path("table").read_text("utf-8")
    assert "\x1b" not in before
    assert call("eval", "(x+", "-o", "table")[0] == 2
    assert call("explain", *CHAIN, "--stage=none", "-o", "table")[0] == 2
    assert Path("table").read_text("utf-8") == before
    assert call("eval", "log(x)", "--x=0", "--no-check", "-o", "table")[0] == 3
    assert "-inf" in Path("table").read_text("utf-8")
    assert call("eval", *CHAIN, "-o", "none/table")[0] == 2
    assert call("eval", *CHAIN, "-o", ".")[0] == 2
    assert sorted(os.listdir()) == ["t.csv", "table"]


def test_quiet_leaves_notes_out_and_errors_in(call: Call) -> None:
    args = ("eval", "q = x*y; q*z", *POINT, "--no-check", "--json", "--output", "q")
    assert call(*args)[2] == "note: --output is now --result\n"
    assert call(*args, "--quiet")[2] == ""
    assert call("eval", "log(x)", "--x=0", "--no-check", "--json", "--quiet")[2].startswith("error")


def test_what_the_tests_ask_is_true_of_the_options() -> None:
    assert isinstance(options_of("eval")["--timeout"], Option)
    assert isinstance(options_of("draw")["--format"], Format)
    assert all("--result" in options_of(name) for name in PROGRAMS)
