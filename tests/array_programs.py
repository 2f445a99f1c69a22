"""Random programs of several stages on arrays, and their gradients by autograd.

A text is made so that its shapes fit, and is Python as well as the tool's own language: autograd
runs it with functions of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import autograd
import autograd.numpy as anp
import numpy as np

import backprop

Array = Any
Shape = tuple[int, ...]
CLOSE = 1e-9  # of the largest entry of a gradient


class Part(NamedTuple):
    text: str
    shape: Shape


class Sample(NamedTuple):
    text: str
    point: dict[str, Array]


def axis_text(axis: int | None, keep: bool) -> str:
    return ("" if axis is None else f", axis={axis}") + (", keepdims=True" if keep else "")


def logsumexp(a: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return anp.log(anp.sum(anp.exp(a), axis=axis, keepdims=keepdims))


def softmax(a: Array, axis: int = -1) -> Array:
    raised = anp.exp(a)
    return raised / anp.sum(raised, axis=axis, keepdims=True)


def stack(parts: list[Array]) -> Array:
    return anp.concatenate([anp.reshape(part, (1, *anp.shape(part))) for part in parts])


def norm(a: Array, axis: int | None = None, keepdims: bool = False) -> Array:
    return anp.sqrt(anp.sum(a * a, axis=axis, keepdims=keepdims))


def where(condition: Array, yes: Array, no: Array) -> Array:
    """Autograd's own takes no operands that stretch."""
    full = np.zeros(np.broadcast_shapes(*map(anp.shape, (condition, yes, no))))
    return anp.where(condition + full, yes + full, no + full)


THEIRS: dict[str, Callable[..., Array]] = {
    "sum": anp.sum, "mean": anp.mean, "var": anp.var, "exp": anp.exp, "tanh": anp.tanh, "sin": anp.sin,
    "sqrt": anp.sqrt, "log": anp.log, "maximum": anp.maximum, "minimum": anp.minimum,
    "where": where, "outer": anp.outer, "trace": anp.trace, "cumsum": anp.cumsum,
    "diag": anp.diag, "reshape": lambda a, *shape: anp.reshape(a, shape), "stack": stack,
    "concatenate": anp.concatenate, "max": anp.max, "min": anp.min,
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)), "relu": lambda a: anp.maximum(a, 0.0),
    "softplus": lambda a: anp.log(1 + anp.exp(a)), "logsumexp": logsumexp, "softmax": softmax,
    "log_softmax": lambda a, axis=-1: anp.log(softmax(a, axis)), "norm": norm,
    "solve": anp.linalg.solve, "det": anp.linalg.det, "inv": anp.linalg.inv, "dot": anp.dot,
}  # fmt: skip
TAME = ("tanh({})", "sin({})", "sigmoid({})", "relu({})", "softplus(tanh({}))", "-{}", "{}**2",
        "sqrt({}**2 + 1)", "log({0}**2 + 2)", "exp(tanh({}))", "{} + 0.5", "2*{}", "1/({}**2 + 1)")  # fmt: skip
PAIRS = ("({} + {})", "({} - {})", "({}*{})", "({}/(1 + {}**2))", "maximum({}, {})",
         "minimum({}, {})", "where({0} > 0.1, {0}, {1})")  # fmt: skip


