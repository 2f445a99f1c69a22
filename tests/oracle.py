"""The truth about every gate to 50 digits, and a check of the engine against it.

Values are mpmath's own functions, none of the table's texts; slopes are differences of those
values, so no rule of calculus is shared either. Only where to look comes from the table.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import Any

from mpmath import MPContext

from backprop.answer.evaluation import parse
from backprop.arithmetic.texts import form
from backprop.engine.numbers import backward, forward
from backprop.gates import scalars

GATES = scalars()

mp = MPContext()  # one of its own: nobody else's precision changes
mp.dps = 50

STEP = 25  # digits between a point and its neighbours in a difference
SMALLEST = 324  # digits between 1 and the smallest float
TOLERANCE = 1e-12  # of a slope: far above the rounding of any gate, far below a wrong rule

# Operands that a row takes for constants: they get no gradient, whatever the slope.
LITERAL_OPERANDS = {"shift": (1,), "scale": (1,), "powc": (1,), "polygamma": (0,)}
# The exponents people write; 0 and 2 are gates of their own.
EXPONENTS = [half / 2 for half in range(-6, 11) if half not in (0, 4)]


def erfc(a: Any) -> Any:
    """mpmath's own, but its exponents don't go down to exp(-1e320)."""
    return mp.erfc(a) if a < 1e3 else 0 * a


SELU = mp.mpf(1.0507009873554805)  # the float that the row has


def huber(a: Any, delta: Any) -> Any:
    if delta < 0:
        return mp.mpc(0, 1)
    return a * a / 2 if abs(a) <= delta else delta * (abs(a) - delta / 2)


def lgamma(a: Any) -> Any:
    """The logarithm of |gamma(a)|."""
    if a > 1000:
        return mp.loggamma(a)
    if a < -1000:
        return mp.log(mp.pi / abs(mp.sinpi(a))) - mp.loggamma(1 - a)
    return mp.log(abs(mp.gamma(a)))


def polygamma(n: Any, a: Any) -> Any:
    """mpmath's own to the right of 0; to its left one step of the recurrence after another, or the
    cotangent's derivatives."""
    order, moved = int(n), mp.mpf(0)
    if a < -50:
        turned = mp.diff(mp.cot, mp.pi * a, order) * mp.pi ** (order + 1) if order else (
            mp.pi * mp.cot(mp.pi * a)
        )  # fmt: skip
        return (-1) ** order * mp.psi(order, 1 - a) - turned
    while a <= 0:
        moved += 1 / a ** (order + 1)
        a += 1
    return mp.psi(order, a) + (-1) ** (order + 1) * mp.factorial(order) * moved


def erfcx(a: Any) -> Any:
    """exp(a*a)*erfc(a); for large operands Kummer's function, which is the same."""
    return mp.exp(a * a) * mp.erfc(a) if a < 100 else mp.hyperu(0.5, 0.5, a * a) / mp.sqrt(mp.pi)


def erfc_root(q: Any) -> Any:
    """Where erfc is q, between 0 and 1, found by secants of its logarithm."""
    wanted = mp.log(q)
    start = mp.sqrt(-wanted) * mp.mpf("0.9")
    with mp.extraprec(60):
        pair = start, start * mp.mpf("1.01")
        return mp.findroot(lambda x: mp.log(mp.erfc(x)) - wanted, pair, verify=False)


def erfinv(a: Any) -> Any:
    if abs(a) > 0.5:
        return mp.sign(a) * erfc_root(1 - abs(a))
    return mp.findroot(lambda x: mp.erf(x) / a - 1, (a * 0.88, a * 0.89), verify=False) if a else a


def ndtri(a: Any) -> Any:
    if abs(2 * a - 1) < 0.5:
        return mp.sqrt(2) * erfinv(2 * a - 1)
    return -mp.sqrt(2) * erfc_root(2 * a) if a < 0.5 else mp.sqrt(2) * erfc_root(2 * (1 - a))


def log_ndtr(a: Any) -> Any:
    if a > 0:
        return mp.log1p(-erfc(a / mp.sqrt(2)) / 2)
    return mp.log(erfcx(-a / mp.sqrt(2)) / 2) - a * a / 2


def bessel(order: int, a: Any) -> Any:
    """exp(-|a|) times Bessel's function; for large operands by Kummer's."""
    y = abs(a)
    if y < 1000:
        return mp.exp(-y) * mp.besseli(order, a)
    asymptotic = mp.hyp2f0(0.5 + order, 0.5 - order, 1 / (2 * y))
    return asymptotic / mp.sqrt(2 * mp.pi * y) * (mp.sign(a) if order else 1)


