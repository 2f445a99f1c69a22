"""Intervals of many digits that surely hold the exact number, and every gate made from them.

An operation raises `UndecidedError` where its operands are too wide to tell (is this positive?):
more bits may help. It raises `UndefinedError` where there surely is no real number. Nothing else
comes out, so that whoever asks can't be fooled. `precision` is the number of bits, for all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from mpmath.libmp import libmpf, libmpi
from mpmath.libmp.libelefun import mpf_cbrt

from backprop.arithmetic.folded import Folded, unfolded
from backprop.arithmetic.system import Arithmetic, Function
from backprop.gates import CONSTANTS

FARTHEST = 1_500  # bits before the point, beyond which exp is not asked for
WIDEST = 5_000  # the same of an angle
HIGHEST = 4_096  # a whole exponent that is multiplied out
EXTRA = 20  # bits
# Gates beside the primitives whose text in the table is exact, and so what it says of intervals.
EXACT = {
    "recip", "square", "shift", "scale", "unit", "powc", "sigmoid", "logsigmoid", "softplus",
    "logaddexp", "relu", "leaky_relu", "elu", "silu", "mish", "softsign", "hardtanh", "relu6",
    "huber", "clip", "sinc", "xlogy", "xlog1py", "logit", "log1mexp",
}  # fmt: skip
Ends = tuple[Any, Any]


class UndecidedError(Exception):
    """More bits may decide it."""


class UndefinedError(Exception):
    """There is no real number here."""


class Bits:
    """The precision in which all intervals work."""

    now = 128

    @classmethod
    @contextmanager
    def of(cls, bits: int) -> Iterator[None]:
        before, cls.now = cls.now, bits
        try:
            yield
        finally:
            cls.now = before


class Enclosure:
    """Numbers that are compared by the sign of their difference, where all of them have one."""

    __slots__ = ()

    def __sub__(self, other: Any) -> Any:
        raise NotImplementedError

    def sign(self) -> int:
        """-1, 0 or 1, if all of its numbers have it."""
        raise NotImplementedError

    def __lt__(self, other: Any) -> bool:
        return bool((self - other).sign() < 0)

    def __le__(self, other: Any) -> bool:
        return bool((self - other).sign() <= 0)

    def __gt__(self, other: Any) -> bool:
        return bool((self - other).sign() > 0)

    def __ge__(self, other: Any) -> bool:
        return bool((self - other).sign() >= 0)

    def __eq__(self, other: Any) -> bool:
        return other is self or not (self - other).sign()

    def __ne__(self, other: Any) -> bool:
        return other is not self and bool((self - other).sign())

    __hash__ = None  # type: ignore[assignment]  # two of them may be neither equal nor unequal

    def __bool__(self) -> bool:
        return bool(self.sign())


class Interval(Enclosure):
    """All numbers between two ends, each an mpf of mpmath's lowest level."""

    __slots__ = ("ends",)

    def __init__(self, ends: Ends) -> None:
        self.ends = ends

    def __add__(self, other: Any) -> Interval:
        return Interval(libmpi.mpi_add(self.ends, of(other).ends, Bits.now))

    def __sub__(self, other: Any) -> Interval:
        return Interval(libmpi.mpi_sub(self.ends, of(other).ends, Bits.now))

    def __mul__(self, other: Any) -> Interval:
        return Interval(libmpi.mpi_mul(self.ends, of(other).ends, Bits.now))

    def __truediv__(self, other: Any) -> Interval:
        below = of(other)
        if not below.sign():
            raise UndefinedError("a division by 0")
        return Interval(libmpi.mpi_div(self.ends, below.ends, Bits.now))

    def __radd__(self, other: Any) -> Interval:
        return of(other) + self

    def __rsub__(self, other: Any) -> Interval:
        return of(other) - self

    def __rmul__(self, other: Any) -> Interval:
        return of(other) * self

    def __rtruediv__(self, other: Any) -> Interval:
        return of(other) / self

    def __neg__(self) -> Interval:
        return Interval(libmpi.mpi_neg(self.ends))

    def __abs__(self) -> Interval:
        return Interval(libmpi.mpi_abs(self.ends, Bits.now))

    def sign(self) -> int:
        """-1, 0 or 1, if all of its numbers have it."""
        low, high = libmpf.mpf_sign(self.ends[0]), libmpf.mpf_sign(self.ends[1])
        if low != high:
            raise UndecidedError
        return int(low)

    def magnitude(self) -> int:
        """About how many bits it has before its point; a small number for what is near 0."""
        sizes = [exponent + bits for _, _, exponent, bits in self.ends if bits]
        return max(sizes, default=-FARTHEST)

    def right(self) -> int:
        """How many bits of it are sure; very many for an exact number."""
        low, high = self.ends
        if low == high:
            return 10**6
        if libmpf.mpf_sign(low) != libmpf.mpf_sign(high):
            return -(10**6)
        width = libmpf.mpf_sub(high, low, 30)
        return int(self.magnitude() - width[2] - width[3])

    def within(self, other: Interval) -> bool:
        """Have the two a number in common?"""
        return bool(libmpi.mpi_overlap(self.ends, other.ends))

    def middle(self) -> Any:
        """The number in its middle, as an mpf of the lowest level."""
        return libmpi.mpi_mid(self.ends, Bits.now)


