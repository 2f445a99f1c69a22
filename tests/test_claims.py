"""Claims about derivatives: SymPy's own derivatives, of texts that it reads itself, are right, and
whatever is planted in them is found, with a counterexample that is one."""

from __future__ import annotations

import json
from importlib.resources import files
from random import Random
from typing import Any

import jsonschema
import numpy as np
import pytest
import sympy
from conftest import Command

from backprop.answer.evaluation import arrays_in
from backprop.child.process import Child
from backprop.claims.claims import Claims, Verdict, check_claims
from backprop.claims.instances import Asked
from backprop.errors import BackpropError
from backprop.language.parser import parse
from backprop.program.stage import stage

# Texts that SymPy reads like us.
FUNCTIONS = [
    "x*y + sin(x)", "(x + y)*z", "exp(x*y)/z", "log(x**2 + 1)*cos(y)", "sqrt(x**2 + y**2)",
    "x**3*y - 2*x/y", "sinh(x)*atan(y)", "1/(1 + exp(-(x*y + z)))", "tan(x)/y", "x**y",
    "asin(x/4)*y", "(x - y)/(x + y)", "exp(-x**2/2)*z", "log(exp(x) + exp(y))", "x*0.1 + y/3",
]  # fmt: skip


def judged(text: str, *claims: str, **values: Any) -> Claims:
    """Claims about a text by points alone, without SymPy."""
    return ask(text, claims, Asked(symbolic=False), values)


def ask(
    text: str, claims: tuple[str, ...], asked: Asked, values: dict[str, Any], child: Child | None = None
) -> Claims:  # fmt: skip
    values = values | (arrays := arrays_in(values, 0))
    shapes = {name: array.shape for name, array in arrays.items()}
    program = stage(parse(text), values, shapes=shapes)
    return check_claims(program, values, claims, asked, child)


def only(found: Claims) -> Verdict:
    (verdict,) = found.verdicts
    return verdict


def derivatives(text: str) -> dict[str, str]:
    expression = sympy.sympify(text)
    return {
        str(symbol): str(sympy.diff(expression, symbol))
        for symbol in sorted(expression.free_symbols, key=str)
    }


@pytest.mark.parametrize("text", FUNCTIONS)
def test_sympys_own_derivative_is_right_at_all_points(text: str) -> None:
    claims = [f"{name}={claim}" for name, claim in derivatives(text).items()]
    found = judged(text, *claims)
    assert [verdict.state for verdict in found.verdicts] == ["sampled"] * len(claims)
    assert [verdict.points for verdict in found.verdicts] == [20] * len(claims)
    assert found.exit_code == 0


def test_what_sympy_shows_is_right_everywhere() -> None:
    """One child for all, so that it costs no more than one."""
    with Child() as child:
        for text in FUNCTIONS:
            simplified = {
                name: str(sympy.factor(sympy.sympify(claim)))
                for name, claim in derivatives(text).items()
            }
            claims = tuple(f"{name}={claim}" for name, claim in simplified.items())
            found = ask(text, claims, Asked(timeout=60), {}, child)
            assert {verdict.state for verdict in found.verdicts} == {"everywhere"}, text


@pytest.mark.parametrize("text", FUNCTIONS)
@pytest.mark.parametrize("planted", ["({}) + 1e-9", "({})*1.000001", "-({})", "({})*x", "({})**2"])
def test_a_planted_mistake_is_found_with_a_counterexample(text: str, planted: str) -> None:
    expression = sympy.sympify(text)
    claim = planted.format(derivatives(text)["x"])
    verdict = only(judged(text, f"x={claim}"))
    bad = verdict.counterexample
    assert (verdict.state, bad is not None) == ("wrong", True)
    assert bad is not None
    at = {sympy.Symbol(name): sympy.Float(value, 30) for name, value in bad.spot.point.items()}
    right = sympy.diff(expression, sympy.Symbol("x")).subs(at)
    wrong = sympy.sympify(claim).subs(at)
    assert float(bad.right) == pytest.approx(float(right), rel=1e-12)
    assert float(bad.claimed) == pytest.approx(float(wrong), rel=1e-6)
    assert abs(bad.claimed - bad.right) > 0


