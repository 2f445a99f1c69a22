"""What a claim comes to at one spot."""

from __future__ import annotations

from typing import Any, NamedTuple

from backprop.claims.sampling import (
    Spot,
)


class Instance(NamedTuple):
    """A claim at one spot."""

    spot: Spot
    claimed: Any
    right: Any
    fits: bool