ORACLE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "recip": lambda a: 1 / a,
    "square": lambda a: a * a,
    "shift": lambda a, c: a + c,
    "scale": lambda a, c: a * c,
    "unit": lambda _a: mp.mpf(1),
    "powc": mp.power,
    "pow": mp.power,
    "sqrt": mp.sqrt,
    "cbrt": lambda a: mp.sign(a) * mp.cbrt(abs(a)),
    "hypot": lambda *operands: mp.sqrt(mp.fsum(operands, squared=True)),
    "abs": abs,
    "exp": mp.exp,
    "exp2": lambda a: mp.power(2, a),
    "expm1": mp.expm1,
    "log": mp.log,
    "log2": lambda a: mp.log(a, 2),
    "log10": mp.log10,
    "log1p": mp.log1p,
    "sin": mp.sin,
    "cos": mp.cos,
    "tan": mp.tan,
    "asin": mp.asin,
    "acos": mp.acos,
    "atan": mp.atan,
    "atan2": mp.atan2,
    "sinh": mp.sinh,
    "cosh": mp.cosh,
    "tanh": mp.tanh,
    "asinh": mp.asinh,
    "acosh": mp.acosh,
    "atanh": mp.atanh,
    "erf": mp.erf,
    "erfc": erfc,
    "sinc": mp.sinc,
    "sigmoid": lambda a: 1 / (1 + mp.exp(-a)),
    "logsigmoid": lambda a: -mp.log1p(mp.exp(-a)),
    "softplus": lambda a: mp.log1p(mp.exp(a)),
    "logaddexp": lambda a, b: a + mp.log1p(mp.exp(b - a)),
    "relu": lambda a: a if a > 0 else 0 * a,
    "leaky_relu": lambda a: a if a > 0 else a * mp.mpf(0.01),  # the float that the row has
    "elu": lambda a: a if a > 0 else mp.expm1(a),
    "silu": lambda a: a / (1 + mp.exp(-a)),
    "gelu": lambda a: a * erfc(-a / mp.sqrt(2)) / 2,
    "selu": lambda a: SELU * (a if a > 0 else mp.mpf(1.7580993408473766) / SELU * mp.expm1(a)),
    "mish": lambda a: a * mp.tanh(mp.log1p(mp.exp(a))),
    "softsign": lambda a: a / (1 + abs(a)),
    "hardtanh": lambda a: max(-1, min(a, 1)),
    "relu6": lambda a: max(0, min(a, 6)),
    "huber": huber,
    "xlogy": lambda a, b: a * mp.log(b) if a else a,
    "xlog1py": lambda a, b: a * mp.log(1 + b) if a else a,
    "entr": lambda a: -a * mp.log(a) if a else a,
    "logit": lambda a: mp.log(a / (1 - a)),
    "log1mexp": lambda a: mp.log(-mp.expm1(-a)),
    "lgamma": lgamma,
    "gamma": mp.gamma,
    "digamma": lambda a: polygamma(0, a),
    "trigamma": lambda a: polygamma(1, a),
    "polygamma": polygamma,
    "digamma_rise": lambda a, b: mp.digamma(a + b) - mp.digamma(a),
    "lbeta": lambda a, b: mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b),
    "erfcx": erfcx,
    "ierfcx": lambda a: 1 / mp.sqrt(mp.pi) - a * erfcx(a),
    "erfinv": erfinv,
    "erfcinv": lambda a: erfinv(1 - a) if 0.5 < a < 1.5 else -ndtri(a / 2) / mp.sqrt(2),
    "ndtri": ndtri,
    "ndtr": lambda a: erfc(-a / mp.sqrt(2)) / 2,
    "log_ndtr": log_ndtr,
    "i0e": lambda a: bessel(0, a),
    "i1e": lambda a: bessel(1, a),
    "bessel_fall": lambda a: bessel(0, a) - bessel(1, abs(a)),
    "i0": lambda a: mp.besseli(0, a),
    "i1": lambda a: mp.besseli(1, a),
    "max": max,
    "min": min,
    "where": lambda c, a, b: a if c else b,
    "clip": lambda a, low, high: min(max(a, low), high),
    "sign": mp.sign,
    "floor": mp.floor,
    "ceil": mp.ceil,
    "round": mp.nint,
    "mod": lambda a, b: a - b * mp.floor(a / b),
    "lt": lambda a, b: mp.mpf(a < b),
    "le": lambda a, b: mp.mpf(a <= b),
    "gt": lambda a, b: mp.mpf(a > b),
    "ge": lambda a, b: mp.mpf(a >= b),
    "eq": lambda a, b: mp.mpf(a == b),
    "ne": lambda a, b: mp.mpf(a != b),
}


