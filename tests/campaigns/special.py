"""The gamma, error and Bessel functions and the composites, over all their range: value and slopes
against 100 digits, at any number of points.

    python -m tests.campaigns.special [POINTS [NAME ...]]

A row says how many units in the last place value and slopes are off, at most 20 and 50 (VALUES,
SLOPES), and each may be as much more as two units in its operands make.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))

from oracle import LITERAL_OPERANDS, ORACLE, mp

from backprop.arithmetic.ieee import LOCAL, VALUE
from backprop.gates import GATES

VALUES, SLOPES, OPERANDS = 20.0, 50.0, 2.0
STEP = 30  # digits between a point and its neighbours in a difference
SMALLEST = 2.0**-1022
Draw = Callable[[Random], float]


def wide(low: float, high: float, signs: tuple[int, ...] = (1,)) -> Draw:
    """Powers of ten between two of them."""
    return lambda random: random.choice(signs) * 10 ** random.uniform(low, high)


def even(low: float, high: float) -> Draw:
    return lambda random: random.uniform(low, high)


def near(centre: float, low: float, high: float, signs: tuple[int, ...] = (1, -1)) -> Draw:
    """Next to a number, as near as a power of ten says."""
    return lambda random: centre + random.choice(signs) * 10 ** random.uniform(low, high)


def any_of(*draws: Draw) -> Draw:
    return lambda random: random.choice(draws)(random)


BOTH = (1, -1)
GAMMA = any_of(even(-12, 25), even(0, 3), near(1, -15, -1), near(2, -15, -1), wide(-300, 3, BOTH),
               wide(0, 300), near(-2.457, -6, -1), near(-2.7477, -6, -1), even(-200, 0))  # fmt: skip
POSITIVE = any_of(even(0, 3), even(0, 30), wide(-300, 3), wide(0, 300))
ANY = any_of(even(-6, 6), even(-40, 40), wide(-300, 300, BOTH), wide(-5, 2, BOTH))
PART = any_of(even(0, 1), wide(-300, 0), near(1, -15, -1, (-1,)))
DRAWS: dict[str, tuple[Draw, ...]] = {
    "lgamma": (GAMMA,),
    "gamma": (any_of(even(-12, 25), even(-170, 171), wide(-300, 1, BOTH)),),
    "digamma": (any_of(GAMMA, near(1.4616321449683622, -15, -1)),),
    "trigamma": (GAMMA,),
    "polygamma": (lambda random: float(random.randrange(9)), any_of(even(-40, 40), wide(-30, 6))),
    "digamma_rise": (POSITIVE, POSITIVE),
    "lbeta": (POSITIVE, POSITIVE),
    "erfcx": (any_of(ANY, even(-26, 0), even(0, 10)),),
    "ierfcx": (any_of(ANY, even(-26, 0), even(0, 10)),),
    "erfinv": (lambda random: random.choice(BOTH) * PART(random),),
    "erfcinv": (lambda random: random.choice((PART(random), 2 - max(1e-15, PART(random)))),),
    "ndtri": (PART,),
    "ndtr": (any_of(ANY, even(-37, 9)),),
    "log_ndtr": (any_of(ANY, even(-37, 9)),),
    "i0e": (ANY,),
    "i1e": (ANY,),
    "bessel_fall": (ANY,),
    "i0": (any_of(even(-600, 600), wide(-300, 1, BOTH)),),
    "i1": (any_of(even(-600, 600), wide(-300, 1, BOTH)),),
}


# What the truth loses of its digits, for each power of ten in the operands.
CANCELS = {"digamma_rise": 2, "lbeta": 2, "ierfcx": 2, "i0": 2} | dict.fromkeys(
    ("bessel_fall", "erfcx", "ndtr", "log_ndtr", "i0e", "i1e", "i1"), 1
)
# Rows that are there for the slopes of others. Their own slopes cancel, and rows say how much.
INNER = ("digamma_rise", "ierfcx", "bessel_fall")


class Miss(NamedTuple):
    what: str
    point: tuple[float, ...]
    ulps: float
    allowed: float


def points(name: str, count: int) -> Iterator[tuple[float, ...]]:
    random = Random(name)
    for _ in range(count):
        yield tuple([draw(random) for draw in DRAWS[name]])


def beside(name: str, place: int, point: list[Any], step: Any) -> Any:
    moved = [*point]
    moved[place] += step
    return ORACLE[name](*moved)


def digits(name: str, point: tuple[float, ...]) -> int:
    """100 for what is differences of differences, and those that cancel."""
    spread = [abs(math.log10(abs(a))) for a in point if a]
    flat = min(330.0, point[0] * point[0] / 4) if name in ("ndtr", "log_ndtr") else 0  # beside 1
    return 100 + STEP + CANCELS.get(name, 0) * math.ceil(max(spread, default=0)) + math.ceil(flat)


def slope(name: str, place: int, point: list[Any]) -> Any:
    step = abs(point[place]) * mp.mpf(10) ** -STEP or mp.mpf(10) ** -STEP
    above, below = (beside(name, place, point, side * step) for side in (1, -1))
    return (above - below) / (2 * step)


def units(found: float, truth: Any) -> float:
    """How many units in the last place a float is off."""
    nearest = float(truth)
    if math.isinf(nearest) or abs(truth) < SMALLEST:
        return 0.0 if found == nearest or abs(mp.mpf(found) - truth) < SMALLEST else math.inf
    if not math.isfinite(found):
        return math.inf
    return float(abs(mp.mpf(found) - truth) / mp.mpf(math.ulp(nearest)))


def allowed(
    function: Callable[[list[Any]], Any], point: tuple[float, ...], fixed: set[int]
) -> float:
    """By how many units in its last place a function moves as its operands do by two each."""
    exact = [mp.mpf(a) for a in point]
    here, moved = function(exact), mp.mpf(0)
    for place in {*range(len(point))} - fixed:
        unit = OPERANDS * mp.mpf(math.ulp(point[place]))
        moved += abs(function([a + unit * (k == place) for k, a in enumerate(exact)]) - here)
    return float(moved / mp.mpf(math.ulp(float(here))))


def misses(name: str, point: tuple[float, ...]) -> Iterator[Miss]:
    """How far value and slopes are off, and how far they may be; what operands make is counted
    where it is wanted."""
    fixed = set(LITERAL_OPERANDS.get(name, ()))
    with mp.workdps(digits(name, point)):
        exact = [mp.mpf(a) for a in point]
        out = VALUE[name](*point)
        rooms = GATES[name].ulps
        wanted: list[tuple[str, float, float, Callable[[list[Any]], Any]]] = [
            ("value", rooms[0], out, lambda at: ORACLE[name](*at))
        ]
        if name not in INNER:
            found = LOCAL["notes"][name](*point, out)
            for k in {*range(len(point))} - fixed:
                of = partial(slope, name, k)
                wanted.append((f"slope {k}", rooms[1], found[k] or 0.0, of))
        for what, room, number, function in wanted:
            off = units(number, function(exact))
            if room < off < math.inf:
                room += allowed(function, point, fixed)
            yield Miss(what, point, off, room)


def worst(name: str, count: int) -> dict[str, Miss]:
    """Of the value and each slope, the point where most of what is allowed is used."""
    found: dict[str, Miss] = {}
    for point in points(name, count):
        for miss in misses(name, point):
            before = found.get(miss.what)
            if before is None or miss.ulps / miss.allowed > before.ulps / before.allowed:
                found[miss.what] = miss
    return found


def main(count: int, names: list[str]) -> None:
    for name in names or DRAWS:
        for miss in worst(name, count).values():
            verdict = "ok  " if miss.ulps <= miss.allowed else "MISS"
            print(
                f"{verdict} {name:13} {miss.what:8} {miss.ulps:9.3g} of {miss.allowed:9.3g} at {miss.point}",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000, sys.argv[2:])
