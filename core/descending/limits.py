"""Bounds that a user gives: w=0:3, w=0: or w=:3, read and held against the start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from backprop.answer.values import constant
from backprop.descending.quantities import Bounds, Limits, Point, magnitude
from backprop.errors import UsageError, closest, listed


def read_limits(texts: Iterable[str], names: Sequence[str]) -> dict[str, Bounds]:
    """The bounds of each parameter that has any."""
    found: dict[str, Bounds] = {}
    for text in texts:
        name, bounds = read_bounds(text)
        if name not in names:
            near = closest(name, list(names))
            raise UsageError(
                f"--bounds names {name}, which is not a parameter; they are {listed(names)}",
                hint=f"did you mean {near}?" if near else "",
            )
        if name in found:
            raise UsageError(f"the bounds of {name} are given twice")
        found[name] = bounds
    return found


def read_bounds(text: str) -> tuple[str, Bounds]:
    name, equals, bounds = text.partition("=")
    low, colon, high = bounds.partition(":")
    name = name.strip()
    if not (name and equals and colon):
        raise UsageError(
            f"--bounds takes NAME=LOW:HIGH, not {text}", hint="a side may be empty: w=0:"
        )
    found = Bounds(
        float(constant(name, low)) if low.strip() else Bounds().low,
        float(constant(name, high)) if high.strip() else Bounds().high,
    )
    if not found.low < found.high:
        raise UsageError(f"the bounds of {name} leave no room: {bounds}")
    return name, found


def check_start(start: Point, limits: Limits) -> None:
    for name, bounds in limits.items():
        if magnitude(start[name] - bounds.nearest(start[name])) > 0:
            span = f"{bounds.low:g} to {bounds.high:g}"
            raise UsageError(f"{name} starts outside its bounds, {span}")
