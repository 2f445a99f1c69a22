"""How much reading may take, in counts and not in seconds: so the same source always ends alike.

Whatever grows asks here before it grows: lists and texts, arrays that are computed, constants
that the tree keeps.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from math import prod
from typing import Any

import numpy as np

from backprop.errors import LimitError
from backprop.gates.shapes import LIMIT, too_many

LIVE = 40_000_000  # entries of all arrays that there are at a time
PARTS = 5_000_000  # entries of all lists and the like that are made
WORK = 250_000_000  # entries of all arrays that are computed
KEPT = 12_000_000  # entries of all constants that the tree keeps
CHARACTERS = 4  # of a text, that count as an entry
SUMS = 100  # sums of products, that count as an entry


class Live:
    """The entries of all arrays that the sources at hand have now."""

    entries = 0

    @classmethod
    def take(cls, count: int) -> None:
        if cls.entries + count > LIVE:
            raise LimitError(f"the arrays of the source have more than {LIVE:,} entries together")
        cls.entries += count

    @classmethod
    def give(cls, count: int) -> None:
        cls.entries -= count


class Budget:
    """What has been taken of each."""

    def __init__(self) -> None:
        self.parts = self.work = self.kept = 0

    def make(self, count: int) -> None:
        """A list, a dict or a text of so many entries is made."""
        self.parts += count
        if self.parts > PARTS:
            raise LimitError(f"the source makes lists of more than {PARTS:,} entries altogether")

    def made(self, value: Any) -> Any:
        """Something that may have entries was made."""
        if isinstance(value, str):
            self.make(len(value) // CHARACTERS)
        elif isinstance(value, (Sequence, Set)):
            self.make(len(value))
        elif isinstance(value, Mapping):
            self.make(4 * len(value))
        return value

    def compute(self, count: float) -> None:
        """An array of so many entries is computed."""
        self.work += int(count)
        if self.work > WORK:
            raise LimitError(f"reading this source computes more than {WORK:,} entries of arrays")

    def room(self, shape: tuple[int, ...]) -> None:
        """An array of this shape is about to be computed."""
        if not shape:
            return
        count = prod(shape)
        if too_many(shape) or Live.entries + count > LIVE:
            raise LimitError(f"this would be an array of {shape}: {LIMIT}")
        self.compute(count)

    def keep(self, value: Any) -> None:
        """A constant becomes part of the tree."""
        self.kept += size_of(value)
        if self.kept > KEPT:
            raise LimitError(f"the source has constants of more than {KEPT:,} entries altogether")


def size_of(value: Any) -> int:
    """The entries of a constant, or of the index that it is."""
    if isinstance(value, np.ndarray):
        return value.nbytes // 8
    return sum(map(size_of, value)) if isinstance(value, tuple) else 0
