"""Functions of arrays that are several gates: their value is NumPy's at random shapes, their
gradient a difference of that, the code computes the same, and the check agrees."""

# ruff: noqa: N803, N806 -- matrices have capitals, and functions take them by name

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random
from typing import Any

import numpy as np
import pytest
from examining import checked
from scipy import linalg, special

import backprop
from backprop.emitting import emit
from backprop.gates.functions import functions

Array = Any
Drawn = tuple[str, dict[str, Array], Callable[..., Array]]
CASES = 12
STEP = 1e-5


class Draw:
    """Random numbers and shapes."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self.numbers = np.random.default_rng(self.random.randrange(10**6))

    def side(self) -> int:
        return self.random.choice((1, 2, 2, 3, 4))

    def shape(self, least: int = 1, most: int = 3) -> tuple[int, ...]:
        return tuple(self.side() for _ in range(self.random.randint(least, most)))

    def array(self, *shape: int) -> Array:
        """Entries that are all different."""
        count = int(np.prod(shape))
        found = self.numbers.permutation(count) - count / 2 + self.numbers.uniform(-0.3, 0.3, count)
        return found.reshape(shape) / 2

    def axis(self, shape: tuple[int, ...]) -> int:
        return self.random.randrange(-len(shape), len(shape))


def einsum(d: Draw) -> Drawn:
    i, j, k, b, c = (d.side() for _ in range(5))
    text, shapes = d.random.choice((
        ("ij,jk->ik", ((i, j), (j, k))), ("bij,bjk->bik", ((b, i, j), (b, j, k))),
        ("ij,ij->", ((i, j), (i, j))), ("i,j->ij", ((i,), (j,))), ("ij->ji", ((i, j),)),
        ("ii->i", ((i, i),)), ("ij,jk,ki", ((i, j), (j, k), (k, i))), ("ij", ((i, j),)),
        ("bij,kj->bik", ((b, i, j), (k, j))), ("ij,j->i", ((i, j), (j,))),
        ("...ij,...jk->...ik", ((b, i, j), (b, j, k))), ("...ij,jk->...ik", ((c, b, i, j), (j, k))),
        ("...i,...i", ((c, b, i), (b, i))), ("b...,...->...b", ((b, i, j), (i, j))),
        ("...ij,...ij->...", ((1, i, j), (b, i, j))), ("...i->i...", ((c, b, i),)),
        ("ij,jk->ik", ((i, 1), (j, k))), ("...,...->...", ((i, j), (j,))),
    ))  # fmt: skip
    given = {name: d.array(*shape) for name, shape in zip("ABC", shapes, strict=False)}
    return (
        f"einsum('{text}', {', '.join(given)})",
        given,
        lambda **at: np.einsum(text, *at.values()),
    )


def tensordot(d: Draw) -> Drawn:
    i, j, k, n = (d.side() for _ in range(4))
    axes, left, right = d.random.choice((
        (1, (i, j), (j, k)), (2, (i, j, k), (j, k, n)), (((0,), (1,)), (i, j), (k, i)),
        (((0, 1), (1, 0)), (i, j, k), (j, i, n)), (0, (i,), (j,)),
    ))  # fmt: skip
    text = f"tensordot(A, B, axes={axes})"
    if not isinstance(axes, int):
        text = f"tensordot(A, B, axes=[{', '.join(str([*one]) for one in axes)}])"
    return text, {"A": d.array(*left), "B": d.array(*right)}, lambda A, B: np.tensordot(A, B, axes)


def ordered(d: Draw, orders: tuple[Any, ...]) -> tuple[Any, str]:
    """An order of a norm, and how it is written."""
    order = d.random.choice(orders)
    return order, repr(str(order)) if order in (np.inf, -np.inf) else repr(order)


OF_LINES = (1, 2, 3, 0.5, 1.5, np.inf, -np.inf)
OF_MATRICES = (1, -1, 2, -2, "fro", "nuc", np.inf, -np.inf)


def norm(d: Draw) -> Drawn:
    shape = d.shape(1, 3)
    axis = None if len(shape) < 3 else tuple(d.random.sample(range(-3, 3), 2))
    if axis and axis[0] % 3 == axis[1] % 3:
        axis = (0, 2)
    order, written = ordered(d, OF_LINES if len(shape) == 1 else OF_MATRICES)
    keep = d.random.random() < 0.3
    ending = (f", axis={axis}" if axis else "") + (", keepdims=True" if keep else "")
    return (f"norm(A, {written}{ending})", {"A": d.array(*shape)},
            lambda A: np.linalg.norm(A, order, axis=axis, keepdims=keep))  # fmt: skip


def vector_norm(d: Draw) -> Drawn:
    shape = d.shape(1, 3)
    order, written = ordered(d, OF_LINES)
    axis = d.random.choice((None, d.axis(shape)))
    ending = "" if axis is None else f", axis={axis}"
    return f"vector_norm(A, {written}{ending})", {"A": d.array(*shape)}, (
        lambda A: np.linalg.norm(np.ravel(A) if axis is None else A, order, axis)
    )  # fmt: skip


def matrix_norm(d: Draw) -> Drawn:
    order, written = ordered(d, OF_MATRICES)
    return f"matrix_norm(A, {written})", {"A": d.array(*d.shape(2, 3))}, (
        lambda A: np.linalg.norm(A, order, axis=(-2, -1))
    )  # fmt: skip


def moving(name: str, d: Draw) -> Drawn:
    shape = d.shape(1, 3)
    one, other, steps = d.axis(shape), d.axis(shape), d.random.randrange(-5, 6)
    A = d.array(*shape)
    ways: dict[str, list[tuple[str, Callable[..., Array]]]] = {
        "moveaxis": [(f"moveaxis(A, {one}, {other})", lambda A: np.moveaxis(A, one, other))],
        "swapaxes": [(f"swapaxes(A, {one}, {other})", lambda A: np.swapaxes(A, one, other))],
        "expand_dims": [(f"expand_dims(A, {one})", lambda A: np.expand_dims(A, one))],
        "squeeze": [("squeeze(A)", lambda A: np.squeeze(A))],
        "flip": [("flip(A)", lambda A: np.flip(A)), (f"flip(A, axis={one})", lambda A: np.flip(A, one))],
        "roll": [(f"roll(A, {steps})", lambda A: np.roll(A, steps)),
                 (f"roll(A, {steps}, axis={one})", lambda A: np.roll(A, steps, one))],
        "median": [("median(A)", lambda A: np.median(A)),
                   (f"median(A, axis={one})", lambda A: np.median(A, one)),
                   ("median(A, keepdims=True)", lambda A: np.median(A, keepdims=True))],
        "one_hot": [(f"one_hot(round(A), {one + 5})*2",
                     lambda A: (np.arange(one + 5) == np.rint(A)[..., None])*2.0)],
        "topk": [(f"topk(A, {shape[-1]})", lambda A: np.sort(A)[..., ::-1]),
                 (f"topk(A, 1, axis={one})", lambda A: np.max(A, one, keepdims=True))],
    }  # fmt: skip
    text, function = d.random.choice(ways[name])
    return text, {"A": A}, function


def take(d: Draw) -> Drawn:
    shape = d.shape(1, 3)
    axis = d.axis(shape)
    places = [d.random.randrange(shape[axis]) for _ in range(d.side())]
    return (f"take(A, {places}, axis={axis})", {"A": d.array(*shape)},
            lambda A: np.take(A, places, axis))  # fmt: skip


def triangle(name: str, d: Draw) -> Drawn:
    k = d.random.randrange(-2, 3)
    return f"{name}(A, {k})", {"A": d.array(*d.shape(2, 3))}, lambda A: getattr(np, name)(A, k)


def slogdet(d: Draw) -> Drawn:
    side = d.random.choice((1, 2, 3))
    stack = d.random.choice(((), (2,)))
    return "slogdet(A)", {"A": d.array(*stack, side, side) + 4 * np.eye(side)}, (
        lambda A: np.stack(np.linalg.slogdet(A))
    )  # fmt: skip


def solve_triangular(d: Draw) -> Drawn:
    side, lower = d.random.choice((1, 2, 3)), d.random.random() < 0.5
    right = d.random.choice(((side,), (side, 2)))
    given = {"A": d.array(side, side) + 4 * np.eye(side), "B": d.array(*right)}
    return f"solve_triangular(A, B, lower={lower})", given, (
        lambda A, B: linalg.solve_triangular(A, B, lower=lower)
    )  # fmt: skip


def windows(
    a: Array, size: tuple[int, ...], stride: int, padding: int, filling: float = 0.0
) -> Array:
    count = len(size)
    ends = [(0, 0)] * (a.ndim - count) + [(padding, padding)] * count
    padded = np.pad(a, ends, constant_values=filling)
    axes = tuple(range(a.ndim - count, a.ndim))
    found: Array = np.lib.stride_tricks.sliding_window_view(padded, size, axes)
    return found[(..., *[slice(None, None, stride)] * count, *[slice(None)] * count)]


def convolution(name: str, d: Draw) -> Drawn:
    count = int(name[4])
    stride, padding = d.random.choice((1, 1, 2, 3)), d.random.choice((0, 0, 1, 2))
    size = tuple(d.random.choice((1, 2, 3)) for _ in range(count))
    sides = tuple(one + d.random.choice((0, 1, 2)) for one in size)
    ways = f"stride={stride}, padding={padding}"
    if d.random.random() < 0.25:
        given = {"x": d.array(*sides), "w": d.array(*size)}
        letters = "xyz"[:count], "uvw"[:count]
        form = f"{letters[0]}{letters[1]},{letters[1]}->{letters[0]}"
        return f"{name}(x, w, {ways})", given, (
            lambda x, w: np.einsum(form, windows(x, size, stride, padding), w)
        )  # fmt: skip
    channels, made = d.random.choice((1, 2)), d.random.choice((1, 2, 3))
    batch = d.random.choice(((), (1,), (2,)))
    given = {"x": d.array(*batch, channels, *sides), "w": d.array(made, channels, *size),
             "b": d.array(made)}  # fmt: skip
    letters = "xyz"[:count], "uvw"[:count]
    n = "n"[: len(batch)]
    form = f"{n}c{letters[0]}{letters[1]},oc{letters[1]}->{n}o{letters[0]}"

    def value(x: Array, w: Array, b: Array) -> Array:
        found = np.einsum(form, windows(x, size, stride, padding), w)
        return found + b.reshape((-1, *(1,) * count))

    return f"{name}(x, w, bias=b, {ways})", given, value


def pooled(name: str, d: Draw) -> Drawn:
    count, size, stride = int(name[8]), d.random.choice((1, 2, 3)), d.random.choice((1, 2))
    shape = (*d.shape(0, 2), *(size + d.random.choice((0, 1, 3)) for _ in range(count)))
    padding = d.random.choice((0, 1)) if size > 1 else 0
    text = f"{name}(x, {size}, stride={stride}" + (f", padding={padding})" if padding else ")")
    axes, most = tuple(range(-count, 0)), name[:3] == "max"
    function, filling = (np.max, -np.inf) if most else (np.mean, 0.0)
    return text, {"x": d.array(*shape)}, (
        lambda x: function(windows(x, (size,) * count, stride, padding, filling), axis=axes)
    )  # fmt: skip


def layernorm(d: Draw) -> Drawn:
    shape = (*d.shape(0, 2), d.random.choice((2, 3, 4)))

    def value(x: Array, w: Array, b: Array) -> Array:
        spread = np.sqrt(np.var(x, axis=-1, keepdims=True) + 1e-5)
        return (x - np.mean(x, axis=-1, keepdims=True)) / spread * w + b

    given = {"x": d.array(*shape), "w": d.array(shape[-1]), "b": d.array(shape[-1])}
    return "layernorm(x, weight=w, bias=b)", given, value


def attention(d: Draw) -> Drawn:
    stack, rows, others, inner, made = d.shape(0, 2), *(d.side() for _ in range(4))
    given = {"q": d.array(*stack, rows, inner), "k": d.array(*stack, others, inner),
             "v": d.array(*stack, others, made)}  # fmt: skip

    def value(q: Array, k: Array, v: Array) -> Array:
        return special.softmax(q @ np.swapaxes(k, -1, -2) / np.sqrt(inner), axis=-1) @ v

    return "attention(q, k, v)", given, value


MAKERS: dict[str, Callable[[Draw], Drawn]] = {
    "einsum": einsum, "tensordot": tensordot, "norm": norm, "take": take,
    "vector_norm": vector_norm, "matrix_norm": matrix_norm, "slogdet": slogdet,
    "solve_triangular": solve_triangular, "layernorm": layernorm, "attention": attention,
}  # fmt: skip


def drawn(name: str) -> Iterator[Drawn]:
    for number in range(CASES):
        d = Draw(f"{name}:{number}")
        if name in MAKERS:
            yield MAKERS[name](d)
        elif name in ("tril", "triu"):
            yield triangle(name, d)
        elif name.startswith("conv"):
            yield convolution(name, d)
        else:
            yield pooled(name, d) if "pool" in name else moving(name, d)


def sloped(function: Callable[..., Array], at: dict[str, Array], g: Array, name: str) -> Array:
    found = np.empty(at[name].shape)
    for index in np.ndindex(*found.shape):
        sides = []
        for step in (-STEP, STEP):
            moved = at[name].copy()
            moved[index] += step
            sides.append(np.sum(g * function(**{**at, name: moved})))
        found[index] = (sides[1] - sides[0]) / (2 * STEP)
    return found


@pytest.mark.parametrize("name", functions())
def test_a_function_is_numpys_and_its_gradient_a_difference_of_that(name: str) -> None:
    for text, at, function in drawn(name):
        value = np.asarray(function(**at))
        g = np.random.default_rng(1).uniform(0.5, 1.5, value.shape)
        report = backprop.evaluate(text, at, upstream=g if value.shape else None)
        assert np.shape(report.value) == value.shape, text
        assert np.asarray(report.value) == pytest.approx(value, rel=1e-10, abs=1e-12), text
        g = g if value.shape else np.ones(())
        for variable in at:
            expected = sloped(function, at, g, variable)
            found = np.asarray(report.gradient[variable])
            assert found == pytest.approx(expected, rel=1e-5, abs=1e-6), (text, variable)
        if isinstance(report.program.output_name, str) and value.shape:
            scope: dict[str, Any] = {}
            exec(emit(report.program, "numpy", name="emitted"), scope)  # noqa: S102
            again, slopes = scope["emitted"](*[at[n] for n in report.program.inputs], g)
            assert again == pytest.approx(value, rel=1e-10, abs=1e-12), text
            for variable in at:
                gradient = np.asarray(report.gradient[variable])
                assert slopes[variable] == pytest.approx(gradient, rel=1e-9, abs=1e-12), text


@pytest.mark.parametrize("name", functions())
def test_the_check_of_a_function_agrees(name: str) -> None:
    text, at, function = next(drawn(name))
    check = checked(f"sum(sin({text}))", at, ("numeric",))
    assert check.verdict == "agree", (text, check)
    del function


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("einsum(A, A)", "einsum begins with a text such as 'ij,jk->ik'"),
        ("einsum('ij,jk->ik', A)", "einsum 'ij,jk->ik' is about 2 arrays, not 1"),
        ("einsum('ijk->i', A)", "einsum: 'ijk' has a letter for each axis of A, which is 2x3"),
        ("einsum('ij->k', A)", "einsum 'ij->k': the result names an axis twice, or that isn't there"),
        ("einsum('...i,...i->', A, A)", "einsum '...i,...i->': the result lacks the axes of `...`"),
        ("norm(A, 'nun')", "the norm 'nun' is not read"),
        ("norm(A, 3)", "a matrix has no norm 3"),
        ("vector_norm(A, 'nuc')", "the norm 'nuc' is one of matrices"),
        ("matrix_norm(A[0])", "A[0] is a vector of 3: it has no axis -2"),
        ("max_pool2d(A, 2, padding=2)", "the padding of max_pool2d is at most half of the size"),
        ("roll(A)", "roll takes a shift axis?"),
        ("topk(A, 5)", "there are 3 entries, of which topk can't take 5"),
        ("conv2d(A, A[:1], stride=0)", "no window of 1x3 fits into"),
        ("max_pool2d(A, 4)", "no window of 4x4 fits into A, which is 2x3"),
        ("moveaxis(A, 0, 5)", "A is 2x3: it has no axis 5"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(text: str, message: str) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.parse(text, shapes={"A": (2, 3)})
    assert str(caught.value).startswith(message) or message in caught.value.render()
