"""One worker: blocks of rows in, their answers out, and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import evaluate
from backprop.batching.columns import lined, refuse_nonfinite
from backprop.batching.groups import Groups
from backprop.batching.job import GROUP, Job
from backprop.batching.tally import Chosen, Tally, Trouble, keys_of
from backprop.errors import BackpropError
from backprop.kernel import compiled, numbers_only
from backprop.kernel.array_rows import ArrayKernel
from backprop.tables.blocks import Block
from backprop.tables.frames import Frame, polars

Array = Any
NO_ANSWER = 3


class Place(NamedTuple):
    """Where blocks come from."""

    number: int  # of the file
    name: str
    unit: str

    def where(self, line: int) -> str:
        return f"{self.name}, {self.unit} {line:,}"


class RowError(BackpropError):
    """A row that can't be read or has no finite answer, where that ends the run."""

    code = "row"

    def __init__(self, trouble: Trouble, *, readable: bool) -> None:
        hint = "--on-error skip leaves such rows out, --on-error null keeps them without an answer"
        if readable:
            hint = f"--allow-nonfinite writes it as it is; {hint}"
        super().__init__(f"{trouble.where}: {trouble.reason}", hint=hint)
        self.exit_code = NO_ANSWER if readable else 2


class Sums(NamedTuple):
    """Sums of gradients over the rows of each block, and the rows that are not in them."""

    totals: Sequence[Sequence[Array]]
    lost: Array


