"""How many cases a test takes: some in the suite, all of them with `ALL_CASES=1 pytest`."""

from __future__ import annotations

import os

ALL = bool(os.environ.get("ALL_CASES"))


def cases(some: int, every: int) -> int:
    return every if ALL else some
