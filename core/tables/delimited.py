"""CSV and TSV.

Polars reads numbers at full speed and leaves null what it can't. Only where it did are the same
lines read again as text: for numbers between spaces, blank lines, and what is wrong in which line.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from backprop.errors import UsageError
from backprop.tables.blocks import Block, Wanted
from backprop.tables.library import Frame, polars
from backprop.tables.streams import LONGEST, QUOTE, SNIFFED, START, Mark, Piece, Stream, pieces

BOM = b"\xef\xbb\xbf"
GARBLED = "\N{REPLACEMENT CHARACTER}"
SHOWN = 30  # characters of a field that a message shows


class DelimitedTable:
    unit = "line"

    def __init__(self, stream: Stream, separator: str, *, header: bool = True) -> None:
        self.stream = stream
        self.name = stream.name
        self.separator = separator
        first = self.first_line()
        names = self.fields(first.removeprefix(BOM))
        self.columns: Sequence[str] = (
            names if header else [f"column_{k + 1}" for k in range(len(names))]
        )
        skipped = first if header else b""
        self.begin = Mark(len(skipped), 1 + skipped.count(b"\n"))

    def first_line(self) -> bytes:
        """The first line, which stays unread; a newline between quotes does not end it."""
        size = SNIFFED
        while True:
            start = self.stream.peek(size)
            end = start.find(b"\n") + 1
            while end and start.count(QUOTE, 0, end) % 2:
                end = start.find(b"\n", end) + 1
            if end or len(start) < size:
                return start[:end] if end else start
            if size > LONGEST:
                raise UsageError(f"{self.name}: line 1 has no end")
            size *= 4

    def fields(self, line: bytes) -> list[str]:
        try:
            text = line.decode("utf-8").strip("\r\n")
            found = next(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator), [])
        except (UnicodeDecodeError, csv.Error):
            raise UsageError(f"{self.name} doesn't begin with a line of UTF-8 text") from None
        if not text.strip():
            raise UsageError(f"{self.name} has no header" if line else f"{self.name} is empty")
        return [name.strip() for name in found]

    def blocks(self, wanted: Wanted, mark: Mark = START) -> Iterator[Block]:
        mark = max(mark, self.begin)
        self.stream.seek(mark.offset) if mark > self.begin else self.stream.read(mark.offset)
        for piece in pieces(self.stream, mark, quotes=True):
            yield Reading(self, wanted, piece).block()

    def progress(self) -> float:
        return self.stream.progress()

    def close(self) -> None:
        self.stream.close()


class Reading:
    """One piece of a file on its way to a block. Its columns are called c0, c1, ... meanwhile;
    one more would hold what stands behind the last."""

    def __init__(self, table: DelimitedTable, wanted: Wanted, piece: Piece) -> None:
        self.table = table
        self.wanted = wanted
        self.piece = piece
        place = {name: f"c{k}" for k, name in enumerate(table.columns)}
        self.all = [f"c{k}" for k in range(len(table.columns) + 1)]
        self.behind = self.all[-1]
        self.numbers = {variable: place[name] for variable, name in wanted.numbers.items()}
        self.texts = {name: place[column] for name, column in wanted.kept.items()}

    def block(self) -> Block:
        try:
            frame = self.read(set(self.numbers.values()))
        except polars.exceptions.PolarsError:
            return self.slowly()  # text that is not UTF-8
        rows = frame.height
        fine = frame[self.behind].null_count() == rows and not any(
            frame[column].null_count() for column in self.numbers.values()
        )
        if not fine or rows != self.piece.lines:
            return self.slowly()
        lines = range(self.piece.line, self.piece.line + rows)
        return Block(self.columns(frame), self.kept(frame), lines, {}, self.piece.end)

    def read(self, numbers: set[str], encoding: str = "utf8") -> Frame:
        """The columns that are wanted, as numbers or as text."""
        header = self.table.separator.join(self.all).encode() + b"\n"
        text, number = polars.String, polars.Float64
        needed = {*self.numbers.values(), *self.texts.values(), self.behind}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of quotes that don't pair up: `slowly` says it
            return polars.read_csv(
                header + self.piece.data,
                separator=self.table.separator,
                schema={name: number if name in numbers else text for name in self.all},
                columns=sorted(needed),
                ignore_errors=True,
                truncate_ragged_lines=True,
                encoding=encoding,
            )

    def slowly(self) -> Block:
        """Everything as text."""
        lines, blank = self.records()
        try:
            frame = self.read(set(), "utf8-lossy")
            unpaired = len(lines) != frame.height
        except polars.exceptions.PolarsError:
            unpaired = True
        if unpaired:
            where = f"in or after line {self.piece.line:,}"
            raise UsageError(f"{self.table.name}: quotes don't pair up {where}")
        if any(blank):
            full = [k for k, nothing in enumerate(blank) if not nothing]
            frame, lines = frame[full], [lines[k] for k in full]
        read = frame.with_columns(
            polars.col({*self.numbers.values()})
            .str.strip_chars()
            .cast(polars.Float64, strict=False)
        )
        bad = dict(self.troubles(frame, read))
        return Block(self.columns(read), self.kept(read), lines, bad, self.piece.end)

    def records(self) -> tuple[list[int], list[bool]]:
        """The line that every record begins on, and whether it is blank."""
        data, line = self.piece.data, self.piece.line
        if QUOTE not in data:
            found = data.removesuffix(b"\n").split(b"\n")
            return [*range(line, line + len(found))], [not record.strip() for record in found]
        reader = csv.reader(
            io.StringIO(data.decode("utf-8", "replace"), newline=""), delimiter=self.table.separator
        )
        lines, blank = [], []
        try:
            for record in reader:
                lines.append(line)
                alone = record[0] if len(record) == 1 else ""
                blank.append(not record or alone.isspace())
                line = self.piece.line + reader.line_num
        except csv.Error as error:
            raise UsageError(f"{self.table.name}, line {line:,}: {error}") from None
        return lines, blank

    def troubles(self, texts: Frame, read: Frame) -> Iterator[tuple[int, str]]:
        """Rows that can't be read, and why. Of several reasons the last is kept."""
        for row in rows_where(texts[self.behind].str.strip_chars().str.len_bytes() > 0):
            yield row, f"it has more than the {len(self.all) - 1} fields of the first line"
        for name, column in self.texts.items():
            for row in rows_where(texts[column].str.contains(GARBLED, literal=True)):
                yield row, f"{name} is not UTF-8 text"
        for column in dict.fromkeys(self.numbers.values()):
            name = self.table.columns[int(column[1:])]
            for row in rows_where(read[column].is_null()):
                text = texts[column][row]
                yield row, f"{name} is {described(text)}"

    def columns(self, frame: Frame) -> dict[str, Any]:
        return {variable: frame[column].to_numpy() for variable, column in self.numbers.items()}

    def kept(self, frame: Frame) -> Frame:
        return frame.select(**self.texts)


def rows_where(condition: Any) -> Sequence[int]:
    found: Sequence[int] = condition.fill_null(False).arg_true().to_list()
    return found


def described(text: str | None) -> str:
    """A field that is no number."""
    if text is None or not text.strip():
        return "empty"
    shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    return f'"{shown}", which is not a number'
