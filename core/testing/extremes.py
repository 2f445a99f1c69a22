"""Points of extreme numbers: zeros, ties, what overflows or underflows when squared, and what
saturates an exponential."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError, listed

HUGE, TINY, SATURATED = 1e160, 1e-160, 800.0


def pattern(shape: tuple[int, ...], size: float) -> Any:
    """Numbers of one size, of both signs, no two of them equal."""
    count = int(np.prod(shape, dtype=int))
    signs = np.where(np.arange(count) % 2, -1.0, 1.0)
    found = size * signs * (1 + np.arange(count) / (4 * max(count, 1)))
    return found.reshape(shape) if shape else float(found[0])


def same(shape: tuple[int, ...], number: float) -> Any:
    return np.full(shape, number) if shape else number


KINDS: dict[str, Callable[[tuple[int, ...]], Any]] = {
    "zero": lambda shape: same(shape, 0.0),
    "ties": lambda shape: same(shape, 1.0),
    "huge": lambda shape: pattern(shape, HUGE),
    "tiny": lambda shape: pattern(shape, TINY),
    "saturated": lambda shape: pattern(shape, SATURATED),
}


def extreme_points(kinds: Sequence[str], shapes: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """A point for each kind, by its name."""
    for kind in kinds:
        if kind not in KINDS:
            raise UsageError(
                f"there is no kind of point called {kind!r}; there are {listed([*KINDS])}"
            )
    if not shapes:
        raise UsageError("extreme_points needs the shapes of inputs: extreme_points(x=(3,), y=())")
    sizes = {name: (one,) if isinstance(one, int) else tuple(one) for name, one in shapes.items()}
    return {
        kind: {name: KINDS[kind](shape) for name, shape in sizes.items()} for kind in kinds or KINDS
    }
