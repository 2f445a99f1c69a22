"""The command: its table and plot, JSON, the trace, pipes, exit codes and messages."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from importlib.resources import files
from io import StringIO
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import numpy as np
import pytest
from conftest import Command

from backprop.cli.progress import Progress

SKIP = "help: --on-error skip leaves such rows out\n"
PARABOLA = ("descend", "(w*2 - 6)**2", "--w=0", "--lr=0.1")
ROSENBROCK = ("descend", "(1-x)**2 + 100*(y-x**2)**2", "--x=-1.2", "--y=1")

TABLE = """\
f(w) = (w*2 - 6)**2
descent, lr = 0.1

 step             f         w   largest slope
 ────────────────────────────────────────────
    0            36         0              24
    1          1.44       2.4             4.8
    2        0.0576      2.88            0.96
    5    3.6864e-06   2.99904         0.00768
   10   3.77487e-13         3      2.4576e-06
   14   9.66368e-19         3     3.93216e-09

       f
         │⠉⠒⠤⢄⡀
         │    ⠈⠉⠒⠤⢄⡀
   0.001 ┤         ⠈⠉⠒⠤⢄⡀
         │              ⠈⠉⠒⠤⢄⡀
   1e-08 ┤                   ⠈⠉⠒⠤⢄
         │                        ⠉⠑⠒⠤⣀⡀
         │                             ⠈⠑⠒⠤⣀⡀
   1e-13 ┤                                  ⠈⠑⠒⠤⣀⡀
         │                                       ⠈⠑⠒⠤⣀⡀
   1e-18 ┤                                            ⠈⠑⠒⠤⣀
         ┼─────────────────────────────────────────────────
          0                                        14 steps