def of(value: Any) -> Interval:
    """A float as the number that it is; a constant that is made of others, from these."""
    if value.__class__ is Folded:
        value = unfolded(value, of, gate)
    if isinstance(value, Interval):
        return value
    number = libmpf.from_float(float(value))
    if number in (libmpf.finf, libmpf.fninf, libmpf.fnan):
        raise UndefinedError("it is no number")
    return Interval((number, number))


def whole(value: int) -> Interval:
    return Interval((libmpf.from_int(value),) * 2)


def gate(name: str) -> Function:
    """The gate of a constant that is made of others."""
    if name in CONSTANTS:
        return pi if name == "pi" else lambda: exp(whole(1))
    found: Function = INTERVALS.value[name]
    return found


def pi() -> Interval:
    return surely(libmpi.mpi_pi)


ZERO = (libmpf.fzero, libmpf.fzero)


def over(a: Interval, bound: int) -> None:
    if a.magnitude() > bound:
        raise UndecidedError


def not_below(a: Interval, least: int) -> Interval:
    """`a`, if it is no less than a whole number."""
    if (a - least).sign() < 0:
        raise UndefinedError("outside the domain")
    return a


def surely(function: Callable[..., Ends], *operands: Ends) -> Interval:
    """One of mpmath's functions of intervals. Its ends are nearest numbers rather than bounds, so
    they are computed with more bits, and moved outward by far more than they may be off."""
    low, high = function(*operands, Bits.now + EXTRA)
    return Interval((widened(low, "f"), widened(high, "c")))


def angle(function: Callable[..., Ends]) -> Function:
    def every(a: Any) -> Interval:
        over(a := of(a), WIDEST)
        return surely(function, a.ends)

    return every


def exp(a: Any) -> Interval:
    over(a := of(a), 40)
    return whole(1) if a.ends == ZERO else surely(libmpi.mpi_exp, a.ends)


def log(a: Any) -> Interval:
    if not (a := not_below(of(a), 0)).sign():
        raise UndefinedError("log(0)")
    return surely(libmpi.mpi_log, a.ends)


def sqrt(a: Any) -> Interval:
    return Interval(libmpi.mpi_sqrt(not_below(of(a), 0).ends, Bits.now))


def cbrt(a: Any) -> Interval:
    low, high = of(a).ends
    return Interval((root(low, "f"), root(high, "c")))


def root(a: Any, rounding: str) -> Any:
    """An end of a cube root."""
    sign = libmpf.mpf_sign(a)
    if not sign:
        return a
    found = mpf_cbrt(libmpf.mpf_abs(a), Bits.now + EXTRA, "n")
    found = found if sign > 0 else libmpf.mpf_neg(found)
    return widened(found, rounding)


def widened(found: Any, rounding: str) -> Any:
    """A number moved outward by far more than mpmath's functions are ever off."""
    slack = libmpf.mpf_shift(libmpf.mpf_abs(found), -Bits.now)
    move = libmpf.mpf_sub if rounding == "f" else libmpf.mpf_add
    return move(found, slack, Bits.now, rounding)


def power(a: Any, b: Any) -> Interval:
    a, b = of(a), of(b)
    low, high = b.ends
    if low == high and low == libmpf.from_int(libmpf.to_int(low)):
        exponent = libmpf.to_int(low)
        if abs(exponent) <= HIGHEST:
            if exponent < 0 and not a.sign():
                raise UndefinedError("a power of 0")
            return Interval(libmpi.mpi_pow_int(a.ends, exponent, Bits.now))
        odd = exponent % 2
        if not (sign := a.sign()):
            return whole(0) if exponent > 0 else exp(log(a))
        found = exp(b * log(abs(a)))
        return -found if sign < 0 and odd else found
    if not not_below(a, 0).sign():
        if b.sign() < 0:
            raise UndefinedError("a power of 0")
        return whole(0)
    return exp(b * log(a))


def hypot(*operands: Any) -> Interval:
    squares = [Interval(libmpi.mpi_square(of(a).ends, Bits.now)) for a in operands]
    total = squares[0]
    for square in squares[1:]:
        total = total + square
    return sqrt(total)


