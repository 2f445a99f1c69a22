"""Balls of python-flint, whose every operation is proved: the same as intervals.py, faster.

A ball is a number and a radius within which the exact number surely lies. What can't be decided
raises `UndecidedError`, what has no real number `UndefinedError`, as for intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from math import isfinite
from typing import Any

from flint import arb, ctx

from backprop.arithmetic.folded import Folded, unfolded
from backprop.arithmetic.intervals import Enclosure, UndecidedError, UndefinedError
from backprop.arithmetic.system import Arithmetic, Function
from backprop.gates import CONSTANTS

FARTHEST, WIDEST = 1_500, 5_000  # bits before the point: of what exp is asked for, of an angle
HIGHEST = 4_096  # a whole exponent that is multiplied out
LEAST, MOST = -1_200, 1_100  # bits of what is still a float


@contextmanager
def of_bits(bits: int) -> Iterator[None]:
    """The precision of all balls."""
    before, ctx.prec = ctx.prec, bits
    try:
        yield
    finally:
        ctx.prec = before


class Ball(Enclosure):
    __slots__ = ("held",)

    def __init__(self, held: Any) -> None:
        self.held = held

    def __add__(self, other: Any) -> Ball:
        return Ball(self.held + of(other).held)

    def __sub__(self, other: Any) -> Ball:
        return Ball(self.held - of(other).held)

    def __mul__(self, other: Any) -> Ball:
        return Ball(self.held * of(other).held)

    def __truediv__(self, other: Any) -> Ball:
        below = of(other)
        if not below.sign():
            raise UndefinedError("a division by 0")
        return Ball(self.held / below.held)

    def __radd__(self, other: Any) -> Ball:
        return of(other) + self

    def __rsub__(self, other: Any) -> Ball:
        return of(other) - self

    def __rmul__(self, other: Any) -> Ball:
        return of(other) * self

    def __rtruediv__(self, other: Any) -> Ball:
        return of(other) / self

    def __neg__(self) -> Ball:
        return Ball(-self.held)

    def __abs__(self) -> Ball:
        return Ball(abs(self.held))

    def sign(self) -> int:
        """-1, 0 or 1, if all of its numbers have it."""
        if self.held > 0:
            return 1
        if self.held < 0:
            return -1
        if self.held.is_zero():
            return 0
        raise UndecidedError

    def right(self) -> int:
        """How many bits of it are sure; very many for an exact number."""
        if not self.held.is_finite():
            return -(10**6)
        return 10**6 if self.held.is_exact() else int(self.held.rel_accuracy_bits())

    def nearest(self) -> float:
        """The float next to its middle; OverflowError beyond the last."""
        mantissa, exponent = map(int, self.held.mid().man_exp())
        size = mantissa.bit_length() + exponent
        if not mantissa or size < LEAST:
            return 0.0
        if size > MOST:
            raise OverflowError
        return float(Fraction(mantissa) * Fraction(2) ** exponent)


def of(value: Any) -> Ball:
    """A float as the number that it is; a constant that is made of others, from these."""
    if value.__class__ is Folded:
        value = unfolded(value, of, gate)
    if isinstance(value, Ball):
        return value
    if not isfinite(value):
        raise UndefinedError("it is no number")
    return Ball(arb(float(value)))


def gate(name: str) -> Function:
    if name in CONSTANTS:
        return (lambda: Ball(arb.pi())) if name == "pi" else lambda: Ball(arb.const_e())
    found: Function = BALLS.value[name]
    return found


class Constant(Ball):
    """A constant of the table's texts, at the precision of the moment."""

    __slots__ = ("made",)

    def __init__(self, made: Callable[[], Any]) -> None:
        self.made = made

    @property
    def held(self) -> Any:
        return self.made()


def over(a: Ball, bits: int) -> Ball:
    if a.held.is_finite() and not abs(a.held) < arb(2) ** bits:
        raise UndecidedError
    return a


def plain(name: str, bits: int = WIDEST) -> Function:
    """A function of flint that all numbers have."""

    def every(a: Any) -> Ball:
        found = getattr(over(of(a), bits).held, name)()
        if not found.is_finite():
            raise UndecidedError
        return Ball(found)

    return every


def within(name: str, *tests: tuple[int, int], open_ends: bool = False) -> Function:
    """A function of flint whose operand times a factor is no less than a bound."""

    def every(a: Any) -> Ball:
        number = of(a)
        for factor, least in tests:
            side = (number * factor - least).sign()
            if side < 0 or (open_ends and not side):
                raise UndefinedError("outside the domain")
        found = getattr(number.held, name)()
        if not found.is_finite():
            raise UndecidedError
        return Ball(found)

    return every


