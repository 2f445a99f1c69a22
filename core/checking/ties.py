"""What a check has to know of ties: the branches that were taken, and the slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop.engine import forward
from backprop.program import Program
from backprop.ties import AUTO, along, resolve
from backprop.ties.watch import Watch


def at_ties(
    program: Program, point: Mapping[str, Any], wrt: Sequence[str], ties: str,
    direction: Mapping[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    """The branches that a report has taken, and the slopes of what moves at a tie."""
    watch, values = Watch(program, wrt), forward(program, point)
    slopes = {one.name: one for one in resolve(watch, values, AUTO).slopes if one.name}
    return {"branches": along(watch, values, ties, direction), "slopes": slopes}
