"""`backprop check`, and the check of `backprop eval`, as processes: what they print, their exit
codes, and that nothing hangs and nobody is left behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.resources import files
from pathlib import Path

import forking
import jsonschema
import pytest
from conftest import Command

CHAIN = ("(x+y)*z", "--x=-2", "--y=5", "--z=-4")


@pytest.mark.parametrize(
    ("args", "code", "first"),
    [
        (CHAIN, 0, "agree: SymPy and a numeric difference agree; float64 keeps 16 digits"),
        (("log(1+x)", "--x=1e-10"), 0, "rounding: f: float64 keeps 7 digits here"),
        (("log(1+x)", "--x=1e-10", "--min-digits=8"), 3, "rounding: f: float64 keeps 7 digits here"),
        (("(1-cos(x))/x**2", "--x=1e-4"), 3, "rounding: df/dx: no digit is right (and 1 more)"),
        (("max(x,x)", "--x=2"), 0, "agree: SymPy and a numeric difference agree; float64 keeps 16 digits"),
        (("max(x,x)", "--x=2", "--ties=notes"), 3, "kink: df/dx: 2 is taken, the function's slope is 1"),
        (("max(x,x)", "--x=2", "--ties=notes", "--allow=kink"), 0,
         "kink: df/dx: 2 is taken, the function's slope is 1"),
        (("exp(x)", "--x=1000"), 3,
         "overflow: df/dx: the value exceeds 1.8e308, where float64 ends; the exact value is 1.97007e+434 (and 1 more)"),
        (("x/x", "--x=0"), 3, "undefined: df/dx: no finite slope here (and 1 more)"),
        (("2 + 3",), 3, "unchecked: there is no input to differentiate by"),
        (("x*y", "--x=2", "--y=3", "--methods=precise"), 3,
         "unchecked: df/dy: only the engine itself was asked (and 1 more)"),
        (("x*y", "--x=2", "--y=3", "--methods=symbolic"), 0,
         "agree: SymPy agrees; float64 keeps 16 digits"),
        (("x*y", "--x=2", "--y=3", "--methods", "numeric, precise"), 0,
         "agree: a numeric difference agrees; float64 keeps 16 digits"),
        ((*CHAIN, "--wrt=x"), 0, "agree: SymPy and a numeric difference agree; float64 keeps 16 digits"),
    ],
)  # fmt: skip
def test_the_first_line_and_the_exit_code(
    command: Command, args: tuple[str, ...], code: int, first: str
) -> None:
    done = command("check", *args)
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (code, first, "")


def test_doubts_are_listed_where_there_are_several(command: Command) -> None:
    assert command("check", "(1-cos(x))/x**2", "--x=1e-4").stdout == (
        "rounding: df/dx: no digit is right (and 1 more)\n"
        "f: rounding: float64 keeps 8 digits here\n"
        "note: q2 = 1 - q1 loses digits: of 16 right ones 8 are left\n"
        "note: 2*sin(x/2)**2 instead of 1 - cos(x) keeps 6 digits here\n"
    )


def test_exact_digits_can_be_had(command: Command) -> None:
    done = command("check", "x/3", "--x=1", "--digits=40")
    assert done.stdout.splitlines()[1:] == [
        "f = 0.3333333333333333333333333333333333333333",
        "df/dx = 0.3333333333333333333333333333333333333333",
    ]


def test_quiet_prints_nothing(command: Command) -> None:
    done = [command("check", *CHAIN, "--quiet"), command("check", "relu(x)", "--x=0", "--quiet")]
    assert [(one.returncode, one.stdout, one.stderr) for one in done] == [(0, "", ""), (3, "", "")]


def test_a_shell_can_go_on_from_it() -> None:
    script = f"{forking.script()} check 'x*y' --x=2 --y=3 && echo fine"
    done = subprocess.run(script, shell=True, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "fine"


@pytest.mark.parametrize(
    "args", [CHAIN, ("relu(x)", "--x=0"), ("exp(x)", "--x=1000"), ("2+3",),
             ("sin(w)", "--points=3", "--range=w=-1:1")],
)  # fmt: skip
def test_json_fits_its_schema(command: Command, args: tuple[str, ...]) -> None:
    done = command("check", *args, "--json")
    found = json.loads(done.stdout)
    schema = json.loads(files("backprop.schemas").joinpath("check.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert found["passed"] == (done.returncode == 0)


# Random points.


def test_random_points_of_the_domain(command: Command) -> None:
    done = command("check", "log(w)*b", "--points=20", "--range", "w=-1:1", "--b=3")
    assert (done.returncode, done.stdout) == (
        0, "agree at 20 random points: SymPy and a numeric difference agree; float64 keeps 16 digits\n",
    )  # fmt: skip


def test_the_first_point_that_fails_is_given(command: Command) -> None:
    done = command("check", "exp(w)", "--points=50", "--range=w=0:5000", "--seed=3")
    first, second = done.stdout.splitlines()[:2]
    assert (done.returncode, first.startswith("at point "), second.startswith("overflow: ")) == (
        3, True, True,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("x", "--points=0"), "error: --points takes a whole number from 1 to 1000000; not 0"),
        (("log(w)", "--points=5", "--range=w=-2:-1"),
         "error: the program has no value at 1,000 points of these ranges"),
        (("w*v", "--points=5", "--range=w=1:2"), "error: no value for the variable v"),
        (("w", "--points=5", "--range=w=2:1"), "error: the range of w ends before it begins"),
        (("w", "--points=5", "--range=w=2"), "error: --range takes NAME=LOW:HIGH, not w=2"),
        (("w", "--points=5", "--range=w=1:x"), "error: the value of w: line 1, column 1: x is not a number"),
        (("w", "--points=5", "--range=ww=1:2"), "error: the program has no variable ww; it has w"),
        (("w", "--points=5", "--range=w=1:2", "--w=3"), "error: w is given a value and a range"),
        (("w", "--points=5", "--range=w=1:2", "--range=w=1:2"), "error: the range of w is given twice"),
        (("w", "--points=5", "--range=w=1:1e999"),
         "error: the value of w: line 1, column 1: `1e999` is larger than any float"),
        (("w", "--w=1", "--range=w=1:2"), "error: --range goes with --points N"),
        (("x", "--x=1", "--digits=0"), "error: --digits takes a whole number from 1 to 4000; not 0"),
        (("x", "--x=1", "--digits=1000000"),
         "error: --digits takes a whole number from 1 to 4000; not 1000000"),
        (("x", "--x=1", "--timeout=0"), "error: --timeout takes a number above 0, 86400 at most; not 0.0"),
        (("x", "--x=1", "--methods=sympy"),
         "error: methods can be precise, numeric, symbolic, not sympy"),
        (("x", "--x=1", "--methods="), "error: methods can be precise, numeric, symbolic, not none"),
        (("x", "--x=1", "--allow=differ"),
         "error: --allow takes rounding, kink, overflow, undefined, unchecked; not differ"),
        (("x", "--x=1", "--expect=none.json"), "error: none.json can't be read: No such file or directory"),
    ],
)  # fmt: skip
def test_bad_input_is_said_in_one_line(
    command: Command, args: tuple[str, ...], message: str, tmp_path: Path
) -> None:
    done = command("check", *args, cwd=tmp_path)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", message)


# Stored results.


def test_a_stored_result_is_compared_with(command: Command, tmp_path: Path) -> None:
    stored = tmp_path / "golden.json"
    assert command("check", *CHAIN, "--write-expect", str(stored)).returncode == 0
    assert json.loads(stored.read_text()) == {
        "schema": "backprop/expect/1", "expression": "(x+y)*z", "point": {"x": -2, "y": 5, "z": -4},
        "value": -12, "gradient": {"x": -4, "y": -4, "z": 3},
    }  # fmt: skip
    again = command("check", "x*z + y*z", "--expect", str(stored))
    assert again.returncode == 0
    wrong = command("check", "x*z + y*z*1.1", "--expect", str(stored))
    assert (wrong.returncode, wrong.stdout.splitlines()[1:]) == (
        1,
        [
            "unexpected: f is -14, expected -12",
            "unexpected: df/dy is -4.4, expected -4",
            "unexpected: df/dz is 3.5, expected 3",
        ],
    )
    loose = command("check", "x*z + y*z*1.1", "--expect", str(stored), "--tolerance=0.2")
    assert loose.returncode == 0


def test_the_point_of_a_stored_result_is_no_matter_of_choice(
    command: Command, tmp_path: Path
) -> None:
    stored = tmp_path / "golden.json"
    command("check", *CHAIN, "--write-expect", str(stored))
    done = command("check", "(x+y)*z", "--x=3", "--expect", str(stored))
    assert (done.returncode, done.stderr) == (2, "error: the stored result is for x=-2, not 3\n")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("[1]", "is not a stored result"),
        ('{"schema": "backprop/expect/1", "value": 1, "value": 2}', "is not JSON"),
        ('{"schema": "backprop/eval/1"}', "is not a stored result"),
        ('{"schema": "backprop/expect/1", "point": {"x": 1}}', "is a damaged stored result"),
        ('{"schema": "backprop/expect/1", "point": {"x": null}, "value": 1, "gradient": {}}',
         "is a damaged stored result"),
    ],
)  # fmt: skip
def test_a_foreign_stored_result_is_refused(
    command: Command, tmp_path: Path, content: str, message: str
) -> None:
    (tmp_path / "golden.json").write_text(content)
    done = command("check", "x", "--x=1", "--expect=golden.json", cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: golden.json {message}")


def test_a_result_in_doubt_is_not_stored(command: Command, tmp_path: Path) -> None:
    done = command("check", "relu(x)", "--x=0", "--write-expect=golden.json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        3, "error: golden.json was not written, since the check failed\n",
    )  # fmt: skip
    assert list(tmp_path.iterdir()) == []


# In eval.


def test_eval_shows_formula_and_verdict(command: Command) -> None:
    done = command("eval", *CHAIN, check=True)
    assert done.stdout.splitlines()[-5:] == [
        "f = -12", "df/dx = z = -4", "df/dy = z = -4", "df/dz = x + y = 3",
        "check: agree: SymPy and a numeric difference agree; float64 keeps 16 digits",
    ]  # fmt: skip


def test_eval_has_formula_and_latex_in_json(command: Command) -> None:
    check = json.loads(
        command("eval", "θ_1*x**2", "--θ_1=3", "--x=2", "--json", check=True).stdout
    )["check"]
    assert (check["formula"], check["latex"]) == (
        {"θ_1": "x**2", "x": "2*θ_1*x"},
        {"θ_1": "x^{2}", "x": "2 θ_{1} x"},
    )


def test_eval_exits_1_if_an_opinion_differs(tmp_path: Path) -> None:
    """A table with a wrong row, in a process of its own."""
    code = (
        "import sys; from backprop.gates import GATES; "
        "GATES['sin'] = GATES['sin']._replace(partials=('1.000001*cos(a)',)); "
        "import backprop.worker as w; "
        "from backprop.cli import main; "
        "sys.exit(w.main() if sys.argv[1:] == ['worker'] else main.run(sys.argv[1:]))"
    )
    script = tmp_path / "wrong.py"
    script.write_text(code)
    patch = (
        "import subprocess, sys; import backprop.child.process as child; true = subprocess.Popen; "
        f"child.subprocess.Popen = lambda command, **options: true([sys.executable, {str(script)!r}, 'worker'], **options); "
        f"sys.argv[1:] = ['eval', 'x*sin(x)', '--x=2']; exec(open({str(script)!r}).read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", patch], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr.startswith("error: the gradient is in doubt: df/dx: ")) == (
        1, True,
    )  # fmt: skip
    assert "note: dq/dx is -0.41614725" in done.stdout


# Time, memory and processes.

SLOW = "import time\ntime.sleep(60)\n"


@contextmanager
def slow_sympy(folder: Path) -> Iterator[dict[str, str]]:
    """An environment in which importing SymPy takes a minute."""
    package = folder / "slow" / "sympy"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(SLOW)
    paths = [str(package.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    yield {"PYTHONPATH": os.pathsep.join(paths)}


def workers(folder: Path) -> set[int]:
    """The processes that check with the SymPy of this folder; others on the machine are not ours."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            line, setting = ((process / name).read_bytes() for name in ("cmdline", "environ"))
            if b"backprop.worker" in line and bytes(folder) in setting:
                found.add(int(process.name))
    return found


