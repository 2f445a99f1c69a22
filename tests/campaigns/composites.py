"""Composites of numbers against 100 digits, at any number of points: the gates that are short texts
of others, and the functions that are no gates of their own.

    python -m tests.campaigns.composites [POINTS]

Value and slopes may be off by what a row says, and by as much as two units in the operands make.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from oracle import mp, points, ulps
from oracle import slope as slope_of_gate
from oracle import value as value_of_gate
from test_accuracy import COMPOSED, slope_has_a_root

import backprop
from backprop.arithmetic.ieee import LOCAL, VALUE
from backprop.gates import scalars
from backprop.gates.composites import ROWS
from campaigns.special import SLOPES, STEP, VALUES, Miss, allowed, units

Truth = Callable[..., Any]
DIGITS = 130  # and more, where operands are far apart


def whole_part(a: Any) -> Any:
    return mp.floor(a) if a > 0 else mp.ceil(a)


TRUTHS: dict[tuple[str, int], Truth] = {
    ("fmod", 2): lambda a, b: a - b * whole_part(a / b),
    ("trunc", 1): whole_part,
    ("log", 2): lambda a, base: mp.log(a) / mp.log(base),
    ("leaky_relu", 2): lambda a, slope: a if a > 0 else slope * a,
    ("elu", 2): lambda a, alpha: a if a > 0 else alpha * mp.expm1(a),
    ("hardtanh", 3): lambda a, low, high: min(max(a, low), high),
    ("hardsigmoid", 1): lambda a: min(max(a + 3, 0), 6) / 6,
    ("hardswish", 1): lambda a: a * min(max(a + 3, 0), 6) / 6,
    ("huber", 1): lambda a: a * a / 2 if abs(a) <= 1 else abs(a) - mp.mpf(1) / 2,
}
RANGES: dict[tuple[str, int], tuple[tuple[float, float], ...]] = {
    ("log", 2): ((1e-3, 40.0), (1.5, 20.0)),
    ("leaky_relu", 2): ((-8.0, 8.0), (-1.0, 1.0)),
    ("elu", 2): ((-40.0, 8.0), (0.1, 3.0)),
    ("hardtanh", 3): ((-8.0, 8.0), (-4.0, -0.5), (0.5, 4.0)),
}


def drawn(key: tuple[str, int], count: int) -> Iterator[tuple[float, ...]]:
    random = Random(str(key))
    for _ in range(count):
        yield tuple([random.uniform(*ends) for ends in RANGES.get(key, ((-8.0, 8.0),) * key[1])])


def misses_of_function(key: tuple[str, int], point: tuple[float, ...]) -> Iterator[Miss]:
    truth, letters = TRUTHS[key], "abc"[: key[1]]
    report = backprop.evaluate(
        f"{key[0]}({', '.join(letters)})", dict(zip(letters, point, strict=True))
    )
    with mp.workdps(DIGITS):
        yield missed("value", VALUES, float(report.value), lambda at: truth(*at), point)
        for place, letter in enumerate(letters):

            def slope(at: list[Any], place: int = place) -> Any:
                step = abs(at[place]) * mp.mpf(10) ** -STEP
                sides = [
                    [a + side * step * (k == place) for k, a in enumerate(at)] for side in (1, -1)
                ]
                return (truth(*sides[0]) - truth(*sides[1])) / (2 * step)

            found = float(report.gradient[letter])
            yield missed(f"slope {place}", SLOPES, found, slope, point)


def missed(
    what: str,
    room: float,
    found: float,
    function: Callable[[list[Any]], Any],
    point: tuple[float, ...],
) -> Miss:
    truth = function([mp.mpf(a) for a in point])
    if not truth:
        return Miss(what, point, 0.0 if not found else float("inf"), room)
    off = round(units(found, truth), 9)
    return Miss(what, point, off, room + (allowed(function, point, set()) if off > room else 0.0))


def misses_of_gate(name: str, point: tuple[float, ...]) -> Iterator[Miss]:
    """Those of a gate that is a short text, by its own row."""
    rooms, out = scalars()[name].ulps, VALUE[name](*point)
    truth = value_of_gate(name, point)
    yield Miss("value", point, ulps(out, truth), rooms[0])
    if slope_has_a_root(name, point):
        return
    for place, found in enumerate(LOCAL["notes"][name](*point, out)):
        off = ulps(found or 0.0, slope_of_gate(name, place, point))
        yield Miss(f"slope {place}", point, off, rooms[1])


def used(miss: Miss) -> float:
    """How much of what is allowed is used; some are allowed nothing."""
    return miss.ulps / (miss.allowed or 1e-9)


def main(count: int) -> int:
    wrong = 0
    several: list[tuple[Any, Iterator[tuple[float, ...]], Callable[..., Iterator[Miss]]]] = [
        *((name, points(name, count), misses_of_gate) for name in sorted(COMPOSED)),
        *((key, drawn(key, count), misses_of_function) for key in TRUTHS),
    ]
    for name, where, found_in in several:
        worst: dict[str, Miss] = {}
        for point in where:
            for miss in found_in(name, point):
                before = worst.get(miss.what)
                if before is None or used(miss) > used(before):
                    worst[miss.what] = miss
        for miss in worst.values():
            good = miss.ulps <= miss.allowed
            wrong += not good
            print(f"{'ok  ' if good else 'MISS'} {name!s:18} {miss.what:8} {miss.ulps:9.3g} of"
                  f" {miss.allowed:9.3g} at {miss.point}", flush=True)  # fmt: skip
    assert {(row.name, len(row.operands)) for row in ROWS} == {*TRUTHS}
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 3000))
