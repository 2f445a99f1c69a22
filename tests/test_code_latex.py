"""The derivation in LaTeX: it reads like the notes, its slopes are the table's, no name means
anything in it, and TeX sets it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

import numpy as np
import pytest
from array_cases import DRAW
from conftest import Command
from oracle import points
from test_code import EIGHT, HOSTILE
from test_code_arrays import NET, SIZES, staged
from test_code_numbers import BRANCHES, chain
from typeset import complaint

import backprop
from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.texts import form
from backprop.emitting import emit
from backprop.emitting.formulas import TEXTBOOK
from backprop.emitting.typesetting import escaped
from backprop.gates import scalars

EIGHT_IN_LATEX = r"""\documentclass{article}
\usepackage[margin=2cm]{geometry}
\usepackage{amsmath}
\allowdisplaybreaks
\begin{document}
\begin{align*}
\mathrm{sigy} &= \sigma(y) = \frac{1}{1 + e^{-y}} && \approx 0.0179862 \\
\mathrm{num} &= x + \mathrm{sigy} && \approx 3.01799 \\
\mathrm{sigx} &= \sigma(x) = \frac{1}{1 + e^{-x}} && \approx 0.952574 \\
\mathrm{xpy} &= x + y && = -1 \\
\mathrm{xpysqr} &= \mathrm{xpy}^{2} && = 1 \\
\mathrm{den} &= \mathrm{sigx} + \mathrm{xpysqr} && \approx 1.95257 \\
\mathrm{invden} &= \frac{1}{\mathrm{den}} && \approx 0.512144 \\
f &= \mathrm{num} \cdot \mathrm{invden} && \approx 1.54564 \\[2ex]
\frac{\partial f}{\partial \mathrm{num}} &= \mathrm{invden} && \approx 0.512144 \\
\frac{\partial f}{\partial \mathrm{invden}} &= \mathrm{num} && \approx 3.01799 \\
\frac{\partial f}{\partial \mathrm{den}} &= -\mathrm{invden}^{2} \, \frac{\partial f}{\partial \mathrm{invden}} && \approx -0.791593 \\
\frac{\partial f}{\partial \mathrm{sigx}} &= \frac{\partial f}{\partial \mathrm{den}} && \approx -0.791593 \\
\frac{\partial f}{\partial \mathrm{xpysqr}} &= \frac{\partial f}{\partial \mathrm{den}} && \approx -0.791593 \\
\frac{\partial f}{\partial \mathrm{xpy}} &= 2 \cdot \mathrm{xpy} \, \frac{\partial f}{\partial \mathrm{xpysqr}} && \approx 1.58319 \\
\frac{\partial f}{\partial x} &= \frac{\partial f}{\partial \mathrm{xpy}} && \approx 1.58319 \\
\frac{\partial f}{\partial y} &= \frac{\partial f}{\partial \mathrm{xpy}} && \approx 1.58319 \\
\frac{\partial f}{\partial x} &\mathrel{+}= \mathrm{sigx} \, (1 - \mathrm{sigx}) \, \frac{\partial f}{\partial \mathrm{sigx}} && \approx -0.0357615 \\
\frac{\partial f}{\partial x} &\mathrel{+}= \frac{\partial f}{\partial \mathrm{num}} && \approx 0.512144 \\
\frac{\partial f}{\partial \mathrm{sigy}} &= \frac{\partial f}{\partial \mathrm{num}} && \approx 0.512144 \\
\frac{\partial f}{\partial y} &\mathrel{+}= \mathrm{sigy} \, (1 - \mathrm{sigy}) \, \frac{\partial f}{\partial \mathrm{sigy}} && \approx 0.00904586 \\[2ex]
\frac{\partial f}{\partial y} &\approx 1.59223 \\
\frac{\partial f}{\partial x} &\approx 2.05957
\end{align*}
\end{document}
"""


def body(text: str, **options: object) -> list[str]:
    """The lines between begin and end."""
    code = emit(backprop.parse(text), "latex", **options)  # type: ignore[arg-type]
    return code.partition(r"\begin{align*}")[2].partition(r"\end{align*}")[0].strip().split("\n")


# What it looks like.


def test_the_eight_stages_of_the_notes_with_numbers() -> None:
    report = backprop.evaluate(EIGHT, gates="fused", x=3, y=-4)
    assert emit(report.program, "latex", report=report) == EIGHT_IN_LATEX


def test_the_notes_matrix_product() -> None:
    code = emit(staged("D = W.dot(X)", {"W": [[1.0]], "X": [[1.0]]}), "latex")
    assert (
        r"""
