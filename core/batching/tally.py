"""What a run says of its rows besides their answers: counts, what went wrong where, and a sample
of rows to check. Tallies of parts add up to that of the whole in any order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Self

import numpy as np

Array = Any
TOLD = 10  # rows with trouble that are named


class Trouble(NamedTuple):
    place: tuple[int, int]  # the number of the file, and the line
    where: str
    reason: str


class Chosen(NamedTuple):
    """A row of the sample. Those of the smallest keys are chosen."""

    key: int
    where: str
    inputs: Sequence[Any]  # numbers, or lists of them
    answers: Sequence[Any]


class Tally:
    def __init__(self, size: int) -> None:
        self.size = size  # of the sample
        self.rows = 0
        self.unreadable = 0
        self.nonfinite = 0
        self.troubles: list[Trouble] = []
        self.sample: list[Chosen] = []

    @property
    def answered(self) -> int:
        return self.rows - self.unreadable - self.nonfinite

    def tell(self, troubles: Sequence[Trouble]) -> None:
        self.troubles = sorted([*self.troubles, *troubles])[:TOLD]

    def choose(self, chosen: Sequence[Chosen]) -> None:
        self.sample = sorted([*self.sample, *chosen])[: self.size]

    @property
    def bar(self) -> int:
        """What a key has to be below."""
        return self.sample[-1].key if len(self.sample) == self.size else 1 << 64

    def merge(self, other: Tally) -> None:
        self.rows += other.rows
        self.unreadable += other.unreadable
        self.nonfinite += other.nonfinite
        self.tell(other.troubles)
        self.choose(other.sample)

    def state(self) -> dict[str, Any]:
        return dict(vars(self))

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        found = cls(state["size"])
        vars(found).update(state)
        found.troubles = [
            Trouble((place[0], place[1]), where, why) for place, where, why in state["troubles"]
        ]
        found.sample = [Chosen(*chosen) for chosen in state["sample"]]
        return found


def keys_of(file: int, lines: Array, seed: int) -> Array:
    """A key for every row, which depends on nothing but its place and the seed: the finalizer of
    SplitMix64 (Steele, Lea and Flood 2014)."""
    gamma = np.uint64(0x9E3779B97F4A7C15)
    with np.errstate(over="ignore"):
        z = lines.astype(np.uint64) + np.uint64(file << 40)
        z = (z + np.uint64(seed & 0xFFFFFFFF) * np.uint64(0xD1B54A32D192ED03)) * gamma
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return z ^ (z >> np.uint64(31))
