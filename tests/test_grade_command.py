"""`backprop check --backward`: what it prints, its formats and exit codes, many files at once."""

from __future__ import annotations

import csv
import io
import json
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest
from conftest import Command

from backprop.grading.findings import FINDINGS

PROGRAM = "q = x + y\nf = q * z\n"
RIGHT = "dq = z\ndz = q\ndx = 1.0 * dq\ndy = 1.0 * dq\n"
WRONG = RIGHT.replace("dz = q", "dz = z").replace("dx = 1.0 * dq", "dx = 1.0")
AT = ("--x=-2", "--y=5", "--z=-4")

TABLE = """\

 line   code            yours   right   verdict
 ──────────────────────────────────────────────
    1   dq = z             -4      -4   right
    2   dz = z             -4       3   wrong
    3   dx = 1.0            1      -4   wrong
    4   dy = 1.0 * dq      -4      -4   right

line 2, name: z should be q: dz = q
line 3, missing-factor: the factor dq is missing: dx = 1.0 * dq

 gradient of   yours   right   verdict
 ─────────────────────────────────────
 x                 1      -4   wrong
 y                -4      -4   right
 z                -4       3   wrong

wrong: 2 of 4 lines, 2 gradients of 3
"""


def schema() -> Any:
    return json.loads(files("backprop").joinpath("schemas/grade.json").read_text("utf-8"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "forward.bp").write_text(PROGRAM)
    for name, text in {
        "a": RIGHT,
        "b": WRONG,
        "c": "import os\ndq = (z\n",
        "d": "d" + "q" * 3_000_000,
    }.items():
        (tmp_path / f"{name}.py").write_text(text)
    (tmp_path / "e.py").write_bytes(b"\xff\xfe")
    return tmp_path


def test_the_table_shows_every_line_what_is_wrong_and_the_totals(
    command: Command, folder: Path
) -> None:
    done = command("check", "forward.bp", "--backward", "b.py", *AT, cwd=folder)
    assert (done.stdout, done.stderr, done.returncode) == (TABLE, "", 1)


@pytest.mark.parametrize(
    ("program", "text"),
    [
        ("forward.bp", None),
        ("@forward.bp", None),
        (PROGRAM, None),
        ("-", PROGRAM),
        ("(x+y)*z", None),
    ],
)
def test_the_program_may_be_given_in_any_way(
    command: Command, folder: Path, program: str, text: str | None
) -> None:
    done = command("check", program, "--backward", "a.py", *AT, cwd=folder, text=text)
    assert (done.stdout.splitlines()[-1], done.returncode) == ("right: 3 gradients", 0)


def test_the_backward_pass_may_come_from_standard_input(command: Command, folder: Path) -> None:
    done = command("check", "forward.bp", *AT, "--backward", "-", text=WRONG, cwd=folder)
    assert (done.stdout, done.returncode) == (TABLE, 1)
    both = command("check", "-", *AT, "--backward", "-", text=WRONG, cwd=folder)
    assert both.returncode == 2
    assert "not both" in both.stderr


def test_a_directory_of_files_is_graded_file_by_file(command: Command, folder: Path) -> None:
    done = command(
        "check", "forward.bp", *AT, "--backward", *"abcde", "--format", "csv", cwd=folder
    )
    assert done.returncode == 2  # there is no file called a
    names = [f"{name}.py" for name in "abcde"]
    for args in (("--backward", *names, *AT), (*AT, "--backward", *names)):
        done = command("check", "forward.bp", *args, "--format", "csv", cwd=folder)
        assert (done.stderr, done.returncode) == ("", 1)
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        verdicts = {name: {row["verdict"] for row in rows if row["file"] == name} for name in names}
        assert verdicts == {
            "a.py": {"right"}, "b.py": {"right", "wrong"},
            "c.py": {"unreadable", "not-graded"},
            "d.py": {"unreadable"}, "e.py": {"unreadable"},
        }  # fmt: skip


def test_json_fits_its_schema_one_object_a_file(command: Command, folder: Path) -> None:
    names = [f"{name}.py" for name in "abcde"]
    done = command("check", "forward.bp", "--backward", *names, *AT, "--json", cwd=folder)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    for one in found:
        jsonschema.validate(one, schema())
    verdicts = [one["verdict"] for one in found]
    assert verdicts == ["right", "wrong", "unreadable", "unreadable", "unreadable"]
    assert done.stdout.startswith('{"schema": "backprop/grade/2", ')
    assert found[1]["lines"][1] == {
        "file": "b.py", "line": 2, "code": "dz = z", "verdict": "wrong", "finding": "name", "of": "z",
        "factor": None, "yours": -4, "expected": 3, "entries": None,
        "hint": "z should be q: dz = q", "fix": "dz = q", "column": None, "passes": [],
    }  # fmt: skip
    first = found[1]["gradients"][0]
    assert (first["name"], first["yours"], first["expected"]) == ("x", 1, -4)


def test_the_schema_lists_all_findings() -> None:
    line = schema()["$defs"]["finding"]["oneOf"]
    assert {one["const"]: one["description"] for one in line} == FINDINGS


def test_junit_has_a_test_for_every_line(command: Command, folder: Path) -> None:
    names = [f"{name}.py" for name in "abcde"]
    done = command(
        "check", "forward.bp", "--backward", *names, *AT, "--format", "junit", cwd=folder
    )
    suites = ElementTree.fromstring(done.stdout.encode())
    counts = [
        (one.get("name"), one.get("tests"), one.get("failures"), one.get("errors"))
        for one in suites
    ]
    assert counts[:2] == [("a.py", "7", "0", "0"), ("b.py", "7", "4", "0")]
    kinds = [one.get("type") for one in suites.iter("failure")]
    assert kinds[:4] == ["name", "missing-factor", "wrong", "wrong"]


def test_the_exit_code_says_it_all(command: Command, folder: Path) -> None:
    for name, code in (("a", 0), ("b", 1), ("d", 2), ("nobody", 2)):
        done = command(
            "check", "forward.bp", "--backward", f"{name}.py", *AT, "--quiet", cwd=folder
        )
        assert (done.stdout, done.stderr, done.returncode) == ("", "", code)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--backward",), "--backward needs a file"),
        (("--format", "csv"), "--format csv goes with --backward"),
        (("--backward", "a.py", "--json", "--format=csv"), "ask for different things"),
        (("--backward", "a.py", "--grad-name", "d{}{}"), "--grad-name wants"),
        (("--backward", "a.py", "--wrt", "w"), "wrt names w"),
    ],
)
def test_what_is_asked_wrongly_is_said(
    command: Command, folder: Path, args: tuple[str, ...], message: str
) -> None:
    done = command("check", "@forward.bp", *AT, *args, cwd=folder)
    assert (bool(done.stdout), done.returncode) == ("--json" in args, 2)
    assert message in done.stderr


