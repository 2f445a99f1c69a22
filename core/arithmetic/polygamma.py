"""The derivatives of digamma, of any order, in floats.

    polygamma(n, a)   is   (-1)**(n + 1) * n! * the sum of 1/(a + k)**(n + 1), k = 0, 1, 2, ...

Euler and Maclaurin's formula has the rest of the sum where it is cut. Far to the left of 0 it is
reflected, or the entries nearby are all that counts.
"""

from __future__ import annotations

import math
from math import copysign, inf, nan

from backprop.gates.polynomials import EACH, bernoulli

NEAR = 20.0  # to the left of minus this, no sum begins
STEEP = 30  # from this order on only the nearest entries of a sum count
WIDTH = 60  # of these
HIGHEST = 1000  # order
LARGEST = 170  # whose factorial is a float


def higher(order: float, a: float) -> float:
    """polygamma(order, a) of an order of 1 or more; nan of more than a thousand."""
    if a != a or a == -inf or order > HIGHEST:
        return nan
    n = int(order)
    sign = 1.0 if n % 2 else -1.0
    if a == inf:
        return sign * 0.0
    if a <= 0 and a == math.floor(a):
        return inf if n % 2 else nan
    if a < -NEAR and n < STEEP:
        return reflected(n, a)
    near = a if a > 0 else a - round(a)
    return sign * times_factorial(n, near, entries(n, a, near))


def entries(n: int, a: float, near: float) -> list[float]:
    """The parts of the sum, times the nth power of `near`, the least that a + k may be."""
    start = max(0, -round(a) - WIDTH) if a < -NEAR else 0
    steps = max(0, math.ceil(n + 12 - a)) if a >= -NEAR else start + 2 * WIDTH
    found = [ratio(near, a + k, n) / (a + k) for k in range(start, steps)]
    if a < -NEAR:
        return found
    x = a + steps
    last = ratio(near, x, n) / x
    found += [last * x / n, last / 2]
    factor = last * (n + 1) / x / 2
    for k in EACH:
        found.append(bernoulli(k) * factor)
        top = n + 2 * k
        factor *= top * (top + 1) / ((2 * k + 1) * (2 * k + 2)) / x / x
    return found


def ratio(near: float, x: float, n: int) -> float:
    """(near/x)**n, of which no part overflows."""
    part: float = (near / x) ** n
    return part


def times_factorial(n: int, near: float, parts: list[float]) -> float:
    """n! times a sum, divided by the nth power of `near`."""
    total = math.fsum(parts)
    try:
        if n <= LARGEST and abs(total) < inf:
            found: float = total * (math.factorial(n) / near**n)
            return found
    except (OverflowError, ZeroDivisionError):
        pass
    for k in range(1, n + 1):
        total *= k / near if near else copysign(inf, near)
    return total


def reflected(n: int, a: float) -> float:
    """(-1)**n * polygamma(n, 1 - a), less the nth derivative of pi/tan(pi*a): that of the
    cotangent is minus one minus its square."""
    cotangent = 1.0 / math.tan(math.pi * (a - round(a)))
    terms = [0, 1]  # of the powers of the cotangent
    for _ in range(n):
        slope = [k * term for k, term in enumerate(terms)][1:]
        pairs = zip([*slope, 0, 0], [0, 0, *slope], strict=True)
        terms = [-(one + two) for one, two in pairs]
    value = 0.0
    for term in reversed(terms):
        value = value * cotangent + term
    mirrored = higher(float(n), 1.0 - a)
    return (mirrored if n % 2 == 0 else -mirrored) - math.pi ** (n + 1) * value
