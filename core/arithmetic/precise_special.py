"""The gamma, error and Bessel functions in many digits, from mpmath's: what cancels is computed
with so many more, and where mpmath's are slow or give up, by their asymptotic series."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

Function = Callable[..., Any]
nan, inf = mp.nan, mp.inf
HUGE = 10**7  # from here on an error function is its asymptotic series
FARTHEST = mpf(2) ** 1_500  # exp of more than this counts as infinite
HIGHEST = 1000  # order of polygamma
TRIES = 60  # steps of Newton's method


def bits(a: Any) -> int:
    """About how many bits cancel next to a number so large."""
    return max(0, int(mp.mag(a))) if a and mp.isfinite(a) else 0


def sine(a: Any) -> Any:
    return mp.sinpi(a - mp.nint(a)) * (-1 if mp.nint(a) % 2 else 1)


def lgamma(a: Any) -> Any:
    if a == inf:
        return inf
    if a > 0:
        return mp.loggamma(a).real
    if a == mp.floor(a):
        return inf
    with mp.extraprec(bits(a) + 20):
        return mp.log(mp.pi / abs(sine(a))) - mp.loggamma(1 - a).real


def gamma(a: Any) -> Any:
    if a == 0:
        return inf
    if a > FARTHEST:
        return inf
    if a < -FARTHEST or (a < 0 and a == mp.floor(a)):
        return mpf(0) if a != mp.floor(a) else nan
    return mp.gamma(a)


def digamma(a: Any) -> Any:
    if a == 0:
        return -inf
    return polygamma(mpf(0), a)


def polygamma(n: Any, a: Any) -> Any:
    if not 0 <= n <= HIGHEST or n != mp.floor(n) or a != a or a == -inf:
        return nan
    if a == inf:
        return inf if n == 0 else mpf(0)
    if a <= 0 and a == mp.floor(a):
        return inf if n % 2 == 1 else nan
    order = int(n)
    if a > 0:
        return mp.psi(order, a)
    with mp.extraprec(bits(a) + 20):
        turned = cotangent(order, a)
        mirrored = mp.psi(order, 1 - a)
        return (mirrored if order % 2 == 0 else -mirrored) - turned


def cotangent(order: int, a: Any) -> Any:
    """The derivative of pi/tan(pi*a), so often."""
    r = a - mp.nint(a)
    here = mp.cospi(r) / mp.sinpi(r)
    terms = [0, 1]
    for _ in range(order):
        slope = [k * term for k, term in enumerate(terms)][1:]
        pairs = zip([*slope, 0, 0], [0, 0, *slope], strict=True)
        terms = [-(one + two) for one, two in pairs]
    return mp.pi ** (order + 1) * mp.polyval(terms[::-1], here)


def digamma_rise(a: Any, b: Any) -> Any:
    if not (a > 0 and b >= 0):
        return nan
    lost = max(0, int(mp.mag(a) - mp.mag(b))) if b and mp.isfinite(a) and mp.isfinite(b) else 0
    with mp.extraprec(2 * min(lost, 10_000) + 20):
        return mp.digamma(a + b) - mp.digamma(a)


def lbeta(a: Any, b: Any) -> Any:
    if not (a > 0 and b > 0):
        return nan
    with mp.extraprec(2 * max(bits(a), bits(b)) + 40):
        return (mp.loggamma(a) + mp.loggamma(b) - mp.loggamma(a + b)).real


# The normal distribution.


def erfcx(a: Any) -> Any:
    if a > HUGE:
        return asymptotic(a, lambda k: -(2 * k - 1) / (2 * a * a)) / (a * mp.sqrt(mp.pi))
    if a * a > FARTHEST:
        return inf
    return mp.exp(a * a) * mp.erfc(a)


def ierfcx(a: Any) -> Any:
    with mp.extraprec(2 * bits(a) + 20):
        return 1 / mp.sqrt(mp.pi) - a * erfcx(a) if mp.isfinite(a) else mpf(0) if a > 0 else inf


def asymptotic(a: Any, factor: Callable[[Any], Any]) -> Any:
    """1 + the product of one factor + that of two + ..., while they get smaller."""
    total, term, k = mpf(1), mpf(1), 0
    while mp.isfinite(a) and abs(term) > mp.eps / 4:
        k += 1
        following = term * factor(mpf(k))
        if abs(following) >= abs(term):
            break
        term = following
        total += term
    return total


def erfinv(a: Any) -> Any:
    if abs(a) > 1:
        return nan
    if abs(a) == 1:
        return a * inf
    if abs(a) > 0.5:
        return mp.sign(a) * erfc_root(1 - abs(a))
    x = a * mp.sqrt(mp.pi) / 2
    for _ in range(TRIES):
        step = (mp.erf(x) - a) * mp.exp(x * x) * mp.sqrt(mp.pi) / 2
        x -= step
        if not abs(step) > abs(x) * mp.eps * 16:
            break
    return x


def erfc_root(q: Any) -> Any:
    """The x of which erfc(x) is q, by Newton's method on its logarithm, which is concave."""
    wanted = mp.log(q)
    x = mp.sqrt(-wanted) * mpf("0.9")
    for _ in range(TRIES):
        found = mp.erfc(x)
        step = (mp.log(found) - wanted) * found * mp.exp(x * x) * mp.sqrt(mp.pi) / -2
        x -= step
        if not abs(step) > abs(x) * mp.eps * 16:
            break
    return x