converged after 14 steps: no slope is above 1e-08
f = 9.66368e-19
w = 3
"""
DIVERGED = """\
error: diverged: the value rose from 24.2 to 4.15e+35 in 4 steps, and x moved by 2.54e+08; stage 5 (q5, square) is 4.15e+33 in size
help: a smaller rate, such as --lr 0.001
"""


def schema() -> Any:
    return json.loads(files("backprop").joinpath("schemas/descend.json").read_text("utf-8"))


def test_the_command_prints_a_table_the_loss_and_the_end(command: Command) -> None:
    done = command(*PARABOLA, COLUMNS="60")
    assert (done.stdout, done.stderr, done.returncode) == (TABLE, "", 0)


def test_a_wild_rate_is_told_as_diverging(command: Command) -> None:
    done = command(*ROSENBROCK)
    assert (done.stderr, done.returncode) == (DIVERGED, 3)
    assert done.stdout.endswith("\nf = 4.14556e+35\nx = 2.53744e+08\ny = 318132\n")


def test_the_last_point_pipes_into_eval(command: Command) -> None:
    done = command(*PARABOLA, "--point")
    assert done.stdout.count("\n") == 1
    told = command("eval", "(w*2 - 6)**2", "--at", "-", "--json", text=done.stdout)
    found = json.loads(told.stdout)
    assert found["inputs"] == json.loads(done.stdout)
    assert abs(found["gradient"]["w"]) <= 1e-8


def test_a_point_of_arrays_pipes_into_eval_with_all_inputs(command: Command) -> None:
    program = "sum((W@v - 1)**2)"
    done = command(
        "descend", program, "--W=randn(3,2)", "--v=[1,2]", "--wrt=W", "--lr=0.05", "--point"
    )
    assert json.loads(done.stdout)["v"] == [1, 2]
    told = json.loads(command("eval", program, "--at", "-", "--json", text=done.stdout).stdout)
    assert told["value"] == pytest.approx(0, abs=1e-16)


@pytest.mark.parametrize(
    "args",
    [
        PARABOLA,
        ROSENBROCK,
        ("descend", "x - log(x)", "--x=3", "--lr=5"),
        ("descend", "sqrt(x)", "--x=0"),
        ("descend", "floor(x)", "--x=0.5"),
        ("descend", "sum((W - 1)**2)", "--W=randn(2,2)", "--method=adam", "--schedule=cosine"),
    ],
    ids=lambda args: args[1],
)
def test_json_fits_its_schema(command: Command, args: tuple[str, ...], tmp_path: Path) -> None:
    done = command(*args, "--json", "--trace", str(tmp_path / "steps"))
    found = json.loads(done.stdout)
    fits = jsonschema.Draft202012Validator(schema()).validate
    fits(found)
    assert found["schema"] == "backprop/descend/1"
    lines = [json.loads(line) for line in (tmp_path / "steps").read_text("utf-8").splitlines()]
    for line in lines:
        fits(line)
    assert [line["step"] for line in lines] == list(range(found["steps"] + 1))
    assert [line["value"] for line in lines] == found["values"]


def test_the_trace_holds_every_step(command: Command, tmp_path: Path) -> None:
    command(*PARABOLA, "--steps=2", "--trace", str(tmp_path / "steps"))
    lines = [json.loads(line) for line in (tmp_path / "steps").read_text("utf-8").splitlines()]
    assert [line["gradient"]["w"] for line in lines] == pytest.approx([-24, -4.8, -0.96])
    assert [line["lr"] for line in lines] == [0.1, 0.1, None]
    assert list(tmp_path.iterdir()) == [tmp_path / "steps"]


def test_a_refused_run_leaves_no_trace(command: Command, tmp_path: Path) -> None:
    done = command("descend", "x**2", "--trace", str(tmp_path / "steps"))
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []


def test_the_picture_is_a_curve_of_every_step(command: Command, tmp_path: Path) -> None:
    command(*PARABOLA, "--plot", str(tmp_path / "loss.svg"))
    root = ElementTree.fromstring((tmp_path / "loss.svg").read_text("utf-8"))
    (curve,) = root.iter("{http://www.w3.org/2000/svg}polyline")
    heights = [float(pair.split(",")[1]) for pair in curve.attrib["points"].split()]
    assert len(heights) == 15
    assert heights == sorted(heights)  # down the page, since the loss falls
    falls = [low - high for high, low in pairwise(heights)]
    assert falls == pytest.approx([falls[0]] * 14, abs=0.02)  # each step is a 25th of the last


def test_a_scalar_program_needs_no_numpy() -> None:
    args = [*PARABOLA, "--json"]
    code = f"from backprop.cli.main import run; run({args!r})\nimport sys; print(*sys.modules, file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in done.stderr.split()}
    assert loaded & {"numpy", "scipy", "sympy", "rich", "polars", "mpmath"} == set()


@pytest.mark.parametrize(
    ("missing", "args", "message"),
    [
        ("scipy", (*ROSENBROCK, "--method=lbfgs"), "error: lbfgs comes from SciPy, which is not installed\nhelp: pip install 'backprop-cli[descend]', or --method adam\n"),
        ("polars", (*ROSENBROCK, "--data", "-"), "error: tables are read and written by Polars, which is not installed\nhelp: pip install 'backprop-cli[batch]'\n"),
    ],
)  # fmt: skip
def test_what_is_not_installed_is_said(
    command: Command, tmp_path: Path, missing: str, args: tuple[str, ...], message: str
) -> None:
    (tmp_path / f"{missing}.py").write_text("raise ImportError", "utf-8")
    path = os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")])
    done = command(*args, text="x,y\n1,2\n", PYTHONPATH=path)
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 2)


REFUSED = [
    (("x**2", "--x=1", "--plot", "loss.png"), "error: --plot draws .svg files, not loss.png\nhelp: --plot loss.svg"),
    (("x**2", "--x=1", "--betas", "0.9"), "error: --betas takes two numbers, such as 0.9,0.999; not 0.9"),
    (("x**2", "--x=1", "--method", "newton"), "error: --method takes descent, momentum, nesterov, adam, lbfgs or trust; not newton\nhelp: backprop descend --help shows the options"),
    (("x**2", "--x=1", "--bounds", "y=0:"), "error: --bounds names y, which is not a parameter; they are x"),
    (("x**2",), "error: no value for the variable x\nhelp: give --x=..."),
    (("lr*x", "--x=1"), "error: no value for the variable lr\nhelp: give --set lr=..."),
    (("2+3",), "error: there is no parameter to move: the program has no variables left"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "message"), REFUSED, ids=[" ".join(args) for args, _ in REFUSED])
def test_what_cannot_be_descended_is_refused(
    command: Command, args: tuple[str, ...], message: str
) -> None:
    done = command("descend", *args)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", message + "\n")


LOST = [
    (("x - log(x)", "--x=3", "--lr=5"), "error: undefined: at step 1 stage 1 (q, log): log(-0.333333) is nan, outside the domain of log\nhelp: --bounds, or a smaller --lr, keeps it where it is defined\n"),
    (("(relu(w+b) - 1)**2", "--w=1", "--b=-5"), "error: vanished: the gradient has vanished: stage 2 (q2, relu) is flat here and passes almost nothing back\nhelp: start from another point\n"),
    (("cos(x)", "--x=0"), "error: vanished: this is a saddle or a maximum: near by the value is lower, and stage 1 (f, cos) passes nothing back\nhelp: start from another point\n"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "message"), LOST, ids=[args[0] for args, _ in LOST])
def test_a_lost_run_says_which_stage(command: Command, args: tuple[str, ...], message: str) -> None:
    done = command("descend", *args)
    assert (done.stderr, done.returncode) == (message, 3)
    assert done.stdout


# Data.


def test_a_table_is_descended(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("polars")
    (tmp_path / "points.csv").write_text("name,x,y\na,0,1\nb,1,3\nc,2,5\n", "utf-8")
    args = ("--data", str(tmp_path / "points.csv"), "--w=0", "--b=0", "--lr=0.2", "--json")
    done = command("descend", "(w*x + b - y)**2", *args)
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema())
    assert (found["status"], found["rows"]) == ("converged", 3)
    assert found["point"] == pytest.approx({"w": 2, "b": 1})


HEADLESS = ("--no-header", "--separator=;", "--map=x=column_2", "--map", "y=column_3")


@pytest.mark.parametrize(
    ("names", "args"),
    [
        (["a.csv"], ("a.csv",)),
        (["a.csv.gz", "b.csv.gz"], ("*.csv.gz",)),
        (["a.csv", "b.csv"], ("b.csv", "--data", "a.csv")),
        (["a.csv"], ("-",)),
        (["a.txt"], ("a.txt", *HEADLESS)),
        (["a.txt"], ("a.txt", "--from=csv", *HEADLESS)),
    ],
)
def test_tables_are_read_as_batch_reads_them(
    command: Command, tmp_path: Path, names: list[str], args: tuple[str, ...]
) -> None:
    pytest.importorskip("polars")
    rows = ["a,0,1", "b,1,3", "c,2,5", "d,3,7.5"]
    for k, name in enumerate(names):
        here = ["name,x,y", *rows[k :: len(names)]]
        if "--no-header" in args:
            here = [line.replace(",", ";") for line in here[1:]]
        data = ("\n".join(here) + "\n").encode()
        (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)
    line = ("descend", "(w*x + b - y)**2", "--w=0", "--b=0", "--lr=0.1", "--steps=20", "--point")
    text = "\n".join(["name,x,y", *rows]) if args == ("-",) else None
    done = command(*line, "--data", *args, cwd=tmp_path, text=text)
    assert (done.stderr, done.returncode) == ("", 0)
    found = json.loads(done.stdout)
    w, b = by_hand(np.arange(4.0), np.array([1, 3, 5, 7.5]))
    assert [found["w"], found["b"]] == pytest.approx([w, b], rel=1e-12)


def by_hand(x: Any, y: Any) -> tuple[float, float]:
    w = b = 0.0
    for _ in range(20):
        error = w * x + b - y
        w, b = w - 0.1 * np.mean(2 * error * x), b - 0.1 * np.mean(2 * error)
    return w, b


TABLES = [
    ((), "x,y\n1,2\n,3\n", "standard input, line 3: x is empty\n" + SKIP),
    ((), "x,y\n1,2\n\na,3\n", 'standard input, line 4: x is "a", which is not a number\n' + SKIP),
    ((), "x,y\n1,2\n1,inf\n", "standard input, line 3: y is inf\n" + SKIP),
    ((), "x,y\n1,2\n1,2,3\n", "standard input, line 3: it has more fields than the first line, which has 2\n" + SKIP),
    ((), '{"x": 1, "y": 2}\n{"x": 1}\n', "standard input, line 2: y is missing\n" + SKIP),
    ((), "x,y\n", "standard input has no rows\n"),
    ((), "", "standard input is empty\n"),
    ((), "u,v\n1,2\n", "standard input has no column x; it has u, v\nhelp: --map x=COLUMN takes another column, --x=VALUE a number\n"),
    ((), "x,Y\n1,2\n", "standard input has no column y; it has x, Y\nhelp: did you mean Y? --map y=Y\n"),
    ((), "x,y,x\n1,2,3\n", "standard input has 2 columns called x\n"),
    (("--map=z=x",), "x,y\n1,2\n", "--map names z, which is not a variable of the program\nhelp: --map VARIABLE=COLUMN\n"),
    (("--x=1", "--y=2"), "x,y\n1,2\n", "the program takes no column of standard input: all its variables have values\n"),
    (("--wrt=x",), "x,y\n1,2\n", "no value for the variable x\nhelp: give --x=...\n"),
    (("--from=xls",), "x,y\n1,2\n", "formats are csv, tsv, jsonl, parquet, not xls\n"),
    (("--data=none.csv",), "x,y\n1,2\n", "none.csv can't be read: No such file or directory\n"),
]  # fmt: skip


@pytest.mark.parametrize(("args", "text", "message"), TABLES, ids=[m for _, _, m in TABLES])
def test_a_table_that_cannot_be_used_is_refused(
    command: Command, args: tuple[str, ...], text: str, message: str
) -> None:
    pytest.importorskip("polars")
    line = ("descend", "(w*x + b - y)**2", "--data=-", "--w=0", "--b=0", *args)
    done = command(*line, text=text)
    assert (done.stdout, done.stderr, done.returncode) == ("", f"error: {message}", 2)


@pytest.mark.parametrize("option", ["--map=x=y", "--from=csv", "--separator=;", "--no-header"])
def test_options_for_tables_want_one(command: Command, option: str) -> None:
    done = command("descend", "x**2", "--x=1", option)
    name = option.partition("=")[0]
    message = f"error: {name} is for rows of data, and there are none\nhelp: --data FILE\n"
    assert (done.stdout, done.stderr, done.returncode) == ("", message, 2)


# Progress.


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_a_line_that_is_gone_at_the_end() -> None:
    terminal = Terminal()
    progress = Progress(terminal)
    assert not progress.is_due
    progress.due = 0
    assert progress.is_due
    progress.say("step 7")
    progress.end()
    assert terminal.getvalue() == "\r\x1b[Kstep 7\r\x1b[K"


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize(("columns", "shown"), [(8, "step 12"), (40, "step 12 of 90")])
def test_progress_keeps_to_a_line_of_a_narrow_terminal(columns: int, shown: str) -> None:
    import pty
    import termios

    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with os.fdopen(theirs, "w", encoding="utf-8") as terminal:
        Progress(terminal).say("step 12 of 90")
        assert os.read(ours, 100).decode() == f"\r\x1b[K{shown}"
    os.close(ours)


def test_without_a_terminal_there_is_no_progress() -> None:
    progress = Progress(StringIO())
    progress.due = 0
    assert not progress.is_due
