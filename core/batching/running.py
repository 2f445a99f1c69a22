"""A run: files in, one table or its sums out, and what there is to say of it."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np

from backprop.batching.ahead import ahead
from backprop.batching.choosing import first_rows
from backprop.batching.drafts import State, WriteError
from backprop.batching.groups import Groups
from backprop.batching.job import Job, check_columns
from backprop.batching.rows import Place, Worker
from backprop.batching.tally import Tally
from backprop.engine.numbers import unexamined
from backprop.errors import BackpropError, UsageError
from backprop.tables import streams
from backprop.tables.blocks import Table
from backprop.tables.formats import Kind
from backprop.tables.frames import Frame, polars
from backprop.tables.opening import Reading, open_table
from backprop.tables.streams import Mark, is_pipe, reason
from backprop.version import __version__

ANY = ("threads",)  # what may be another when a run goes on


class Part(NamedTuple):
    """A file, or rows of one."""

    number: int  # of the file
    path: str
    name: str  # what messages call it
    first: int = 0
    rows: int | None = None
    size: int = 0  # of the file in bytes, where it must be the same on several machines


class Target(Protocol):
    """Where answers go: a Draft of a file, or standard output."""

    size: int
    kind: Kind

    @property
    def resumable(self) -> bool: ...
    def saved(self, run: str) -> State | None: ...
    def open(self, state: State | None) -> None: ...
    def write(self, frame: Frame) -> None: ...
    def is_due(self) -> bool: ...
    def save(self, state: State) -> None: ...
    def finish(self) -> None: ...
    def discard(self) -> None: ...
    def close(self) -> None: ...


@dataclass(frozen=True)
class Outcome:
    tally: Tally
    engine: str
    note: str  # why it wasn't the engine that was asked for
    resumed: int  # rows that an earlier run had done
    overflow: bool = False  # is a sum beyond all floats?


Tell = Callable[[int, float], None]


class Step(NamedTuple):
    """What came of a block, and where that leaves the run."""

    frame: Frame | None  # None if it went into sums
    rows: int  # so far
    share: float  # of all bytes, so far
    state: State | None  # if it is time to save it


class Run:
    def __init__(
        self, job: Job, parts: Sequence[Part], target: Target, tell: Tell, first: Table
    ) -> None:
        self.job = job
        self.parts = parts
        self.target = target
        self.tell = tell  # rows so far, and the share of all bytes
        self.first = first  # the first part, open already
        self.note = ""
        self.overflow = False
        self.sizes = [0 if part.path == "-" else status(part.path).st_size for part in parts]
        self.before = [0, *accumulate(self.sizes)]
        again = not any(is_pipe(part.path) for part in parts)
        self.identity = identity(job, parts) if again else ""  # "" if it can never go on

    def __call__(self, state: State | None = None) -> Outcome:
        """From the beginning, or from where an interrupted run stopped."""
        self.begin(state)
        self.target.open(state)
        try:
            with unexamined():
                self.go(state)
            self.end()
            self.target.finish()
        except (KeyboardInterrupt, WriteError, BrokenPipeError, MemoryError):
            self.target.close()
            raise
        except BaseException:
            self.target.discard()
            raise
        worker = self.worker
        return Outcome(worker.tally, worker.engine, self.note, self.resumed, self.overflow)

    def begin(self, state: State | None = None) -> None:
        tally = groups = None
        if state:
            tally, groups = Tally.restored(state["tally"]), Groups.restored(state["groups"])
        self.worker = Worker(self.job, tally, groups)
        if state:
            self.worker.engine = state["engine"]
        self.resumed = self.worker.tally.rows

    def go(self, state: State | None = None) -> None:
        """Through all parts."""
        at = state["file"] if state else 0
        mark = Mark(*state["mark"]) if state else None
        for place in range(at, len(self.parts)):
            if self.full:
                break
            table = self.first if not place else opened(self.parts[place], self.job.reading)
            path = self.parts[place].path
            before = None if is_pipe(path) else changes(path)
            try:
                check_columns(self.job.wanted, table)
                self.read(table, place, mark)
            finally:
                table.close()
            if before is not None and changes(path) != before:
                raise UsageError(f"{table.name} was changed while it was read")
            mark = None

    @property
    def full(self) -> bool:
        """Has it as many rows as were asked for?"""
        return self.job.limit is not None and self.worker.tally.rows >= self.job.limit

    def end(self) -> None:
        if self.job.reduce is not None:
            sums = summed(self.job, self.worker.tally, self.worker.groups)
            self.overflow = overflows(sums, self.job.reduced_names)
            self.target.write(sums)
        elif not self.target.size:
            self.target.write(self.nothing())

    def read(self, table: Table, number: int, mark: Mark | None) -> None:
        steps = self.steps(table, number, mark)
        # Not for a single block, nor for a pipe: who waits for one could not be interrupted.
        if self.sizes[number] > streams.PIECE // 8:
            steps = ahead(steps)
        with closing(steps):
            for step in steps:
                if step.frame is not None:
                    self.target.write(step.frame)
                self.tell(step.rows, step.share)
                if step.state is not None:
                    self.target.save(step.state)

    def steps(self, table: Table, number: int, mark: Mark | None) -> Generator[Step]:
        """What comes of each block, which is written while the next one is computed."""
        place = Place(self.parts[number].number, table.name, table.unit)
        for block in table.blocks(self.job.wanted, *([mark] if mark else [])):
            share = self.share(number, table)
            if self.job.chooses:
                block = self.job.chooses.chosen(block)
            if self.job.limit is not None:
                block = first_rows(block, self.job.limit - self.worker.tally.rows)
            if self.worker.kernel is None:
                rows = int(len(block.lines) / share) if share else 0
                self.prepare(rows)
            frame = self.worker.answer(place, block)
            due = self.identity and self.target.is_due()
            state = self.state(number, block.end) if due else None
            yield Step(frame, self.worker.tally.rows, share, state)
            if self.full:
                return

    def state(self, number: int, mark: Mark) -> State:
        """Where a later run would go on."""
        return {
            "run": self.identity,
            "file": number,
            "mark": list(mark),
            "engine": self.worker.engine,
            "tally": self.worker.tally.state(),
            "groups": self.worker.groups.state(),
        }

    def prepare(self, rows: int) -> None:
        begun = self.worker.engine if self.resumed else None
        self.note = self.worker.prepare(rows)
        if begun not in (None, self.worker.engine):
            raise UsageError(
                f"this was begun by the {begun} engine, which is not there: {self.note}"
            )

    def share(self, number: int, table: Table) -> float:
        """How much of all files has been read; 0 if nobody knows."""
        total = sum(self.sizes)
        done = self.before[number] + table.progress() * self.sizes[number]
        return done / total if total else 0.0

    def nothing(self) -> Frame:
        """A table without rows, but with its columns."""
        kept = dict.fromkeys(self.job.kept, polars.String)
        shapes = ((), *self.worker.shapes)
        types = [polars.Array(polars.Float64, shape) if shape else polars.Float64
                 for shape in shapes]  # fmt: skip
        return polars.DataFrame(schema={**kept, **dict(zip(self.job.names, types, strict=True))})


def opened(part: Part, reading: Reading) -> Table:
    table = open_table(part.path, reading, part.first, part.rows)
    if part.name != part.path:
        table.name = part.name
    return table


def identity(job: Job, parts: Sequence[Part]) -> str:
    """What has to be the same when a run goes on."""
    asked = {name: value for name, value in asdict(job).items() if name not in ANY}
    found = [(*part, *changes(part.path)) for part in parts]
    told = json.dumps([__version__, asked, found], sort_keys=True, default=list)
    return hashlib.sha256(told.encode()).hexdigest()


def summed(job: Job, tally: Tally, groups: Groups) -> Frame:
    assert job.reduce is not None
    if not tally.answered:
        raise NoRowsError("there is no row to sum")
    return groups.table(job.reduced_names, job.groups)


def overflows(sums: Frame, names: Iterable[str]) -> bool:
    """Is there an infinite number among the sums? Groups may be called so."""
    return not all(np.isfinite(sums[name].to_numpy()).all() for name in names)


def changes(path: str) -> tuple[int, int]:
    """What is another when a file was written to."""
    found = status(path)
    return found.st_size, found.st_mtime_ns


def status(path: str) -> os.stat_result:
    """That of a file which is read, and may be gone meanwhile."""
    try:
        return os.stat(path)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {reason(error)}") from None


class NoRowsError(BackpropError):
    code = "no-rows"
    exit_code = 3
