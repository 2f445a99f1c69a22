"""Means of columns that come block by block: the same however the rows are cut into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from math import fsum, isfinite, prod
from typing import Any

import numpy as np

from backprop.batching.sums import Sums

MANY = 1 << 14  # entries that are added at once
FEW = 500  # rows that Python's own exact sum is faster for


class Means:
    """Exact sums, rounded once and divided by the number of rows. A column with inf or nan has
    their sum as its mean."""

    def __init__(self, columns: int) -> None:
        self.columns = columns
        self.rows = 0
        self.few: Sequence[Any] | None = None  # a small block, as long as it is the only one
        self.sums: Sums | None = None
        self.beyond = [0.0] * columns  # what is not finite

    def add(self, columns: Sequence[Any]) -> None:
        first = not self.rows
        self.rows += len(columns[0])
        if first and self.rows <= FEW:
            self.few = columns
            return
        self.take_few()
        self.take(columns)

    def take_few(self) -> None:
        if self.few is not None:
            columns, self.few = self.few, None
            self.take(columns)

    def take(self, columns: Sequence[Any]) -> None:
        self.sums = self.sums or Sums(self.columns)
        try:
            self.sums.add(columns)
        except ValueError:
            for k, column in enumerate(columns):
                self.beyond[k] += sum(column[~np.isfinite(column)].tolist())
            self.sums.add([np.where(np.isfinite(column), column, 0.0) for column in columns])

    def found(self) -> list[float]:
        if self.few is not None:
            try:
                return [fsum(column.tolist()) / self.rows for column in self.few]
            except (ValueError, OverflowError):  # inf and -inf, or a sum beyond all floats
                self.take_few()
        return [beyond or self.mean(column) for column, beyond in enumerate(self.beyond)]

    def mean(self, column: int) -> float:
        assert self.sums is not None
        total = self.sums.total(column)
        return total / self.rows if isfinite(total) else self.sums.mean(column)


class Totals:
    """Sums of arrays that come block by block. The first is kept as it is; from the second on they
    are added exactly, entry by entry. What is inf or nan is added as it is."""

    def __init__(self) -> None:
        self.first: Sequence[Any] | None = None
        self.sums: Sums | None = None
        self.waiting: list[Any] = []
        self.beyond: Any = 0.0  # the sum of what is not finite

    def add(self, part: Sequence[Any]) -> None:
        if self.first is None and self.sums is None:
            self.first = part
            return
        if self.first is not None:
            self.wait(self.first)
            self.first = None
            self.sums = Sums(1)
        self.wait(part)

    def wait(self, part: Sequence[Any]) -> None:
        """Small ones are added several at a time."""
        self.waiting.append(np.concatenate([np.ravel(array) for array in part]))
        if len(self.waiting) * len(self.waiting[0]) > MANY:
            self.flush()

    def flush(self) -> None:
        assert self.sums is not None
        flat = np.array(self.waiting)
        self.waiting = []
        finite = np.isfinite(flat)
        if not finite.all():
            self.beyond = self.beyond + np.where(finite, 0.0, flat).sum(axis=0)
            flat = np.where(finite, flat, 0.0)
        entries = flat.shape[1]
        codes = np.broadcast_to(np.arange(entries), flat.shape).ravel()
        self.sums.add([flat.ravel()], codes, entries)

    def found(self, shapes: Sequence[tuple[int, ...]]) -> list[Any]:
        if self.first is not None:
            return list(self.first)
        found, place = [], 0
        flat = np.zeros(sum(map(prod, shapes)))
        if self.sums is not None:
            if self.waiting:
                self.flush()
            flat = self.sums.every_total() + self.beyond
        for shape in shapes:
            size = prod(shape)
            found.append(flat[place : place + size].reshape(shape))
            place += size
        return found