def test_right_here_and_not_everywhere() -> None:
    verdict = only(judged("x*y*z", "x=y + z", x=1.0, y=2.0, z=2.0))
    assert (verdict.state, verdict.passed) == ("point", False)
    assert verdict.counterexample is not None
    point = verdict.counterexample.spot.point
    assert float(verdict.counterexample.right) == pytest.approx(point["y"] * point["z"])
    assert float(verdict.counterexample.claimed) == pytest.approx(point["y"] + point["z"])


@pytest.mark.parametrize(
    ("claim", "state"),
    [("x=-4", "here"), ("x=-4.0", "here"), ("x=2", "wrong"), ("z=3", "here"), ("z=6/2", "here"),
     ("z=3.0001", "wrong"), ("q=-4", "here"), ("df/dq = -4", "here"), ("dq=-4", "here")],
)  # fmt: skip
def test_a_number_is_a_claim_about_the_point(claim: str, state: str) -> None:
    assert only(judged("(x+y)*z", claim, x=-2.0, y=5.0, z=-4.0)).state == state


@pytest.mark.parametrize(
    ("claim", "state", "slip"),
    [("x=0.540", "here", ""), ("x=0.5403", "here", ""), ("x=0.5404", "wrong", ""),
     ("x=0.54", "wrong", "it needs three digits"), ("x=1", "wrong", "it needs three digits")],
)  # fmt: skip
def test_a_number_is_as_right_as_its_digits(claim: str, state: str, slip: str) -> None:
    verdict = only(judged("sin(x)", claim, x=1.0))
    assert (verdict.state, verdict.slip) == (state, slip)


def test_a_constant_derivative_needs_no_point() -> None:
    assert [only(judged("2*x/3 + y", claim)).state for claim in ("x=2/3", "y=1", "y=2")] == [
        "sampled", "sampled", "wrong",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "claim", "slip"),
    [
        ("x*y + sin(x)", "x=-(y + cos(x))", "the sign is wrong"),
        ("x*y + sin(x)", "x=2*y + 2*cos(x)", "it is 2 times what is right"),
        ("x**2*y", "x=x*y", "it is 1/2 times what is right"),
        ("x*y + sin(x)", "y=y + cos(x)", "that is df/dx"),
        ("x*y + sin(x)", "x=y - cos(x)", "the sign of d(sin(x))/dx is wrong"),
        ("x*y + sin(x)", "x=y + sin(x)", "as if d(sin(x))/dx were the function itself"),
        ("x*y + exp(2*x)", "x=y + exp(2*x)", "d(2 * x)/dx is left out, as if it were 1"),
        ("x*y + sin(x)", "x=y", "what comes through q2 is left out"),
        ("x*y + sin(x)", "x=x + cos(x)", "as if d(x * y)/dx were x"),
        ("x*y + sin(x)", "x=y + sinh(x)", "as if d(sin(x))/dx were that of cosh"),
        ("x*y + sin(x)", "x=y + x**7", ""),
    ],
)  # fmt: skip
def test_an_obvious_slip_is_named(text: str, claim: str, slip: str) -> None:
    verdict = only(judged(text, claim))
    assert (verdict.state, verdict.slip) == ("wrong", slip)


def test_no_slip_is_named_that_holds_at_one_point_alone() -> None:
    verdict = only(judged("x*y*z", "x=x + 3*y", x=1.0, y=1.0, z=2.0))
    assert (verdict.state, verdict.slip) == ("wrong", "")


def test_claims_may_use_stages_and_gradients() -> None:
    text = "q = x + y\nf = q*z"
    claims = ("x=dq", "y=dq*1", "q=z*df", "z=q")
    assert [v.state for v in judged(text, *claims).verdicts] == ["sampled"] * 4


def test_a_stage_of_the_users_own_comes_before_a_gradient() -> None:
    text = "q = x + y\ndq = 5*q\nf = dq*z"
    assert [v.state for v in judged(text, "dq=z", "q=5*z", "z=dq").verdicts] == ["sampled"] * 3


@pytest.mark.parametrize(
    ("claim", "state"),
    [("x=x/abs(x)", "sampled"), ("x=sign(x)", "sampled"), ("x=1", "wrong"), ("x=exp(0*log(x))", "wrong")],
)  # fmt: skip
def test_a_claim_has_to_hold_on_both_sides(claim: str, state: str) -> None:
    """exp(0*log(x)) is 1 where x is above 0, and nothing below."""
    assert only(judged("abs(x)", claim)).state == state


