"""What a tie may be decided by, and what was decided at a point."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from backprop.engine.numbers import Branches

if TYPE_CHECKING:
    from backprop.engine.ties.sides import Slopes

AUTO = "auto"
CHOICES = (AUTO, "notes", "split", "first")


class Resolved(NamedTuple):
    """What was found at a point: the branches to take, the backward pass that takes them, and
    the slopes of everything that moves at a tie."""

    branches: Branches
    back: Any
    slopes: Sequence[Slopes] = ()
    misfits: frozenset[int] = frozenset()  # those between which the gradient does not lie
    tied: Sequence[int] = ()
    values: Sequence[Any] = ()
    sampled: Sequence[str] = ()  # inputs of which only some directions were looked at

    @property
    def kinks(self) -> list[Slopes]:
        """What has no slope of its own here, or another one than was chosen."""
        return [one for k, one in enumerate(self.slopes) if not one.single or k in self.misfits]


def convention(ties: str) -> str:
    """What holds where nothing ties that matters."""
    return "notes" if ties == AUTO else ties
