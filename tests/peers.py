"""Two peers of the engine: HIPS autograd, and a central difference in 200-digit arithmetic.

Both walk the syntax tree with functions of their own, so that neither sees the staging, the
gate table or the backward sweep. What they share with the tool is the parser alone.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import autograd
import autograd.numpy as anp
import mpmath
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


def run(
    tree: Tree, start: int, stop: int, names: dict[str, Any], leaf: Leaf, apply: Apply
) -> Any:
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


# autograd. It has no vjp for cbrt; erf would need SciPy; and the textbook forms of the
# neurons' functions overflow, so these are left to the difference.

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
    "sinc": lambda a: anp.sinc(a / anp.pi),
    "relu": lambda a: anp.maximum(a, 0.0),
    "leaky_relu": lambda a: anp.where(a > 0, a, 0.01 * a),
    "round": anp.rint,
} | {
    name: getattr(anp, name)
    for name in (
        "exp exp2 expm1 log log2 log10 log1p sin cos tan sinh cosh tanh sqrt abs sign floor ceil hypot logaddexp"
    ).split()
}


def autograd_lacks(tree: Tree) -> bool:
    calls = {SAME.get(item.name, item.name) for item in tree.code if isinstance(item, Op) and item.kind == "call"}
    return not calls - set(tree.functions) <= set(AUTOGRAD)


def by_autograd(tree: Tree, point: Mapping[str, float]) -> dict[str, float]:
    """The gradient that autograd finds."""

    def value(at: dict[str, Any]) -> Any:
        return walk(tree, at, numpy.float64, lambda name, operands: AUTOGRAD[name](*operands))

    with warnings.catch_warnings(), numpy.errstate(all="ignore"):
        warnings.simplefilter("ignore")  # "Output seems independent of input" is an answer here
        found = autograd.grad(value)({name: numpy.float64(x) for name, x in point.items()})
    return {name: float(found[name]) for name in point}


# The difference. The step is 60 digits below each input, so the truncation error lies 120
# digits down, and the other 140 digits are for values that nearly cancel.

M: Any = mpmath.MPContext()
M.dps = 200
STEP = 60

EXACT: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "neg": lambda a: -a,
    "square": lambda a: a * a,
    "recip": lambda a: 1 / a,
    "pow": M.power,
    "gt": lambda a, b: a > b,
    "lt": lambda a, b: a < b,
    "where": lambda c, a, b: a if c else b,
    "max": max,
    "min": min,
    "clip": lambda a, low, high: min(max(a, low), high),
    "relu": lambda a: max(a, M.zero),
    "leaky_relu": lambda a: a if a > 0 else a * M.mpf(0.01),
    "elu": lambda a: a if a > 0 else M.expm1(a),
    "abs": abs,
    "sign": M.sign,
    "floor": M.floor,
    "ceil": M.ceil,
    "round": M.nint,
    "cbrt": lambda a: M.sign(a) * M.cbrt(abs(a)),
    "exp2": lambda a: M.mpf(2) ** a,
    "log2": lambda a: M.log(a) / M.log(2),
    "log1p": lambda a: M.log(1 + a),
    "logaddexp": lambda a, b: M.log(M.exp(a) + M.exp(b)),
    "hypot": M.hypot,
    "sigmoid": lambda a: 1 / (1 + M.exp(-a)),
    "logsigmoid": lambda a: -M.log(1 + M.exp(-a)),
    "softplus": lambda a: M.log(1 + M.exp(a)),
    "silu": lambda a: a / (1 + M.exp(-a)),
    "gelu": lambda a: a * M.erfc(-a / M.sqrt(2)) / 2,
    "sinc": lambda a: M.sin(a) / a,
} | {
    name: getattr(M, name)
    for name in (
        "exp expm1 log log10 sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh erf erfc sqrt"
    ).split()
}


def touching(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= 1e-12 * max(abs(a), abs(b)))


def vanishing(a: Any) -> bool:
    return bool(abs(a) <= 1e-30)


# Is this a point where the gate has no derivative, or so near that floats may not tell?
KINK: dict[str, Callable[..., bool]] = {
    "abs": vanishing,
    "sign": vanishing,
    "relu": vanishing,
    "leaky_relu": vanishing,
    "cbrt": vanishing,
    "floor": lambda a: touching(a, M.nint(a)),
    "ceil": lambda a: touching(a, M.nint(a)),
    "round": lambda a: touching(a + M.mpf(0.5), M.nint(a + M.mpf(0.5))),
    "gt": touching,
    "lt": touching,
    "max": lambda *operands: touching(*sorted(operands)[-2:]),
    "min": lambda *operands: touching(*sorted(operands)[:2]),
    "clip": lambda a, low, high: touching(a, low) or touching(a, high),
    "hypot": lambda a, b: vanishing(a) and vanishing(b),
    "atan2": lambda y, x: vanishing(y) and (x < 0 or vanishing(x)),  # the cut of the angle
}


class SkipError(Exception):
    """The difference can't say what the slope is here; the message says why."""


def applied(name: str, operands: list[Any], nudges: Iterator[Any]) -> Any:
    if name in KINK and KINK[name](*operands):
        raise SkipError("kink")
    try:
        found = EXACT[name](*operands)
    except (ArithmeticError, ValueError):
        raise SkipError("undefined") from None
    if isinstance(found, bool):
        return found
    if isinstance(found, M.mpc) or not M.isfinite(found):
        raise SkipError("undefined")
    return found * next(nudges)


def nudges(draw: int) -> Iterator[Any]:
    """Factors that move every result by 8 roundings of a float; those of draw 0 move nothing."""
    random = Random(draw)
    while draw:
        yield M.one + random.choice((-1, 1)) * M.mpf(2) ** -50
    while True:
        yield M.one


def exactly(tree: Tree, point: Mapping[str, Any], draw: int = 0) -> Any:
    factors = nudges(draw)
    return walk(tree, point, M.mpf, lambda name, operands: applied(name, operands, factors))


def by_difference(tree: Tree, point: Mapping[str, float], draw: int = 0) -> dict[str, Any]:
    """The gradient as central differences, right to 50 digits."""
    at = {name: M.mpf(x) for name, x in point.items()}
    found = {}
    for name, x in at.items():
        step = (abs(x) or M.one) * M.mpf(10) ** -STEP
        above = exactly(tree, {**at, name: x + step}, draw)
        below = exactly(tree, {**at, name: x - step}, draw)
        found[name] = (above - below) / (2 * step)
    return found


def noise(tree: Tree, point: Mapping[str, float], exact: Mapping[str, Any]) -> dict[str, float]:
    """How far the gradient moves when every operation is 8 roundings off, at worst of 4 draws.

    Nothing that computes with floats can be held to less. A draw adds up with random signs
    what could add up with equal ones, so callers allow a few times this.
    """
    draws = [by_difference(tree, point, draw) for draw in range(1, 5)]
    return {name: max(float(abs(draw[name] - exact[name])) for draw in draws) for name in point}
