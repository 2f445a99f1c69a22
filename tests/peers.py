"""A peer of the engine, HIPS autograd, and the walk over the syntax tree that peers share.

A peer computes with functions of its own and sees neither the staging nor the gate table nor
the backward sweep: what it shares with the tool is the parser alone. Another: differences.py.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any

import autograd
import autograd.numpy as anp
import numpy

from backprop.language.syntax import Op, Tree

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


# autograd. erf and gelu would need SciPy, its sinc is flat near 0, and its slope of expm1
# cancels far left, which elu needs: these are left to the difference.

AUTOGRAD: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "pow": lambda a, b: a**b,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "where": anp.where,
    "max": lambda *all_: anp.max(anp.array(all_)),
    "min": lambda *all_: anp.min(anp.array(all_)),
    "clip": lambda a, low, high: anp.minimum(anp.maximum(a, low), high),
    "square": anp.square,
    "recip": anp.reciprocal,
    "asin": anp.arcsin,
    "acos": anp.arccos,
    "atan": anp.arctan,
    "atan2": anp.arctan2,
    "asinh": anp.arcsinh,
    "acosh": anp.arccosh,
    "atanh": anp.arctanh,
    "relu": lambda a: anp.maximum(a, 0.0),
    "leaky_relu": lambda a: anp.where(a > 0, a, 0.01 * a),
    "round": anp.rint,
    "cbrt": lambda a: anp.sign(a) * anp.abs(a) ** (1 / 3),
    "sigmoid": lambda a: 1 / (1 + anp.exp(-a)),
    "logsigmoid": lambda a: -anp.logaddexp(-a, 0.0),
    "softplus": lambda a: anp.logaddexp(a, 0.0),
    "silu": lambda a: a / (1 + anp.exp(-a)),
}
for _name in (
    "exp", "exp2", "log", "log2", "log10", "log1p", "sin", "cos", "tan", "sinh", "cosh", "tanh",
    "sqrt", "abs", "sign", "floor", "ceil", "hypot", "logaddexp",
):  # fmt: skip
    AUTOGRAD[_name] = getattr(anp, _name)


def autograd_lacks(tree: Tree) -> bool:
    calls = {
        SAME.get(item.name, item.name)
        for item in tree.code
        if isinstance(item, Op) and item.kind == "call"
    }
    return not calls - set(tree.functions) <= set(AUTOGRAD)


def by_autograd(tree: Tree, point: Mapping[str, float]) -> dict[str, float]:
    """The gradient that autograd finds."""

    def value(at: dict[str, Any]) -> Any:
        return walk(tree, at, numpy.float64, lambda name, operands: AUTOGRAD[name](*operands))

    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # "Output seems independent of input" is an answer here
        found = autograd.grad(value)({name: numpy.float64(x) for name, x in point.items()})
    return {name: float(found[name]) for name in point}
