"""What `descend` does beside its one library call: rows of data in, and who hears of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, BinaryIO

from backprop.answer.evaluation import arrays_in, staged
from backprop.cli.files import whole_file
from backprop.cli.progress import Progress
from backprop.cli.render.json import encode
from backprop.cli.variables import Question
from backprop.descending.course import Step
from backprop.descending.descend import STEP_SCHEMA, step_dict
from backprop.errors import UsageError

if TYPE_CHECKING:
    from backprop.descending.rows import Rows

FOR_DATA = {
    "mapped": "--map", "source": "--from", "separator": "--separator", "no_header": "--no-header",
}  # fmt: skip


class Listener:
    """Who hears of every step: a file, and whoever waits at a terminal."""

    def __init__(self, steps: int, trace: BinaryIO | None = None) -> None:
        self.steps = steps
        self.trace = trace
        self.progress = Progress()
        self.number = 0  # of the step that is being made

    def step(self, step: Step) -> None:
        if self.trace:
            line = encode({"schema": STEP_SCHEMA, **step_dict(step)})
            self.trace.write(line.encode() + b"\n")
        self.number = min(step.number + 1, self.steps)
        if self.progress.is_due:
            self.progress.say(f"step {step.number:,} of {self.steps:,}: {step.value:.6g}")

    def rows(self, done: int, count: int | None) -> None:
        if not self.progress.is_due:
            return
        if count is None:
            self.progress.say(f"reading: {done:,} rows")
        else:
            step = f"step {self.number:,} of {self.steps:,}"
            self.progress.say(f"{step}: {done:,} of {count:,} rows")


@contextmanager
def listener(trace: str | None, steps: int) -> Iterator[Listener]:
    with whole_file(trace) if trace is not None else nullcontext() as file:
        hears = Listener(steps, file)
        try:
            yield hears
        finally:
            hears.progress.end()


def rows_in(
    asked: Question, wrt: Sequence[str] | None, hears: Listener, options: Mapping[str, Any]
) -> Rows | None:
    """The rows of the files: their columns are the variables that have no value otherwise."""
    if not options["data"]:
        for name, option in FOR_DATA.items():
            if options[name]:
                text = f"{option} is for rows of data, and there are none"
                raise UsageError(text, hint="--data FILE")
        return None
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
        vectors = vectors_for(asked.tree.names, {*asked.values, *(wrt or ())}, mapped, table)
        shapes = {name: array.shape for name, array in arrays.items()}
        shapes |= {name: vector.shape for name, vector in vectors.items()}
        program = staged(asked.tree, given, options["gates"], True, shapes)
        known = {*asked.values, *(wrt or ())}
        columns = columns_for(program, known, mapped, table, vectors)
        if not columns.names:
            raise UsageError(
                f"the program takes no column of {table.name}: all its variables have values"
            )
        return read(files, reading, columns, table, hears.rows)
    finally:
        table.close()
