"""Rows with many columns, against NumPy by hand in the same process: an epoch of a network in
mini-batches, and the gradient of a logistic loss over a table with 30 columns."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
from table import Row, at_most

TITLE = "Rows with many columns"
PIXELS, HIDDEN, CLASSES, BATCH, RATE = 784, 100, 10, 64, 0.05
NETWORK = "h = relu(x @ W1 + b1)\nz = h @ W2 + b2\nlogsumexp(z) - z[y]"
COLUMNS = 30
LOGISTIC = "z = x @ w + b\nsoftplus(z) - y*z"
ROUNDS = 5

Array = Any


def network(rows: int) -> tuple[dict[str, Array], dict[str, Array]]:
    random = np.random.default_rng(0)
    data = {
        "x": random.random((rows, PIXELS)),
        "y": random.integers(0, CLASSES, rows).astype(float),
    }
    point = {
        "W1": random.standard_normal((PIXELS, HIDDEN)) / PIXELS**0.5,
        "b1": np.zeros(HIDDEN),
        "W2": random.standard_normal((HIDDEN, CLASSES)) / HIDDEN**0.5,
        "b2": np.zeros(CLASSES),
    }
    return data, point


def epoch_by_hand(data: dict[str, Array], point: dict[str, Array]) -> dict[str, Array]:
    """As it is written in courses: plain descent, in the order that --seed 0 gives."""
    W1, b1, W2, b2 = (point[name] for name in ("W1", "b1", "W2", "b2"))  # noqa: N806
    order = np.random.default_rng([0, 0]).permutation(len(data["y"]))
    for start in range(0, len(order), BATCH):
        rows = order[start : start + BATCH]
        x, y = data["x"][rows], data["y"][rows].astype(int)
        count = np.arange(len(rows))
        h = np.maximum(x @ W1 + b1, 0)
        z = h @ W2 + b2
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        total = p.sum(axis=1, keepdims=True)
        np.mean(np.log(total[:, 0]) - z[count, y])
        dz = p / total
        dz[count, y] -= 1
        dz /= len(rows)
        dh = (dz @ W2.T) * (h > 0)
        W2 = W2 - RATE * (h.T @ dz)  # noqa: N806
        b2 = b2 - RATE * dz.sum(axis=0)
        W1 = W1 - RATE * (x.T @ dh)  # noqa: N806
        b1 = b1 - RATE * dh.sum(axis=0)
    return {"W1": W1, "b1": b1, "W2": W2, "b2": b2}


class EpochOverError(Exception):
    """A point after an epoch."""

    def __init__(self, point: dict[str, Array]) -> None:
        super().__init__("over")
        self.point = point


def epoch_by_us(data: dict[str, Array], point: dict[str, Array]) -> dict[str, Array]:
    """What `descend` does between reading its rows and the value of all rows at the end."""
    from backprop.descending.course import Step
    from backprop.descending.descend import descend

    steps = -(-len(data["y"]) // BATCH)

    def tell(step: Step) -> None:
        if step.number == steps:
            raise EpochOverError(step.point)

    try:
        descend(NETWORK, point, columns=data, lr=RATE, batch=BATCH, epochs=2, tell=tell)
    except EpochOverError as over:
        return over.point
    raise AssertionError("a second epoch would have begun")


def logistic(rows: int) -> tuple[dict[str, Array], dict[str, Array]]:
    random = np.random.default_rng(1)
    x = random.standard_normal((rows, COLUMNS))
    return {"x": x, "y": (random.random(rows) < 0.5) * 1.0}, {"w": random.standard_normal(COLUMNS) / 10,
                                                              "b": 0.1}  # fmt: skip


def gradient_by_hand(data: dict[str, Array], point: dict[str, Array]) -> tuple[float, Array, float]:
    z = data["x"] @ point["w"] + point["b"]
    g = 1 / (1 + np.exp(-z)) - data["y"]
    value = float(np.mean(np.logaddexp(0, z) - data["y"] * z))
    return value, data["x"].T @ g / len(z), float(g.mean())


def gradient_by_us(data: dict[str, Array], point: dict[str, Array]) -> Callable[[], Any]:
    from backprop import parse
    from backprop.descending.data import DataObjective
    from backprop.descending.rows import HeldRows

    program = parse(LOGISTIC, shapes={"x": (COLUMNS,), "w": (COLUMNS,)})
    objective = DataObjective(program, {}, ["w", "b"], "auto", HeldRows(data))
    return lambda: objective.at(point)


def best(action: Callable[[], Any]) -> float:
    """Seconds of the processor's time, of which others that use the machine take none."""
    begun = process_time()
    action()
    return process_time() - begun


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    from backprop.kernel.keeping import keep_freed

    rows = 6_400 if quick else 60_000
    data, point = network(rows)
    plain = min(best(lambda: epoch_by_hand(data, point)) for _ in range(ROUNDS))
    keep_freed()  # as the command does
    pairs = [(best(lambda: epoch_by_hand(data, point)), best(lambda: epoch_by_us(data, point)))
             for _ in range(ROUNDS)]  # fmt: skip
    kept, ours = (min(times) for times in zip(*pairs, strict=True))
    title = f"784-100-10, {rows:,} rows, an epoch of batches of {BATCH}"
    yield at_most(title, ours / plain, 1.5, "x NumPy by hand")
    yield Row(f"{title}, both keeping memory", f"{ours / kept:.2f} x NumPy by hand")
    del data
    for rows in (100_000, 1_000_000):
        data, point = logistic(rows)
        answer = gradient_by_us(data, point)
        hand = partial(gradient_by_hand, data, point)
        pairs = [(best(hand), best(answer)) for _ in range(ROUNDS)]
        plain, ours = (min(times) for times in zip(*pairs, strict=True))
        yield at_most(
            f"logistic gradient, {rows:,} x {COLUMNS}", ours / plain, 1.3, "x NumPy by hand"
        )


if __name__ == "__main__":
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for row in measure(Path(), quick="--quick" in sys.argv):
        sys.stdout.write(f"{row}\n")
        sys.stdout.flush()
