"""The manual: every page is found, every option and verdict stands on one, and it can be read at
any width."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner
from readme import MANUAL, ROOT

import backprop
from backprop.answer.verdicts import VERDICTS
from backprop.cli.commands import COMMANDS, group
from backprop.cli.pages import CODE, INDEX, TABLE, blocks, found, page, pages, rows, topics
from backprop.cli.render.page import render_page
from backprop.cli.render.roff import render_roff
from backprop.errors import columns

PAGES = pages()
TEXT = "\n".join(one.text for one in [page(INDEX), *PAGES])
MARKED = set(re.findall(r"`([^`\n]+)`", TEXT))
WORDS = {word for text in MARKED for word in re.split(r"[ =|]", text)}
CONTEXT = click.Context(group, info_name="backprop")
SCHEMAS = sorted((ROOT / "core" / "schemas").glob("*.json"))
JUDGEMENTS = ("verdict", "status", "state", "finding")


def options(name: str) -> list[str]:
    command = group.get_command(CONTEXT, name)
    assert command is not None
    return [
        option
        for param in command.get_params(click.Context(command, help_option_names=["-h", "--help"]))
        if isinstance(param, click.Option)
        for option in param.opts
    ]


def help_of(*words: str, columns: int | None = None) -> Any:
    env = {"COLUMNS": str(columns)} if columns else {"COLUMNS": None}
    return CliRunner().invoke(group, ["help", *words], env=env, standalone_mode=False)


def test_every_page_is_linked_from_the_first_one() -> None:
    assert sorted(topics()) == sorted({path.stem for path in MANUAL.glob("*.md")} - {"index"})


def test_every_command_has_a_page() -> None:
    assert set(COMMANDS) - set(topics()) == {"help"}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_on_a_page(name: str) -> None:
    assert [option for option in options(name) if option not in WORDS] == []


@pytest.mark.parametrize("name", [name for name in COMMANDS if name != "help"])
def test_a_page_names_only_options_that_exist(name: str) -> None:
    known = {option for command in COMMANDS for option in options(command)}
    known |= {"--no-pager", "--version", "--help"}
    named = set(re.findall(r"`(--?[a-z][a-z-]+)", page(name).text))
    assert {option for option in named if len(option) > 3} - known == set()


@pytest.mark.parametrize("verdict", VERDICTS)
def test_every_verdict_stands_on_the_page_of_check(verdict: str) -> None:
    assert f"| `{verdict}` |" in page("check").text


def judgements(schema: Any) -> Iterator[str]:
    """The words that a schema allows where something is judged."""
    waiting = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            for key, value in one.items():
                if key in JUDGEMENTS and isinstance(value, dict):
                    yield from value.get("enum", ())
                waiting.append(value)
        elif isinstance(one, list):
            waiting += one


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_word_that_judges_stands_on_a_page(path: Path) -> None:
    words = set(judgements(json.loads(path.read_text("utf-8"))))
    assert sorted(words - MARKED) == []


def test_every_schema_is_linked_from_the_page_of_json() -> None:
    assert [path.name for path in SCHEMAS if f"[{path.name}](" not in page("json").text] == []


@pytest.mark.parametrize("code", ["0", "1", "2", "3", "130", "141"])
def test_every_exit_code_has_its_row(code: str) -> None:
    assert f"\n| {code} |" in page("exit-codes").text


@pytest.mark.parametrize("one", PAGES, ids=lambda one: one.topic)
@pytest.mark.parametrize("width", [24, 40, 60, 80, 200])
def test_a_page_fits_the_screen(one: Any, width: int) -> None:
    """Code stays as it is, and a word that is longer than a line has a line of its own."""
    code = {line for block in blocks(one.text) if block.kind == CODE for line in block.lines}
    for line in "".join(render_page(one, width, colour=False)).splitlines():
        if line.removeprefix("  ") in code or set(line) <= set("=-"):
            continue
        assert columns(line) <= width or len(re.split(r" (?![^`]*`)", line.strip("- "))) <= 2, line


@pytest.mark.parametrize("one", PAGES, ids=lambda one: one.topic)
def test_no_command_in_a_table_runs_over_the_edge(one: Any) -> None:
    """A row that has several columns fits; a command that doesn't has a line of its own."""
    for line in "".join(render_page(one, 80, colour=False)).splitlines():
        if columns(line) > 80 and not line.startswith("  "):
            assert "`" not in line[1:] or line.startswith("`"), line


@pytest.mark.parametrize("one", PAGES, ids=lambda one: one.topic)
def test_every_row_of_a_table_has_a_cell_for_every_column(one: Any) -> None:
    for block in blocks(one.text):
        if block.kind == TABLE:
            assert len({len(row) for row in rows(block)}) == 1, rows(block)


def test_help_shows_the_first_page_a_topic_and_a_command_with_its_options() -> None:
    assert help_of().stdout.startswith("The manual of backprop\n")
    assert help_of("ties").stdout == "".join(render_page(page("ties"), 80, colour=False))
    shown = help_of("quiz").stdout
    assert shown.startswith("quiz: worksheets")
    assert "--key" in shown.rpartition("\nOptions:\n")[2]
    assert help_of("exit", "codes").stdout == help_of("exit-codes").stdout


def test_other_words_are_searched_for() -> None:
    shown = help_of("saturated").stdout
    assert shown.startswith("There is no page called saturated. These pages have it:\n\n  ")
    assert [hit.page.topic for hit in found(["--wrt"])][:1] == ["eval"]
    assert found(["kink"])[0].page.topic == "glossary"
    assert found(["Kink", "qqqqq"]) == found(["kinks"])
    assert found(["Kink", "qqqqq", "qqqqqq"]) == []


@pytest.mark.parametrize(
    ("word", "near"),
    [("jacobain", "jacobian"), ("quickstrat", "quickstart"), ("desend", "descend")],
)
def test_a_word_that_no_page_has_may_have_been_meant_as_another(word: str, near: str) -> None:
    error = help_of(word).exception
    assert error.message == f"no page of the manual has {word}"
    assert error.hint == f"did you mean {near}? backprop help {near}"


def test_man_gets_a_page_in_ascii() -> None:
    text = "".join(render_roff(PAGES, "1.0"))
    assert text.isascii()
    assert text.count("\n.SH ") == len(PAGES) + 1
    assert help_of("ties", "--man").stdout == "".join(
        render_roff([page("ties")], backprop.__version__)
    )


@pytest.mark.skipif(not shutil.which("groff"), reason="groff reads what man shows")
def test_groff_has_no_complaint() -> None:
    done = subprocess.run(
        ["groff", "-man", "-Tutf8", "-ww"],
        input="".join(render_roff(PAGES, "1.0")), capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stderr == ""
    assert "`" not in done.stdout.partition("```")[0][:200]
