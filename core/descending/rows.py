"""The rows of data that a descent sees: all of them in blocks, or a batch at a time.

Columns are named as variables of the program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import count, islice
from typing import Any, Protocol

import numpy as np

from backprop.errors import UsageError

Columns = Mapping[str, Any]  # an array of floats for each name, all of one length
Tell = Callable[[int, int | None], None]  # rows so far, and of how many, if that is known


class Rows(Protocol):
    @property
    def names(self) -> Sequence[str]: ...
    @property
    def count(self) -> int: ...
    @property
    def streamed(self) -> bool: ...  # are they read anew whenever they are needed?
    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]: ...  # of the columns that are arrays
    def blocks(self) -> Iterator[Columns]: ...  # all rows, in their order
    def batches(self, size: int, seed: int, done: int = 0) -> Iterator[Columns]: ...
    @property
    def identity(self) -> Any: ...  # what is another for other rows
    def where(self, row: int) -> str: ...  # what a message calls a row; the first one is 0


class HeldRows:
    """Rows in memory."""

    streamed = False

    def __init__(self, columns: Columns) -> None:
        self.columns = {name: np.asarray(column, float) for name, column in columns.items()}
        self.names = tuple(columns)
        lengths = {column.shape[:1] for column in self.columns.values()}
        if len(lengths) != 1 or not (shape := lengths.pop()) or not shape[0]:
            raise UsageError("columns are arrays of numbers, all of one length above 0")
        self.count: int = shape[0]

    @property
    def shapes(self) -> Mapping[str, tuple[int, ...]]:
        return {n: column.shape[1:] for n, column in self.columns.items() if column.ndim > 1}

    def blocks(self) -> Iterator[Columns]:
        yield self.columns

    def batches(self, size: int, seed: int, done: int = 0) -> Iterator[Columns]:
        """Each row once an epoch, in an order that the seed decides, after so many batches."""
        first, done = divmod(done, -(-self.count // size))
        for epoch in count(first):
            yield from islice(shuffled(self.columns, size, [seed, epoch]), done, None)
            done = 0

    @property
    def identity(self) -> Any:
        return [[name, sha256(np.ascontiguousarray(column).data).hexdigest()]
                for name, column in self.columns.items()]  # fmt: skip

    def where(self, row: int) -> str:
        return f"row {row + 1:,}"


def length(columns: Columns) -> int:
    return len(next(iter(columns.values())))


def shuffled(columns: Columns, size: int, seed: Sequence[int]) -> Iterator[Columns]:
    """Batches of rows, each row once, in an order that the seed decides."""
    order = np.random.default_rng(seed).permutation(length(columns))
    for start in range(0, len(order), size):
        rows = order[start : start + size]
        yield {name: column[rows] for name, column in columns.items()}


def cut(columns: Columns, most: int) -> Iterator[Columns]:
    """The rows in pieces of at most so many."""
    for start in range(0, length(columns), most):
        yield {name: column[start : start + most] for name, column in columns.items()}


def recut(blocks: Iterable[Columns], size: int) -> Iterator[Columns]:
    """The same rows, in blocks of whole multiples of so many, and what is left at the end."""
    waiting: list[Columns] = []
    for block in blocks:
        have = sum(map(length, waiting))
        first = min((size - have) % size if have else 0, length(block))
        if first:
            waiting.append({name: column[:first] for name, column in block.items()})
            if have + first < size:
                continue
            yield together(waiting)
            waiting = []
        stop = first + (length(block) - first) // size * size
        if stop > first:
            yield {name: column[first:stop] for name, column in block.items()}
        if stop < length(block):
            waiting.append({name: column[stop:] for name, column in block.items()})
    if waiting:
        yield together(waiting)


def together(parts: Sequence[Columns]) -> Columns:
    if len(parts) == 1:
        return parts[0]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
