"""What each format prints, whole, and the JSON against its schema."""

from __future__ import annotations

import csv
import io
import json
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from conftest import Command

CHAIN = ("eval", "(x+y)*z", "--x=-2", "--y=5", "--z=-4")

TABLE = """\
f(x, y, z) = (x+y)*z

 stage           value ↓   gradient ↑   local derivative   passes back
 ─────────────────────────────────────────────────────────────────────
     x                -2           -4
     y                 5           -4
     z                -4            3

 (1) q = x + y         3           -4   dq/dx = 1          dx = -4
                                        dq/dy = 1          dy = -4
 (2) f = q * z       -12            1   df/dq = z = -4     dq = -4
                                        df/dz = q = 3      dz = 3

f = -12
df/dx = -4
df/dy = -4
df/dz = 3
"""
FORK = """\
input x = 3
stage 1: f = x * x = 9, df = 1
  df/dx = x = 3; dx += 3
  df/dx = x = 3; dx += 3
f = 9
df/dx = 6
"""
MARKDOWN = """\
| stage | value | gradient | local derivative | passes back |
|:--|--:|--:|:--|:--|
| `x` | 2 | 0 |  |  |
| (1) `f = relu(x)` | 2 | 1 | `df/dx = (x > 0) = 1` | `dx = 1` |
"""
CSV = """\
kind,id,name,gate,code,value,gradient,inputs,local,flows
input,,x,,,-2,-4,,,
input,,y,,,5,-4,,,
input,,z,,,-4,3,,,
stage,1,q,add,x + y,3,-4,x y,1 1,-4 -4
stage,2,f,mul,q * z,-12,1,q z,-4 3,-4 3
"""


def schema(name: str) -> Any:
    return json.loads(files("backprop").joinpath(f"schemas/{name}.json").read_text("utf-8"))


def test_the_table_shows_both_passes(command: Command) -> None:
    done = command(*CHAIN, "--no-check")
    assert done.stdout.split("check:")[0] == TABLE


def test_plain_text_shows_every_contribution_at_a_fork(command: Command) -> None:
    done = command("eval", "x*x", "--x=3", "--format", "plain", "--no-check")
    assert done.stdout.split("check:")[0] == FORK


def test_markdown_is_a_table(command: Command) -> None:
    done = command("eval", "relu(x)", "--x=2", "--format", "markdown", "--no-check")
    assert done.stdout.startswith(MARKDOWN.replace("| 2 | 0 |", "| 2 | 1 |"))


def test_csv_has_a_line_for_each_input_and_stage(command: Command) -> None:
    assert command(*CHAIN, "--format", "csv", "--no-check").stdout == CSV


def test_csv_is_exact(command: Command) -> None:
    done = command("eval", "x/3", "--x=0.1", "--format", "csv", "--no-check")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [float(row["value"]) for row in rows] == [0.1, 0.1 / 3]


PROGRAMS = [
    ("(x+y)*z", {"x": -2, "y": 5, "z": -4}),
    ("max(x, x) + relu(y)", {"x": 2, "y": 0}),
    ("log(1 + exp(x))", {"x": 1000}),
    ("x", {"x": 1}),
    ("2 + 3", {}),
    ("where(x > 0, 1/x, pi*x)", {"x": 0}),
    ("f(p) = p*p\nq = f(x)\nf(q)", {"x": 1e-320}),
    ("9007199254740993*x*e", {"x": 0.1}),
    ("floor(x) + x**0", {"x": 2}),
]


@pytest.mark.parametrize(("program", "point"), PROGRAMS)
def test_json_is_one_line_that_fits_its_schema(
    command: Command, program: str, point: dict[str, float]
) -> None:
    done = command("eval", program, "--at", json.dumps(point), "--json", check=True)
    assert done.stdout.count("\n") == 1
    jsonschema.validate(json.loads(done.stdout), schema("eval"))


def test_json_is_what_the_library_reports(command: Command) -> None:
    import backprop

    report = backprop.evaluate("(x+y)*z", x=-2, y=5, z=-4)
    assert json.loads(command(*CHAIN, "--json", "--no-check").stdout) == report.to_dict()


def test_json_begins_with_its_schema(command: Command) -> None:
    assert command(*CHAIN, "--json").stdout.startswith('{"schema": "backprop/eval/1", ')


def test_the_gate_table_fits_its_schema(command: Command) -> None:
    jsonschema.validate(json.loads(command("gates", "--json").stdout), schema("gates"))


def test_precision_is_for_display_only(command: Command) -> None:
    at = ("eval", "x/3", "--x=1", "--no-check")
    assert "f = 0.333\n" in command(*at, "--precision", "3").stdout
    assert json.loads(command(*at, "--precision", "3", "--json").stdout)["value"] == 1 / 3


def test_a_span_is_the_stages_place_in_the_expression(command: Command) -> None:
    text = "# a comment\nq = (x + y)\n\nf = q * z\n"
    done = command("eval", text, "--x=1", "--y=2", "--z=3", "--json", "--no-check")
    found = json.loads(done.stdout)
    places = [
        (stage["line"], found["expression"][slice(*stage["span"])]) for stage in found["stages"]
    ]
    assert places == [(2, "x + y"), (4, "q * z")]


def test_a_long_program_is_shown_at_both_ends(command: Command) -> None:
    program = "+".join(f"x{i}" for i in range(1000))
    point = json.dumps({f"x{i}": 1 for i in range(1000)})
    done = command("eval", program, "--at", point, "--no-check")
    assert "... 879 more stages: --stages 61:939, or --json for all" in done.stdout
    assert "f = q998 + x999" in done.stdout


@pytest.mark.parametrize("width", ["20", "40", "60", "80", "200"])
def test_the_table_keeps_to_the_terminals_width(command: Command, width: str) -> None:
    done = command(*CHAIN, COLUMNS=width)
    assert max(map(len, done.stdout.splitlines())) <= int(width)


@pytest.mark.parametrize(
    ("env", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"CLICOLOR_FORCE": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"FORCE_COLOR": "0"}, False),
        ({"TERM": "dumb"}, False),
    ],
)
def test_colour_follows_the_environment(
    command: Command, env: dict[str, str], coloured: bool
) -> None:
    done = command(*CHAIN, **({"TERM": "xterm-256color"} | env))
    assert ("\x1b[" in done.stdout) == coloured


def test_an_ascii_terminal_gets_ascii(command: Command) -> None:
    done = command("eval", "σ(α)", "--set", "α=1", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout.isascii()


def test_the_stages_of_inputs_that_were_not_asked_for_are_right_too(command: Command) -> None:
    args = ("eval", "exp(x)*sin(y)", "--x=1", "--y=2")
    some, every = (command(*args, *more, "--json").stdout for more in (("--wrt=x",), ()))
    assert json.loads(some)["stages"] == json.loads(every)["stages"]
    assert list(json.loads(some)["gradient"]) == ["x"]
