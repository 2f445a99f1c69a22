"""How long something takes: the best of a few runs, since whatever disturbs a run adds to it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

BUDGET = 0.05  # seconds spent on runs after the first
MOST = 200  # runs


def best(work: Callable[[], Found]) -> tuple[Found, float]:
    """What the latest run of `work` gave, and the seconds that the quickest one took."""
    spent, quickest = 0.0, float("inf")
    for _ in range(MOST):
        start = time.perf_counter()
        found = work()
        took = time.perf_counter() - start
        spent, quickest = spent + took, min(quickest, took)
        if spent > BUDGET:
            break
    return found, quickest