def asin(a: Any) -> Interval:
    return atan2(a, sqrt((1 - of(a)) * (1 + of(a))))


def acos(a: Any) -> Interval:
    return atan2(sqrt((1 - of(a)) * (1 + of(a))), a)


def atan2(y: Any, x: Any) -> Interval:
    y, x = of(y), of(x)
    if not y.sign() and not x.sign():
        raise UndefinedError("the direction of (0, 0)")
    return surely(libmpi.mpi_atan2, y.ends, x.ends)


def tan(a: Any) -> Interval:
    found: Interval = PRIMITIVES["sin"](a) / PRIMITIVES["cos"](a)
    return found


def tanh(a: Any) -> Interval:
    size = abs(of(a))
    small = exp(-2 * size)
    found = (1 - small) / (1 + small)
    return found if of(a).sign() >= 0 else -found


def asinh(a: Any) -> Interval:
    size = abs(of(a))
    found = log(size + sqrt(size * size + 1))
    return found if of(a).sign() >= 0 else -found


def acosh(a: Any) -> Interval:
    a = not_below(of(a), 1)
    return log(a + sqrt((a - 1) * (a + 1)))


def stepped(nearest: Callable[[Any], Any]) -> Function:
    """A function with steps: both ends have to be on one."""

    def every(a: Any) -> Interval:
        low, high = (nearest(end) for end in of(a).ends)
        if low != high:
            raise UndecidedError
        return Interval((low, low))

    return every


def tailed(name: str) -> Function:
    """An error function, which rises or falls everywhere; mpmath's is widened by its last bits."""

    def every(a: Any) -> Interval:
        import mpmath

        over(a := of(a), 30)
        with mpmath.workprec(Bits.now + EXTRA):
            ends = [getattr(mpmath, name)(mpmath.make_mpf(end))._mpf_ for end in a.ends]
        low, high = ends if name == "erf" else reversed(ends)
        return Interval((widened(low, "f"), widened(high, "c")))

    return every


def chosen(wanted: int) -> Function:
    """The largest or smallest operand."""

    def every(*operands: Any) -> Interval:
        best = of(operands[0])
        for other in operands[1:]:
            best = best if (best - other).sign() * wanted >= 0 else of(other)
        return best

    return every


def truth(test: Callable[[Any, Any], Any]) -> Function:
    return lambda a, b: 1.0 if test(of(a), of(b)) else 0.0


PRIMITIVES: dict[str, Function] = {
    "add": lambda a, b: of(a) + b,
    "sub": lambda a, b: of(a) - b,
    "neg": lambda a: -of(a),
    "mul": lambda a, b: of(a) * b,
    "div": lambda a, b: of(a) / b,
    "square": lambda a: Interval(libmpi.mpi_square(of(a).ends, Bits.now)),
    "pow": power,
    "sqrt": sqrt,
    "cbrt": cbrt,
    "hypot": hypot,
    "exp": exp,
    "exp2": lambda a: exp(of(a) * log(whole(2))),
    "expm1": lambda a: exp(a) - 1,
    "log": log,
    "log2": lambda a: log(a) / log(whole(2)),
    "log10": lambda a: log(a) / log(whole(10)),
    "log1p": lambda a: log(1 + of(a)),
    "sin": angle(libmpi.mpi_sin),
    "cos": angle(libmpi.mpi_cos),
    "tan": tan,
    "asin": asin,
    "acos": acos,
    "atan": angle(libmpi.mpi_atan),
    "atan2": atan2,
    "sinh": lambda a: (exp(a) - exp(-of(a))) / 2,
    "cosh": lambda a: (exp(a) + exp(-of(a))) / 2,
    "tanh": tanh,
    "asinh": asinh,
    "acosh": acosh,
    "atanh": lambda a: log((1 + of(a)) / (1 - of(a))) / 2,
    "erf": tailed("erf"),
    "erfc": tailed("erfc"),
    "abs": lambda a: abs(of(a)),
    "sign": lambda a: whole(of(a).sign()),
    "floor": stepped(libmpf.mpf_floor),
    "ceil": stepped(libmpf.mpf_ceil),
    "round": stepped(libmpf.mpf_nint),
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


class Constant(Interval):
    """A constant of the table's texts, as narrow as the precision of the moment makes it."""

    def __init__(self, made: Callable[[], Interval]) -> None:
        self.made = made

    @property
    def ends(self) -> Ends:  # type: ignore[override]
        return self.made().ends


INTERVALS = Arithmetic(
    "intervals",
    PRIMITIVES,
    literal=lambda text: f"number({float(text)!r})",
    constants={"number": of, "pi": Constant(pi), "e": Constant(lambda: exp(whole(1)))},
    number=of,
    divides=True,
)