def cbrt(a: Any) -> Ball:
    number = of(a)
    sign = number.sign()
    if not sign:
        return number
    root = Ball(abs(number.held).root(3))
    return root if sign > 0 else -root


def power(a: Any, b: Any) -> Ball:
    a, b = of(a), of(b)
    if b.held.is_exact() and b.held.is_integer():
        exponent = int(b.held.unique_fmpz())
        if abs(exponent) <= HIGHEST:
            if exponent < 0 and not a.sign():
                raise UndefinedError("a power of 0")
            return Ball(a.held**exponent)
        if not (sign := a.sign()):
            if exponent < 0:
                raise UndefinedError("a power of 0")
            return of(0.0)
        found = exp(b * log(abs(a)))
        return of(-found if sign < 0 and exponent % 2 else found)
    side = a.sign()
    if side < 0:
        raise UndefinedError("a fractional power of a negative number")
    if not side:
        if b.sign() < 0:
            raise UndefinedError("a power of 0")
        return of(0.0)
    return of(exp(b * log(a)))


def hypot(*operands: Any) -> Ball:
    total = of(0.0)
    for a in operands:
        total = total + Ball(of(a).held ** 2)
    return of(sqrt(total))


def atan2(y: Any, x: Any) -> Ball:
    y, x = of(y), of(x)
    if not y.sign() and not x.sign():
        raise UndefinedError("the direction of (0, 0)")
    return Ball(arb.atan2(y.held, x.held))


def stepped(name: str) -> Function:
    def every(a: Any) -> Ball:
        found = getattr(of(a).held, name)()
        if not found.is_exact():
            raise UndecidedError
        return Ball(found)

    return every


def rounded(a: Any) -> Ball:
    """The nearest whole number, the even one of two."""
    number = of(a)
    whole = stepped("floor")(number + 0.5)
    tied = not (number + 0.5 - whole).sign() and int(whole.held.unique_fmpz()) % 2
    return of(whole - 1 if tied else whole)


def chosen(wanted: int) -> Function:
    def every(*operands: Any) -> Ball:
        best = of(operands[0])
        for other in operands[1:]:
            best = best if (best - other).sign() * wanted >= 0 else of(other)
        return best

    return every


def truth(test: Callable[[Any, Any], Any]) -> Function:
    return lambda a, b: 1.0 if test(of(a), of(b)) else 0.0


exp, sqrt = plain("exp", 40), within("sqrt", (1, 0))
log = within("log", (1, 0), open_ends=True)
PRIMITIVES: dict[str, Function] = {
    "add": lambda a, b: of(a) + b,
    "sub": lambda a, b: of(a) - b,
    "neg": lambda a: -of(a),
    "mul": lambda a, b: of(a) * b,
    "div": lambda a, b: of(a) / b,
    "square": lambda a: Ball(of(a).held ** 2),
    "pow": power,
    "sqrt": sqrt,
    "cbrt": cbrt,
    "hypot": hypot,
    "exp": exp,
    "exp2": lambda a: exp(of(a) * log(2.0)),
    "expm1": plain("expm1", 40),
    "log": log,
    "log2": lambda a: log(a) / log(2.0),
    "log10": lambda a: log(a) / log(10.0),
    "log1p": within("log1p", (1, -1), open_ends=True),
    "sin": plain("sin"),
    "cos": plain("cos"),
    "tan": plain("tan"),
    "asin": within("asin", (1, -1), (-1, -1)),
    "acos": within("acos", (1, -1), (-1, -1)),
    "atan": plain("atan"),
    "atan2": atan2,
    "sinh": plain("sinh", 40),
    "cosh": plain("cosh", 40),
    "tanh": plain("tanh", 40),
    "asinh": plain("asinh"),
    "acosh": within("acosh", (1, 1)),
    "atanh": within("atanh", (1, -1), (-1, -1), open_ends=True),
    "erf": plain("erf", 40),
    "erfc": plain("erfc", 40),
    "abs": lambda a: abs(of(a)),
    "sign": lambda a: of(float(of(a).sign())),
    "floor": stepped("floor"),
    "ceil": stepped("ceil"),
    "round": rounded,
    "max": chosen(1),
    "min": chosen(-1),
    "where": lambda c, a, b: of(a) if of(c) else of(b),
    "lt": truth(lambda a, b: a < b),
    "le": truth(lambda a, b: a <= b),
    "gt": truth(lambda a, b: a > b),
    "ge": truth(lambda a, b: a >= b),
    "eq": truth(lambda a, b: a == b),
    "ne": truth(lambda a, b: a != b),
}
BALLS = Arithmetic(
    "balls",
    PRIMITIVES,
    literal=lambda text: f"number({float(text)!r})",
    constants={"number": of, "pi": Constant(arb.pi), "e": Constant(arb.const_e)},
    number=of,
    divides=True,
)