def erfcinv(a: Any) -> Any:
    if not 0 <= a <= 2:
        return nan
    if a in (0, 2):
        return inf if a == 0 else -inf
    if abs(1 - a) < 0.5:
        return erfinv(1 - a)
    return erfc_root(a) if a < 1 else -erfc_root(2 - a)


def ndtri(a: Any) -> Any:
    return -mp.sqrt(2) * erfcinv(2 * a)


def ndtr(a: Any) -> Any:
    if abs(a) > HUGE:
        return mpf(int(a > 0))
    return mp.erfc(-a / mp.sqrt(2)) / 2


def log_ndtr(a: Any) -> Any:
    if a < -1:
        return mp.log(erfcx(-a / mp.sqrt(2)) / 2) - a * a / 2
    return mp.log1p(-ndtr(-a))


# Bessel's functions.


def bessel(order: int, a: Any) -> Any:
    """exp(-a) times Bessel's function, for a of 0 and more."""
    if a > mp.prec + 20:
        square = 4 * order * order
        series = asymptotic(a, lambda k: -(square - (2 * k - 1) ** 2) / (8 * k * a))
        return series / mp.sqrt(2 * mp.pi * a)
    return mp.exp(-a) * mp.besseli(order, a)


def i1e(a: Any) -> Any:
    return mp.sign(a) * bessel(1, abs(a))


def bessel_fall(a: Any) -> Any:
    with mp.extraprec(bits(a) + 20):
        return bessel(0, abs(a)) - bessel(1, abs(a))


def times_log(a: Any, b: Any) -> Any:
    if a == 0 and b == b:
        return mpf(0)
    return a * mp.log(b) if b else -inf * a


def entr(a: Any) -> Any:
    return -inf if a < 0 else -times_log(a, a)


SPECIAL: dict[str, Function] = {
    "xlogy": times_log,
    "xlog1py": lambda a, b: times_log(a, 1 + b),
    "entr": entr,
    "lgamma": lgamma,
    "gamma": gamma,
    "digamma": digamma,
    "trigamma": lambda a: polygamma(mpf(1), a),
    "polygamma": polygamma,
    "digamma_rise": digamma_rise,
    "lbeta": lbeta,
    "erfcx": erfcx,
    "ierfcx": ierfcx,
    "erfinv": erfinv,
    "erfcinv": erfcinv,
    "ndtri": ndtri,
    "ndtr": ndtr,
    "log_ndtr": log_ndtr,
    "i0e": lambda a: bessel(0, abs(a)),
    "i1e": i1e,
    "bessel_fall": bessel_fall,
}
