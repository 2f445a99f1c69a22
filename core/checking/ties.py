"""What a check has to know of ties: the branches that were taken, and the slopes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from backprop.engine.kinds import along, resolve
from backprop.engine.numbers import forward
from backprop.engine.ties.conventions import AUTO
from backprop.engine.ties.watch import Watch
from backprop.program.program import Program


def at_ties(
    program: Program, point: Mapping[str, Any], wrt: Sequence[str], ties: str,
    direction: Mapping[str, Any] | None,
) -> dict[str, Any]:  # fmt: skip
    """The branches that a report has taken, the slopes of what moves at a tie, and labels."""
    watch, values = Watch(program, wrt), forward(program, point)
    found = resolve(watch, values, AUTO).slopes
    slopes = {one.name: one for one in found if one.name}
    for joint in found:
        if not joint.name and joint.jumps:
            slopes |= dict.fromkeys(joint.way, joint)
    branches = along(watch, values, ties, direction)
    return {"branches": branches, "slopes": slopes, "labels": watch.labels}
