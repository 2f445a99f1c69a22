"""What `descend` does beside its one library call: rows of data in, and who hears of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO

import click

from backprop.answer.evaluation import arrays_in, staged
from backprop.cli.files import whole_file, write_whole
from backprop.cli.progress import Progress
from backprop.cli.render.json import encode
from backprop.cli.saying import note
from backprop.cli.variables import Question
from backprop.descending.checkpoint import Keeper
from backprop.descending.course import Step
from backprop.descending.descend import STEP_SCHEMA, step_dict
from backprop.errors import UsageError, visible

if TYPE_CHECKING:
    from backprop.descending.files import Skipped
    from backprop.descending.rows import Rows

DATA = "--data FILE"
FOR_DATA = {
    "mapped": "--map", "source": "--from", "separator": "--separator", "no_header": "--no-header",
    "skip_lines": "--skip-lines", "comment": "--comment", "nulls": "--null", "where": "--where",
    "limit": "--limit",
}  # fmt: skip


class Listener:
    """Who hears of every step: a file, and whoever waits at a terminal."""

    def __init__(self, steps: int, trace: BinaryIO | None = None) -> None:
        self.steps = steps
        self.trace = trace
        self.progress = Progress()
        self.number = 0  # of the step that is being made
        self.value = ""  # of the one before

    def step(self, step: Step) -> None:
        if self.trace:
            line = encode({"schema": STEP_SCHEMA, **step_dict(step)})
            self.trace.write(line.encode() + b"\n")
        self.number = min(step.number + 1, self.steps)
        self.value = f", {step.value:.6g}"
        if self.progress.is_due:
            self.progress.say(f"step {step.number:,} of {self.steps:,}: {step.value:.6g}")

    def rows(self, done: int, count: int | None) -> None:
        if not self.progress.is_due:
            return
        if count is None:
            self.progress.say(f"reading: {done:,} rows")
        else:
            step = f"step {self.number:,} of {self.steps:,}{self.value}"
            self.progress.say(f"{step}: {done:,} of {count:,} rows")

    def note(self, text: str) -> None:
        """What is said before the first step."""
        note(visible(text))


@contextmanager
def listener(trace: str | None, steps: int) -> Iterator[Listener]:
    with whole_file(trace) if trace is not None else nullcontext() as file:
        hears = Listener(steps, file)
        try:
            yield hears
        finally:
            hears.progress.end()


def keeper_of(path: str | None, *, resume: bool) -> Keeper | None:
    """Who keeps how far a run has come."""
    if path is None:
        if resume:
            raise click.UsageError("--resume goes on from a file: give --checkpoint FILE")
        return None
    return Keeper(path, write_whole, resume=resume)


def skipping(on_error: str) -> Skipped | None:
    if on_error == "fail":
        return None
    from backprop.descending.files import Skipped

    return Skipped()


def rows_in(
    asked: Question, wrt: Sequence[str] | None, hears: Listener, options: Mapping[str, Any],
    valid: Sequence[str] = (), skipped: Skipped | None = None,
) -> tuple[Rows | None, Rows | None]:  # fmt: skip
    """The rows of the files, and those of other files: their columns are the variables that have
    no value otherwise."""
    if not options["data"]:
        for option in ["--valid"] * bool(valid) + ["--on-error"] * (skipped is not None):
            raise UsageError(f"{option} is for rows of data, and there are none", hint=DATA)
        for name, option in FOR_DATA.items():
            if options[name]:
                raise UsageError(f"{option} is for rows of data, and there are none", hint=DATA)
        return None, None
    from backprop.batching.choosing import where_of
    from backprop.batching.columns import vectors_for
    from backprop.batching.job import columns_for, pairs_of
    from backprop.cli.rows import reading_of
    from backprop.cli.tables import named
    from backprop.descending.files import read
    from backprop.tables.opening import files_of, open_table

    files, reading = files_of(options["data"]), reading_of(options)
    mapped = pairs_of(options["mapped"], "--map")
    table = open_table(files[0], reading)
    try:
        given = {*asked.values, *named(asked.tree, table, mapped)}
        arrays = arrays_in(asked.values, options["seed"])
        known = {*asked.values, *(wrt or ())}
        vectors = vectors_for(asked.tree.names, known, mapped, table)
        shapes = {name: array.shape for name, array in arrays.items()}
        shapes |= {name: vector.shape for name, vector in vectors.items()}
        program = staged(asked.tree, given, options["gates"], True, shapes)
        columns = columns_for(program, known, mapped, table, vectors)
        if not columns.names:
            raise UsageError(
                f"the program takes no column of {table.name}: all its variables have values"
            )
        where = where_of(options["where"], mapped, table) if options["where"] else None
        rows = read(
            files, reading, columns, table, hears.rows, skipped=skipped, where=where,
            limit=options["limit"],
        )  # fmt: skip
    finally:
        table.close()
    if not valid:
        return rows, None
    others = read(files_of(valid), reading, columns, None, hears.rows, skipped=skipped, where=where)
    return rows, others
