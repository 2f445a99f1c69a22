"""A peer of the engine: a central difference in 200-digit arithmetic, and its noise floor.

The step is 60 digits below each input, so the truncation error lies 120 digits down, and the
other 140 digits are for values that nearly cancel: 50 digits of a slope are right.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import repeat
from random import Random
from typing import Any

import mpmath
from peers import SkipError, walk

from backprop.language.syntax import Tree

M: Any = mpmath.MPContext()
M.dps = 200
STEP = 60
LARGEST = 100_000  # binary digits; floats have 1024

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
    "mod": lambda a, b: a - b * M.floor(a / b),
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
}
for _name in (
    "exp", "expm1", "log", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2",
    "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "erfc", "sqrt",
):  # fmt: skip
    EXACT[_name] = getattr(M, _name)


def touching(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= 1e-12 * max(abs(a), abs(b)))


def vanishing(a: Any) -> bool:
    return bool(abs(a) <= 1e-30)


# Is this a point where the gate has no derivative, or so near that floats may not tell?
KINK: dict[str, Callable[..., bool]] = {
    "abs": vanishing,
    "sign": vanishing,
    "sqrt": vanishing,
    "relu": vanishing,
    "leaky_relu": vanishing,
    "cbrt": vanishing,
    "floor": lambda a: touching(a, M.nint(a)),
    "ceil": lambda a: touching(a, M.nint(a)),
    "round": lambda a: touching(a + M.mpf(0.5), M.nint(a + M.mpf(0.5))),
    "mod": lambda a, b: touching(a / b, M.nint(a / b)),
    "gt": touching,
    "lt": touching,
    "max": lambda *operands: touching(*sorted(operands)[-2:]),
    "min": lambda *operands: touching(*sorted(operands)[:2]),
    "clip": lambda a, low, high: touching(a, low) or touching(a, high),
    "hypot": lambda a, b: vanishing(a) and vanishing(b),
    "atan2": lambda y, x: vanishing(y) and (x < 0 or vanishing(x)),  # the cut of the angle
}


def applied(name: str, operands: list[Any]) -> Any:
    if name in KINK and KINK[name](*operands):
        raise SkipError("kink")
    try:
        found = EXACT[name](*operands)
    except (ArithmeticError, ValueError):
        raise SkipError("undefined") from None
    if isinstance(found, M.mpc) or not (isinstance(found, bool) or M.isfinite(found)):
        raise SkipError("undefined")
    if not isinstance(found, bool) and M.mag(found) > LARGEST:
        raise SkipError("overflow")  # and an exp of it would never end
    return found


def factors(seed: str) -> Iterator[Any]:
    """Factors that are each 4 to 8 roundings of a float away from 1."""
    random = Random(seed)
    while True:
        yield M.one + random.uniform(0.5, 1) * random.choice((-1, 1)) * M.mpf(2) ** -50


class Rounding:
    """Computes with errors such as floats make: in every slope, and on even draws in every value.

    Without errors in values, what is exactly 0 in floats too stays so. The first walk, about
    which the slopes are taken, moves only values, and notes the operands. Walks beside it then stretch each
    operand about what it was there, which moves the slopes as well.
    """

    def __init__(self, draw: int, centres: list[list[Any]] | None = None) -> None:
        self.values = repeat(M.one) if draw % 2 else factors(f"values {draw}")
        self.slopes = factors(f"slopes {draw}")
        self.centres = None if centres is None else iter(centres)
        self.met: list[list[Any]] = []

    def __call__(self, name: str, operands: list[Any]) -> Any:
        self.met.append(operands)
        if self.centres is not None:
            at = zip(operands, next(self.centres), strict=True)
            operands = [
                here if isinstance(here, bool) else centre + (here - centre) * next(self.slopes)
                for here, centre in at
            ]
        found = applied(name, operands)
        return found if isinstance(found, bool) else found * next(self.values)


def by_difference(tree: Tree, point: Mapping[str, float], draw: int = 0) -> dict[str, Any]:
    """The value, and slopes as central differences; a draw other than 0 makes errors."""
    at = {name: M.mpf(x) for name, x in point.items()}
    centre = Rounding(draw)
    found = {"value": walk(tree, at, M.mpf, centre if draw else applied)}
    for name, x in at.items():
        step = (abs(x) or M.one) * M.mpf(10) ** -STEP
        above, below = (
            walk(tree, {**at, name: moved}, M.mpf, Rounding(draw, centre.met) if draw else applied)
            for moved in (x + step, x - step)
        )
        found[name] = (above - below) / (2 * step)
    return found


def noise(tree: Tree, point: Mapping[str, float], exact: Mapping[str, Any]) -> dict[str, float]:
    """How far each number moves when every value and slope is some roundings off, at worst of 6 draws.

    Nothing that computes with floats can be held to less. A draw adds up with random signs
    what could add up with equal ones, so callers allow a few times this. Where 53 bits already
    land on a kink that the exact numbers stay clear of, no slope is right: that is skipped.
    """
    with M.workprec(53):
        walk(tree, {name: M.mpf(x) for name, x in point.items()}, M.mpf, applied)
    draws = [by_difference(tree, point, draw) for draw in range(1, 7)]
    return {name: max(float(abs(draw[name] - exact[name])) for draw in draws) for name in exact}