class Maker:
    """Parts of a program, each made of earlier ones."""

    def __init__(self, random: Random) -> None:
        self.random = random
        m, n = random.choices((1, 2, 3, 4), k=2)
        self.sizes = {"A": (m, n), "B": (n, m), "v": (n,), "u": (m,), "c": (m, 1), "r": (1, n),
                      "S": (n, n), "x": (), "T": (2, m, n)}  # fmt: skip
        self.parts = [Part(name, shape) for name, shape in self.sizes.items()]

    def pick(self, *axes: int) -> Part:
        return self.random.choice([p for p in self.parts if not axes or len(p.shape) in axes])

    def more(self) -> Part | None:
        """One more part; None if what was picked doesn't go together."""
        kind = self.random.choice((self.one, self.pair, self.pair, self.product, self.along,
                                   self.along, self.moved, self.several, self.square))  # fmt: skip
        return kind()

    def one(self) -> Part:
        a = self.pick()
        return Part(self.random.choice(TAME).format(f"({a.text})"), a.shape)

    def pair(self) -> Part | None:
        a, b = self.pick(), self.pick()
        try:
            shape = np.broadcast_shapes(a.shape, b.shape)
        except ValueError:
            return None
        return Part(self.random.choice(PAIRS).format(f"({a.text})", f"({b.text})"), shape)

    def product(self) -> Part | None:
        a, b = self.pick(1, 2), self.pick(1, 2)
        if a.shape[-1] != b.shape[0]:
            return None
        form = self.random.choice(("({} @ {})", "{}.dot({})", "dot({}, {})"))
        return Part(form.format(f"({a.text})", f"({b.text})"), a.shape[:-1] + b.shape[1:])

    def along(self) -> Part:
        a = self.pick(1, 2, 3)
        name = self.random.choice(("sum", "mean", "var", "max", "min", "logsumexp", "norm", "softmax",
                                   "log_softmax", "cumsum"))  # fmt: skip
        axis = self.random.randrange(-len(a.shape), len(a.shape))
        if name in ("softmax", "log_softmax", "cumsum"):
            return Part(f"{name}({a.text}, axis={axis})", a.shape)
        place, keep = self.random.choice((axis, None)), self.random.random() < 0.5
        shape = np.sum(np.zeros(a.shape), axis=place, keepdims=keep).shape
        off = " + 0.01" if name == "norm" else ""  # not at its kink: log_softmax may give zeros
        return Part(f"{name}({a.text}{off}{axis_text(place, keep)})", shape)

    def moved(self) -> Part:
        a = self.pick(1, 2)
        if len(a.shape) == 1:
            start = self.random.randrange(a.shape[0])
            return self.random.choice((
                Part(f"({a.text})[{start}:]", (a.shape[0] - start,)),
                Part(f"({a.text})[{start}]", ()),
                Part(f"({a.text})[::-1]", a.shape),
                Part(f"diag({a.text})", a.shape * 2),
                Part(f"reshape({a.text}, {a.shape[0]}, 1)", (*a.shape, 1)),
            ))  # fmt: skip
        rows, columns = a.shape
        k = self.random.randrange(columns)
        return self.random.choice((
            Part(f"({a.text}).T", (columns, rows)),
            Part(f"({a.text})[:, {k}]", (rows,)),
            Part(f"({a.text})[-1]", (columns,)),
            Part(f"({a.text})[::2, {k}:]", ((rows + 1) // 2, columns - k)),
            Part(f"reshape({a.text}, {rows * columns})", (rows * columns,)),
        ))  # fmt: skip

    def several(self) -> Part | None:
        a, b = self.pick(1, 2), self.pick(1, 2)
        if a.shape == b.shape:
            return self.random.choice((
                Part(f"stack([{a.text}, {b.text}])", (2, *a.shape)),
                Part(f"concatenate([{a.text}, {b.text}], axis=-1)", (*a.shape[:-1], 2 * a.shape[-1])),
            ))  # fmt: skip
        if len(a.shape) == len(b.shape) == 1:
            return self.random.choice((
                Part(f"outer({a.text}, {b.text})", a.shape + b.shape),
                Part(f"concatenate([{a.text}, {b.text}, {a.text}])", (2 * a.shape[0] + b.shape[0],)),
            ))  # fmt: skip
        return None

    def square(self) -> Part:
        """A matrix that can be inverted: nearly three times the identity."""
        side = self.sizes["S"][0]
        a = f"(tanh(S)/{side} + diag(0*v + 3))"
        return self.random.choice((
            Part(f"inv({a})", (side, side)), Part(f"det({a})", ()), Part(f"trace({a} @ S)", ()),
            Part(f"solve({a}, v)", (side,)), Part(f"solve({a}, S)", (side, side)),
        ))  # fmt: skip


def sample(seed: str) -> Sample:
    """A program of some named stages, whose sum is the output."""
    maker = Maker(Random(seed))
    lines = []
    for k in range(maker.random.randint(3, 9)):
        while (part := maker.more()) is None or np.prod(part.shape) > 200:
            pass
        lines.append(f"q{k} = {part.text}")
        maker.parts.append(Part(f"q{k}", part.shape))
    used = [f"sum(q{k}*{maker.random.uniform(0.5, 1.5):.2f})" for k in range(len(lines))]
    text = "\n".join([*lines, " + ".join(used)])
    numbers = np.random.default_rng([*seed.encode()])
    tree = backprop.parse(text, shapes={name: s for name, s in maker.sizes.items() if s})
    point = {name: numbers.normal(size=maker.sizes[name]) for name in tree.inputs}
    return Sample(text, {name: x if x.ndim else float(x) for name, x in point.items()})


def by_autograd(found: Sample) -> tuple[float, dict[str, Array]]:
    *lines, last = found.text.split("\n")

    def value(point: dict[str, Array]) -> Array:
        # Python itself is the judge of texts that the generator above has made, and no others.
        scope = {**THEIRS, **point}
        for line in lines:
            name, _, right = line.partition(" = ")
            right = right.replace(".dot(", " @ (")  # which its arrays lack
            scope[name] = eval(right, {"__builtins__": {}}, scope)  # noqa: S307
        return eval(last, {"__builtins__": {}}, scope)  # noqa: S307

    return float(value(found.point)), autograd.grad(value)(found.point)


def differing(seed: str) -> tuple[str, list[str]]:
    """The program of that number, and what of it autograd says otherwise."""
    found = sample(seed)
    report = backprop.evaluate(found.text, found.point, ties="split")  # as autograd does
    value, gradient = by_autograd(found)
    theirs, ours = {"value": value, **gradient}, {"value": report.value, **report.gradient}
    return found.text, [name for name, x in theirs.items() if not close(ours[name], x)]


def close(ours: Array, theirs: Array) -> bool:
    largest = np.max(np.abs(theirs), initial=1e-3)
    return np.shape(ours) == np.shape(theirs) and bool(
        np.all(np.abs(np.asarray(ours) - theirs) <= CLOSE * largest)
    )
