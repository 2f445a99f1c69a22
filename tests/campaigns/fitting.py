"""Where the numbers of core/gates/series.py come from: Chebyshev interpolants of what mpmath
computes to 45 digits, as powers of s, which goes from -1 to 1 over an interval.

    python -m tests.campaigns.fitting      prints core/gates/series.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mpmath import mp, mpf

Function = Callable[[Any], Any]
WIDTH = 100

HEAD = '''"""Polynomials that functions are computed by, written by tests/campaigns/fitting.py.

Each is a list of coefficients of the powers of s, which goes from -1 to 1 over an interval.
"""

from __future__ import annotations

Series = tuple[tuple[float, float], tuple[float, ...]]  # the interval, and the coefficients
'''


def erfcx(a: Any) -> Any:
    return mp.exp(a * a) * mp.erfc(a)


def ierfcx(a: Any) -> Any:
    return 1 / mp.sqrt(mp.pi) - a * erfcx(a)


def erfinv_by(w: Any) -> Any:
    """erfinv(y)/y, where w is y*y."""
    y = mp.sqrt(w)
    return mp.erfinv(y) / y if y else mp.sqrt(mp.pi) / 2


def erfc_tail(s: Any) -> Any:
    """The x of which erfc(x) is exp(-s*s), by Newton's method on the logarithm."""
    x = s * mpf("0.9")
    while True:
        found = mp.erfc(x)
        step = (mp.log(found) + s * s) * found / (-2 / mp.sqrt(mp.pi) * mp.exp(-x * x))
        x -= step
        if abs(step) < mpf(10) ** -40 * abs(x):
            return x


ROOT = mp.mpf(0)


def digamma_by(x: Any) -> Any:
    """digamma(x)/(x - root)."""
    return mp.digamma(x) / (x - ROOT)


def lgamma_by(x: Any) -> Any:
    """lgamma(x)/((x - 1)*(x - 2))."""
    return mp.loggamma(x) / ((x - 1) * (x - 2))


def log_of_gamma(x: Any) -> Any:
    return mp.log(abs(mp.gamma(x)))


def bessel(order: int) -> Function:
    return lambda x: mp.exp(-x) * mp.besseli(order, x)


def bessel_fall(x: Any) -> Any:
    return mp.exp(-x) * (mp.besseli(0, x) - mp.besseli(1, x))


def far(function: Function, power: Any) -> Function:
    """A function of 12/x, times a power of x."""
    return lambda u: function(12 / u) * (12 / u) ** power


def bessel1_by(x: Any) -> Any:
    return bessel(1)(x) / x


HALF = mpf(1) / 2
WANTED: list[tuple[str, Function, int, float, float]] = [
    ("DIGAMMA", digamma_by, 24, 1, 2),
    ("LGAMMA", lgamma_by, 24, 1, 2),
    ("LGAMMA_3", log_of_gamma, 22, 3, 5),
    ("LGAMMA_5", log_of_gamma, 25, 5, 10),
    ("LGAMMA_DIP", log_of_gamma, 27, -2.75, -2.4375),
    ("ERFCX_0", erfcx, 27, 0, 2),
    ("ERFCX_2", erfcx, 26, 2, 5),
    ("IERFCX_0", ierfcx, 28, 0, 2),
    ("IERFCX_2", ierfcx, 27, 2, 5),
    ("ERFINV", erfinv_by, 25, 0, 0.5625),
    ("TAIL_1", erfc_tail, 22, 1.125, 2),
    ("TAIL_2", erfc_tail, 24, 2, 4),
    ("TAIL_4", erfc_tail, 24, 4, 9),
    ("TAIL_9", erfc_tail, 26, 9, 28),
    ("BESSEL0_0", bessel(0), 24, 0, 4),
    ("BESSEL0_4", bessel(0), 24, 4, 12),
    ("BESSEL0_12", far(bessel(0), HALF), 22, 0, 1),
    ("BESSEL1_0", bessel1_by, 24, 0, 4),
    ("BESSEL1_4", bessel1_by, 26, 4, 12),
    ("BESSEL1_12", far(bessel(1), HALF), 22, 0, 1),
    ("FALL_0", bessel_fall, 25, 0, 4),
    ("FALL_4", bessel_fall, 28, 4, 12),
    ("FALL_12", far(bessel_fall, 3 * HALF), 22, 0, 1),
]


def fitted(function: Function, count: int, low: float, high: float) -> list[Any]:
    """The coefficients of the powers of s."""
    middle, half = (mpf(low) + high) / 2, (mpf(high) - low) / 2
    angles = [mp.pi * (2 * k + 1) / (2 * count) for k in range(count)]
    values = [function(middle + half * mp.cos(angle)) for angle in angles]
    chebyshev = [
        (2 if j else 1)
        * mp.fsum(v * mp.cos(j * angle) for v, angle in zip(values, angles, strict=True))
        / count
        for j in range(count)
    ]
    powers = [mpf(0)] * count
    before, here = [mpf(1)], [mpf(0), mpf(1)]
    for factor in chebyshev:
        for place, coefficient in enumerate(before):
            powers[place] += factor * coefficient
        after = [mpf(0), *(2 * c for c in here)]
        for place, coefficient in enumerate(before):
            after[place] -= coefficient
        before, here = here, after

    return powers


def written(name: str, low: float, high: float, powers: list[Any]) -> Iterator[str]:
    yield f"{name}: Series = (({float(low)!r}, {float(high)!r}), ("
    line = "   "
    for power in powers:
        text = f" {float(power)!r},"
        if len(line) + len(text) > WIDTH:
            yield line
            line = "   "
        line += text
    yield line
    yield "))  # fmt: skip"


def main() -> None:
    global ROOT
    mp.dps = 45
    ROOT = mp.findroot(mp.digamma, 1.4616)
    print(HEAD)
    near = float(ROOT)
    print(f"DIGAMMA_ROOT = ({near!r}, {float(ROOT - near)!r})  # a float, and what it lacks")
    for name, function, count, low, high in WANTED:
        print(*written(name, low, high, fitted(function, count, low, high)), sep="\n")


if __name__ == "__main__":
    main()
