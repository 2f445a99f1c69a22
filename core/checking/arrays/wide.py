"""Programs on arrays too large to be opened: the same program at small shapes is checked as
any, and the gradient as shown is held against differences in floats, some ways through all
entries and some entries alone. What of this was done is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import evaluate
from backprop.answer.report import Report
from backprop.answer.verdicts import Check, Judged, Method
from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.checking.arrays.subject import numbers, point_of
from backprop.engine.numbers import forward
from backprop.errors import BackpropError
from backprop.gates.shapes import words
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

Array = Any
ALONE = 20  # entries looked at alone
WAYS = 4  # random ways through all entries
STEPS = [10.0**-k for k in range(3, 7)]  # beside the size of what moves
SURE = 1e-5  # relative error up to which a difference says something
SHARE = 0.6  # of a check's time, for differences
SAME = 1e-4  # what a gradient may be off a difference beyond its error


class Wide(NamedTuple):
    """A program on arrays at a point, and the gradient that is shown."""

    program: Program
    point: Mapping[str, Array]
    upstream: Array
    gradient: Mapping[str, Array]

    def value(self, at: Mapping[str, Array]) -> float:
        with np.errstate(**IGNORED):
            found = forward(self.program, at, ARRAYS)[self.program.output]
            return float(np.sum(found * self.upstream))


# The same at small shapes.


def small_sizes(shapes: Mapping[str, tuple[int, ...]]) -> dict[int, int]:
    """Small sizes in place of those of axes: different ones for different ones."""
    sizes = sorted({size for shape in shapes.values() for size in shape})
    kept = {size: size for size in sizes if size <= 2}
    fresh = count(3)
    return kept | {
        size: next(k for k in fresh if k not in kept.values()) for size in sizes if size > 2
    }


def small_report(tree: Tree, wide: Wide, request: Mapping[str, Any]) -> Report:
    """The report of the same program on the first entries of every array."""
    shapes = {name: np.shape(value) for name, value in wide.point.items()}
    sizes = small_sizes(shapes)
    point = {
        name: value[tuple(slice(sizes[size]) for size in shapes[name])] if shapes[name] else value
        for name, value in wide.point.items()
    }
    small = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
    options = {"ties": request["ties"], "gates": request["gates"], "share": request["share"]}
    program = stage(tree, request["given"], request["gates"], request["share"], small)
    upstream = "ones" if program.shapes[program.output] else None
    return evaluate(tree, point, wrt=request["wrt"], upstream=upstream, **options)


# Differences in floats.


def ways(wide: Wide) -> Iterator[dict[str, Array]]:
    """Directions: some through all entries, some along one entry."""
    random = np.random.default_rng(1)
    sizes = {name: np.abs(wide.point[name]) + typical(wide.point[name]) for name in wide.gradient}
    for _ in range(WAYS):
        yield {
            name: size * random.choice((-1.0, 1.0), np.shape(size)) * random.uniform(0.5, 1)
            for name, size in sizes.items()
        }
    names = [name for name in wide.gradient if np.size(wide.point[name])]
    for k in range(ALONE):
        name = names[k % len(names)]
        way = np.zeros(np.shape(wide.point[name]))
        place = random.integers(np.size(way))
        way.flat[place] = np.ravel(sizes[name])[place]
        yield {name: way[()]}


def typical(array: Array) -> float:
    """The size of an array's entries; 1 if all are 0."""
    return float(np.mean(np.abs(array))) or 1.0


def difference(value: Callable[[float], float]) -> tuple[float, float]:
    """The slope of a function at 0, and about how far off it may be."""
    middle = abs(value(0.0))
    found = []
    for h in STEPS:
        near, far = ((value(k * h) - value(-k * h)) / (2 * k * h) for k in (1, 2))
        noise = 1e-15 * middle / h
        found.append(((4 * near - far) / 3, abs(near - far) + noise))
    return min(found, key=lambda pair: pair[1])


