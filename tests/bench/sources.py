"""Python source, read and differentiated: a naive convolution, and loops that fill an array, which
take time linear in its entries."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from time import process_time
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from arena import median
from filling_programs import CONVOLUTION, FILLS, program
from table import Row, at_most

TITLE = "Python source, read and differentiated"
SIZES = (2_500, 5_000, 10_000, 20_000)


def seconds(text: str, values: dict[str, Any]) -> float:
    """The time to read a function and to compute its gradient."""
    from backprop.answer.evaluation import evaluate
    from backprop.reading.reader import read
    from backprop.reading.source import parsed

    start = process_time()
    found = read(parsed(text, "a.py", "f"), values)
    evaluate(found.tree, values)
    return process_time() - start


def convolution() -> float:
    import numpy as np

    draw = np.random.default_rng(1).normal
    given = {"x": draw(size=(2, 3, 8, 8)), "w": draw(size=(4, 3, 3, 3)), "b": draw(size=4)}
    return seconds(CONVOLUTION, given)


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    convolution()  # imports, and what is made once
    taken = median([convolution() for _ in range(3 if quick else 9)])
    yield at_most("a naive convolution on 2x3x8x8 with 4 filters", taken, 3, "s")
    sizes = SIZES[1:3] if quick else SIZES
    for name in FILLS:
        costs = [seconds(program(name, size), {"x": 1.5}) / size for size in sizes]
        shown = " / ".join(f"{cost * 1e6:.0f}" for cost in costs)
        what = f"{name}: {' / '.join(f'{size:,}' for size in sizes)} entries"
        growth = costs[-1] / costs[0]
        yield Row(what, f"{shown} µs an entry", "growth of at most 1.5", growth <= 1.5)