@pytest.mark.parametrize(
    ("text", "values", "claim", "state", "aside"),
    [
        ("relu(x)", {"x": 0.0}, "x=x>0", "sampled", "the given point is at a kink"),
        ("relu(x)", {"x": 0.0}, "x=0", "undecided", "the given point is at a kink"),
        ("log(x)", {"x": -1.0}, "x=1/x", "sampled", "not everything is finite at the given point"),
        ("log(x)", {"x": -1.0}, "x=-1", "undecided", "not everything is finite at the given point"),
        ("log(-1 - x**2)", {}, "x=x", "undecided", ""),
    ],
)
def test_nothing_is_said_where_there_is_no_derivative(
    text: str, values: dict[str, float], claim: str, state: str, aside: str
) -> None:
    found = judged(text, claim, **values)
    assert (only(found).state, found.aside) == (state, aside)
    assert found.exit_code == {"sampled": 0, "undecided": 3}[state]


def test_ranges_decide_where_points_lie() -> None:
    found = ask("abs(x)", ("x=1",), Asked(points=7, ranges=["x=0.5:2"], symbolic=False), {})
    assert (only(found).state, only(found).points) == ("sampled", 7)


def test_a_sympy_that_is_lost_costs_the_other_claims_nothing() -> None:
    """The first claim can't be decided in the time; the second is, by a new child."""
    text = "exp(-(sin(x)**9 + cos(y)**7)**5)*tan(x)**3 + atan2(x*y, sin(x*y) + 2)"
    hard = sympy.sympify(text.replace("atan2(x*y, sin(x*y) + 2)", "atan(x*y/(sin(x*y) + 2))"))
    claim = str(sympy.diff(hard, sympy.Symbol("x")))
    with Child() as child:
        found = ask(f"f = {text} + 3*z", (f"x={claim}", "z=3"), Asked(timeout=6), {}, child)
    assert found.verdicts[1].state == "everywhere"
    assert found.verdicts[0].state in ("sampled", "everywhere")


def test_constants_are_exact_for_sympy_and_rounded_for_nobody() -> None:
    with Child() as child:
        found = ask("x**2/3 + 0.1*x*y", ("x=2/3*x + y/10", "y=x*0.1"), Asked(), {}, child)
    assert [verdict.state for verdict in found.verdicts] == ["everywhere", "everywhere"]


# Arrays.


@pytest.mark.parametrize(
    ("text", "claims"),
    [
        ("D = W @ X", ("W=dD @ X.T", "X=W.T @ dD")),
        ("D = W @ X; sum(D**2)", ("W=2*D @ X.T", "W=dD @ X.T", "D=2*D", "X=W.T @ dD")),
        ("h = sigmoid(W @ X); sum(h)", ("W=(h*(1-h)) @ X.T", "h=ones(2, 4)")),
    ],
)
def test_claims_on_arrays(text: str, claims: tuple[str, ...]) -> None:
    for claim in claims:
        verdict = only(judged(text, claim, W="randn(2, 3)", X="randn(3, 4)"))
        assert (verdict.state, verdict.points) == ("sampled", 5), claim


@pytest.mark.parametrize("claim", ["X=dD @ W", "W=dD.T @ X", "W=dD @ X.T*1.0001", "W=2", "W=D"])
def test_a_wrong_claim_on_arrays_is_found(claim: str) -> None:
    found = judged("D = W @ X", claim, W="randn(3, 3)", X="randn(3, 3)")
    assert (only(found).state, found.exit_code) == ("wrong", 1)


@pytest.mark.parametrize(
    ("claim", "state"), [("b=6.50", "here"), ("b=6.51", "wrong"), ("b=7", "wrong")]
)
def test_a_number_about_a_number_among_arrays(claim: str, state: str) -> None:
    assert only(judged("sum(W)*b", claim, W="[1, 5.5]", b=2.0)).state == state


