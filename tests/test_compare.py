"""Symbolic against staged: the table of the logistic map, its derivatives, and finite differences."""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from conftest import Command

import backprop
from backprop.child.process import Child
from backprop.cli.render.plot import dots_of
from backprop.comparing import swell
from backprop.comparing.compare import compare
from backprop.comparing.iterating import iterated
from backprop.errors import UsageError
from backprop.language.parser import parse

LOGISTIC = ("compare", "4*l*(1-l)", "--iterate", "l=x")

GRADIENT = [0, 2, 21, 82, 264, 768, 2096]  # diff(l_n, x).count_ops() for n = 1 to 7
COMMON = [0, 5, 13, 28, 46, 68, 94]  # of value and derivative after cse
DERIVATIVES = [
    "1",
    "4 - 8*x",
    "16*(1 - 10*x + 24*x**2 - 16*x**3)",
    "64*(1 - 42*x + 504*x**2 - 2640*x**3 + 7040*x**4 - 9984*x**5 + 7168*x**6 - 2048*x**7)",
]

TABLE = """\
l1 = x, ... l4 = 4 * l3 * (1 - l3)

      SymPy's        its       both   staged
        value   gradient   with cse   passes
 ───────────────────────────────────────────
 l1         0          0          0        0
 l2         3          2          5        7
 l3         8         21         13       14
 l4        18         82         28       21

dl1/dx = 1
dl2/dx = 4 - 8*x
dl3/dx = 16*(1 - 10*x + 24*x**2 - 16*x**3)
dl4/dx = 64*(1 - 42*x + 504*x**2 - 2640*x**3 + 7040*x**4 - 9984*x**5 + 7168*x**6
    - 2048*x**7)
as a program of 18 operations: q1 = 4 * x; q2 = 1 - x; l2 = q1 * q2; q3 = 4 *
    l2; q4 = 1 - l2; l3 = q3 * q4; dl3 = 4 * (1 - l3) - 4 * l3; dl2 = 4 * (q4 *
    dl3) - q3 * dl3; dx = 4 * (q2 * dl2) - q1 * dl2
"""
PLOT = """\
dl4/dx = 9.0660864 at x = 0.2; finite differences miss it by:

relative error   ⠤⠤⠤ central   ⠄⠠⠀ forward
   1e0 ┤⠂⡀                                                         ⡠⡊⢉⠉⠉
       │⠔⠘⢂⢁⠠                                                  ⠠ ⡢⠪
       │   ⠁⠁⠑⠢⠊                                           ⡀⠐ ⠁⡠⠊
       │      ⠁⠐⠒⠡⠘ ⠂                                 ⢀ ⠄⠈   ⡠⠊
  1e-4 ┤         ⠁⠁⣀⠉⢐⠡⠂⡠                          ⠠ ⠂     ⡠⠊
       │             ⠂ ⣀⠈⠑⠣⠠                   ⡀⠐ ⠁      ⡠⠊
       │                   ⠂⢀⠉⠩⢂⢀⡀        ⢀ ⠄⠈         ⡠⠊
       │                    ⠄⠄  ⠁⠠⡐⠤⠄  ⢀ ⠂           ⡠⠊
  1e-8 ┤                           ⡀⠈⠈⠕⢀           ⡠⠊
       │                             ⠂ ⠁⠂⠄⠤⠠ ⡀   ⡐⠊
       │                                ⠐⠈ ⠁⢂ ⠤⡠⠉
       │                                     ⠠
 1e-12 ┤
       │
       │
       │
 1e-16 ┼───────────────┴───────────────┴───────────────┴───────────────┴
     1e-16           1e-12           1e-8            1e-4            1e0  h
central difference: best h = 2.4e-07, error 3.4e-12
forward difference: best h = 4.2e-09, error 4.3e-09
"""


def schema() -> Any:
    return json.loads(files("backprop").joinpath("schemas/compare.json").read_text("utf-8"))


