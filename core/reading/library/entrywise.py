"""What works entry by entry."""

from __future__ import annotations

from collections.abc import Callable
from math import pi
from typing import Any

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.library.truths import places_of
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import MISSING, depends, plain_number

SELU = (1.0507009873554805, 1.6732632423543772)  # its scale and its alpha


def composed(name: str, text: Callable[[Machine, Any], Any]) -> None:
    FUNCTIONS[name] = lambda machine, a: text(machine, machine.numeric(a))


composed("rsqrt", lambda m, a: m.apply("recip", m.apply("sqrt", a)))


composed("negation", lambda m, a: m.binary("eq", a, 0))


@known
def log(m: Machine, a: Any, base: Any = None) -> Any:
    found = m.apply("log", m.numeric(a))
    return found if base is None else m.apply("div", found, m.apply("log", m.numeric(base)))


@known
def round_(m: Machine, a: Any, decimals: Any = 0) -> Any:
    places = m.whole_number(decimals, "decimals")
    a = m.numeric(a)
    if not places:
        return m.apply("round", a)
    scale = 10.0**places
    return m.apply("div", m.apply("round", m.apply("mul", a, scale)), scale)


@known
def leaky_relu(m: Machine, a: Any, slope: Any = 0.01) -> Any:
    a = m.numeric(a)
    return m.apply("where", m.apply("gt", a, 0.0), a, m.apply("mul", slope, a))


@known
def elu(m: Machine, a: Any, alpha: Any = 1.0) -> Any:
    if plain_number(alpha) == 1:
        return m.apply("elu", m.numeric(a))
    below = m.apply("mul", alpha, m.apply("expm1", m.apply("min", m.numeric(a), 0.0)))
    return m.apply("where", m.apply("gt", m.numeric(a), 0.0), m.numeric(a), below)


@known
def gelu(m: Machine, a: Any, approximate: Any = "none") -> Any:
    a = m.numeric(a)
    if approximate in ("none", False):
        return m.apply("gelu", a)
    cube = m.apply("mul", 0.044715, m.apply("pow", a, 3.0))
    inner = m.apply("tanh", m.apply("mul", (2 / pi) ** 0.5, m.apply("add", a, cube)))
    return m.apply("mul", m.apply("mul", 0.5, a), m.apply("add", 1.0, inner))


@known
def gelu_tanh(m: Machine, a: Any, approximate: Any = True) -> Any:
    """That of JAX, which takes the formula with tanh if nothing is said."""
    return gelu(m, a, "tanh" if approximate else "none")


@known
def mod(m: Machine, a: Any, b: Any) -> Any:
    a, b = m.numeric(a), m.numeric(b)
    if not depends(a) and not depends(b):
        return remainder(a, b)
    return m.apply("mod", a, b)


@known
def fmod(m: Machine, a: Any, b: Any) -> Any:
    """The remainder with the sign of the first, as in C."""
    a, b = m.numeric(a), m.numeric(b)
    size = m.apply("abs", b)
    below = m.apply("neg", m.apply("mod", m.apply("neg", a), size))
    return m.apply("where", m.apply("lt", a, 0.0), below, m.apply("mod", a, size))


@known
def trunc(m: Machine, a: Any) -> Any:
    a = m.numeric(a)
    return m.binary("mul", m.apply("sign", a), m.apply("floor", m.apply("abs", a)))


def remainder(a: Any, b: Any) -> Any:
    x, y = (one.cells if isinstance(one, Array) else one for one in (a, b))
    try:
        with np.errstate(all="ignore"):
            found = x % y if isinstance(x, int) and isinstance(y, int) else np.mod(x, y)
    except (ValueError, TypeError, OverflowError, ZeroDivisionError) as problem:
        raise UnreadError(f"this can't be computed: {str(problem)[:100]}") from None
    return Array.new(found) if np.ndim(found) else plain_number(found)


@known
def maximum(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("max", m.numeric(a), m.numeric(b))


@known
def minimum(m: Machine, a: Any, b: Any) -> Any:
    return m.apply("min", m.numeric(a), m.numeric(b))


@known
def where(m: Machine, c: Any, a: Any = MISSING, b: Any = MISSING) -> Any:
    if a is MISSING:
        return tuple(places_of(m, c))
    return m.apply("where", m.numeric(c), m.numeric(a), m.numeric(b))


@known
def clip(m: Machine, a: Any, **ends: Any) -> Any:
    """The ends are called min and max."""
    found = m.numeric(a)
    low, high = (
        None if end is None else m.numeric(end) for end in (ends.get("min"), ends.get("max"))
    )
    if low is not None and high is not None:
        return m.apply("clip", found, low, high)
    if low is not None:
        found = m.apply("max", found, low)
    return found if high is None else m.apply("min", found, high)


@known
def nan_to_num(m: Machine, a: Any) -> Any:
    return m.apply("where", m.apply("eq", m.numeric(a), m.numeric(a)), m.numeric(a), 0.0)


composed("sinc", lambda m, a: m.apply("sinc", m.apply("mul", a, pi)))
composed("positive", lambda m, a: a)
composed("hardtanh", lambda m, a: m.apply("clip", a, -1.0, 1.0))
composed("tanhshrink", lambda m, a: m.apply("sub", a, m.apply("tanh", a)))
composed("deg2rad", lambda m, a: m.apply("mul", a, pi / 180))
composed("rad2deg", lambda m, a: m.apply("mul", a, 180 / pi))
composed("hardsigmoid", lambda m, a: m.apply(
    "clip", m.apply("add", m.apply("div", a, 6.0), 0.5), 0.0, 1.0
))  # fmt: skip
composed("hardswish", lambda m, a: m.apply("mul", a, FUNCTIONS["hardsigmoid"](m, a)))


@known
def heaviside(m: Machine, a: Any, b: Any) -> Any:
    a, b = m.numeric(a), m.numeric(b)
    above = m.apply("where", m.apply("gt", a, 0.0), 1.0, b)
    return m.apply("where", m.apply("lt", a, 0.0), 0.0, above)


@known
def lerp(m: Machine, a: Any, b: Any, weight: Any) -> Any:
    return m.binary("add", a, m.binary("mul", weight, m.binary("sub", b, a)))


@known
def addcmul(m: Machine, c: Any, a: Any, b: Any, value: Any = 1) -> Any:
    return m.binary("add", c, m.binary("mul", value, m.binary("mul", a, b)))


@known
def addcdiv(m: Machine, c: Any, a: Any, b: Any, value: Any = 1) -> Any:
    return m.binary("add", c, m.binary("mul", value, m.binary("div", a, b)))


@known
def floor_divide(m: Machine, a: Any, b: Any) -> Any:
    a, b = m.numeric(a), m.numeric(b)
    if depends(a) or depends(b):
        return m.apply("floor", m.apply("div", a, b))
    x, y = (one.cells if isinstance(one, Array) else one for one in (a, b))
    found = np.floor_divide(x, y)
    return Array.new(found) if np.ndim(found) else plain_number(found)