class Along(NamedTuple):
    """What the shown gradient comes to in one direction, and what a difference does."""

    shown: float
    slope: float
    error: float
    names: Sequence[str]

    @property
    def size(self) -> float:
        return max(abs(self.shown), abs(self.slope))

    @property
    def sure(self) -> bool:
        return bool(np.isfinite(self.slope) and self.error <= SURE * max(self.size, 1e-30))

    @property
    def agrees(self) -> bool:
        return abs(self.shown - self.slope) <= SAME * self.size + 10 * self.error


def looked_at(wide: Wide, seconds: float) -> list[Along]:
    """As many ways as there is time for."""
    found: list[Along] = []
    end = time.monotonic() + seconds
    for way in ways(wide):
        if time.monotonic() > end:
            break

        def value(h: float, way: Mapping[str, Array] = way) -> float:
            moved = {name: wide.point[name] + h * part for name, part in way.items()}
            return wide.value({**wide.point, **moved})

        shown = sum(float(np.sum(wide.gradient[name] * part)) for name, part in way.items())
        found.append(Along(shown, *difference(value), list(way)))
    return found


# The verdict.


def verdict(small: Check | None, why: str, report: Report | None, found: list[Along]) -> Check:
    """What both come to."""
    wrong = [one for one in found if one.sure and not one.agrees]
    vague = [one for one in found if not one.sure and not one.agrees]
    if small and small.verdict == "differ":
        return small._replace(reason=f"{at(report)}: {small.reason}", stages=[], value=None)
    if wrong:
        one = max(wrong, key=lambda one: abs(one.shown - one.slope))
        where = f"d{one.names[0]}" if len(one.names) == 1 else "a way through all entries"
        text = f"along {where} the gradient is {one.shown:.6g}, a difference {one.slope:.6g}"
        return Check(verdict="differ", reason=text)
    if small is None:
        return Check(reason=f"too large to be checked as it is, and at small shapes {why}")
    if small.verdict not in ("agree", "rounding"):
        return Check(reason=f"too large to be checked as it is; {at(report)}, {small.verdict}")
    if len(vague) == len(found):  # or there was no time for any
        return Check(reason="differences in floats are too coarse here, and more would take long")
    through = sum(len(one.names) > 1 for one in found)
    text = (
        f"{small.reason.split(';')[0]} {at(report)}; as it is, differences in floats agree on"
        f" {len(found) - through} entries alone and {through} ways through all"
    )
    inputs = {name: Judged("agree") for name in small.inputs}
    return Check(verdict="agree", reason=text, value=Judged("agree"), inputs=inputs)


def at(report: Report | None) -> str:
    """`at small shapes (W1 3x2, b1 a vector of 2)`."""
    assert report is not None
    shapes = report.program.shapes_of_inputs()
    return f"at small shapes ({', '.join(f'{n} {words(s)}' for n, s in shapes.items())})"


def check_wide(tree: Tree, request: Mapping[str, Any], checked: Callable[[Report], Check]) -> Check:
    """The check of a program too large for many digits; `checked` checks a small one."""
    point = point_of(request)
    shapes = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
    program = stage(tree, request["given"], request["gates"], request["share"], shapes)
    gradient = {
        name: np.reshape(numbers(found), np.shape(point[name]))
        for name, found in request["gradient"].items()
    }
    wide = Wide(program, point, numbers(request["upstream"]), gradient)
    report, small, why = None, None, ""
    try:
        report = small_report(tree, wide, request)
        small = checked(report)
    except BackpropError as error:
        why = f"it fails: {error}"
    check = verdict(small, why, report, looked_at(wide, request["timeout"] * SHARE))
    methods = small.methods if small else {}
    return check._replace(  # the numbers of methods are those of other shapes
        methods={name: Method(method.state, method.seconds) for name, method in methods.items()}
    )