def test_a_line_that_cant_be_read_is_shown_with_a_caret(command: Command, folder: Path) -> None:
    done = command("check", "forward.bp", "--backward", "c.py", *AT, cwd=folder)
    assert "error: line 2, column 6" in done.stdout
    assert "  2 | dq = (z\n    |      ^" in done.stdout


def test_only_the_inputs_that_are_asked_for_are_needed(command: Command, folder: Path) -> None:
    (folder / "part.py").write_text("dq = z\ndx = dq\n")
    for args, code in (((), 0), (("--wrt", "x"), 0), (("--wrt", "x,y"), 1)):
        done = command("check", "forward.bp", "--backward", "part.py", *AT, *args, cwd=folder)
        assert done.returncode == code


def test_narrow_terminals_and_colour(command: Command, folder: Path) -> None:
    args = ("check", "forward.bp", "--backward", "b.py", *AT)
    narrow = command(*args, cwd=folder, COLUMNS="40").stdout
    assert max(map(len, narrow.splitlines())) <= 48
    coloured = command(*args, cwd=folder, FORCE_COLOR="1").stdout
    assert "\x1b[" in coloured


def test_nothing_in_a_submission_is_executed(command: Command, folder: Path) -> None:
    (folder / "evil.py").write_text(
        "import pathlib\nprint(pathlib.Path('made').write_text('x'))\n"
        "dx = __import__('pathlib').Path('made').write_text('x')\n"
        "def f(a=open('made', 'w')):\n    return f\n"
    )
    command("check", "forward.bp", "--backward", "evil.py", *AT, cwd=folder)
    assert not (folder / "made").exists()


def test_a_file_that_can_t_be_read_is_an_error_on_stderr(command: Command, tmp_path: Path) -> None:
    done = command("check", "x", "--x=1", "--backward", "missing.py", cwd=tmp_path)
    message = "error: missing.py can't be read: No such file or directory\n"
    assert (done.returncode, done.stdout, done.stderr) == (2, "unreadable\n", message)


def test_an_overflow_while_grading_has_no_warning(command: Command, tmp_path: Path) -> None:
    (tmp_path / "b.py").write_text("dx = 2*x\n", "utf-8")
    asked = ("check", "sum(x*x)", "--x=[1e153,1e153]", "--backward", "b.py")
    done = command(*asked, cwd=tmp_path, PYTHONWARNINGS="error")
    assert (done.stderr, done.returncode) == ("", 0)


@pytest.mark.parametrize(
    "text",
    [
        ("a" + " " * 19_900 + "b\n") * 85,
        "dx = 1\n" + "pass;" * 200_000,
        "dx = 1\n" + '"x";' * 200_000,
        "dx = 1\n" + '"\\"\n' * 400_000,
    ],
    ids=["blanks", "statements", "texts", "quotes"],
)
def test_a_long_file_is_split_in_linear_time(text: str) -> None:
    from time import process_time

    from backprop.errors import LimitError
    from backprop.grading.text import text_of

    begun = process_time()
    with suppress(LimitError):
        text_of(text, "", "", plain=True)
    assert process_time() - begun < 6
