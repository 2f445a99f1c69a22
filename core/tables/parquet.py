"""Parquet: columns that are typed already, read in slices of rows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import repeat
from typing import Any

from backprop.errors import UsageError
from backprop.tables.blocks import Block, Wanted, entries_of, shape_of
from backprop.tables.fields import described, numbers_in
from backprop.tables.frames import Frame, polars
from backprop.tables.streams import START, Mark

ROWS = 1 << 17  # of a block
WINDOW = 1 << 23  # numbers that are asked for at once
# Of row groups that wait to be read one is enough: more of them only take memory.
os.environ.setdefault("POLARS_ROW_GROUP_PREFETCH_SIZE", "1")
FAILURES = (polars.exceptions.PolarsError, polars.exceptions.PanicException, OSError)


class ParquetTable:
    unit = "row"

    def __init__(
        self, path: str, first: int = 0, count: int | None = None, decimal: str = ".",
        nulls: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.name = path
        self.path = path
        self.version = version(path)
        self.first = first
        self.scan = polars.scan_parquet(path, glob=False)
        self.types = self.asked(self.scan.collect_schema)
        self.columns: Sequence[str] = list(self.types)
        self.rows = self.asked(self.scan.select(polars.len()).collect).item()
        self.end = self.rows if count is None else first + count
        self.done = first
        self.decimal = decimal
        self.nulls = nulls
        self.held: Any = None  # a file that is there as long as the table is open

    def asked(self, question: Any) -> Any:
        """What Polars answers. Of a file that has changed it would print a panic."""
        try:
            self.check_unchanged()
            return question()
        except FAILURES as error:
            self.check_unchanged()
            first = str(error).splitlines()[0][:100]
            raise UsageError(f"{self.name} can't be read as Parquet: {first}") from None

    def check_unchanged(self) -> None:
        if version(self.path) != self.version:
            raise UsageError(f"{self.name} was changed while it was read")

    def blocks(self, wanted: Wanted, mark: Mark = START) -> Iterator[Block]:
        for name in wanted.numbers.values():
            kind = self.types[name]
            if not (kind.is_numeric() or kind in (polars.Boolean, polars.Null, polars.String)):
                raise UsageError(f"{self.name}: the column {name} holds {kind}, not numbers")
        for name, _ in wanted.lists.values():
            if self.leaf(name) is None:
                held = self.types[name]
                raise UsageError(
                    f"{self.name}: the column {name} holds {held}, no lists of numbers"
                )
        by_name = polars.selectors.by_name  # to polars.col, "*" and "^...$" are no names
        asked = [
            *(self.number(column).alias(f"n{k}")
              for k, column in enumerate(wanted.numbers.values())),
            *(by_name(column).alias(f"t{k}") for k, column in enumerate(wanted.numbers.values())
              if self.types[column] == polars.String),
            *(by_name(column).alias(f"k{k}") for k, column in enumerate(wanted.kept.values())),
            *(by_name(column).alias(f"l{k}")
              for k, (column, _) in enumerate(wanted.lists.values())),
        ]  # fmt: skip
        start = max(self.first, mark.offset)
        frames = self.frames(asked, start) if asked else repeat(polars.DataFrame())
        for frame in frames:
            count = frame.height if asked else min(ROWS, self.end - start)
            if start >= self.end:
                return
            yield self.block(frame, wanted, range(start + 1, start + count + 1))
            start += count

    def frames(self, asked: Sequence[Any], start: int) -> Iterator[Frame]:
        """All rows, so many at a time. Polars reads on without waiting for us: so it is asked for
        as many rows at once as may be in memory, which is a whole row group or several passes."""
        window = max(1, WINDOW // len(asked) // ROWS) * ROWS
        for begin in range(start, self.end, window):
            rows = self.scan.slice(begin, min(window, self.end - begin)).select(asked)
            if window == ROWS:
                yield self.asked(rows.collect)
                continue
            waiting = polars.DataFrame()
            batches = self.asked(partial(rows.collect_batches, chunk_size=ROWS, lazy=True))
            while (frame := self.asked(partial(next, batches, None))) is not None:
                waiting = waiting.vstack(frame) if waiting.width else frame
                while waiting.height >= ROWS:
                    yield waiting[:ROWS].rechunk()
                    waiting = waiting[ROWS:]
            if waiting.height:
                yield waiting.rechunk()

    def block(self, frame: Frame, wanted: Wanted, rows: Sequence[int]) -> Block:
        numbers, bad = {}, {}
        for k, (variable, column) in enumerate(wanted.numbers.items()):
            found = frame[f"n{k}"]
            texts = frame[f"t{k}"] if self.types[column] == polars.String else None
            for row in found.is_null().arg_true().to_list():
                text = None if texts is None or texts[row] in self.nulls else texts[row]
                bad[row] = f"{column} is {'missing' if text is None else described(text)}"
            numbers[variable] = found.to_numpy()
        for k, (variable, (column, count)) in enumerate(wanted.lists.items()):
            numbers[variable], more = entries_of(frame[f"l{k}"], count, column)
            bad = more | bad
        kept = polars.DataFrame({name: frame[f"k{k}"] for k, name in enumerate(wanted.kept)})
        self.done = rows[-1]
        return Block(numbers, kept, rows, bad, Mark(self.done, self.done + 1))

    def number(self, column: str) -> Any:
        found = polars.selectors.by_name(column)
        if self.types[column] != polars.String:
            return found.cast(polars.Float64)
        return numbers_in(found, self.decimal).cast(polars.Float64, strict=False)

    def leaf(self, column: str) -> Any:
        """What the lists of a column hold in the end, if that is numbers."""
        held = self.types[column]
        while held.is_nested() and hasattr(held, "inner"):
            held = held.inner
        return held if self.types[column].is_nested() and held.is_numeric() else None

    def lists(self, column: str) -> tuple[int, ...] | None:
        if self.leaf(column) is None:
            return None
        first = self.scan.select(polars.selectors.by_name(column).drop_nulls().head(1)).collect
        found = self.asked(first).to_series()
        return shape_of(found[0].to_list()) if len(found) else (1,)

    def progress(self) -> float:
        rows = self.end - self.first
        return (self.done - self.first) / rows if rows else 1.0

    def close(self) -> None:
        if self.held is not None:
            self.held.close()


def version(path: str) -> tuple[int, ...]:
    """What is another when a file is written to, replaced or removed."""
    try:
        found = os.stat(path)
    except OSError:
        return ()
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns
