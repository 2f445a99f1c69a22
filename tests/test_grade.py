"""Backward passes written by hand: right ones are right on every line, and mistakes are found at
the line where they are, by their names. Python itself says which mistakes change a number."""

from __future__ import annotations

import time
from random import Random

import pytest
from derivations import DERIVATIONS, Derivation, Mutant, changes_numbers, mutants, run
from grading import flagged, forward_for, graded, hinted, misgraded, mutant_grade

from backprop.errors import BackpropError
from backprop.grading.grade import forward_of, grade
from backprop.language.parser import parse

# The eight stages of the lecture notes with their backward pass, as printed there.
STAGES = """
sigy = 1.0 / (1 + math.exp(-y)) # sigmoid in numerator   #(1)
num = x + sigy # numerator                               #(2)
sigx = 1.0 / (1 + math.exp(-x)) # sigmoid in denominator #(3)
xpy = x + y                                              #(4)
xpysqr = xpy**2                                          #(5)
den = sigx + xpysqr # denominator                        #(6)
invden = 1.0 / den                                       #(7)
f = num * invden # done!                                 #(8)
"""
PRINTED = """
# backprop f = num * invden
dnum = invden # gradient on numerator                             #(8)
dinvden = num                                                     #(8)
# backprop invden = 1.0 / den
dden = (-1.0 / (den**2)) * dinvden                                #(7)
# backprop den = sigx + xpysqr
dsigx = (1) * dden                                                #(6)
dxpysqr = (1) * dden                                              #(6)
# backprop xpysqr = xpy**2
dxpy = (2 * xpy) * dxpysqr                                        #(5)
# backprop xpy = x + y
dx = (1) * dxpy                                                   #(4)
dy = (1) * dxpy                                                   #(4)
# backprop sigx = 1.0 / (1 + math.exp(-x))
dx += ((1 - sigx) * sigx) * dsigx # Notice += !! See notes below  #(3)
# backprop num = x + sigy
dx += (1) * dnum                                                  #(2)
dsigy = (1) * dnum                                                #(2)
# backprop sigy = 1.0 / (1 + math.exp(-y))
dy += ((1 - sigy) * sigy) * dsigy                                 #(1)
# done! phew
"""
AT = {"x": 3.0, "y": -4.0}
NEURON = """w = [2,-3,-3] # assume some random weights and data
x = [-1, -2]
dot = w[0]*x[0] + w[1]*x[1] + w[2]
f = 1.0 / (1 + math.exp(-dot)) # sigmoid function
"""
NEURON_BACK = """ddot = (1 - f) * f # gradient on dot variable, using the sigmoid gradient derivation
dx = [w[0] * ddot, w[1] * ddot] # backprop into x
dw = [x[0] * ddot, x[1] * ddot, 1.0 * ddot] # backprop into w
"""
PRODUCT = """W = np.random.randn(5, 10)
X = np.random.randn(10, 3)
D = W.dot(X)

# now suppose we had the gradient on D from above in the circuit
dD = np.random.randn(*D.shape) # same shape as D
dW = dD.dot(X.T) #.T gives the transpose of the matrix
dX = W.T.dot(dD)
"""


def all_right(forward: str, backward: str, lines: int, **values: object) -> None:
    found = graded(forward, backward, **values)
    fine = ("right", "step", "scaled")
    assert [(one.line, one.hint) for one in found.lines if one.verdict not in fine] == []
    assert (found.error, found.verdict) == (None, "right")
    assert sum(one.verdict == "right" for one in found.lines) == lines


# What the lecture notes print.


def test_the_eight_stages_as_printed_are_right_on_every_line() -> None:
    all_right(STAGES, PRINTED, 12, **AT)


def test_so_are_both_passes_in_one_file() -> None:
    all_right(STAGES, STAGES + PRINTED, 12, **AT)


def test_so_is_the_neuron_with_its_lists() -> None:
    all_right(NEURON, NEURON_BACK, 3)
    all_right(NEURON, NEURON + NEURON_BACK, 3)


@pytest.mark.parametrize("program", ["(x+y)*z", "q = x + y\nf = q * z"])
@pytest.mark.parametrize(
    "backward",
    [
        "q = x + y\nf = q * z\ndfdz = q\ndfdq = z\ndfdx = 1.0 * dfdq\ndfdy = 1.0 * dfdq",
        "dq = z\ndz = q\ndx, dy = dq, dq",
        "dx = dy = z; dz = x + y",
    ],
)
def test_so_is_the_compound_expression(program: str, backward: str) -> None:
    found = graded(program, backward, x=-2.0, y=5.0, z=-4.0)
    assert found.verdict == "right"
    assert {one.verdict for one in found.gradients} == {"right"}


def test_so_is_the_product_of_matrices() -> None:
    all_right("D = W.dot(X)", PRODUCT, 2, W="randn(5,10)", X="randn(10,3)")
    all_right("W @ X", "dW = df @ X.T\ndX = W.T @ df", 2, W="randn(5,10)", X="randn(10,3)")


# Ways to write what is right.

RIGHT = [
    ("x*x", "dx = x\ndx += x", {"x": 3.0}),
    ("x*x", "dx = 2*x", {"x": 3.0}),
    ("x*x + x", "dx = 0\ndx += 1\ndx += 2*x", {"x": 3.0}),
    ("x*x + x", "dx = 2*x + 1", {"x": 3.0}),
    ("x*x + x", "dx = 1\ndx = dx + x*2", {"x": 3.0}),
    ("x*x + x", "dx = 1\ndx = 2*x + dx", {"x": 3.0}),
    ("x*x - x", "dx = 2*x\ndx -= 1", {"x": 3.0}),
    ("x*x - x", "dx = 2*x\ndx = dx - 1", {"x": 3.0}),
    ("u = x*y; v = u*x; u*v", "dv = u\ndu = v + x*dv\ndx = u*dv + y*du\ndy = x*du", {"x": 3.0, "y": 2.0}),
    ("u = x*y; v = u*x; u*v", "dy = 2*u*x**2\ndx = 3*x**2*y**2", {"x": 3.0, "y": 2.0}),
    ("h = tanh(w*x + b)", "dz = (1 - h**2) * dh\ndw = x*dz\ndx = w*dz\ndb = dz", {"w": 0.3, "x": 2.0, "b": 0.1}),
    ("b = a; f = a*b", "da = b\ndb = a\nda += db", {"a": 3.0}),
    ("f = max(x, y)", "dx = (x >= y)*1.0\ndy = (y >= x)*1.0", {"x": 3.0, "y": 2.0}),
    ("f = where(x > 0, x*y, 0)", "dx = y\ndy = x", {"x": 1.0, "y": 2.0}),
    ("E = S*beta", "dS = beta\ndbeta = S", {"S": 1.0, "beta": 2.0}),
    ("sum(x**2)", "dx = np.zeros_like(x)\ndx[0] = 2*x[0]\ndx[1] += x[1]\ndx[1] += x[1]", {"x": "[3, 4]"}),
    ("mean(x)", "dx = np.ones_like(x) / len(x)", {"x": "[3, 4, 5]"}),
    ("sum(A @ x)", "dx = np.sum(A, axis=0)\ndA = np.outer(np.ones(3), x)", {"A": "randn(3,2)", "x": "randn(2)"}),
    ("s = x*2; sum(s**2)", "ds = s\nds *= 2\ndx = ds\ndx /= 0.5", {"x": "[3, 4]"}),
    ("s = x*w; sum(s)", "ds = 1.0\ndx = w*ds\ndw = np.sum(x*ds)", {"x": "[3, 4]", "w": 2.0}),
]  # fmt: skip


@pytest.mark.parametrize(("program", "backward", "values"), RIGHT)
def test_what_is_right_is_not_flagged(
    program: str, backward: str, values: dict[str, object]
) -> None:
    found = graded(program, backward, **values)
    assert (flagged(found), found.verdict) == ({}, "right")


@pytest.mark.parametrize("derivation", DERIVATIONS, ids=lambda one: one.name)
def test_right_derivations_are_right(derivation: Derivation) -> None:
    assert run(derivation, derivation.backward, 1) is not None
    found = grade(forward_for(derivation), derivation.backward)
    assert (flagged(found), found.verdict) == ({}, "right")


# Mistakes.

SAMPLE = 40
ALL = [one for derivation in DERIVATIONS for one in mutants(derivation)]
SOME = Random(1).sample(ALL, SAMPLE)


@pytest.mark.parametrize(
    "mutant", SOME, ids=lambda one: f"{one.derivation.name}-{one.mistake}-{one.line}"
)
def test_a_mistake_is_found_where_it_is_and_nowhere_else(mutant: Mutant) -> None:
    if changes_numbers(mutant.derivation, mutant.backward):
        assert misgraded(mutant) == ""


def test_nearly_every_mistake_has_a_hint() -> None:
    counted = [one for one in SOME if changes_numbers(one.derivation, one.backward)]
    assert len(counted) > SAMPLE / 2
    assert sum(hinted(mutant_grade(one)) for one in counted) >= 0.9 * len(counted)


NAMED = [
    ("dx += ((1 - sigx) * sigx) * dsigx", "dx = ((1 - sigx) * sigx) * dsigx", 15, "overwrites", "dx += "),
    ("dx += ((1 - sigx) * sigx) * dsigx", "dx += (1 - sigx) * dsigx", 15, "missing-factor", "sigx"),
    ("dx += ((1 - sigx) * sigx) * dsigx", "dx += sigx * dsigx", 15, "missing-factor", "1 - sigx"),
    ("dx = (1) * dxpy", "dx += (1) * dxpy", 12, "not-started", "write ="),
    ("dxpy = (2 * xpy) * dxpysqr", "dxpy = xpy * dxpysqr", 10, "constant", "the factor 2"),
    ("dxpy = (2 * xpy) * dxpysqr", "dxpy = -(2 * xpy) * dxpysqr", 10, "sign", "dxpy = 2 * xpy * dxpysqr"),
    ("dxpy = (2 * xpy) * dxpysqr", "dxpy = dxpysqr", 10, "missing-factor", "2 * xpy"),
    ("dxpy = (2 * xpy) * dxpysqr", "dxpy = (2 * xpy**2) * dxpysqr", 10, "square", "dxpy = 2 * xpy * dxpysqr"),
    ("dxpy = (2 * xpy) * dxpysqr", "dxpy = 4.07", 10, "formula", "dxpy = dxpysqr * (2 * xpy)"),
    ("dden = (-1.0 / (den**2)) * dinvden", "dden = (-1.0 / den) * dinvden", 5, "square", "the square of den"),
    ("dden = (-1.0 / (den**2)) * dinvden", "dden = (1.0 / (den**2)) * dinvden", 5, "sign", "the sign"),
    ("dden = (-1.0 / (den**2)) * dinvden", "dden = 1 / den * dinvden", 5, "formula", "-1 / den ** 2"),
    ("dnum = invden", "dnum = num", 2, "name", "num should be invden"),
    ("dsigy = (1) * dnum", "dsigy = (1) * dsigx", 18, "name", "dsigx should be dnum"),
    ("dsigy = (1) * dnum", "dsigy = dnum\ndsigy += dnum", 19, "counted-twice", "+="),
    ("dsigy = (1) * dnum", "dsigy = dnum\ndsigy += x", 19, "extra", "should not be there"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "finding", "said"), NAMED)
def test_a_mistake_in_the_eight_stages_is_named(
    old: str, new: str, line: int, finding: str, said: str
) -> None:
    assert old in PRINTED
    found = graded(STAGES, PRINTED.strip().replace(old, new), **AT)
    assert flagged(found) == {line: finding}
    assert said in next(one.hint for one in found.lines if one.verdict == "wrong")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dx += ((1 - sigx) * sigx) * dsigx", "dx += ((1 - x) * x) * dsigx"),
        ("dx += ((1 - sigx) * sigx) * dsigx", "dx += ((1 - sigx) * sigx)"),
        ("dx += ((1 - sigx) * sigx) * dsigx", "dx += ((1 - sigx) * sigx) * dden * dsigx"),
        ("dx += ((1 - sigx) * sigx) * dsigx", "dx += (1 - sigx**2) * dsigx"),
    ],
)
def test_a_mistake_without_a_name_of_its_own_is_on_its_line(old: str, new: str) -> None:
    assert set(flagged(graded(STAGES, PRINTED.strip().replace(old, new), **AT))) == {15}


def test_a_second_equals_sign_throws_away_what_was_right() -> None:
    found = graded("x*y + sin(x)", "dx = y\ndx = cos(x)\ndy = x", x=2.0, y=3.0)
    assert flagged(found) == {2: "overwrites"}


def test_two_mistakes_are_two_wrong_lines() -> None:
    text = PRINTED.strip().replace("(2 * xpy)", "xpy").replace("(-1.0 / (den**2))", "(-1.0 / den)")
    assert flagged(graded(STAGES, text, **AT)) == {5: "square", 10: "constant"}


def test_a_step_that_is_right_but_for_a_factor_is_no_mistake() -> None:
    """Course notes write dZ = A - Y and divide by m later."""
    forward = "z = w*x; a = sigmoid(z); J = -(y*log(a)+(1-y)*log(1-a))/m"
    found = graded(forward, "dz = a - y\ndw = dz*x/m\n", w=0.3, x=0.7, y=1.0, m=4.0)
    assert [(one.verdict, one.of, one.factor) for one in found.lines] == [
        ("scaled", "z", pytest.approx(4)),
        ("right", "w", None),
    ]
    assert found.verdict == "right"


def test_where_floats_have_no_digits_left_many_digits_decide() -> None:
    forward = "z = w*x; a = 1/(1+exp(-z)); J = a*a"
    right = graded(forward, "da = 2*a\ndz = (1-a)*a*da\ndw = dz*x\n", w=40.0, x=1.0)
    assert {one.name: one.verdict for one in right.gradients}["w"] == "right"
    wrong = graded(forward, "da = 2*a\ndz = (1-a)*da\ndw = dz*x\n", w=40.0, x=1.0)
    assert set(flagged(wrong)) == {2}


def test_a_factor_that_is_one_here_is_found_at_other_points() -> None:
    found = graded("q = x*y; f = q*z", "dq = z\ndz = q\ndx = y\ndy = x*dq", x=2.0, y=3.0, z=1.0)
    assert flagged(found) == {3: "missing-factor"}
    assert found.lines[2].yours == 3
    assert "right at this point only" in found.gradients[0].hint


def test_a_term_that_is_zero_here_is_found_at_other_points() -> None:
    found = graded("x*y + x*z", "dy = x\ndz = x\ndx = z", x=2.0, y=0.0, z=5.0)
    assert flagged(found) == {3: "missing-part"}


def test_a_number_typed_in_is_right_at_one_point_only() -> None:
    assert flagged(graded("log(x)", "dx = 0.5", x=2.0)) == {1: "formula"}


def test_gradients_that_come_too_early() -> None:
    text = "dnum = invden\n" + PRINTED.replace("dx = (1) * dxpy", "").replace(
        "dxpy = ", "dx = (1) * dxpy\ndxpy = "
    )
    assert "too-early" in flagged(graded(STAGES, text, **AT)).values()


def test_what_does_nothing_is_not_wrong() -> None:
    found = graded("x*y", "dx = y\ndx += 0\ndy = x\ndy = x", x=2.0, y=3.0)
    assert (flagged(found), found.verdict) == ({}, "right")


def test_a_use_that_no_line_passes_back_is_missing() -> None:
    text = PRINTED.replace("dx += (1) * dnum", "")
    found = graded(STAGES, text, **AT)
    assert flagged(found) == {16: "missing-part"}
    assert next(one.fix for one in found.lines if one.line == 16) == "dx += dnum"


def test_a_line_that_is_gone_is_written_out() -> None:
    text = PRINTED.strip().replace("dnum = invden", "")
    found = graded(STAGES, text, **AT)
    assert [*flagged(found).values()] == ["missing-line"]
    assert "dnum = invden" in [one.fix for one in found.lines]


def test_an_input_without_a_line_is_missing_only_if_it_is_asked_for() -> None:
    point = {"x": 2.0, "y": 3.0}
    found = grade(forward_of(parse("x*y"), point), "dx = y")
    assert [one.verdict for one in found.gradients] == ["right", "not-returned"]
    assert found.verdict == "right"
    found = grade(forward_of(parse("x*y"), point, wrt=["x", "y"]), "dx = y")
    assert [one.verdict for one in found.gradients] == ["right", "missing"]
    assert found.verdict == "wrong"


def test_a_name_inside_a_statement_is_what_is_wrong_and_not_all_that_use_it() -> None:
    text = "dz = (1 - h) * dh\ndw = x * dz\ndx = w * dz\ndb = dz"
    found = graded("h = tanh(w*x + b)", text, w=0.3, x=2.0, b=0.1)
    assert flagged(found) == {1: "square"}
    assert [one.verdict for one in found.lines[1:]] == ["carried"] * 3


# Arrays.


def test_dimensions_tell_which_product_fits() -> None:
    found = graded("D = W @ X", "dW = dD @ X\ndX = dD @ W.T", W="randn(5,10)", X="randn(10,3)")
    assert flagged(found) == {1: "transpose", 2: "transpose"}
    assert [one.fix for one in found.lines] == ["dW = dD @ X.T", "dX = W.T @ dD"]


def test_entries_are_graded_one_by_one() -> None:
    text = "ddot = f*(1 - f)\ndw = [0, 0, 0]\ndw[0] = x[0]*ddot\ndw[1] = x[0]*ddot\ndw[2] = ddot\n"
    found = graded(NEURON, text)
    assert set(flagged(found)) == {4}
    assert next(one for one in found.gradients if one.name == "w").entries == [(1,)]


def test_a_gradient_in_another_shape_is_wrong() -> None:
    found = graded("sum(x * b)", "dx = b * np.ones((2, 3))\ndb = x", x="randn(2,3)", b="randn(3)")
    assert "its shape is 2x3, that of b is 3" in [one.hint for one in found.gradients]
    assert set(flagged(found)) == {2}


# Files that aren't what they should be.

BAD = [
    ("dx = os.system('rm')\ndy = x", 1, 6),
    ("dx = y\ndy = (x +* 2", 2, 10),
    ("dx = y\ndy = __import__('os')", 2, 6),
    ("dx = y\ndy = foo", 2, 6),
    ("dx = y\ndy = zeros(10**9)", 2, None),
]


@pytest.mark.parametrize(("text", "line", "column"), BAD)
def test_a_line_that_cant_be_read_is_said_with_its_place(
    text: str, line: int, column: int | None
) -> None:
    found = graded("x*y", text, x=2.0, y=3.0)
    bad = [one for one in found.lines if one.verdict == "unreadable"]
    assert [one.line for one in bad] == [line]
    assert column is None or bad[0].column == column
    assert bad[0].error is not None
    assert "^" in bad[0].error.render()
    assert all(one.verdict == "right" for one in found.lines if one.line != line)
    assert found.verdict == "unreadable"


@pytest.mark.parametrize("text", ["dx = y.grad\ndy = x", "dx = lambda: y\ndy = x"])
def test_a_gradient_that_is_no_number_is_not_graded(text: str) -> None:
    found = graded("x*y", text, x=2.0, y=3.0)
    assert [one.verdict for one in found.gradients] == ["not-graded", "right"]
    assert found.verdict == "unreadable"


@pytest.mark.parametrize("text", ["import os\ndx = y\ndy = x", "dx = y\ndy = x\nopen('f', 'w')"])
def test_what_no_gradient_depends_on_doesnt_count(text: str) -> None:
    assert graded("x*y", text, x=2.0, y=3.0).verdict == "right"


@pytest.mark.parametrize(
    "text",
    [
        "d" + "x" * 3_000_000 + " = 1",
        "dx = 1\n" * 100_000,
        "dx = " + "(" * 1_000_000 + "1",
        "dx = " + "x + " * 100_000 + "1",
        "d" + "x" * 1_000_000 + " = 1",
        "dx = " + "[" * 9_000 + "1" + "]" * 9_000,
        "\n".join(
            f"h{k} = concatenate([h{k - 1}, h{k - 1}])" if k else "h0 = [x, x]" for k in range(60)
        ),
        "dx = exp(exp(exp(exp(exp(x)))))",
        "dx = " + "**".join(["9"] * 50),
        "dx = " + "sin(" * 4_000 + "x" + ")" * 4_000,
    ],
    ids=range(10),
)
def test_huge_and_endless_files_end_soon(text: str) -> None:
    begun = time.monotonic()
    found = graded("x*y", text, x=2.0, y=3.0)
    assert found.verdict in ("wrong", "unreadable")
    assert time.monotonic() - begun < 30


def test_what_sets_the_scene_is_passed_over() -> None:
    text = '''
"""A backward pass."""
import math
import numpy as np
from math import exp, log
def backward(x, y):
    # a comment
    dx = y; dy = \\
        x  # and another
    print("done", dx)
    return dx, dy
'''
    all_right("x*y", text, 1, x=2.0, y=3.0)


def test_names_of_gradients_can_be_told() -> None:
    for pattern, text in (
        ("grad_{}", "grad_x = y\ngrad_y = x"),
        ("{}_bar", "x_bar = y\ny_bar = x"),
    ):
        forward = forward_of(parse("x*y"), {"x": 2.0, "y": 3.0})
        assert grade(forward, text, pattern=pattern).verdict == "right"
    with pytest.raises(BackpropError, match="--grad-name"):
        grade_with("d")


def grade_with(pattern: str) -> None:
    found = grade(forward_of(parse("x*y"), {"x": 2.0, "y": 3.0}), "dx = y", pattern=pattern)
    if found.error:
        raise found.error


def test_yours_is_what_the_code_as_it_stands_gives() -> None:
    text = PRINTED.replace("dx += (1) * dnum", "dx = (1) * dnum").replace("(2 * xpy)", "xpy")
    found = graded(STAGES, text, **AT)
    names: dict[str, float] = {}
    import math

    exec(f"x, y = 3.0, -4.0\n{STAGES}{text}", {"math": math}, names)
    mine = {one.name: one.yours for one in found.gradients}
    assert mine == pytest.approx({"x": names["dx"], "y": names["dy"]}, rel=1e-15)


def test_a_point_without_a_gradient_is_refused() -> None:
    with pytest.raises(BackpropError, match="no finite gradient"):
        graded("log(x)", "dx = 1/x", x=0.0)


@pytest.mark.parametrize("lost", ["0/(x[0]-x[0])", "log(-1-x[0]*0)", "1/(x[0]-x[0])"])
def test_an_entry_that_is_no_number_is_never_right(lost: str) -> None:
    """Nor do the entries beside it pass unseen, which are compared on the scale of the largest."""
    found = graded("sum(x**2)", f"dx = 2*x\ndx[0] = {lost}", x=[1.0, 2.0])
    assert (found.verdict, flagged(found)) == ("wrong", {2: "extra"})
    found = graded("sum(x**2)", f"dx = 2*x + 1\ndx[0] = {lost}", x=[1.0, 2.0])
    assert found.verdict == "wrong"
