"""What parameters are made of: numbers and arrays by name, and the few questions asked of both.

No NumPy is loaded here: an array brings its own methods along.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import inf, isfinite
from typing import Any, NamedTuple

Point = dict[str, Any]  # a float or an array for each name


class Bounds(NamedTuple):
    """Where a parameter, or every entry of it, has to stay."""

    low: float = -inf
    high: float = inf

    def nearest(self, value: Any) -> Any:
        """The value inside that is nearest."""
        if isinstance(value, float):
            return min(max(value, self.low), self.high) if value == value else value
        return value.clip(self.low, self.high)


FREE = Bounds()
Limits = Mapping[str, Bounds]


def kept(point: Point, limits: Limits) -> Point:
    """A point with every parameter put back inside its bounds."""
    return {
        name: limits[name].nearest(value) if name in limits else value
        for name, value in point.items()
    }


def largest(point: Point) -> float:
    """The largest magnitude of all entries."""
    return max((magnitude(value) for value in point.values()), default=0.0)


def magnitude(value: Any) -> float:
    if value is None:
        return 0.0
    if isinstance(value, float):
        return abs(float(value))
    if not value.size:
        return 0.0
    high, low = float(value.max()), float(value.min())
    return max(high, -low) if high == high else high


def all_finite(point: Point) -> bool:
    return all(map(is_finite, point.values()))


def is_finite(value: Any) -> bool:
    """A sum is the quickest to ask, but it may overflow."""
    if value is None or isinstance(value, float):
        return isfinite(magnitude(value))
    return isfinite(float(value.sum())) or isfinite(magnitude(value))


def pull(point: Point, gradient: Point, limits: Limits) -> Point:
    """The gradient as far as it can be followed: nothing where it leads out of the bounds."""
    if not limits:
        return gradient
    ahead = kept({name: point[name] - gradient[name] for name in gradient}, limits)
    return {
        name: point[name] - ahead[name] if name in limits else gradient[name] for name in gradient
    }
