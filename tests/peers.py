"""The peers of the engine, HIPS autograd, PyTorch and JAX, and the walk over the syntax tree.

A peer computes with functions of its own and sees neither the staging nor the gate table nor
the backward sweep: what it shares with the tool is the parser alone. A peer is imported when
it is first asked, so only those that are asked need be installed. Another: differences.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial, reduce
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy
from recorded import recorded

from backprop.language.syntax import Op, Tree

Function = Callable[..., Any]
Apply = Callable[[str, list[Any]], Any]
Leaf = Callable[[float], Any]

SAME = {
    "ln": "log", "arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh",
    "arccosh": "acosh", "arctanh": "atanh", "arctan2": "atan2", "minimum": "min", "maximum": "max",
}  # fmt: skip


def walk(tree: Tree, point: Mapping[str, Any], leaf: Leaf, apply: Apply) -> Any:
    """The value of the tree's last statement; `leaf` makes numbers and `apply` computes."""
    names = {"pi": leaf(math.pi), "e": leaf(math.e), **point}
    result = None
    for start, stop in tree.body:
        result = run(tree, start, stop, names, leaf, apply)
    return result


def run(tree: Tree, start: int, stop: int, names: dict[str, Any], leaf: Leaf, apply: Apply) -> Any:
    stack: list[Any] = []
    for item in tree.code[start:stop]:
        if not isinstance(item, Op):
            stack.append(names[item] if item in names else leaf(float(item)))
        elif item.kind == "store":
            names[item.name] = stack[-1]
        else:
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            function = tree.functions.get(item.name)
            if function:
                inner = {**names, **dict(zip(function.parameters, operands, strict=True))}
                found = run(tree, function.start, function.stop, inner, leaf, apply)
            else:
                found = apply(SAME.get(item.name, item.name), operands)
            stack.append(found)
    return stack[-1]


class SkipError(Exception):
    """A peer can't say what the slope is here; the message says why."""


@dataclass(frozen=True)
class Peer:
    """A library: its reverse mode, how it makes a number, and its function for each gate."""

    grad: Callable[[Function], Function]
    number: Leaf
    functions: Mapping[str, Function]

    def applied(self, name: str, operands: list[Any]) -> Any:
        if name not in self.functions:
            raise SkipError("lacks a gate")
        return self.functions[name](*operands)

    def gradient(self, tree: Tree, point: Mapping[str, float]) -> dict[str, float]:
        def value(at: dict[str, Any]) -> Any:
            return walk(tree, at, self.number, self.applied)

        with warnings.catch_warnings(), numpy.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # "Output seems independent of input" is an answer
            found = self.grad(value)({name: self.number(x) for name, x in point.items()})
        return {name: float(found[name]) for name in point}


def only(where: Callable[[Any], bool], function: Function) -> Function:
    """The function where the library's slope for it keeps digits; elsewhere it isn't asked."""

    def guarded(a: Any) -> Any:
        if not where(a):
            raise SkipError("loses digits")
        return function(a)

    return guarded


OPERATORS: dict[str, Function] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
}
ALIKE = (
    "where", "square", "exp", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh",
    "cosh", "sqrt", "abs", "sign", "floor", "ceil", "hypot", "logaddexp",
)  # fmt: skip
INVERSES = ("asin", "acos", "atan", "atan2", "asinh", "acosh", "atanh")


def alike(library: Any) -> dict[str, Function]:
    """What all libraries call as NumPy does."""
    return {
        **OPERATORS,
        **{name: getattr(library, name) for name in ALIKE},
        **{name: getattr(library, f"arc{name[1:]}") for name in INVERSES},
        "max": lambda *operands: reduce(library.maximum, operands),
        "min": lambda *operands: reduce(library.minimum, operands),
        "clip": lambda a, low, high: library.minimum(library.maximum(a, low), high),
        "recip": library.reciprocal,
        "expm1": only(lambda a: a > -12, library.expm1),  # its slope is out + 1
        "sinc": only(lambda a: abs(a) > 0.01, lambda a: library.sinc(a / math.pi)),
    }


