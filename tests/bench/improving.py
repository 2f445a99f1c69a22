"""Forms that keep digits: how many of Hamming's problems keep them, and how long that takes.

The goals are those that Herbie doesn't set: it scores values alone, this the gradients as well.
Time is the processor's, of one core.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from table import Row, at_most

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

TITLE = "Forms that keep digits"
GOALS = {"floats": (26, 23), "everyday": (26, 27)}
SECONDS = 30


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    from campaigns.improving import improved
    from digit_cases import cases

    from backprop.improving.improve import best_oracle

    del folder
    chosen = [case for case in cases() if case.group == "hamming"][:: 4 if quick else 1]
    for kind, (by_mean, everywhere) in GOALS.items():
        rows = [improved(case, kind, best_oracle()) for case in chosen]
        mean, every = sum(row.by_mean for row in rows), sum(row.everywhere for row in rows)
        what = f"Hamming's problems, {kind}"
        enough = quick or (mean >= by_mean and every >= everywhere)
        yield Row(
            what, f"{mean} of {len(rows)} by their mean, {every} in every output",
            f"{by_mean} and {everywhere}", enough,
        )  # fmt: skip
        yield at_most(f"{what}, all of them", sum(row.seconds for row in rows), SECONDS, "s")