def value(name: str, point: Sequence[float]) -> Any:
    """The gate's value; a complex number where it has no real one."""
    with mp.workdps(digits(point)):
        return ORACLE[name](*map(mp.mpf, point))


def slope(name: str, position: int, point: Sequence[float]) -> Any:
    """The gate's derivative by one operand; a complex number where it has no real one."""
    with mp.workdps(digits(point)):
        step = neighbour(point[position])
        left, right = [beside(name, position, point, side * step) for side in (-1, 1)]
        return (right - left) / (2 * step)


def one_sided(name: str, position: int, point: Sequence[float]) -> tuple[float, float]:
    """The slopes on the left and on the right, for kinks."""
    with mp.workdps(digits(point)):
        step, here = neighbour(point[position]), value(name, point)
        left, right = [beside(name, position, point, side * step) for side in (-1, 1)]
        return float((here - left) / step), float((right - here) / step)


def neighbour(here: float) -> Any:
    """How far to go for a difference: little, next to the number itself as well as to 1."""
    return mp.mpf(10) ** -STEP * (min(1, abs(mp.mpf(here))) or 1)


def beside(name: str, position: int, point: Sequence[float], step: Any) -> Any:
    operands = [mp.mpf(a) for a in point]
    operands[position] += step
    return ORACLE[name](*operands)


def digits(point: Sequence[float]) -> int:
    """Enough that a difference keeps 50 digits of a slope that a float can hold.

    Extra ones are needed for tiny and huge numbers, and where a gate saturates: tanh and erf
    differ from 1 by as little as exp(-a*a), about a*a/2 digits, down to the smallest float.
    """
    magnitudes = [abs(math.log10(abs(a))) for a in point if a]
    spread = 4 * math.ceil(max(magnitudes, default=0))
    return 100 + spread + math.ceil(min(SMALLEST, max(a * a for a in point) / 2))


def ulps(found: float, truth: Any) -> float:
    """How far a float is from the truth, in units of the last place of the truth."""
    nearest = float(truth)
    if found == nearest and math.isinf(nearest):
        return 0.0
    if not math.isfinite(nearest) or not math.isfinite(found):
        return math.inf
    return round(float(abs(mp.mpf(found) - truth) / mp.mpf(math.ulp(nearest))), 9)


def points(name: str, count: int) -> Iterator[tuple[float, ...]]:
    """Points from the gate's own sample ranges, the same ones every time."""
    gate, random = GATES[name], Random(name)
    for _ in range(count):
        point = [random.uniform(*interval) for interval in gate.samples * (1 + gate.variadic)]
        if name == "powc":
            point[1] = random.choice(EXPONENTS)
        if name == "where":
            point[0] = random.choice((0.0, 1.0))
        if name == "polygamma":
            point[0] = float(round(point[0]))
        yield tuple(point)


def one_gate(name: str, point: Sequence[float]) -> tuple[str, dict[str, float]]:
    """A text that is this gate and nothing else, and what its variables are worth."""
    gate = GATES[name]
    names = "abcde"[: len(point)] if gate.variadic else gate.operands
    fixed = LITERAL_OPERANDS.get(name, ())
    operands = [
        f"({a!r})" if place in fixed else letter
        for place, (letter, a) in enumerate(zip(names, point, strict=True))
    ]
    at = {
        letter: a
        for place, (letter, a) in enumerate(zip(names, point, strict=True))
        if place not in fixed
    }
    return form(name, len(point))(*operands), at


def differing(name: str, point: Sequence[float]) -> list[str]:
    """The variables of a one-gate program for which the engine's slope isn't the difference."""
    text, at = one_gate(name, point)
    program = parse(text)
    assert [gate for gate in program.gates if gate in GATES] == [name]
    back = backward(program, forward(program, at))
    positions = [
        place for place in range(len(point)) if place not in LITERAL_OPERANDS.get(name, ())
    ]
    return [
        letter
        for letter, place in zip(at, positions, strict=True)
        if not abs(back.gradient(program.inputs[letter]) - (truth := slope(name, place, point)))
        <= TOLERANCE * abs(truth)
    ]
