"""Arrays as nested lists, made level by level."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def nested(array: Any, entry: Callable[[float], Any]) -> Any:
    """An array as lists in lists, every number put through `entry`."""
    found = np.asarray(array, dtype=float)
    level: list[Any] = [entry(number) for number in found.ravel().tolist()]
    for size in found.shape[:0:-1]:
        count = len(level) // size if size else int(np.prod(found.shape[:-1]))
        level = [level[k * size : (k + 1) * size] for k in range(count)]
    return level if found.ndim else level[0]
