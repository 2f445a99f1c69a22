"""Arbitrary precision by mpmath: the same gates, the same texts, as many digits as asked for.

The precision is mpmath's own setting. A result off the real axis is nan; a pole is inf; no
exception comes out. Exponents have no bounds there, so towers of them are cut off here.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import mpmath
from mpmath import mp, mpf

from backprop.arithmetic.folded import Folded, every_part, parts_of
from backprop.arithmetic.precise_special import SPECIAL
from backprop.arithmetic.system import Arithmetic, Function
from backprop.arithmetic.texts import COMPARISONS
from backprop.gates import CONSTANTS

nan, inf = mp.nan, mp.inf
FARTHEST = mpf(2) ** 1_500  # exp of more than this counts as infinite
FLAT = 10**7  # erf and tanh of more than this are 1
TINY = mpf(10) ** -20  # beside a float, what may be 0 exactly
WIDEST = 5_000  # bits before the point of an angle; beyond, its sine isn't worth its cost


def real(function: Function) -> Function:
    """`function` with nan where it is complex or undefined."""

    def total(*operands: Any) -> Any:
        try:
            found = function(*operands)
        except (ZeroDivisionError, ValueError, OverflowError, mpmath.libmp.ComplexResult):
            return nan
        if isinstance(found, mpmath.mpc):
            return found.real if found.imag == 0 else nan
        return found

    return total


def div(a: Any, b: Any) -> Any:
    if b == 0:
        return nan if a == 0 or a != a else mp.sign(a) * inf
    return a / b


def power(a: Any, b: Any) -> Any:
    if b == 0:
        return mpf(1)
    if a == 0 and b < 0:
        return inf
    if a != 0 and mp.isfinite(a) and abs(a) != 1 and far(a, b):
        if a < 0 and b != mp.floor(b):
            return nan
        size = inf if (b > 0) == (abs(a) > 1) else mpf(0)
        return -size if a < 0 and b % 2 == 1 else size
    return mp.power(a, b)


def far(a: Any, b: Any) -> bool:
    """Is a power out of all bounds? Near 1 only the logarithm tells, which takes its time."""
    return bool(abs(b * mp.mag(a)) > FARTHEST and abs(b * mp.log(abs(a))) > FARTHEST)


def log(a: Any) -> Any:
    return -inf if a == 0 else mp.log(a)


def bounded(function: Function, above: Any, below: Any, a: Any, bound: int = FARTHEST) -> Any:
    """`function` where it doesn't grow out of all bounds, else what it comes to."""
    if a > bound:
        return above
    return below if a < -bound else function(a)


def angle(function: Function, a: Any) -> Any:
    return nan if mp.isfinite(a) and mp.mag(a) > WIDEST else function(a)


def cbrt(a: Any) -> Any:
    return mp.sign(a) * mp.cbrt(abs(a))


def hypot(*operands: Any) -> Any:
    return mp.sqrt(mp.fsum(a * a for a in operands))


def remainder(a: Any, b: Any) -> Any:
    if mp.isinf(b) and mp.isfinite(a):
        return a if a * b >= 0 else b
    return a % b


def largest(*operands: Any) -> Any:
    return nan if any(a != a for a in operands) else max(operands)


def smallest(*operands: Any) -> Any:
    return nan if any(a != a for a in operands) else min(operands)


