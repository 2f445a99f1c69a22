"""Vectors and matrices: numbers against NumPy, autograd and PyTorch, every backward step against
differences at random shapes, and what is said where shapes don't fit."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from typing import Any

import autograd
import autograd.numpy as anp
import jsonschema
import numpy as np
import pytest
from conftest import Command
from recorded import recorded

import backprop

Array = Any
STEP = 1e-6


def value(text: str, point: Mapping[str, Array], upstream: Array) -> float:
    found = backprop.evaluate(text, point, upstream=upstream if np.ndim(upstream) else None)
    return float(np.sum(upstream * found.value))


def largest_error(text: str, point: dict[str, Array], random: np.random.Generator) -> float:
    """How far the gradient is from central differences, along one random direction an input."""
    shape = (
        np.shape(backprop.evaluate(text, point, upstream="ones").value)
        if needs(text, point)
        else ()
    )
    upstream = random.standard_normal(shape) if shape else 1.0
    report = backprop.evaluate(text, point, upstream=upstream if shape else None)
    errors = []
    for name, slope in report.gradient.items():
        x = np.asarray(point[name], dtype=float)
        assert np.shape(slope) == x.shape
        way = random.standard_normal(x.shape)
        sides = [value(text, {**point, name: x + s * STEP * way}, upstream) for s in (-1, 1)]
        difference = (sides[1] - sides[0]) / (2 * STEP)
        errors.append(abs(difference - float(np.sum(slope * way))) / max(1.0, abs(difference)))
    return max(errors)


def needs(text: str, point: dict[str, Array]) -> bool:
    """Is the output an array?"""
    shapes = {name: np.shape(x) for name, x in point.items() if np.ndim(x)}
    program = backprop.parse(text, shapes=shapes)
    return bool(program.shapes[program.output])


Sizes = Callable[[np.random.Generator], dict[str, tuple[int, ...]]]


def sizes(**shapes: str) -> Sizes:
    """Shapes by letters, the same letter the same random size; `.` is 1, a digit itself."""

    def draw(random: np.random.Generator) -> dict[str, tuple[int, ...]]:
        letter = {name: int(random.integers(1, 5)) for name in "mnk"} | {".": 1}
        return {
            name: tuple(letter.get(c, 0) or int(c) for c in text) for name, text in shapes.items()
        }

    return draw


GATES: dict[str, tuple[str, Sizes]] = {
    "matmul": ("A @ B", sizes(A="mk", B="kn")),
    "matvec": ("A.dot(v)", sizes(A="mk", v="k")),
    "vecmat": ("v @ A", sizes(A="km", v="k")),
    "inner": ("dot(v, w)", sizes(v="k", w="k")),
    "itself": ("S @ S", sizes(S="kk")),
    "transposed": ("A.T @ v", sizes(A="km", v="k")),
    "reshape": ("reshape(A, 3, 4)*B", sizes(A="26", B="34")),
    "sum": ("sum(A*A)", sizes(A="mn")),
    "sum along": ("sum(A*A, axis=0)", sizes(A="mn")),
    "sum kept": ("A*sum(A, axis=1, keepdims=True)", sizes(A="mn")),
    "mean": ("mean(A*A, axis=-1)", sizes(A="mn")),
    "max": ("max(A, axis=1)", sizes(A="mn")),
    "min": ("np.min(A)", sizes(A="mn")),
    "prod": ("prod(A, axis=0)", sizes(A="mn")),
    "norm": ("np.linalg.norm(A)", sizes(A="mn")),
    "norm along": ("norm(A, axis=0)", sizes(A="mn")),
    "logsumexp": ("logsumexp(A, axis=1)", sizes(A="mn")),
    "softmax": ("softmax(A)", sizes(A="mn")),
    "softmax down": ("softmax(A, axis=0)", sizes(A="mn")),
    "log_softmax": ("log_softmax(A)", sizes(A="mn")),
    "cumsum": ("cumsum(v)", sizes(v="n")),
    "cumsum along": ("cumsum(A, axis=1)", sizes(A="mn")),
    "concatenate": ("concatenate([v, 2*w, v])", sizes(v="m", w="n")),
    "concatenate beside": ("concatenate([A, B], axis=1)", sizes(A="mk", B="mn")),
    "stack": ("[v, v*w, w]", sizes(v="n", w="n")),
    "list of numbers": ("[x, y, x*y] @ v", sizes(x="", y="", v="3")),
    "row": ("A[1]*A[-1]", sizes(A="3n")),
    "column": ("A[:, 1]", sizes(A="m3")),
    "slices": ("A[1:3, ::2]", sizes(A="45")),
    "entry": ("v[0]*v[2] + A[1, 2]", sizes(v="3", A="33")),
    "outer": ("outer(v, w)", sizes(v="m", w="n")),
    "trace": ("trace(S)*S", sizes(S="nn")),
    "diag of a vector": ("diag(v)*S", sizes(v="n", S="nn")),
    "diag of a matrix": ("diag(A)", sizes(A="mn")),
    "det": ("det(S)", sizes(S="nn")),
    "logdet": ("logdet(S)", sizes(S="nn")),
    "inv": ("inv(S)", sizes(S="nn")),
    "solve": ("solve(S, v)", sizes(S="nn", v="n")),
    "solve many": ("solve(S, A)", sizes(S="nn", A="nm")),
    "rows broadcast": ("A*v + w", sizes(A="mn", v="n", w="n")),
    "columns broadcast": ("A*B", sizes(A="mn", B="m.")),
    "both broadcast": ("B*C", sizes(B="m.", C=".n")),
    "a number broadcast": ("sigmoid(A*x) - x", sizes(A="mn", x="")),
    "a vector beside a matrix of one row": ("C/exp(v)", sizes(C=".n", v="n")),
    "choices": ("where(A > 0, A*v, v**2)", sizes(A="mn", v="n")),
    "many": ("hypot(A, v) + atan2(A, v) + clip(A, -0.5, 0.5)", sizes(A="mn", v="n")),
}


@pytest.mark.parametrize("name", GATES)
def test_every_backward_step_is_the_difference_at_random_shapes(name: str) -> None:
    text, draw = GATES[name]
    random = np.random.default_rng(sum(map(ord, name)))
    for _ in range(25):
        point = {
            key: random.standard_normal(shape) + (2 * np.eye(shape[0]) if key == "S" else 0)
            for key, shape in draw(random).items()
        }
        assert largest_error(text, point, random) < 1e-6


def test_the_notes_matrix_product() -> None:
    random = np.random.default_rng(0)
    w, x, d = (random.standard_normal(shape) for shape in ((5, 10), (10, 3), (5, 3)))
    report = backprop.evaluate("W.dot(X)", W=w, X=x, upstream=d)
    assert np.array_equal(report.value, w.dot(x))
    assert np.array_equal(report.gradient["W"], d.dot(x.T))
    assert np.array_equal(report.gradient["X"], w.T.dot(d))


NEURON = """
dot = w[0]*x[0] + w[1]*x[1] + w[2]
f = 1.0 / (1 + math.exp(-dot))
"""


def test_the_notes_neuron_with_lists() -> None:
    """dx = [w[0]*ddot, w[1]*ddot], dw = [x[0]*ddot, x[1]*ddot, 1.0*ddot]"""
    w, x = [2.0, -3.0, -3.0], [-1.0, -2.0]
    report = backprop.evaluate(NEURON, w=w, x=x)
    f = float(report.value)
    ddot = (1 - f) * f
    assert report.gradient["x"] == pytest.approx([w[0] * ddot, w[1] * ddot], rel=1e-14)
    assert report.gradient["w"] == pytest.approx([x[0] * ddot, x[1] * ddot, ddot], rel=1e-14)


NET = """
h = tanh(W1 @ x + b1)
s = W2 @ h + b2
p = log_softmax(s)
loss = -p[y] + 0.01*(sum(W1**2) + sum(W2**2))
"""


def net() -> dict[str, Array]:
    random = np.random.default_rng(3)
    shapes = {"W1": (8, 5), "x": (5,), "b1": (8,), "W2": (4, 8), "b2": (4,)}
    return {name: random.standard_normal(shape) for name, shape in shapes.items()}


def test_a_network_has_autograd_s_gradient() -> None:
    def loss(at: dict[str, Array]) -> Array:
        h = anp.tanh(at["W1"] @ at["x"] + at["b1"])
        s = at["W2"] @ h + at["b2"]
        p = s - anp.log(anp.sum(anp.exp(s)))
        return -p[2] + 0.01 * (anp.sum(at["W1"] ** 2) + anp.sum(at["W2"] ** 2))

    point = net()
    theirs = autograd.grad(loss)(point)
    ours = backprop.evaluate(NET, point, y=2).gradient
    for name in point:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-12, atol=1e-15)


def test_a_network_has_torch_s_gradient() -> None:
    ours = backprop.evaluate(NET, net(), y=2).gradient
    for name, slope in recorded("pytorch")["network"].items():
        np.testing.assert_allclose(ours[name], slope, rtol=1e-12, atol=1e-15)


def test_the_notes_svm_loss() -> None:
    scores = np.array([3.2, 5.1, -1.7])
    report = backprop.evaluate("sum(maximum(0, s - s[y] + 1)) - 1", s=scores, y=0)
    assert (round(float(report.value), 6), list(report.gradient["s"])) == (2.9, [-1.0, 1.0, 0.0])


@pytest.mark.parametrize(
    ("ties", "slopes"),
    [("notes", [1, 1, 0]), ("split", [0.5, 0.5, 0]), ("first", [1, 0, 0])],
)
def test_ties_of_a_whole_array(ties: str, slopes: list[float]) -> None:
    assert list(backprop.evaluate("max(v)", v=[2, 2, 1], ties=ties).gradient["v"]) == slopes


def test_ties_of_a_whole_array_are_said() -> None:
    notices = backprop.evaluate("sum(max(A, axis=1))", A=[[1, 1], [1, 2]]).notices
    assert [(notice.kind, notice.message) for notice in notices] == [
        (
            "tie",
            "q = amax(A, axis=1) is tied at 1 of its 2 entries: every tied input gets the whole"
            " gradient (PyTorch and JAX give each of two 0.5); df/dA[0, 0] is 0 on the left and 1 on the"
            " right; df/dA[0, 1] is 0 on the left and 1 on the right",
        )
    ]


def test_what_is_not_taken_poisons_nothing() -> None:
    report = backprop.evaluate("sum(where(v > 0, sqrt(v), 0*v))", v=[4, 0, -1])
    assert list(report.gradient["v"]) == [0.25, 0, 0]


def test_equal_parts_are_shared_and_forks_add_up() -> None:
    report = backprop.evaluate("sum(A @ A)", A=np.eye(2))
    assert [stage.stage.code for stage in report.stages()] == ["A @ A", "sum(q)"]
    assert np.array_equal(report.gradient["A"], np.full((2, 2), 2.0))


def test_views_and_whole_numbers_are_values_too() -> None:
    grid = np.arange(12).reshape(3, 4)
    found = backprop.evaluate("sum(A*A)", A=grid[:, ::2].T)
    assert np.array_equal(found.gradient["A"], 2.0 * grid[:, ::2].T)


# What is said where it doesn't fit; most of it is in cases/shapes.txt.

MESSAGES = [
    ("W.dot(X)", {"W": (5, 10), "X": (9, 3)}, "W is 5x10, X is 9x3: W @ X needs the 10 and the 9 to be equal"),
    ("W @ x", {"W": (2, 3), "x": (2,)}, "W is 2x3, x is a vector of 2: W @ x needs the 3 and the 2 to be equal"),
    ("W @ 2", {"W": (2, 3)}, "2 is a number: multiply it with *"),
    ("S @ T", {"S": (2, 3, 4), "T": (2, 5, 6)},
     "S is 2x3x4, T is 2x5x6: S @ T needs the 4 and the 5 to be equal"),
    ("S @ T", {"S": (2, 3, 4), "T": (3, 4, 6)},
     "S is 2x3x4, T is 3x4x6: S @ T needs the axes before the last two to fit"),
    ("S.dot(T)", {"S": (2, 3, 4), "T": (2, 4, 6)}, "dot pairs every matrix of S with every one of T"),
    ("inner(A, A)", {"A": (2, 2)}, "A is 2x2, A is 2x2: A @ A multiplies arrays of all shapes"),
    ("matvec(A, A)", {"A": (2, 2)}, "A is 2x2, A is 2x2: A @ A multiplies arrays of all shapes"),
    ("A.dot()", {"A": (2, 2)}, ".dot takes 1 argument, not 0"),
    ("A.dot(axis=0)", {"A": (2, 2)}, "no argument called axis is taken here"),
    ("dot(A)", {"A": (2, 2)}, "dot takes 2 arguments, not 1"),
    ("det(T)", {"T": (2, 2, 3)}, "T is 2x2x3, and a determinant wants square matrices"),
    ("solve(A, T)", {"A": (2, 2), "T": (2, 3, 2)},
     "A is 2x2, T is 2x3x2: solve(A, T) needs the 2 and the 3 to be equal"),
    ("sum(A, axis=(0, -2))", {"A": (2, 3)}, "the axes (0, -2) of A, 2x3, name one twice"),
    ("sum(A, axis=(0, 2))", {"A": (2, 3)}, "A is 2x3: it has axes 0 to 1, not 2"),
    ("sum(A, axis=(0, x))", {"A": (2, 3), "x": ()},
     "an axis has to be a constant whole number"),
    ("sum(A, axis=1/0)", {"A": (2, 3)}, "an axis has to be a constant whole number"),
    ("sum(A, axis=0, axis=1)", {"A": (2, 3)},
     "arguments that are given by name come last, and each of them once"),
    ("sum(axis=0, A)", {"A": (2, 3)},
     "arguments that are given by name come last, and each of them once"),
    ("cumsum(A, axis=(0, 1))", {"A": (2, 3)}, "cumsum works along one axis, not several"),
    ("reshape()", {}, "reshape takes an array and a shape"),
    ("A * v", {"A": (2, 3), "v": (2,)},
     "A is 2x3, v is a vector of 2: elementwise, the 3 and the 2 have to be equal, or one of them 1"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "shapes", "message"), MESSAGES, ids=[row[0] for row in MESSAGES])
def test_a_shape_that_does_not_fit_is_said(
    text: str, shapes: dict[str, tuple[int, ...]], message: str
) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate(text, {name: np.ones(shape) for name, shape in shapes.items()})
    assert (caught.value.message, caught.value.span is not None) == (message, True)


@pytest.mark.parametrize(("index", "said"), [(3, "3 is no index"), (0.5, "0.5 is no index")])
def test_a_computed_index_has_to_be_there(index: float, said: str) -> None:
    with pytest.raises(backprop.BackpropError, match=said):
        backprop.evaluate("v[i]", v=[1, 2, 3], i=index)


def test_an_output_that_is_an_array_needs_an_upstream_gradient() -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate("2*v", v=[1, 2])
    assert caught.value.render() == (
        "error: the output is a vector of 2, not a number\n"
        "help: --upstream ones, randn or '[...]'; --jacobian; or sum(...) around it"
    )


def test_the_jacobian_has_the_output_s_axes_first() -> None:
    random = np.random.default_rng(1)
    w, x = random.standard_normal((3, 4)), random.standard_normal(4)
    report = backprop.evaluate("W @ x", W=w, x=x, jacobian=True)
    assert report.jacobian is not None
    assert np.array_equal(report.jacobian["x"], w)
    assert np.array_equal(report.jacobian["W"], np.einsum("ij,k->ijk", np.eye(3), x))


@pytest.mark.parametrize(
    ("text", "point", "options", "message"),
    [
        ("x*x", {"x": 2}, {}, "the output is a number: it needs no Jacobian"),
        ("2*v", {"v": [1, 2]}, {"upstream": "ones"},
         "a Jacobian is for every upstream gradient: give one or the other"),
        ("outer(v, v)", {"v": np.ones(150)}, {},
         "the Jacobian would have 3,375,000 entries, from 22,500 backward passes"),
    ],
)  # fmt: skip
def test_a_jacobian_that_is_refused(
    text: str, point: dict[str, Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate(text, point, jacobian=True, **options)
    assert caught.value.message == message


def test_an_upstream_of_another_shape_is_refused() -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate("2*v", v=[1, 2], upstream=[1, 2, 3])
    text = (
        "the upstream gradient is a vector of 3, the output a vector of 2: they have to be the same"
    )
    assert caught.value.message == text


# Through the command.


def test_arrays_by_the_command(command: Command) -> None:
    done = command(
        "eval", "W @ x", "--W=[[1,2],[3,4]]", "--x", "[1, -1]", "--upstream=[1,10]", "--json"
    )
    found = json.loads(done.stdout)
    assert (found["value"], found["gradient"], found["shapes"]) == (
        [-1, -1], {"W": [[1, -1], [10, -10]], "x": [31, 42]}, {"W": [2, 2], "x": [2]},
    )  # fmt: skip


def test_json_with_arrays_fits_its_schema(command: Command) -> None:
    schema = json.loads(files("backprop.schemas").joinpath("eval.json").read_text("utf-8"))
    args = ("--W=randn(2,3)", "--x=[1,2,1e308]", "--upstream=ones", "--json")
    done = command("eval", "q = relu(W @ x)*10\nsoftmax(q)[0:1]", *args)
    jsonschema.validate(json.loads(done.stdout), schema)


def test_a_jacobian_by_the_command(command: Command) -> None:
    done = command("eval", "[x*y, x + y]", "--x=2", "--y=3", "--jacobian", "--json")
    assert json.loads(done.stdout)["jacobian"] == {"x": [3, 1], "y": [2, 1]}


@pytest.mark.parametrize("kind", ["table", "json", "csv", "markdown", "plain"])
def test_every_format_shows_arrays(command: Command, kind: str) -> None:
    args = ("--W=randn(20,10)", "--x=[1,2,3,4,5,6,7,8,9,10]", "--upstream=ones")
    done = command("eval", "2*(W @ x)", *args, "--format", kind, COLUMNS="60")
    assert (done.returncode, done.stderr, "W @ x" in done.stdout) == (0, "", True)


def test_random_values_are_the_same_for_a_seed(command: Command) -> None:
    args = ("eval", "sum(W*V)", "--W=randn(2,2)", "--V=randn(2,2)", "--json")
    found = [command(*args, "--seed", seed).stdout for seed in ("1", "1", "2")]
    first, again, other = (json.loads(text)["inputs"] for text in found)
    assert (first == again, first == other, first["W"] == first["V"]) == (True, False, False)


@pytest.mark.parametrize("text", ["S.max(1)", "S.min(-2)", "(2*S).max((1), keepdims=True)"])
def test_a_method_is_told_its_axis_first(text: str) -> None:
    s = np.array([[1.0, 2.0], [4.0, 3.0]])
    expected = eval(text, {"S": s})  # noqa: S307
    assert np.array_equal(backprop.evaluate(text, S=s, upstream="ones").value, expected)
    assert backprop.check(text, S=s, upstream="ones").check.verdict == "agree"


@pytest.mark.parametrize(
    "text", ["np.max(S, 1)", "jnp.max(S, S)", "torch.min(S, 0)", "S.max(1, 2)"]
)
def test_what_would_be_an_axis_elsewhere_is_no_second_operand(text: str) -> None:
    with pytest.raises(backprop.BackpropError, match=r"is an axis|takes one axis"):
        backprop.evaluate(text, S=np.ones((2, 2)), upstream="ones")
