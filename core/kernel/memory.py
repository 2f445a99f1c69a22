"""Columns of floats that begin where vector instructions like it."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any

LINE, PAGE = 64, 4096
STAGGER = 17 * LINE  # rows a whole page apart would compete for the same places in the cache


def aligned(count: int, rows: int) -> list[Array]:
    """`count` columns, each at a multiple of 64 bytes and, if long, none a whole page apart."""
    long = 8 * rows >= PAGE
    step = -(-8 * rows // PAGE) * PAGE + STAGGER if long else 8 * rows // LINE * LINE + LINE
    raw = np.empty(count * step + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    places = range(start, start + count * step, step)
    return [raw[place : place + 8 * rows].view(np.float64) for place in places]
