"""What emitted code looks like, what names become of what users write, and the command."""

from __future__ import annotations

import ast
import json
import re
from functools import partial
from pathlib import Path

import pytest
from conftest import Command
from counting_calls import calls_of
from emitted import LANGUAGES, UNWRITTEN, job
from test_code_numbers import chain, wrong

import backprop
from backprop.arithmetic.texts import form
from backprop.emitting import ALIASES, emit
from backprop.emitting import LANGUAGES as WRITTEN
from backprop.gates import scalars

FUNCTIONS = [lang for lang in WRITTEN if lang != "latex"]
EIGHT = """
sigy = 1.0 / (1 + math.exp(-y))   # sigmoid in numerator
num = x + sigy
sigx = 1.0 / (1 + math.exp(-x))   # sigmoid in denominator
xpy = x + y
xpysqr = xpy**2
den = sigx + xpysqr
invden = 1.0 / den
f = num * invden
"""

EIGHT_IN_PYTHON = '''\
import math


def div(a, b):
    """a / b, and inf or nan for b = 0, as IEEE 754 has it, where Python would raise."""
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def exp(a):
    """The exponential; inf beyond all floats, where Python would raise."""
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def sigmoid(a):
    """1/(1 + exp(-a)), so that it is accurate everywhere."""
    t = exp(-abs(a))
    return 1 / (1 + t) if a >= 0 else t - t * t / (1 + t)


def f(y, x):
    """Value and gradient of f."""
    # forward
    sigy = sigmoid(y)                  # (1)
    num = x + sigy                     # (2)
    sigx = sigmoid(x)                  # (3)
    xpy = x + y                        # (4)
    xpysqr = xpy * xpy                 # (5)
    den = sigx + xpysqr                # (6)
    invden = div(1, den)               # (7)
    f = num * invden                   # (8)
    # backward
    dnum = invden                      # (8)
    dinvden = num                      # (8)
    dden = -invden * invden * dinvden  # (7)
    dsigx = dden                       # (6)
    dxpysqr = dden                     # (6)
    dxpy = 2 * xpy * dxpysqr           # (5)
    dx = dxpy                          # (4)
    dy = dxpy                          # (4)
    dx += sigx * sigmoid(-x) * dsigx   # (3)
    dx += dnum                         # (2)
    dsigy = dnum                       # (2)
    dy += sigy * sigmoid(-y) * dsigy   # (1)
    return f, {"y": dy, "x": dx}
'''

EIGHT_IN_NUMPY = '''\
import numpy as np


def sigmoid(a):
    """1/(1 + exp(-a)), so that it is accurate everywhere."""
    t = np.exp(-np.abs(a))
    return np.where(a >= 0, 1 / (1 + t), t - t * t / (1 + t))


@np.errstate(all="ignore")
def f(y, x):
    """Value and gradient of f, entry by entry."""
    y, x = map(np.float64, (y, x))
    # forward
    sigy = sigmoid(y)                     # (1)
    num = x + sigy                        # (2)
    sigx = sigmoid(x)                     # (3)
    xpy = x + y                           # (4)
    xpysqr = xpy * xpy                    # (5)
    den = sigx + xpysqr                   # (6)
    invden = 1 / den                      # (7)
    f = num * invden                      # (8)
    # backward
    df = np.ones_like(f)
    dnum = invden * df                    # (8)
    dinvden = num * df                    # (8)
    dden = -invden * invden * dinvden     # (7)
    dsigx = dden                          # (6)
    dxpysqr = dden                        # (6)
    dxpy = 2 * xpy * dxpysqr              # (5)
    dx = dxpy                             # (4)
    dy = dxpy                             # (4)
    dx = dx + sigx * sigmoid(-x) * dsigx  # (3)
    dx = dx + dnum                        # (2)
    dsigy = dnum                          # (2)
    dy = dy + sigy * sigmoid(-y) * dsigy  # (1)
    return f, {"y": dy, "x": dx}
'''