class Worker:
    def __init__(self, job: Job, tally: Tally | None = None, groups: Groups | None = None) -> None:
        self.job = job
        self.program = job.program()
        self.whole = not numbers_only(self.program)  # is it about arrays?
        self.shapes = [self.program.shapes[self.program.inputs[name]] for name in job.wrt]
        self.tally = tally or Tally(job.sample)
        self.groups = groups or Groups(
            1 + len(job.wrt), self.shapes if self.whole else None, job.reductions
        )
        self.summing = self.whole and job.reduce is not None and not (
            job.groups or self.groups.extremes
        )  # fmt: skip
        self.kernel: Any = None
        self.engine = job.engine

    def prepare(self, rows: int) -> str:
        """Compile for about so many rows; says why it isn't the engine that was asked for."""
        job = self.job
        if self.whole:
            note = "" if job.engine == "numpy" else "a program about arrays runs in NumPy"
            self.kernel = ArrayKernel(
                self.program, job.wrt, job.taken.names, job.ties, job.threads, note
            )
        else:
            self.kernel = compiled(
                self.program, job.wrt, ties=job.ties, engine=self.engine, threads=job.threads,
                rows=rows, fast_trigonometry=job.fast_trigonometry,
            )  # fmt: skip
        self.engine = self.kernel.engine.name
        return str(self.kernel.note)

    def answer(self, place: Place, block: Block) -> Frame | None:
        """The answers to a block of rows as a table; None if they went into sums."""
        count = len(block.lines)
        lines = numbers(block.lines)
        columns, reasons = self.job.taken.taken(block)
        if not self.job.allow_nonfinite:
            refuse_nonfinite(columns, self.job.taken, reasons)
        good = np.ones(count, dtype=bool)
        good[list(reasons)] = False
        rows = np.flatnonzero(good) if reasons else None
        fed = columns if rows is None else some(columns, rows)
        size = count if rows is None else len(rows)
        found: list[Sums] = []
        answers = [self.summed(fed, size, found)] if self.summing else self.computed(fed, size)
        infinite = found[0].lost if found else self.infinite(answers)
        self.tally.rows += count
        self.tally.unreadable += len(reasons)
        if infinite.size:
            at = infinite if rows is None else rows[infinite]
            self.tally.nonfinite += len(at)
            fed = {name: np.delete(column, infinite, axis=0) for name, column in fed.items()}
            answers = [np.delete(column, infinite, axis=0) for column in answers]
            good[at] = False
        else:
            at = infinite
        self.tell(place, lines, columns, reasons, at)
        places = lines if good.all() else lines[good]
        self.choose(place, places, fed, answers)
        if self.job.reduce is not None:
            self.add(block, answers, good, found)
            return None
        return self.frame(block, answers, good)

    def add(
        self, block: Block, answers: Sequence[Array], good: Array, found: Sequence[Sums]
    ) -> None:
        """Answers into the sums."""
        keys = [
            block.kept[f"{GROUP}{k}"].filter(good) for k in range(len(self.job.groups))
        ]  # fmt: skip
        if found:
            self.groups.add_sums(answers[0], found[0].totals)
        else:
            self.groups.add(answers, keys)

    def computed(self, columns: Mapping[str, Array], rows: int) -> list[Array]:
        if not rows:
            return [np.empty((0, *shape)) for shape in ((), *self.shapes)]
        given = {**self.job.point, **columns}
        if self.whole:
            value, gradients = self.kernel(given, rows)
            return [value, *gradients.values()]
        value, gradients = self.kernel(given)
        found = [value, *gradients.values()]
        return found if columns else [np.repeat(column, rows) for column in found]

    def summed(self, columns: Mapping[str, Array], rows: int, found: list[Sums]) -> Array:
        """The value of each row. Sums of gradients are found block by block."""
        value, lost = np.empty(rows), [np.empty(0, dtype=int)]
        totals = []
        for block in self.kernel.blocks({**self.job.point, **columns}, rows) if rows else ():
            value[block.start : block.start + len(block.value)] = block.value
            totals += block.parts
            lost.append(block.start + np.asarray(block.lost, dtype=int))
        found.append(Sums(totals, np.concatenate(lost)))
        return value

    def infinite(self, answers: Sequence[Array]) -> Array:
        """The rows whose answers are not all finite, unless that is allowed."""
        finite = np.ones(len(answers[0]), dtype=bool)
        if not self.job.allow_nonfinite:
            for column in answers:
                finite &= np.isfinite(lined(column)).all(axis=1)
        return np.flatnonzero(~finite)

    def tell(
        self, place: Place, lines: Array, columns: Mapping[str, Array], reasons: dict[int, str],
        infinite: Array,
    ) -> None:  # fmt: skip
        """Name the first rows with trouble, or end the run at the first."""
        if not reasons and not infinite.size:
            return
        fails = self.job.on_error == "fail"
        most = 1 if fails else 10
        named = {row: reasons[row] for row in sorted(reasons)[:most]}
        for row in infinite[:most].tolist():
            named[row] = self.diagnosis({name: column[row] for name, column in columns.items()})
        first = sorted(named)[:most]
        troubles = [
            Trouble((place.number, int(lines[row])), place.where(int(lines[row])), named[row])
            for row in first
        ]
        if fails:
            raise RowError(troubles[0], readable=first[0] not in reasons)
        self.tally.tell(troubles)

    def diagnosis(self, inputs: Mapping[str, Any]) -> str:
        """Why a row has no finite answer."""
        point = {**self.job.point, **inputs}
        try:
            program = self.job.program(point) if self.job.source else self.program
            report = evaluate(
                program, point, wrt=self.job.wrt, ties=self.job.ties, allow_nonfinite=True
            )
        except BackpropError as error:
            return error.message
        if report.faults:
            return report.faults[0].message
        return "the answer is not finite"

    def choose(
        self, place: Place, lines: Array, fed: Mapping[str, Array], answers: Sequence[Array]
    ) -> None:
        """Rows for the sample that will be checked."""
        if not self.job.sample or not len(lines):
            return
        keys = keys_of(place.number, lines, self.job.seed)
        below = (
            np.flatnonzero(keys < np.uint64(self.tally.bar)) if self.tally.bar < 1 << 64 else None
        )
        if below is None:
            below = np.argpartition(keys, min(len(keys), self.job.sample) - 1)[: self.job.sample]
        if len(answers) <= len(self.job.wrt):  # of which there are sums only
            fed, answers = some(fed, below), self.computed(some(fed, below), len(below))
            keys, lines, below = keys[below], lines[below], np.arange(len(below))
        self.tally.choose(
            [
                Chosen(
                    int(keys[row]), place.where(int(lines[row])),
                    [column[row].tolist() for column in fed.values()],
                    [column[row].tolist() for column in answers],
                )
                for row in below.tolist()
            ]
        )  # fmt: skip

    def frame(self, block: Block, answers: Sequence[Array], good: Array) -> Frame:
        """Kept columns, then value and gradient."""
        names, gaps = self.job.names, self.job.on_error == "null" and not good.all()
        kept = block.kept
        if self.job.texts or self.job.where:
            kept = polars.DataFrame({name: kept.get_column(name) for name in self.job.kept})
        if kept.width and not gaps and not good.all():
            kept = kept.filter(polars.Series(good))
        if gaps:
            answers = [scattered(column, good) for column in answers]
        found = polars.DataFrame(dict(zip(names, answers, strict=True)))
        if gaps:
            found = found.select(polars.when(polars.Series(good)).then(polars.col(names)))
        return kept.hstack(found.get_columns()) if kept.width else found


def some(columns: Mapping[str, Array], rows: Array) -> dict[str, Array]:
    return {name: column[rows] for name, column in columns.items()}


def scattered(column: Array, good: Array) -> Array:
    """Answers back in their rows."""
    found = np.zeros((len(good), *column.shape[1:]))
    found[good] = column
    return found


def numbers(lines: Sequence[int]) -> Array:
    """As an array, which NumPy makes of a range one by one."""
    return np.arange(lines.start, lines.stop) if isinstance(lines, range) else np.asarray(lines)
