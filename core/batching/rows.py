"""One worker: blocks of rows in, their answers out, and what is wrong with which row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import evaluate
from backprop.batching.groups import Groups
from backprop.batching.job import GROUP, Job
from backprop.batching.tally import Chosen, Tally, Trouble, keys_of
from backprop.errors import BackpropError
from backprop.kernel import compiled
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


class Worker:
    def __init__(self, job: Job, tally: Tally | None = None, groups: Groups | None = None) -> None:
        self.job = job
        self.program = job.program()
        self.tally = tally or Tally(job.sample)
        self.groups = groups or Groups(len(job.names))
        self.kernel: Any = None
        self.engine = job.engine

    def prepare(self, rows: int) -> str:
        """Compile for about so many rows; says why it isn't the engine that was asked for."""
        self.kernel = compiled(
            self.program, self.job.wrt, ties=self.job.ties, engine=self.engine,
            threads=self.job.threads, rows=rows, fast_trigonometry=self.job.fast_trigonometry,
        )  # fmt: skip
        self.engine = self.kernel.engine.name
        return str(self.kernel.note)

    def answer(self, place: Place, block: Block) -> Frame | None:
        """The answers to a block of rows as a table; None if they went into sums."""
        count = len(block.lines)
        lines = numbers(block.lines)
        reasons = dict(block.bad)
        columns = [block.numbers[name] for name in self.job.columns]
        if not self.job.allow_nonfinite:
            refuse_nonfinite(columns, [*self.job.columns.values()], reasons)
        good = np.ones(count, dtype=bool)
        good[list(reasons)] = False
        rows = np.flatnonzero(good) if reasons else None
        fed = columns if rows is None else [column[rows] for column in columns]
        answers = self.computed(fed, count if rows is None else len(rows))
        infinite = self.infinite(answers)
        self.tally.rows += count
        self.tally.unreadable += len(reasons)
        if infinite.size:
            at = infinite if rows is None else rows[infinite]
            self.tally.nonfinite += len(at)
            fed = [np.delete(column, infinite) for column in fed]
            answers = [np.delete(column, infinite) for column in answers]
            good[at] = False
        else:
            at = infinite
        self.tell(place, lines, columns, reasons, at)
        places = lines if good.all() else lines[good]
        self.choose(place, places, fed, answers)
        if self.job.reduce is not None:
            grouped = self.job.by is not None
            self.groups.add(answers, block.kept[GROUP].filter(good) if grouped else None)
            return None
        return self.frame(block, answers, good)

    def computed(self, columns: Sequence[Array], rows: int) -> list[Array]:
        if not rows:
            return [np.empty(0) for _ in self.job.names]
        given = {**self.job.fixed, **dict(zip(self.job.columns, columns, strict=True))}
        value, gradients = self.kernel(given)
        found = [value, *gradients.values()]
        return found if columns else [np.repeat(column, rows) for column in found]

    def infinite(self, answers: Sequence[Array]) -> Array:
        """The rows whose answers are not all finite, unless that is allowed."""
        finite = np.ones(len(answers[0]), dtype=bool)
        if not self.job.allow_nonfinite:
            for column in answers:
                finite &= np.isfinite(column)
        return np.flatnonzero(~finite)

    def tell(
        self, place: Place, lines: Array, columns: Sequence[Array], reasons: dict[int, str],
        infinite: Array,
    ) -> None:  # fmt: skip
        """Name the first rows with trouble, or end the run at the first."""
        if not reasons and not infinite.size:
            return
        fails = self.job.on_error == "fail"
        most = 1 if fails else 10
        named = {row: reasons[row] for row in sorted(reasons)[:most]}
        for row in infinite[:most].tolist():
            named[row] = self.diagnosis([float(column[row]) for column in columns])
        first = sorted(named)[:most]
        troubles = [
            Trouble((place.number, int(lines[row])), place.where(int(lines[row])), named[row])
            for row in first
        ]
        if fails:
            raise RowError(troubles[0], readable=first[0] not in reasons)
        self.tally.tell(troubles)

    def diagnosis(self, inputs: Sequence[float]) -> str:
        """Why a row has no finite answer."""
        point = {**self.job.fixed, **dict(zip(self.job.columns, inputs, strict=True))}
        program = self.job.program(point) if self.job.source else self.program
        report = evaluate(
            program, point, wrt=self.job.wrt, ties=self.job.ties, allow_nonfinite=True
        )
        if report.faults:
            return report.faults[0].message
        return "the answer is not finite"

    def choose(
        self, place: Place, lines: Array, fed: Sequence[Array], answers: Sequence[Array]
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
        self.tally.choose(
            [
                Chosen(
                    int(keys[row]), place.where(int(lines[row])),
                    [float(column[row]) for column in fed], [float(c[row]) for c in answers],
                )
                for row in below.tolist()
            ]
        )  # fmt: skip

    def frame(self, block: Block, answers: Sequence[Array], good: Array) -> Frame:
        """Kept columns, then value and gradient."""
        names, gaps = self.job.names, self.job.on_error == "null" and not good.all()
        kept = block.kept
        if kept.width and not gaps and not good.all():
            kept = kept.filter(polars.Series(good))
        if gaps:
            answers = [scattered(column, good) for column in answers]
        found = polars.DataFrame(dict(zip(names, answers, strict=True)))
        if gaps:
            found = found.select(polars.when(polars.Series(good)).then(polars.col(names)))
        return kept.hstack(found.get_columns()) if kept.width else found


def refuse_nonfinite(
    columns: Sequence[Array], names: Sequence[str], reasons: dict[int, str]
) -> None:
    """Add the rows whose inputs are inf or nan, with the reason."""
    for name, column in zip(names, columns, strict=True):
        finite = np.isfinite(column)
        if finite.all():
            continue
        for row in np.flatnonzero(~finite).tolist():
            reasons.setdefault(row, f"{name} is {plain_name(column[row])}")


def scattered(column: Array, good: Array) -> Array:
    """Answers back in their rows."""
    found = np.zeros(len(good))
    found[good] = column
    return found


def numbers(lines: Sequence[int]) -> Array:
    """As an array, which NumPy makes of a range one by one."""
    return np.arange(lines.start, lines.stop) if isinstance(lines, range) else np.asarray(lines)


def plain_name(number: float) -> str:
    return "nan" if number != number else "inf" if number > 0 else "-inf"
