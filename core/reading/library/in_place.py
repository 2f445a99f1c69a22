"""What changes the array that it is called on: methods that end in `_`, fill, sort."""

from __future__ import annotations

from typing import Any

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described

STAYS = frozenset(["requires_grad_", "detach_"])  # that change nothing


def changes(machine: Machine, name: str) -> bool:
    """Does a method of this name write what it computes into its array?"""
    return (
        (name[-1] == "_" and name not in STAYS)
        or name == "fill"
        or (name == "sort" and not machine.torch)
    )


def written(machine: Machine, name: str, holder: Any, found: Any) -> Any:
    """What a method computed, in the place of what it was called on."""
    if not isinstance(holder, Array):
        raise UnreadError(f".{name} of {described(holder)} can't be read", "assign the result")
    indexing.write(machine, holder, (Ellipsis,), found)
    return holder if name[-1] == "_" else None
