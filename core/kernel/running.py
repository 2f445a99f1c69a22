"""Blocks of rows through an engine, by one worker or several, and rows that are done again.

A row whose value or gradient comes out as inf or nan is computed by the engine for single
points, so that corners mean here what they mean there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from itertools import pairwise
from typing import Any, Protocol

import numpy as np

from backprop.engine.ties.conventions import AUTO
from backprop.engine.ties.watch import Watch
from backprop.errors import MissingValueError, UsageError
from backprop.kernel.exact_rows import Again
from backprop.kernel.memory import aligned
from backprop.kernel.tied_rows import AtTies, Spaces
from backprop.program.program import Program

Array = Any
Columns = Sequence[Array]


class Engine(Protocol):
    """What runs a plan on columns of at most `block` rows. It says True only if all came out
    finite."""

    name: str
    block: int
    parallel: bool  # do several workers at once gain anything?

    def workspace(self, rows: int) -> Any: ...

    def run(self, columns: Columns, results: Columns, work: Any) -> bool: ...


class Kernel:
    """Value and gradients of a program for many rows: `value, gradients = kernel(columns)`.

    Columns are arrays of numbers, all as long, or single numbers that hold for every row. With
    `out`, arrays of floats for the value and each gradient, these are written to and returned.
    """

    def __init__(
        self,
        program: Program,
        watch: Watch,
        ties: str,
        engine: Engine,
        threads: int = 1,
        note: str = "",
    ) -> None:
        self.program = program
        self.wrt = watch.wrt
        self.watch = watch
        self.watches = ties == AUTO and bool(watch.stages)  # does the engine tell which rows tie?
        self.engine = engine
        self.again = Again(program, watch.wrt, ties)
        self.threads = threads
        self.note = note  # why it isn't the engine that was asked for

    def __call__(
        self, columns: Mapping[str, Any], out: Columns | None = None
    ) -> tuple[Array, dict[str, Array]]:
        given = self.columns(columns)
        rows = len(given[0]) if given else 1
        results = aligned(1 + len(self.wrt), rows) if out is None else list(out)
        self.check(results, rows, given if out else ())
        blocks = -(-rows // self.engine.block)
        workers = max(1, min(self.threads if self.engine.parallel else 1, blocks))
        ends = [min(rows, blocks * w // workers * self.engine.block) for w in range(workers + 1)]
        if workers == 1:
            self.work(given, results, 0, rows)
        else:
            with ThreadPoolExecutor(workers) as pool:
                parts = [
                    pool.submit(self.work, given, results, start, stop)
                    for start, stop in pairwise(ends)
                ]
            for part in parts:
                part.result()
        return results[0], dict(zip(self.wrt, results[1:], strict=True))

    def columns(self, given: Mapping[str, Any]) -> list[Array]:
        """The inputs in their order, as floats."""
        missing = [
            name
            for name in self.program.inputs
            if name not in given and name not in self.program.defaults
        ]
        if missing:
            raise MissingValueError(missing)
        everything = {**self.program.defaults, **given}
        found = [np.asarray(everything[name], dtype=float) for name in self.program.inputs]
        lengths = {len(column) for column in found if column.ndim}
        if len(lengths) > 1:
            raise UsageError(f"columns have different lengths: {min(lengths)} and {max(lengths)}")
        return [np.broadcast_to(column, (max(lengths, default=1),)) for column in found]

    def check(self, results: Columns, rows: int, given: Columns) -> None:
        """Are the arrays that a caller hands over fit to be written to?"""
        for place, column in enumerate(results):
            if any(np.may_share_memory(column, other) for other in (*given, *results[:place])):
                raise UsageError("an array in `out` shares its memory with another column")
        fit = len(results) == 1 + len(self.wrt) and all(
            column.shape == (rows,) and column.dtype == float and column.flags.c_contiguous
            for column in results
        )
        if not fit:
            raise UsageError(f"`out` must be {1 + len(self.wrt)} arrays of {rows} floats each")

    def work(self, columns: Columns, results: Columns, start: int, stop: int) -> None:
        """One worker's rows, block after block."""
        if start == stop:
            return
        space = self.engine.workspace(stop - start)
        tied = aligned(1, min(self.engine.block, stop - start)) if self.watches else []
        spaces: Spaces = {}
        with np.errstate(all="ignore"):
            for begin in range(start, stop, self.engine.block):
                here = slice(begin, min(stop, begin + self.engine.block))
                fed = [np.ascontiguousarray(column[here]) for column in columns]
                found = [column[here] for column in results]
                flags = [column[: len(found[0])] for column in tied]
                if not self.engine.run(fed, [*found, *flags], space):
                    self.mend(fed, found)
                for flag in flags:
                    self.settle(fed, found, flag, spaces)

    def mend(self, columns: Columns, results: Columns) -> None:
        """Do the rows that are not finite again."""
        finite = np.logical_and.reduce([np.isfinite(column) for column in results])
        rows = np.flatnonzero(~finite)
        if not rows.size:
            return
        found = self.again([column[rows] for column in columns], rows.size)
        for column, numbers in zip(results, found, strict=True):
            column[rows] = numbers

    def settle(self, columns: Columns, results: Columns, flags: Array, spaces: Spaces) -> None:
        """Do the rows that tie again; those without a finite value have no slopes."""
        tied = (flags != 0) & np.isfinite(results[0])
        count = int(np.count_nonzero(tied))
        if count == len(tied):
            slopes = self.at_ties(columns, count, spaces)
            for column, numbers in zip(results[1:], slopes, strict=True):
                column[:] = numbers
        elif count:
            slopes = self.at_ties([column[tied] for column in columns], count, spaces)
            for column, numbers in zip(results[1:], slopes, strict=True):
                column[tied] = numbers

    @cached_property
    def at_ties(self) -> AtTies:
        return AtTies(self.program, self.watch, self.again)