ARITHMETIC: dict[str, Function] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "abs": abs,
    "where": lambda c, a, b: a if c else b,
    "max": largest,
    "min": smallest,
    "lt": lambda a, b: mpf(a < b),
    "le": lambda a, b: mpf(a <= b),
    "gt": lambda a, b: mpf(a > b),
    "ge": lambda a, b: mpf(a >= b),
    "eq": lambda a, b: mpf(a == b),
    "ne": lambda a, b: mpf(a != b),
}
PARTIAL: dict[str, Function] = {
    "div": div,
    "pow": power,
    "sqrt": mp.sqrt,
    "cbrt": cbrt,
    "hypot": hypot,
    "exp": partial(bounded, mp.exp, inf, mpf(0)),
    "exp2": partial(bounded, lambda a: mp.power(2, a), inf, mpf(0)),
    "expm1": partial(bounded, mp.expm1, inf, mpf(-1)),
    "log": log,
    "log2": lambda a: log(a) / mp.log(2),
    "log10": lambda a: log(a) / mp.log(10),
    "log1p": lambda a: -inf if a == -1 else mp.log1p(a),
    "sin": partial(angle, mp.sin),
    "cos": partial(angle, mp.cos),
    "tan": partial(angle, mp.tan),
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "sinh": partial(bounded, mp.sinh, inf, -inf),
    "cosh": partial(bounded, mp.cosh, inf, inf),
    "tanh": partial(bounded, mp.tanh, mpf(1), mpf(-1), bound=FLAT),
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": lambda a: mp.sign(a) * inf if abs(a) == 1 else mp.atanh(a),
    "erf": partial(bounded, mp.erf, mpf(1), mpf(-1), bound=FLAT),
    "erfc": partial(bounded, mp.erfc, mpf(0), mpf(2), bound=FLAT),
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": mp.nint,
    "mod": remainder,
} | SPECIAL
PRIMITIVES = ARITHMETIC | {name: real(function) for name, function in PARTIAL.items()}


def finite_only(function: Function) -> Function:
    """`function` with nan where it is infinite, for opinions that then say nothing."""

    def total(*operands: Any) -> Any:
        found = function(*operands)
        return nan if mp.isinf(found) else found

    return total


def comparable(function: Function) -> Function:
    """A comparison that is nan where what it compares is."""
    return lambda a, b: nan if a != a or b != b else function(a, b)


FINITE = (
    PRIMITIVES
    | {name: finite_only(PRIMITIVES[name]) for name in PARTIAL}
    | {name: comparable(PRIMITIVES[name]) for name in COMPARISONS}
    | {"where": lambda c, a, b: nan if c != c else a if c else b}
)


def exactly(value: Any) -> Any:
    """A float as the number that it is; a constant that is made of others, from these."""
    if value.__class__ is not Folded:
        return mpf(value)
    return settled(value, mpf, constant_or_gate)


def doubtful(one: Any, found: Any) -> bool:
    """Is an exact number next to nothing beside its float?"""
    if not isinstance(found, mpf) or not found or not mp.isfinite(found):
        return False
    return not one or not abs(found) > abs(one) * TINY


def cleared(one: Any, found: Any, again: Any) -> Any:
    """The number, or 0 if at more digits almost nothing is left of it."""
    return mpf(0) if doubtful(one, found) and abs(again) <= abs(found) * TINY else found


def settled(
    value: Any, number: Function, function: Callable[[str], Callable[..., Any]], **how: Function
) -> Any:
    """What a constant is in exact numbers, with zeros where it is 0: see `settled_parts`."""
    return settled_parts(value, number, function, **how)[id(value)]


def settled_parts(
    value: Any,
    number: Function,
    function: Callable[[str], Callable[..., Any]],
    doubtful: Function = doubtful,
    cleared: Function = cleared,
) -> dict[int, Any]:
    """All that a constant is made of, by identity. What is 0 though no number of digits tells,
    as the sine of pi, is next to nothing beside its float, and even less at more digits."""
    floats, zeros = parts_of(value), dict[int, Any]()
    while True:
        found = every_part(value, number, function, zeros)
        small = [key for key, one in found.items() if doubtful(floats[key], one)]
        if not small:
            return found
        with mp.workprec(2 * mp.prec):
            again = every_part(value, number, function, zeros)
        # What is made of a zero is looked at again, once this is one.
        clear = ((key, cleared(floats[key], found[key], again[key])) for key in small)
        first = next((pair for pair in clear if pair[1] is not found[pair[0]]), None)
        if first is None:
            return found
        zeros.update([first])


def constant_or_gate(name: str) -> Function:
    if name in CONSTANTS:
        return {"pi": lambda: +mp.pi, "e": lambda: +mp.e}[name]
    found: Function = PRECISE.value[name]
    return found


PRECISE = Arithmetic(
    "numbers of many digits",
    PRIMITIVES,
    literal=lambda text: f"number({float(text)!r})",
    constants={"number": mpf, "pi": mp.pi, "e": mp.e},
    number=exactly,
)
