"""How the output moves on one side of a point, and on both."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isfinite
from typing import Any, NamedTuple

SAME = 1e-9  # what two slopes may differ by, beside the parts that they add up


@dataclass(frozen=True)
class Side:
    """The slope along a way, None if nobody knows; or the output jumps."""

    slope: float | None
    size: float = 0.0  # of the parts that the slope adds up
    jumps: bool = False
    at: Mapping[int, tuple[Any, ...]] = field(default_factory=dict)  # see engine.Branches


def near(a: float, b: float, size: float = 0.0) -> bool:
    """Are two slopes one, rounding aside? `size` is that of the parts that they add up."""
    if a == b or (a != a and b != b):
        return True
    return isfinite(a) and isfinite(b) and abs(a - b) <= SAME * max(abs(a), abs(b), size)


class Slopes(NamedTuple):
    """How the output moves as something moves one way and the other."""

    name: str  # of the input that moves; empty if several move together
    way: Mapping[str, Any]
    left: Side
    right: Side

    @property
    def movers(self) -> str:
        """The names of what moves."""
        return " and ".join(self.way) if len(self.way) < 4 else "inputs"

    @property
    def jumps(self) -> bool:
        return self.left.jumps or self.right.jumps

    @property
    def finite(self) -> bool:
        """Is there a finite slope on either side, and no jump?"""
        known = (self.left.slope, self.right.slope)
        return not self.jumps and all(one is not None and isfinite(one) for one in known)

    @property
    def size(self) -> float:
        return max(self.left.size, self.right.size)

    @property
    def single(self) -> bool:
        """Is there one slope, the same on both sides?"""
        left, right = self.left.slope, self.right.slope
        if self.jumps or left is None or right is None:
            return False
        return near(left, right, self.size)

    def fits(self, slope: float) -> bool:
        """Does a slope lie between those of the two sides, as far as these are known?"""
        if self.jumps:
            return True
        known = [side.slope for side in (self.left, self.right) if side.slope is not None]
        if len(known) < 2:
            return slope == slope
        allowance = SAME * max([self.size, *[abs(one) for one in known if isfinite(one)]])
        return min(known) - allowance <= slope <= max(known) + allowance