def autograd() -> Peer:
    """erf, and so gelu, would need SciPy."""
    np = import_module("autograd.numpy")

    def expm1(a: Any) -> Any:
        return np.expm1(np.minimum(a, 0.0))  # where evaluates both of its branches

    own: dict[str, Function] = {
        "round": np.rint,
        "cbrt": lambda a: np.sign(a) * np.abs(a) ** (1 / 3),
        "tanh": np.tanh,
        "sigmoid": lambda a: 1 / (1 + np.exp(-a)),
        "logsigmoid": lambda a: -np.logaddexp(-a, 0.0),
        "softplus": lambda a: np.logaddexp(a, 0.0),
        "silu": lambda a: a / (1 + np.exp(-a)),
        "relu": lambda a: np.maximum(a, 0.0),
        "leaky_relu": lambda a: np.where(a > 0, a, 0.01 * a),
        "elu": only(lambda a: a > -12, lambda a: np.where(a > 0, a, expm1(a))),
    }
    return Peer(import_module("autograd").grad, numpy.float64, alike(np) | own)


def activations(nn: Any) -> dict[str, Function]:
    """What PyTorch and JAX call alike. Slopes out*(1 - out) and 1 - out*out cancel far out."""
    return {
        "sigmoid": only(lambda a: a < 12, nn.sigmoid),
        "tanh": only(lambda a: abs(a) < 6, nn.tanh),
        **{name: getattr(nn, name) for name in ("relu", "leaky_relu", "silu")},
    }


def torch() -> Peer:
    library = import_module("torch")
    nn = library.nn.functional
    own: dict[str, Function] = {
        "round": library.round,
        "cbrt": lambda a: library.sign(a) * library.abs(a) ** (1 / 3),
        "erf": library.erf,
        "erfc": library.erfc,
        "logsigmoid": nn.logsigmoid,
        "softplus": partial(nn.softplus, threshold=40),  # from its own 20 on, the slope is 1
        "elu": nn.elu,
        "gelu": nn.gelu,
    }
    number = partial(library.tensor, dtype=library.float64)
    return Peer(library.func.grad, number, alike(library) | activations(nn) | own)


def jax() -> Peer:
    library, np, nn = map(import_module, ("jax", "jax.numpy", "jax.nn"))
    special = import_module("jax.scipy.special")
    library.config.update("jax_enable_x64", True)
    own: dict[str, Function] = {
        "round": np.rint,
        "cbrt": np.cbrt,
        "erf": special.erf,
        "erfc": special.erfc,
        "logsigmoid": nn.log_sigmoid,
        "softplus": nn.softplus,
        "elu": only(lambda a: a > -12, nn.elu),
        "gelu": partial(nn.gelu, approximate=False),
    }
    return Peer(library.grad, numpy.float64, alike(np) | activations(nn) | own)


PEERS: dict[str, Callable[[], Peer]] = {"autograd": autograd, "torch": torch, "jax": jax}


@dataclass(frozen=True)
class Recorded:
    """What a library has said of some programs, by their texts: a gradient, or why it has none."""

    answers: Mapping[str, Any]

    def gradient(self, tree: Tree, point: Mapping[str, float]) -> dict[str, float]:
        found = self.answers[tree.text]
        if isinstance(found, str):
            raise SkipError(found)
        return {name: float(found[name]) for name in point}


@cache
def peer(name: str) -> Peer | Recorded:
    """A library, or as "recorded ..." what a file in cases/ has of it."""
    if name in PEERS:
        return PEERS[name]()
    rows = recorded(name.removeprefix("recorded "))["programs"]
    return Recorded({row["text"]: row["gradient"] for row in rows})


def installed() -> list[str]:
    """The peers that can be asked; finding them imports none."""
    return [name for name in PEERS if find_spec(name)]