PINNED = {
    "python": '''\
def f(x, y, z):
    """Value and gradient of f."""
    # forward
    q = x + y  # (1)
    f = q * z  # (2)
    # backward
    dq = z     # (2)
    dz = q     # (2)
    dx = dq    # (1)
    dy = dq    # (1)
    return f, {"x": dx, "y": dy, "z": dz}
''',
    "numpy": '''\
import numpy as np


@np.errstate(all="ignore")
def f(x, y, z):
    """Value and gradient of f, entry by entry."""
    x, y, z = map(np.float64, (x, y, z))
    # forward
    q = x + y    # (1)
    f = q * z    # (2)
    # backward
    df = np.ones_like(f)
    dq = z * df  # (2)
    dz = q * df  # (2)
    dx = dq      # (1)
    dy = dq      # (1)
    return f, {"x": dx, "y": dy, "z": dz}
''',
    "c": """\
// Value of f; its gradient goes to grad.
// in:   x, y, z
// grad: df/dx, df/dy, df/dz
double f(const double in[], double grad[]) {
    const double x = in[0];
    const double y = in[1];
    const double z = in[2];
    // forward
    const double q = x + y;  // (1)
    const double f = q * z;  // (2)
    // backward
    const double dq = z;     // (2)
    const double dz = q;     // (2)
    const double dx = dq;    // (1)
    const double dy = dq;    // (1)
    grad[0] = dx;
    grad[1] = dy;
    grad[2] = dz;
    return f;
}
""",
    "javascript": """\
// Value and gradient of f.
export function f({ x, y, z }) {
    // forward
    const q = x + y;  // (1)
    const f = q * z;  // (2)
    // backward
    const dq = z;     // (2)
    const dz = q;     // (2)
    const dx = dq;    // (1)
    const dy = dq;    // (1)
    return { value: f, gradient: { x: dx, y: dy, z: dz } };
}
""",
    "latex": r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
\begin{align*}
q &= x + y \\
f &= q \, z \\[2ex]
\frac{\partial f}{\partial q} &= z \\
\frac{\partial f}{\partial z} &= q \\
\frac{\partial f}{\partial x} &= \frac{\partial f}{\partial q} \\
\frac{\partial f}{\partial y} &= \frac{\partial f}{\partial q}
\end{align*}
\end{document}
""",
}


def written(text: str, lang: str = "python", gates: str = "fused", **options: str) -> str:
    """The lines of the function itself, numbers of stages left out."""
    code = emit(backprop.parse(text, gates=gates), lang, **options)  # type: ignore[arg-type]
    start = {"python": "def ", "c": "double ", "javascript": "export "}[lang]
    place = f"\n{code}".rindex(f"\n{start}")
    lines = [re.sub(r"  +(#|//) \(\d+\)$", "", line) for line in code[place:].splitlines()]
    return "\n".join(lines)


# Shape.


def test_the_eight_stages_of_the_notes_read_like_the_notes() -> None:
    assert emit(backprop.parse(EIGHT, gates="fused"), "python") == EIGHT_IN_PYTHON
    assert emit(backprop.parse(EIGHT, gates="fused"), "numpy") == EIGHT_IN_NUMPY


@pytest.mark.parametrize("lang", WRITTEN)
def test_the_first_example_of_the_notes(lang: str) -> None:
    assert emit(backprop.parse("(x+y)*z"), lang) == PINNED[lang]


def test_blocks_where_gates_choose() -> None:
    assert (
        written("relu(max(x, y)*z) + z")
        == '''\
def f(x, y, z):
    """Value and gradient of f."""
    # forward
    q1 = largest(x, y)
    q2 = q1 * z
    q3 = relu(q2)
    f = q3 + z
    # backward
    dx = 0.0
    dy = 0.0
    dq3 = 1.0
    dz = 1.0
    if q2 > 0 or q3 != q3:
        dq2 = dq3 if q3 == q3 else math.nan
        dq1 = z * dq2
        dz += q1 * dq2
        if x >= y or q1 != q1:
            dx = (0.5 if x == y else 1.0) * dq1 if q1 == q1 else math.nan
        if y >= x or q1 != q1:
            dy = (0.5 if x == y else 1.0) * dq1 if q1 == q1 else math.nan
    return f, {"x": dx, "y": dy, "z": dz}'''
    )


def test_a_slot_that_several_branches_reach_has_a_flag() -> None:
    code = written("q = log(x)\nwhere(x > 1, q, y)*where(y > 1, q, x)")
    assert (
        code.partition("# backward\n")[2]
        == """\
    dx = 0.0
    dq = 0.0
    dy = 0.0
    reached_q = False
    dq2 = q4
    dq4 = q2
    if q3 != 0:
        dq = dq4
        reached_q = True
    if q3 == 0:
        dx = dq4
    if q1 != 0:
        dq += dq2
        reached_q = True
    if q1 == 0:
        dy = dq2
    if reached_q:
        dx += log_slope(x) * dq
    return f, {"x": dx, "y": dy}"""
    )


def test_slopes_of_one_and_minus_one_are_not_multiplied() -> None:
    code = written("t = x*x\nq = -t\nr = q - t\nr*r", gates="written")
    assert "    dq = dr\n" in code
    assert "    dt = -dr\n" in code
    assert "    dt -= dq\n" in code


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("1/(1 + exp(x)**2 + y)", "f = div(1, q4)"),
        ("x/(1 + y**2)", "f = x / q2"),
        ("x/(2 + cosh(y))", "f = x / q2"),
        ("x/3", "f = x / 3"),
        ("x/y", "f = div(x, y)"),
        ("x/(y**2)", "f = div(x, q)"),
        ("x/(1 - y**2)", "f = div(x, q2)"),
        ("x/(exp(y) + exp(x))", "f = div(x, q3)"),
        ("x/(exp(y) + 1e-9)", "f = x / q2"),
        ("x/0", "f = div(x, 0)"),
    ],
)
def test_python_divides_plainly_where_nothing_can_be_zero(text: str, line: str) -> None:
    assert f"    {line}\n" in written(text, gates="written")


def test_brackets_only_where_they_are_needed() -> None:
    code = written("a = sigmoid(x)\ncbrt(a)*silu(y) - -x*y**2 + atan2(x, y)*y", "c")
    for line in (
        "dx += a * sigmoid(-x) * da;",
        "dy += sigmoid(y) * (1.0 + y * sigmoid(-y)) * dq2;",
        "1.0 / (3.0 * (q1 * q1)) * dq1;",
        "dx = y / hypot(y, x) / hypot(y, x) * ",
    ):
        assert line in code


def test_a_stage_that_nothing_looks_at_is_left_out() -> None:
    code = written("a = exp(x)\nb = a*y\ny*y")
    assert "a =" not in code
    assert "b =" not in code
    assert '"x": 0.0' in code


def test_defaults_of_the_program_are_defaults_of_the_function() -> None:
    text = "x = 3\ny*x"
    assert written(text).startswith("def f(y, x=3.0):")
    assert written(text, "javascript").startswith("export function f({ x = 3, y }) {")
    assert "// in:   x (3.0 in the program), y\n" in emit(backprop.parse(text), "c")


def test_only_what_is_asked_for() -> None:
    code = emit(backprop.parse("x*y + exp(z)"), "c", wrt=["y"])
    assert "// grad: df/dy\n" in code
    assert re.findall(r"\bd(?:x|z|q2)\b", code.split("{", 1)[1]) == []


def test_the_value_alone() -> None:
    code = emit(backprop.parse("(x+y)*z"), "javascript", forward_only=True)
    assert code.endswith(
        "    const q = x + y;  // (1)\n    const f = q * z;  // (2)\n    return f;\n}\n"
    )


# Names.

HOSTILE = """
class lambda def match type case _ math div sigmoid_slope exp double int NaN prototype __proto__ constructor in grad d
dx x ddx d_x θ theta dθ σ_ await yield arguments eval undefined Math __debug__ M_PI INFINITY linux _A
largest reached_x value gradient y1 gamma main f q in_ class_ E1 I NULL printf pass __import__ ς σ1
""".split()  # noqa: SIM905


@pytest.mark.parametrize("fn", ["{a}*{a} + {b}", "max({a}, {b})*exp({a})/{b}"])
def test_hostile_names_are_just_names(fn: str, tmp_path: Path) -> None:
    names = HOSTILE
    terms = [fn.format(a=a, b=b) for a, b in zip(names, [*names[1:], names[0]], strict=True)]
    point = {name: 1 + k / 16 for k, name in enumerate(names)}
    assert backprop.parse(" + ".join(terms), given=point).inputs.keys() == set(names)
    stages = "\n".join(f"s_{k} = {term}" for k, term in enumerate(terms))
    work = [job(" + ".join(terms), point), job(f"{stages}\nlast = s_0*s_1*s_2/s_3", point)]
    for lang in LANGUAGES:
        assert wrong(lang, work, tmp_path) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_output_is_just_a_function(name: str) -> None:
    text = f"{name} = u*w\n{name}"
    for lang in FUNCTIONS:
        code = emit(backprop.parse(text), lang)
        assert len(re.findall(r"^(?:def|double|export function) \w+\(", code, re.MULTILINE)) == 1
    ast.parse(emit(backprop.parse(text), "python"))


def test_names_that_can_stay_stay() -> None:
    assert written("x*dx + θ").startswith("def f(x, dx, θ):")
    assert '{"x": d_x, "dx": ddx, "θ": dθ}' in written("x*dx + θ")
    assert "const double theta = in[2];" in written("x*dx + θ", "c")
    assert "f({ x, class: class_ })" in written("x*class", "javascript")
    assert '{ ["__proto__"]: d__proto__ }' in written("__proto__ + 1", "javascript")


@pytest.mark.parametrize("name", ["a b", "class", "1x", "f(x):\n  pass", "", "exp", "θ-", "*/"])
@pytest.mark.parametrize("lang", FUNCTIONS)
def test_a_function_is_only_called_what_it_can_be(name: str, lang: str) -> None:
    if (name, lang) == ("class", "c"):
        return
    with pytest.raises(backprop.BackpropError, match="can't be called"):
        emit(backprop.parse("x"), lang, name=name)


@pytest.mark.parametrize("lang", WRITTEN)
def test_a_header_can_not_become_code(lang: str) -> None:
    evil = 'a */ b \\\nint main() {} // """ </script> ??/\r\u2028 c'
    code = emit(backprop.parse("x"), lang, header=[evil])
    first, *rest = code.split("\n")[:-1]
    assert first.startswith(("# a", "// a", "% a"))
    assert "main" in first
    assert not any(bad in first for bad in ("*/", "\\", "</script", "??/", "\u2028"))
    assert rest == [*[""] * (lang != "latex"), *emit(backprop.parse("x"), lang).splitlines()]


C_FUNCTION = re.compile(r"^(?:static )?double (\w+)\(", re.MULTILINE)


def test_every_function_of_c_stands_above_those_that_call_it() -> None:
    """Of every two gates, in one program."""
    left_out = ("unit", "shift", "scale", *UNWRITTEN["c"])
    gates = [gate for gate in scalars().values() if gate.name not in left_out]
    for first, second in zip(gates, gates[7:] + gates[:7], strict=True):
        texts = []
        for gate in (first, second):
            names = [
                f"{gate.name[0]}x{k}" for k in range(3 if gate.variadic else len(gate.operands))
            ]
            texts.append(form(gate.name, len(names))(*names))
        code = emit(backprop.parse(f"({texts[0]})*({texts[1]})"), "c")
        defined = {found[1]: found.start() for found in C_FUNCTION.finditer(code)}
        for name, place in defined.items():
            calls = [found.start() for found in re.finditer(rf"\b{name}\(", code)]
            assert min(calls) > place, (name, code)


# Speed.


@pytest.mark.parametrize("lang", WRITTEN)
def test_four_times_the_stages_take_four_times_the_work(lang: str) -> None:
    counts = []
    for stages in (500, 2_000):
        program = chain(stages).program
        counts.append(calls_of(partial(emit, program, lang)))
    assert counts[1] < 4.2 * counts[0]


# The command.


def test_the_command_prints_the_code(command: Command) -> None:
    for lang, full in {**{lang: lang for lang in WRITTEN}, **ALIASES}.items():
        done = command("code", "(x+y)*z", "--lang", lang)
        assert (done.stdout, done.stderr, done.returncode) == (PINNED[full], "", 0)


def test_a_file_is_written_whole(command: Command, tmp_path: Path) -> None:
    done = command("code", "(x+y)*z", "--lang=js", "-o", "f.mjs", cwd=tmp_path)
    assert (done.stdout, done.returncode) == ("", 0)
    assert [path.name for path in tmp_path.iterdir()] == ["f.mjs"]
    assert (tmp_path / "f.mjs").read_text("utf-8") == PINNED["javascript"]


def test_the_check_speaks_on_top(command: Command) -> None:
    done = command("code", "(x+y)*z", "--lang=c", "--checked", "--x=-2", "--y=5", "--z=-4")
    assert done.stdout.splitlines()[:4] == [
        "// Checked at x = -2.0, y = 5.0, z = -4.0:",
        "// agree: SymPy and a numeric difference agree; float64 keeps 16 digits",
        "",
        "// Value of f; its gradient goes to grad.",
    ]


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["x*y"], "error: the language is missing\nhelp: give --lang python, numpy, c, javascript, latex\n"),
        (["x*y", "--lang=pyhton"],
         "error: there is no language called pyhton; languages are python, numpy, c, javascript, latex\n"
         "help: did you mean python?\n"),
        (["x*y", "--lang=c", "--checked"],
         "error: no value for the variables x, y\nhelp: give --x=... --y=...\n"),
        (["x*y", "--lang=c", "--wrt=z"],
         "error: wrt names z, which is not a variable; the program has x, y\n"),
        (["sum(W @ x)", "--lang=c"],
         "error: this program is about arrays, and C is written of numbers only\n"
         "help: --lang numpy writes arrays\n"),
        (["w*x", "--lang=c", "--w=[1, 2]", "--x=3"],
         "error: this program is about arrays, and C is written of numbers only\n"
         "help: --lang numpy writes arrays\n"),
        (["x*y", "--lang=python", "--name=class"],
         "error: a function of Python can't be called class\n"
         "help: a name has letters, digits and _, and is not a word of the language\n"),
    ],
)  # fmt: skip
def test_errors(command: Command, args: list[str], error: str) -> None:
    done = command("code", *args)
    assert (done.stdout, done.stderr, done.returncode) == ("", error, 2)


def test_help_begins_with_examples(command: Command) -> None:
    lines = command("code", "--help").stdout.splitlines()
    assert lines[4].strip() == 'backprop code "(x+y)*z" --lang python'


def test_code_loads_neither_sympy_nor_numpy() -> None:
    from test_house import loaded_after

    code = "from backprop.cli.main import run; run(['code', 'sigmoid(x)*y', '--lang', 'c'])"
    assert loaded_after(code) & {"sympy", "numpy", "rich", "mpmath"} == set()


def test_a_point_may_be_given_without_a_check(command: Command) -> None:
    done = command("code", "e*x", "--lang=py", "--at", json.dumps({"e": 3, "x": 2}))
    assert done.stdout.startswith("def f(e, x):")