def test_the_right_gradient_of_arrays_is_numpys() -> None:
    verdict = only(judged("D = W @ X", "W=dD", W="randn(3, 3)", X="randn(3, 3)"))
    bad = verdict.counterexample
    assert bad is not None
    upstream = np.asarray(bad.spot.back.gradients[bad.spot.program.output], dtype=float)
    x = np.asarray(bad.spot.point["X"], dtype=float)
    np.testing.assert_allclose(bad.right.astype(float), upstream @ x.T, rtol=1e-12)


def test_large_arrays_are_judged_in_floats() -> None:
    verdict = only(
        judged("sum(tanh(W @ X))", "W=(1 - q2**2) @ X.T", W="randn(40,50)", X="randn(50,30)")
    )
    assert verdict.state == "sampled"


# Errors.


@pytest.mark.parametrize(
    ("claim", "message"),
    [
        ("x=y*zz", "error: the claim df/dx: line 1, column 3: the program has no zz; there is x, y, z, q, f\n"
                   "  1 | y*zz\n    |   ^^\nhelp: did you mean z?"),
        ("x=y*(z", "error: the claim df/dx: line 1, column 3: this bracket is never closed\n"
                   "  1 | y*(z\n    |   ^"),
        ("x=", "error: the claim df/dx is empty"),
        ("x", "error: --claim takes NAME=EXPRESSION, not x\n"
              'help: write what it is claimed for, as in --claim x="y + cos(x)"'),
        ("=x", "error: --claim takes NAME=EXPRESSION, not =x\n"
               'help: write what it is claimed for, as in --claim x="y + cos(x)"'),
        ("xx=3", "error: a claim is about an input or a stage, and xx is neither; there is x, y, z, q, f\n"
                 "help: did you mean x?"),
        ("dg/dx=3", "error: dg/dx is not a derivative of f\nhelp: write df/dx=..."),
        ("x=dx", "error: the claim df/dx: line 1, column 1: dx stands in the claim about it\n"
                 "  1 | dx\n    | ^^"),
        ("x=a = 3", "error: the claim df/dx: a claim is one expression, without names of its own"),
        ("x=[y, z]", "error: the claim df/dx is about arrays, the program about numbers"),
        ("x=sigmod(y)", "error: the claim df/dx: line 1, column 1: there is no function called `sigmod`\n"
                        "  1 | sigmod(y)\n    | ^^^^^^\nhelp: did you mean sigmoid?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_text_of_a_claim(claim: str, message: str) -> None:
    with pytest.raises(BackpropError) as caught:
        judged("(x*y)*z", claim)
    assert caught.value.render() == message


def test_shapes_that_do_not_fit_are_said_at_the_claim() -> None:
    with pytest.raises(BackpropError) as caught:
        judged("D = W @ X", "W=dD @ X", W="randn(2, 3)", X="randn(3, 4)")
    assert caught.value.render() == (
        "error: the claim dD/dW: line 1, column 1: dD is 2x4, X is 3x4: dD @ X needs the 4 and the 3 to be equal\n"
        "  1 | dD @ X\n    | ^^^^^^"
    )


def test_a_claim_is_made_once() -> None:
    with pytest.raises(BackpropError, match="df/dx is claimed twice"):
        judged("x*y", "x=y", "df/dx=y")


def test_random_texts_never_end_in_a_fault() -> None:
    random = Random(5)
    pieces = ["x", "y", "dq", "q", "df", "+", "*", "-", "/", "(", ")", "=", "2", "sin(", "**", "[", "]",
              ",", " ", "e", "pi", ".T", "@", "log(", "\n", ";", "0", "."]  # fmt: skip
    for _ in range(600):
        claim = "x=" + "".join(random.choices(pieces, k=random.randint(1, 8)))
        try:
            judged("q = x*y\nsin(q)", claim, x=1.0, y=2.0)
        except BackpropError:
            continue


# The command.


@pytest.mark.parametrize(
    ("args", "code", "output"),
    [
        (("x*y + sin(x)", "--claim", "x=y + cos(x)", "--claim", "y=x"), 0,
         "df/dx = y + cos(x): right everywhere\ndf/dy = x: right everywhere\n"),
        (("x*y + sin(x)", "--claim", "x=y - cos(x)", "--x=1", "--y=2"), 1,
         "df/dx = y - cos(x): wrong: the sign of d(sin(x))/dx is wrong\n"
         "  here it is 1.4597; right is 2.5403\n  df/dx is y + cos(x)\n"),
        (("x*y + z", "--claim", "x=2", "--x=1", "--y=2", "--z=5"), 0, "df/dx = 2: right here\n"),
        (("W @ X", "--claim", "W=df @ X.T", "--W=[[1,2]]", "--X=[[1],[2]]"), 0,
         "df/dW = df @ X.T: right here and at 5 random points; SymPy isn't asked about arrays\n"),
        (("W @ X", "--claim", "W=X", "--W=[[1,2]]", "--X=[[1],[2]]"), 1,
         "df/dW = X: wrong\n  it is 2x1, and df/dW is 1x2\n"),
        (("log(x)", "--claim", "x=3", "--x=-1"), 3,
         "df/dx = 3: undecided: not everything is finite at the given point\n"
         "note: not everything is finite at the given point, so only random points were looked at\n"),
        (("x*y", "--claim", "x=y", "--quiet"), 0, ""),
        (("x*y", "--claim", "x=x", "--quiet"), 1, ""),
    ],
)  # fmt: skip
def test_what_the_command_says(
    command: Command, args: tuple[str, ...], code: int, output: str
) -> None:
    done = command("check", *args)
    assert (done.stdout, done.stderr, done.returncode) == (output, "", code)


@pytest.mark.parametrize(
    "args",
    [("x*y", "--claim", "x=y"), ("x*y", "--claim", "x=x", "--x=1", "--y=3"),
     ("relu(x)", "--claim", "x=2", "--x=0"),
     ("W @ X", "--claim", "W=2", "--W=[[1,2]]", "--X=[[1],[2]]")],
)  # fmt: skip
def test_json_fits_its_schema(command: Command, args: tuple[str, ...]) -> None:
    done = command("check", *args, "--json")
    found = json.loads(done.stdout)
    schema = json.loads(files("backprop.schemas").joinpath("claims.json").read_text("utf-8"))
    jsonschema.validate(found, schema)
    assert found["passed"] == (done.returncode == 0)


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--claim", "x=y", "--same-as", "x*y"),
            "error: --claim and --same-as ask for different things",
        ),
        (("--claim", "x=y", "--expect", "a.json"), "error: --expect doesn't go with --claim"),
        (("--claim", "x=y", "--wrt", "x"), "error: --wrt doesn't go with --claim"),
        (
            ("--claim", "x=2", "--x=[1,2]", "--y=2", "--range", "y=1:2", "--upstream=ones"),
            "error: --range is for programs on numbers: arrays are drawn near the point",
        ),
        (("--claim", "x=y", "--x=1"), "error: no value for the variable y"),
        (
            ("--claim", "x=y", "--range", "w=1:2"),
            "error: the program has no variable w; it has x, y",
        ),
    ],
)
def test_what_does_not_go_together(command: Command, args: tuple[str, ...], message: str) -> None:
    done = command("check", "x*y", *args)
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", message)