D &= W \, X \\[2ex]
\frac{\partial L}{\partial W} &= \frac{\partial L}{\partial D} \, X^{\top} \\
\frac{\partial L}{\partial X} &= W^{\top} \, \frac{\partial L}{\partial D}
\end{align*}"""
        in code
    )


def test_the_value_alone() -> None:
    assert body("(x+y)*z", forward_only=True) == [r"q &= x + y \\", r"f &= q \, z"]


def test_only_what_is_asked_for() -> None:
    assert body("x*y + exp(z)", wrt=["y"])[3:] == [
        r"\frac{\partial f}{\partial q_1} &= 1 \\",
        r"\frac{\partial f}{\partial y} &= x \, \frac{\partial f}{\partial q_1}",
    ]


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("x", "x"), ("w0", "w_0"), ("w_10", "w_{10}"), ("num", r"\mathrm{num}"),
        ("theta", r"\theta"), ("θ", r"\theta"), ("theta1", r"\theta_1"), ("x_in", r"x_{\mathrm{in}}"),
        ("x_i_j", "x_{i,j}"), ("_x", r"\mathrm{\_x}"), ("x__y", r"\mathrm{x\_\_y}"),
    ],
)  # fmt: skip
def test_names(name: str, symbol: str) -> None:
    assert body(f"f = {name}*u", forward_only=True) == [rf"f &= {symbol} \, u"]


def test_names_that_would_look_alike_are_told_apart() -> None:
    line = r"q_1 &= w_0 \cdot \mathrm{w\_0} \\"
    assert body("w0*w_0*theta*θ", forward_only=True)[0] == line


def test_a_variable_that_looks_like_a_function() -> None:
    assert body("sigmoid(σ)", forward_only=True)[0].startswith(
        r"f &= \operatorname{sigmoid}(\sigma)"
    )
    assert body("x = 2*e\ne*exp(x)", forward_only=True) != []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("x/(1+y)", r"f &= \frac{x}{q}"),
        ("x**2", "f &= x^{2}"),
        ("-(x-y)", "f &= -q"),
        ("2*x", r"f &= 2 \, x"),
        ("x - -3", "f &= x + 3"),
        ("1e-9*x", r"f &= 10^{-9} \, x"),
        ("2.5e30*x", r"f &= 2.5 \cdot 10^{30} \, x"),
        ("x + pi/3", r"f &= x + \frac{\pi}{3}"),
        ("abs(x)", r"f &= \left|x\right|"),
        ("sqrt(x)", r"f &= \sqrt{x}"),
        ("where(x > 1, x, y)", r"f &= \begin{cases} x & \text{if } q \ne 0 \\ y & \text{else} \end{cases}"),
        ("max(x, y)", r"f &= \max(x, y)"),
    ],
)  # fmt: skip
def test_expressions(text: str, line: str) -> None:
    assert body(text, forward_only=True)[-1] == line


def test_long_lists_go_on_below() -> None:
    lines = body(f"max({', '.join(f'v{k}' for k in range(60))})", forward_only=True)
    assert len(lines) == 4
    assert all(line.endswith(r", \\*") for line in lines[:-1])
    assert all(line.startswith(r"&\qquad v_") for line in lines[1:])


def test_numbers_that_are_none() -> None:
    report = backprop.evaluate("1/x + log(x - 1)", x=0)
    code = emit(report.program, "latex", report=report)
    assert r"q_1 &= \frac{1}{x} && = \infty" in code
    assert r"q_3 &= \ln(q_2) && = \mathrm{nan}" in code


# The slopes are right.


@pytest.mark.parametrize("gate", TEXTBOOK)
def test_the_slopes_of_the_textbook_are_those_of_the_table(gate: str) -> None:
    row = scalars()[gate]
    for point in points(gate, 30):
        names = dict(zip(row.operands if not row.variadic else "ab", point, strict=False))
        out = IEEE.value[gate](*point)
        slopes = IEEE.local["notes"][gate](*point, out)
        texts = TEXTBOOK[gate]
        for place, text in enumerate(texts):
            program = backprop.parse(text)
            given = {name: {**names, "out": out}[name] for name in program.inputs}
            assert backprop.evaluate(text, given).value == pytest.approx(slopes[place], rel=1e-6)


# TeX.


def hostile_names() -> str:
    text = " + ".join(f"{name}*{name}" for name in HOSTILE if name not in ("I", "E"))
    point = dict.fromkeys(backprop.parse(text, given=HOSTILE).inputs, 1.5)
    report = backprop.evaluate(text, point)
    evil = r"\input{/etc/passwd} ^^M \end{document} }{ $ # %"
    return emit(report.program, "latex", report=report, header=[evil])


def all_gates() -> str:
    counts = {name: 2 if gate.variadic else len(gate.operands) for name, gate in scalars().items()}
    terms = [f"({form(name, count)(*'uvw'[:count])})" for name, count in counts.items()]
    report = backprop.evaluate(" + ".join(terms), u=0.5, v=0.25, w=1.5, ties="split")
    return emit(report.program, "latex", report=report, ties="split")


def documents() -> Iterator[tuple[str, str]]:
    """What TeX has to set, by name."""
    yield "hostile names", hostile_names()
    yield "all gates", all_gates()
    for gate in DRAW:
        for number in range(3):
            found = DRAW[gate](Random(f"latex {gate}:{number}"))
            yield f"{gate} {number}", emit(staged(found.program, found.given), "latex")
    for text in BRANCHES:
        yield text, emit(backprop.parse(text.replace("\\n", "\n")), "latex")
    sizes = {
        name: [*map(int, text.split("x"))] for name, text in re.findall(r"(\w+)=([\dx]+)", SIZES)
    }
    yield (
        "the net",
        emit(staged(NET, {name: np.ones(size) for name, size in sizes.items()}), "latex"),
    )
    yield "the eight stages", EIGHT_IN_LATEX
    yield "2,000 stages", emit(chain(2_000).program, "latex")


def test_what_is_written_can_be_set() -> None:
    wrong = {name: complaint(code) for name, code in documents()}
    assert {name: why for name, why in wrong.items() if why} == {}


def test_a_hostile_header_is_a_comment() -> None:
    assert r"\input" not in hostile_names()


def test_letters_that_latex_lacks_are_question_marks() -> None:
    assert escaped("a_θ 漢\x1b~") == r"a\_\(\theta\) ??\textasciitilde{}"


MISTAKES: list[tuple[str, str]] = [
    ("{", ""), ("}", ""), (r"\frac{1}", r"\frac"), (r"\sigma", r"\sigmoid"), (r"x + y", r"x + #"),
    (r"\\", r"\\" + "\n\n"), (r"^{2}", r"^{2}^{3}"), (r"\sigma(y)", r"\left(\sigma"), (r"x + y", "x & & & + & & & & y_1_2"),
    (r"\end{align*}", ""), (r"\frac{1}{1", r"{\frac{1}{1 & 2"), (r"x + y", r"x \right) y"),
]  # fmt: skip


def mistaken(mistake: tuple[str, str]) -> str:
    """The eight stages with a mistake in their rows."""
    head, begins, rows = EIGHT_IN_LATEX.partition(r"\begin{align*}")
    assert mistake[0] in rows
    return head + begins + rows.replace(*mistake, 1)


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_that_tex_stops_at(mistake: tuple[str, str]) -> None:
    assert complaint(mistaken(mistake)) != ""


# The command.


def test_values_are_shown_and_a_name_is_refused(command: Command) -> None:
    done = command("code", "(x+y)*z", "--lang=tex", "--x=-2", "--y=5", "--z=-4")
    assert r"\frac{\partial f}{\partial q} &= z && = -4 \\" in done.stdout
    done = command("code", "(x+y)*z", "--lang=tex", "--name=g")
    assert (done.stdout, done.stderr, done.returncode) == (
        "", "error: a derivation in LaTeX is no function that has a name\n", 2,
    )  # fmt: skip
