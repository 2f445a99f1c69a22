"""Floats under IEEE rules, as total functions, and every gate of the table made from them.

1/0 is inf, log(-1) is nan, exp(1000) is inf; no exception and no complex number ever comes
out. Plain operators and the math module come first, since they are fast; the functions below
say what is meant where these raise.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from math import copysign, inf, nan

from backprop.arithmetic.system import Arithmetic
from backprop.gates import CONSTANTS

Number = Callable[..., float]
WHOLE = 2.0**52  # from here on every float is a whole number


def guarded(raw: Number, edge: Number) -> Number:
    """`raw` of one operand, and `edge` where it raises."""

    def total(a: float) -> float:
        try:
            return raw(a)
        except (ArithmeticError, ValueError):
            return edge(a)

    return total


def guarded_pair(raw: Number, edge: Number) -> Number:
    """`raw` of two operands, and `edge` where it raises."""

    def total(a: float, b: float) -> float:
        try:
            return raw(a, b)
        except (ArithmeticError, ValueError):
            return edge(a, b)

    return total


def undefined(*_operands: float) -> float:
    return nan


def same_sign(a: float) -> float:
    return copysign(inf, a)


def unbounded(_a: float) -> float:
    return inf


def log_edge(a: float) -> float:
    return -inf if a == 0 else nan


def log1p_edge(a: float) -> float:
    return -inf if a == -1 else nan


def atanh_edge(a: float) -> float:
    return copysign(inf, a) if abs(a) == 1 else nan


def div_edge(a: float, _b: float) -> float:
    return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, _b)


def gamma_edge(a: float) -> float:
    if a == 0:
        return copysign(inf, a)
    return nan if a < 0 else inf


def pow_edge(a: float, b: float) -> float:
    odd = b % 2 == 1
    if a == 0 and b < 0:
        return copysign(inf, a) if odd else inf
    if b != math.floor(b) and a < 0:
        return nan
    return -inf if a < 0 and odd else inf


def floor(a: float) -> float:
    return a // 1.0 if abs(a) < WHOLE else a


def ceil(a: float) -> float:
    return -(-a // 1.0) if abs(a) < WHOLE else a


def round_half_even(a: float) -> float:
    return copysign(float(round(a)), a) if abs(a) < WHOLE else a


def remainder(a: float, b: float) -> float:
    return a % b if b else nan


def cbrt(a: float) -> float:
    """The C library's cube root, up to three ulps off, mended by one step of Newton's method."""
    root = math.cbrt(a)
    if not 1e-290 < abs(a) < 1e290:
        return root
    return root - (root * root * root - a) / (3 * root * root)


def polygamma(n: float, a: float) -> float:
    if not (n >= 0 and n == floor(n)):
        return nan
    if not n:
        digamma: float = VALUE["digamma"](a)
        return digamma
    from backprop.arithmetic.polygamma import higher

    return higher(n, a)


def sign(a: float) -> float:
    return nan if a != a else float((a > 0) - (a < 0))


def largest(a: float, *others: float) -> float:
    for b in others:
        a = a if a >= b or a != a else b
    return a


def smallest(a: float, *others: float) -> float:
    for b in others:
        a = a if a <= b or a != a else b
    return a


# What the math module has, and what it means where that raises.
EDGES: dict[str, tuple[Number, Number]] = {
    "div": (lambda a, b: a / b, div_edge),
    "pow": (math.pow, pow_edge),
    "sqrt": (math.sqrt, undefined),
    "exp": (math.exp, unbounded),
    "exp2": (math.exp2, unbounded),
    "expm1": (math.expm1, unbounded),
    "log": (math.log, log_edge),
    "log2": (math.log2, log_edge),
    "log10": (math.log10, log_edge),
    "log1p": (math.log1p, log1p_edge),
    "sin": (math.sin, undefined),
    "cos": (math.cos, undefined),
    "tan": (math.tan, undefined),
    "asin": (math.asin, undefined),
    "acos": (math.acos, undefined),
    "sinh": (math.sinh, same_sign),
    "cosh": (math.cosh, unbounded),
    "acosh": (math.acosh, undefined),
    "atanh": (math.atanh, atanh_edge),
    "gamma": (math.gamma, gamma_edge),
}
PAIRS = ("div", "pow")
PRIMITIVES: dict[str, Number] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "cbrt": cbrt,
    "atan": math.atan,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "erf": math.erf,
    "erfc": math.erfc,
    "polygamma": polygamma,
    "abs": abs,
    "sign": sign,
    "floor": floor,
    "ceil": ceil,
    "round": round_half_even,
    "mod": remainder,
    "max": largest,
    "min": smallest,
    "where": lambda c, a, b: a if c else b,
    "lt": lambda a, b: 1.0 if a < b else 0.0,
    "le": lambda a, b: 1.0 if a <= b else 0.0,
    "gt": lambda a, b: 1.0 if a > b else 0.0,
    "ge": lambda a, b: 1.0 if a >= b else 0.0,
    "eq": lambda a, b: 1.0 if a == b else 0.0,
    "ne": lambda a, b: 1.0 if a != b else 0.0,
}
for _name, (_raw, _edge) in EDGES.items():
    PRIMITIVES[_name] = (guarded_pair if _name in PAIRS else guarded)(_raw, _edge)


QUICK: dict[str, Number] = {name: raw for name, (raw, _) in EDGES.items()}
IEEE = Arithmetic("floats", PRIMITIVES, QUICK, constants=CONSTANTS)
VALUE, LOCAL, KINK, POLE = IEEE.value, IEEE.local, IEEE.kink, IEEE.pole