# Slips of formulas.


@pytest.mark.parametrize(
    ("program", "claim", "said"),
    [
        ("tanh(x)", "x=1 - tanh(x)", "the square of tanh(x) is missing: 1 - tanh(x) ** 2"),
        ("sigmoid(x)", "x=sigmoid(x)*(1+sigmoid(x))", "sigmoid(x) * (1 - sigmoid(x))"),
        ("(x+y)*z", "x=x", "x should be z: z"),
        ("x/y", "y=-x/y", "the square of y is missing: -x / y ** 2"),
    ],
)
def test_a_wrong_formula_names_the_slip_that_explains_it(
    program: str, claim: str, said: str
) -> None:
    from backprop.grading.claimed import with_slips

    asked = Asked(symbolic=False)
    found = with_slips(check_claims(stage(parse(program)), {}, [claim], asked), asked)
    assert found.verdicts[0].state == "wrong"
    assert said in found.verdicts[0].slip


def test_a_formula_that_no_slip_explains_has_no_hint() -> None:
    from backprop.grading.claimed import with_slips

    asked = Asked(symbolic=False)
    found = with_slips(check_claims(stage(parse("tanh(x)")), {}, ["x=cosh(x) + 7"], asked), asked)
    assert (found.verdicts[0].state, found.verdicts[0].slip) == ("wrong", "")
