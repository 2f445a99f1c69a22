"""Memory that is freed, kept for the next arrays of the same size.

The C library gives large arrays back to the system and asks for them anew, which has to clear
every page of them: for the parameters of a network that takes longer than a step.
"""

from __future__ import annotations

import ctypes
from contextlib import suppress

MMAP_THRESHOLD, TRIM_THRESHOLD = -3, -1  # as malloc.h numbers them
LARGEST, MOST = 1 << 25, 1 << 28  # bytes of an array, and of all that are kept


def keep_freed() -> None:
    """Ask for it, where the C library can."""
    with suppress(OSError, AttributeError, TypeError):
        library = ctypes.CDLL(None)
        library.mallopt(MMAP_THRESHOLD, LARGEST)
        library.mallopt(TRIM_THRESHOLD, MOST)