needs_proc = pytest.mark.skipif(not os.path.isdir("/proc"), reason="the system has no /proc")


@needs_proc
def test_a_sympy_that_hangs_leaves_the_answer_in_time(command: Command, tmp_path: Path) -> None:
    with slow_sympy(tmp_path) as env:
        start = time.monotonic()
        done = command("check", "x*sin(x)", "--x=2", "--timeout=1.5", **env)
        took = time.monotonic() - start
    assert (done.returncode, done.stdout, took < 15) == (
        3, "unchecked: there was no verdict in 1.5 s; missing: SymPy\n", True,
    )  # fmt: skip
    assert workers(tmp_path) == set()


def test_a_power_that_sympy_could_multiply_out_for_ever_is_checked(command: Command) -> None:
    done = command("check", "(1 + x)**(2**40) + exp(exp(x))", "--x=1e-13")
    assert done.stdout.startswith("rounding: df/dx: float64 keeps 4 digits here (and 1 more)\n")


@needs_proc
def test_the_table_is_shown_before_sympy_is_loaded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "backprop.cli", "eval", "x*sin(x)", "--x=2"]
    pipe = subprocess.PIPE
    with (
        slow_sympy(tmp_path) as env,
        subprocess.Popen(command, stdout=pipe, stderr=pipe, env={**os.environ, **env}) as process,
    ):
        assert process.stdout is not None
        lines = [process.stdout.readline().decode() for _ in range(8)]
        assert "q = sin(x)" in "".join(lines)
        process.send_signal(signal.SIGINT)
        rest, said = process.communicate(timeout=20)
    assert (process.returncode, said, b"check" in rest) == (130, b"", False)
    time.sleep(0.2)
    assert workers(tmp_path) == set()


@needs_proc
def test_a_killed_parent_leaves_no_child(tmp_path: Path) -> None:
    with slow_sympy(tmp_path) as env:
        process = subprocess.Popen(
            [sys.executable, "-m", "backprop.cli", "check", "x*sin(x)", "--x=2"],
            stdout=subprocess.DEVNULL, env={**os.environ, **env},
        )  # fmt: skip
        end = time.monotonic() + 20
        while not (begun := workers(tmp_path)) and time.monotonic() < end:
            time.sleep(0.05)
        time.sleep(0.5)
        process.kill()
        process.wait()
        while workers(tmp_path) and time.monotonic() < end:
            time.sleep(0.05)
    assert (begun != set(), workers(tmp_path)) == (True, set())


def test_a_large_program_says_how_much_time_it_needs(command: Command) -> None:
    text = "v0=x*y\n" + "\n".join(f"v{i}=v{i - 1}*x+y" for i in range(1, 2000))
    done = command("check", "-", "--x=0.5", "--y=1", "--timeout=0.2", text=text)
    assert done.stdout == "unchecked: 3,999 stages need more time: --timeout 2 may be enough\n"
