"""What claims and sameness are judged by, and what they come to at one point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.verdicts import TIMEOUT
from backprop.claims.sampling import Spot


class Asked(NamedTuple):
    """How points are chosen, and whether SymPy is asked."""

    points: int | None = None  # random ones
    ranges: Sequence[str] = ()
    seed: int = 0
    ties: str = "auto"
    upstream: str | None = None
    timeout: float = TIMEOUT
    symbolic: bool = True


class Instance(NamedTuple):
    """A claim at one spot."""

    spot: Spot
    claimed: Any
    right: Any
    fits: bool


class Pair(NamedTuple):
    """Two programs at one point: the values of all their slots."""

    point: Mapping[str, Any]
    ours: Sequence[Any]
    theirs: Sequence[Any]
    given: bool = False


def instance_dict(one: Instance) -> dict[str, Any]:
    return {
        "point": {name: plain(value) for name, value in one.spot.point.items()},
        "claimed": floats(one.claimed),
        "right": floats(one.right),
    }


def floats(value: Any) -> Any:
    """An exact number, or an array of them, as JSON has it."""
    if getattr(value, "ndim", None) is None:
        return plain(float(value))
    return plain(value.astype(float)[()])
