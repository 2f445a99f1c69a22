"""Guards: what was decided by values while a source was read, and whether it holds elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from backprop.errors import UsageError
from backprop.language.syntax import Guard
from backprop.program.program import Program


def broken(program: Program, values: Sequence[Any]) -> Guard | None:
    """The first guard that does not hold at these values."""
    for slot, guard in program.guards:
        if not holds(guard, values[slot]):
            return guard
    return None


def holds(guard: Guard, value: Any) -> bool:
    if guard.test == "truth":
        return alike(value != 0, guard.expected)
    if guard.test == "whole":
        return alike(value, guard.expected)
    import numpy as np

    if guard.test == "cut":
        return bool(np.isfinite(value)) and int(value) == guard.expected
    name, _, axis = guard.test.partition(" ")  # argmax, argmin, argsort along an axis
    along = None if axis == "None" else int(axis)
    found = getattr(np, name)(np.asarray(value), axis=along)
    return alike(found, np.reshape(guard.expected, np.shape(found)))


def alike(found: Any, expected: Any) -> bool:
    same = found == expected
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def check_guards(program: Program, values: Sequence[Any]) -> None:
    """An error where a source would have gone another way at these values."""
    found = broken(program, values)
    if found is not None:
        raise UsageError(
            "at these values the source goes another way than where it was read",
            text=program.text, span=found.span, origin=str(program.tree.source.get("file", "")),
        )  # fmt: skip