def answered(text: str, **point: float) -> list[dict[str, Any]]:
    """What the child would say of a program, found in this process."""
    inputs = list(backprop.parse(text).inputs)
    at = {name: point.get(name, 0.5).hex() for name in inputs}
    rows = [{"statements": len(parse(text).body), "wrt": inputs}]
    return list(swell.answer({"compare": rows, "text": text, "point": at}))


def symbolic(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for piece in answered(text):
        found |= piece.get("symbolic", {})
    return found


@pytest.fixture(scope="module")
def child() -> Iterator[Child]:
    """One process for all questions of this module."""
    with Child() as found:
        yield found
    for pipe in (found.process.stdin, found.process.stdout):
        assert pipe
        pipe.close()


# The logistic map.


@pytest.fixture(scope="module")
def logistic(child: Child) -> dict[str, Any]:
    return compare("4*l*(1-l)", {"x": 0.2}, iterate="l=x", times=7, child=child).to_dict()


def test_the_gradient_swells_as_sympy_counts_it(logistic: dict[str, Any]) -> None:
    assert [row["symbolic"]["gradient"] for row in logistic["rows"]] == GRADIENT


def test_value_and_gradient_with_common_parts_shared_grow_too(logistic: dict[str, Any]) -> None:
    assert [row["symbolic"]["cse"] for row in logistic["rows"]] == COMMON


def test_the_value_alone_doubles_with_every_step(logistic: dict[str, Any]) -> None:
    assert [row["symbolic"]["value"] for row in logistic["rows"]] == [0, 3, 8, 18, 38, 78, 158]


def test_the_staged_passes_need_seven_operations_a_step(logistic: dict[str, Any]) -> None:
    staged = [row["staged"] for row in logistic["rows"]]
    assert staged == [{"forward": 3 * n, "backward": 4 * n, "total": 7 * n} for n in range(7)]


def test_the_first_derivatives_are_those_of_the_survey(logistic: dict[str, Any]) -> None:
    found = [row["symbolic"]["derivative"] for row in logistic["rows"]]
    assert found == [*({"x": text} for text in DERIVATIVES), {}, {}, {}]


def test_every_row_has_times(logistic: dict[str, Any]) -> None:
    assert all(took > 0 for row in logistic["rows"] for took in row["seconds"].values())


@pytest.mark.parametrize("at", [0.0, 0.2, 0.5, 0.7])
@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_the_derivatives_shown_are_programs_with_the_staged_slope(n: int, at: float) -> None:
    unrolled = iterated(parse("4*l*(1-l)"), "l=x", n).tree.text
    slope = backprop.evaluate(unrolled, x=at).gradient["x"]
    formula = DERIVATIVES[n - 1]
    shown = backprop.evaluate(formula, {"x": at} if "x" in formula else {}).value
    assert shown == pytest.approx(slope, rel=1e-9, abs=1e-9)


def test_the_command_prints_the_table_and_the_plot(command: Command) -> None:
    done = command(*LOGISTIC, "--times", "4", "--x=0.2", "--no-times", COLUMNS="80")
    assert (done.stdout, done.stderr, done.returncode) == (f"{TABLE}\n{PLOT}", "", 0)


def test_without_values_there_is_no_plot(command: Command) -> None:
    done = command(*LOGISTIC, "--times", "4", "--no-times", COLUMNS="80")
    assert done.stdout == TABLE


# What is refused.


REFUSED = [
    (("r*x*(1-x)", "--times", "3"), "error: one variable is iterated, and the program has r, x\nhelp: choose one: --iterate x"),
    (("2+3", "--times", "3"), "error: one variable is iterated, and the program has no variables"),
    (("cos(alpha)", "--iterate", "alpa=x"), "error: --iterate names alpa, which is not a variable; the program has alpha\nhelp: did you mean --iterate alpha=x?"),
    (("cos(x)", "--iterate", "=x"), "error: --iterate names nothing, which is not a variable; the program has x"),
    (("cos(x)", "--iterate", "x=0.2"), "error: --iterate: line 1, column 3: a start is the name of a variable\n  1 | x=0.2\n    |   ^^^\nhelp: write --iterate x=x, and give the value as --x=..."),
    (("a = x + 1\na*x", "--iterate", "x=a"), "error: --iterate starts at a, which the program itself computes"),
    (("f(p) = p*x\nf(x)", "--iterate", "x"), "error: line 1, column 10: the function f uses x, which changes with every step\n  1 | f(p) = p*x\n    |          ^\nhelp: make x a parameter of f"),
    (("cos(x)", "--iterate", "x", "--times", "0"), "error: --times can be 1 to 100, not 0"),
    (("cos(x)", "--iterate", "x", "--times=1000000"), "error: --times can be 1 to 100, not 1000000"),
    (("cos(x)", "--iterate", "x", "--times", "-3"), "error: --times can be 1 to 100, not -3"),
    (("cos(x)", "--times", "many"), "error: --times takes a whole number; not many\nhelp: backprop compare --help shows the options"),
    (("cos(x)", "--iterate"), "error: --iterate has no value\nhelp: --iterate=..."),
    (("4*l*(1-l)", "--iterate", "l=x", "--times=2", "--l=1"), "error: --l is neither an option nor a variable; the program has x, l1\nhelp: did you mean --l1?"),
    (("x*y", "--x=1"), "error: no value for the variable y\nhelp: give --y=..."),
    (("x*y", "--x=1", "--y=2", "--wrt", "z"), "error: wrt names z, which is not a variable; the program has x, y"),
    (("x", "--timeout", "0"), "error: --timeout takes a number above 0, 86400 at most; not 0.0\nhelp: backprop compare --help shows the options"),
    (("x", "--timeout", "nan"), "error: --timeout can be up to 3600 seconds, not nan"),
    (("(x",), "error: line 1, column 1: this bracket is never closed\n  1 | (x\n    | ^"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=[" ".join(args) for args, _ in REFUSED])
def test_what_cannot_be_compared_is_refused(
    command: Command, args: tuple[str, ...], message: str
) -> None:
    done = command("compare", *args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message + "\n")


# Finite differences.


def test_where_the_function_is_undefined_there_is_no_error(command: Command) -> None:
    found = json.loads(command("compare", "log(x)", "--x=0.5", "--json").stdout)["difference"]
    last = found["steps"][-1]
    assert (last["h"], last["central"], last["forward"] is None) == (1.0, None, False)


def test_wrt_chooses_the_input(command: Command) -> None:
    done = command("compare", "x*log(y)", "--x=3", "--y=2", "--wrt=y", "--json")
    found = json.loads(done.stdout)["difference"]
    assert (found["wrt"], found["slope"]) == ("y", 1.5)


def test_values_in_the_text_are_a_point(child: Child) -> None:
    found = compare("x = 0.5\nsin(x)*x", child=child).difference
    assert found is not None
    assert dict(found.point) == {"x": 0.5}


# What SymPy has to say of more than polynomials.


@pytest.mark.parametrize(
    ("text", "derivative"),
    [
        ("max(x, 2)", {"x": "where(x >= 2, 1, 0)"}),
        ("min(x, y)", {"x": "where(x <= y, 1, 0)", "y": "where(x <= y, 0, 1)"}),
        ("where(x > 0, x*x, 0)", {"x": "where(x > 0, 2*x, 0)"}),
        ("(x + y)*z", {"x": "z", "y": "z", "z": "x + y"}),
        ("x**5 - x/3", {"x": "-1/3 + 5*x**4"}),
        ("2*x**3 + x**2 + 4*x", {"x": "2*(2 + x + 3*x**2)"}),
        ("0.1*x", {"x": "0.1"}),
        ("2 + 3", {}),
        ("x**100 + x", {"x": "100*x**99 + 1"}),
    ],
)
def test_short_derivatives_are_shown(text: str, derivative: dict[str, str]) -> None:
    assert symbolic(text)["derivative"] == derivative


def test_a_formula_that_floats_cannot_evaluate_says_so() -> None:
    program = [piece for piece in answered("log(x)", x=0.0) if "reason" in str(piece)]
    reason = "SymPy's formula can't be evaluated in floats: ZeroDivisionError"
    assert program[0]["symbolic"] == {"reason": reason}


# The command.


@pytest.mark.parametrize(
    "args",
    [
        (*LOGISTIC[1:], "--times", "3", "--x=0.2"),
        ("(x+y)*z", "--no-times"),
        ("2+3",),
        ("max(x, y) + relu(x)", "--x=1", "--y=1", "--gates", "fine"),
        ("k = 2\nq = k*x\nlog(q)", "--x=0.5"),
        ("sin(x)", "--timeout", "0.001"),
        ("log(x)", "--x=0"),
    ],
)
def test_json_fits_its_schema(command: Command, args: tuple[str, ...]) -> None:
    done = command("compare", *args, "--json")
    assert done.stdout.startswith('{"schema": "backprop/compare/1", ')
    jsonschema.validate(json.loads(done.stdout), schema())


def test_time_that_runs_out_is_said_row_by_row(command: Command) -> None:
    done = command(*LOGISTIC, "--times", "40", "--timeout", "3", "--json")
    rows = json.loads(done.stdout)["rows"]
    finished = [row["n"] for row in rows if row["symbolic"]["reason"] is None]
    assert done.returncode == 0
    assert finished == list(range(1, len(finished) + 1))
    assert 4 <= len(finished) < 30
    assert rows[-1]["staged"]["total"] == 7 * 39
    assert rows[-1]["symbolic"] == {
        "value": None, "gradient": None, "cse": None, "derivative": {}, "reason": "not finished in 3 s"
    }  # fmt: skip


def test_nothing_in_time_is_undecided(command: Command) -> None:
    done = command("compare", "x*x", "--timeout", "0.001", "--no-times")
    assert done.returncode == 3
    assert done.stdout.split("\n")[5] == " f         -          -          -        4"
    assert "note: f: not finished in 0.001 s\n" in done.stdout
    assert done.stderr == "error: SymPy has no result: not finished in 0.001 s\n"


def test_no_finite_slope_is_undecided_and_the_table_is_there(command: Command) -> None:
    done = command("compare", "log(x)", "--x=0", "--no-times")
    assert done.returncode == 3
    assert "df/dx = 1/x\n" in done.stdout
    why = "stage 1 (f, log): log(0) is -inf, a pole"
    assert done.stderr == f"error: no finite slope to compare differences with: {why}\n"


def test_depth_does_not_matter_to_the_staged_passes(command: Command) -> None:
    text = "sin(" * 20_000 + "x" + ")" * 20_000
    done = command("compare", "-", "--timeout", "0.5", "--json", text=text)
    row = json.loads(done.stdout)["rows"][0]
    assert (row["staged"]["total"], row["symbolic"]["gradient"]) == (60_000, None)
    assert done.returncode == 3


@pytest.mark.parametrize("width", ["20", "60", "96"])
def test_table_and_plot_keep_to_the_terminals_width(command: Command, width: str) -> None:
    done = command("compare", "sin(x)", "--x=1", COLUMNS=width)
    assert max(map(len, done.stdout.splitlines())) <= int(width)


def test_an_ascii_terminal_gets_an_ascii_plot(command: Command) -> None:
    done = command(*LOGISTIC, "--times=2", "--x=0.2", "--no-times", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii()
    assert "relative error   ooo central   . . forward\n" in done.stdout


def test_help_lists_the_variables_of_the_unrolled_program(command: Command) -> None:
    done = command(*LOGISTIC, "--times=2", "--help")
    assert "Variables of this program:\n  --x VALUE  a number\n" in done.stdout


@pytest.mark.parametrize(
    "options", [{"gates": "coarse"}, {"times": 0}, {"timeout": float("inf")}, {"wrt": "y"}]
)
def test_the_library_refuses_what_the_command_refuses(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        compare("x*x", **options)


@pytest.mark.parametrize("cells", [1, 4])
def test_a_curve_has_a_dot_in_every_column(cells: int) -> None:
    curve = [(10.0 ** (-16 + k / 3), 10.0 ** (-16 + k / 3)) for k in range(49)]
    assert [column for column, _ in dots_of(curve, cells)] == [*range(16 * cells * 2)]
