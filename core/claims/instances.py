"""What a claim comes to at one spot."""

from __future__ import annotations

from typing import Any, NamedTuple

from backprop.answer.plain import plain
from backprop.claims.sampling import Spot


class Instance(NamedTuple):
    """A claim at one spot."""

    spot: Spot
    claimed: Any
    right: Any
    fits: bool


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
