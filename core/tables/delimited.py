"""CSV and TSV.

Polars reads numbers at full speed and leaves null what it can't. Only where it did are the same
lines read again as text: for numbers between spaces, blank lines, and what is wrong in which line.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from backprop.errors import UsageError
from backprop.tables.blocks import Block, Wanted
from backprop.tables.fields import described, numbers_in
from backprop.tables.frames import Frame, polars
from backprop.tables.layout import Layout, MisquotedError
from backprop.tables.streams import (
    HEADER,
    QUOTE,
    SNIFFED,
    START,
    Mark,
    Piece,
    Stream,
    first_end,
    pieces,
)  # fmt: skip

BOM = b"\xef\xbb\xbf"
WORKBOOK = b"PK\3\4"
GARBLED = "\N{REPLACEMENT CHARACTER}"


class DelimitedTable:
    unit = "line"

    def __init__(
        self, stream: Stream, separator: str, *, header: bool = True, decimal: str = ".",
        skip: int = 0, comment: str = "", nulls: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.stream = stream
        self.name = stream.name
        self.separator = separator
        self.decimal = decimal
        self.comment = comment
        self.nulls = list(nulls)
        passed, lines = self.passed_over(skip)
        first = self.first_line()
        names = self.fields(first.removeprefix(BOM))
        self.columns: Sequence[str] = (
            names if header else [f"column_{k + 1}" for k in range(len(names))]
        )
        skipped = first if header else b""
        self.begin = Mark(passed + len(skipped), 1 + lines + skipped.count(b"\n"))
        self.read_already = passed

    def passed_over(self, skip: int) -> tuple[int, int]:
        """The bytes and lines before the first line: so many, and then comments."""
        passed = lines = 0
        while lines < skip or (self.comment and self.next_line().startswith(self.mark)):
            line = self.next_line()
            if not line:
                raise UsageError(f"{self.name} has only {lines:,} lines, and {skip:,} are skipped")
            self.stream.read(len(line))
            passed, lines = passed + len(line), lines + 1
        return passed, lines

    def next_line(self) -> bytes:
        """The next line, which stays unread; of one that is very long, how it begins."""
        start = self.stream.peek(SNIFFED)
        return start[: start.find(b"\n") + 1 or len(start)]

    @property
    def mark(self) -> bytes:
        return self.comment.encode()

    def first_line(self) -> bytes:
        """The first line, which stays unread; a newline between quotes does not end it."""
        size = SNIFFED
        while True:
            start = self.stream.peek(size)
            end = first_end(start)
            if end or len(start) < size:
                return start[:end] if end else start
            if size >= HEADER:
                if b"\n" in start:
                    return start  # in quotes that are never closed
                raise UsageError(f"{self.name}: line 1 is longer than {HEADER:,} bytes")
            size *= 4

    def fields(self, line: bytes) -> list[str]:
        try:
            text = line.decode("utf-8").strip("\r\n")
            if QUOTE in line:
                Layout(line, self.separator)
            reader = csv.reader(io.StringIO(text, newline=""), delimiter=self.separator)
            found, *more = [*reader] or [[]]
        except (UnicodeDecodeError, csv.Error):
            text = "\0"
        except MisquotedError as error:
            raise self.misquoted(error, 1) from None
        if "\0" in text:
            raise UsageError(
                f"{self.name} doesn't begin with a line of UTF-8 text", hint=remedy(line)
            )
        if not text.strip():
            raise UsageError(f"{self.name} has no header" if line else f"{self.name} is empty")
        if more:
            raise UsageError(
                f"{self.name}, line 1: a carriage return stands without a newline",
                hint="if all lines end so: tr '\\r' '\\n'",
            )
        return [name.strip() for name in found]

    def misquoted(self, error: MisquotedError, first: int) -> UsageError:
        return UsageError(
            f"{self.name}, line {first + error.line:,}: {error.reason}",
            hint='a quote within a field is doubled, and the whole field quoted: "5"" pipe"',
        )

    def blocks(self, wanted: Wanted, mark: Mark = START) -> Iterator[Block]:
        mark = max(mark, self.begin)
        if mark > self.begin:
            self.stream.seek(mark.offset)
        else:
            self.stream.read(mark.offset - self.read_already)
        for piece in pieces(self.stream, mark, quotes=True):
            yield Reading(self, wanted, self.without_comments(piece)).block()

    def without_comments(self, piece: Piece) -> Piece:
        """Lines that are comments become blank ones, which are passed over."""
        if not self.comment or self.mark not in piece.data:
            return piece
        comment = re.compile(rb"^" + re.escape(self.mark) + rb"[^\n]*", re.MULTILINE)
        return piece._replace(data=comment.sub(b"", piece.data))

    def lists(self, column: str) -> None:
        """A field is a number or a text."""

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
        data = self.piece.data
        if (QUOTE in data or self.has_gaps()) and self.layout.fields.max() > len(self.all):
            return self.slowly()
        try:
            frame = self.read(set(self.numbers.values()) - set(self.texts.values()))
        except polars.exceptions.PolarsError:
            return self.slowly()  # text that is not UTF-8
        read = self.as_numbers(frame)
        rows = frame.height
        fine = frame[self.behind].null_count() == rows and not any(
            read[column].null_count() for column in self.numbers.values()
        )
        if not fine or rows != self.piece.lines:
            return self.slowly()
        lines = range(self.piece.line, self.piece.line + rows)
        return Block(self.columns(read), self.kept(frame), lines, {}, self.piece.end)

    def as_numbers(self, frame: Frame) -> Frame:
        """Columns that are kept are read as they stand, also where they are numbers as well."""
        texts = [name for name in {*self.numbers.values()} if frame[name].dtype == polars.String]
        if not texts:
            return frame
        return frame.with_columns(
            numbers_in(polars.col(name), self.table.decimal)
            .cast(polars.Float64, strict=False)
            .alias(name)
            for name in texts
        )

    def has_gaps(self) -> bool:
        """Is there a field without anything in it? If one is too many, Polars leaves out those
        that come after."""
        separators = np.frombuffer(self.piece.data, np.uint8) == ord(self.table.separator)
        return bool((separators[1:] & separators[:-1]).any())

    @cached_property
    def layout(self) -> Layout:
        try:
            return Layout(self.piece.data, self.table.separator)
        except MisquotedError as error:
            raise self.table.misquoted(error, self.piece.line) from None

    def read(self, numbers: set[str], encoding: str = "utf8") -> Frame:
        """The columns that are wanted, as numbers or as text."""
        header = self.table.separator.join(self.all).encode() + b"\n"
        text, number = polars.String, polars.Float64
        needed = {*self.numbers.values(), *self.texts.values(), self.behind}
        return polars.read_csv(
            header + self.piece.data,
            separator=self.table.separator,
            schema={name: number if name in numbers else text for name in self.all},
            columns=sorted(needed),
            ignore_errors=True,
            truncate_ragged_lines=True,
            encoding=encoding,
            decimal_comma=self.table.decimal == ",",
            null_values=self.table.nulls or None,
        )

    def slowly(self) -> Block:
        """Everything as text."""
        frame = self.read(set(), "utf8-lossy")
        if frame.height != len(self.layout.lines):
            where = f"{self.table.name}, in or after line {self.piece.line:,}"
            raise UsageError(f"{where}: what is a row and what is not can't be told")
        full = self.layout.full()
        frame, fields = frame[full], self.layout.fields[full]
        lines = [self.piece.line + self.layout.lines[k] for k in full]
        read = self.as_numbers(frame)
        bad = dict(self.troubles(frame, read, polars.Series(fields > len(self.all))))
        return Block(self.columns(read), self.kept(frame), lines, bad, self.piece.end)

    def troubles(self, texts: Frame, read: Frame, long: Any) -> Iterator[tuple[int, str]]:
        """Rows that can't be read, and why. Of several reasons the last is kept."""
        for row in rows_where(long | (texts[self.behind].str.strip_chars().str.len_bytes() > 0)):
            yield row, f"it has more fields than the first line, which has {len(self.all) - 1}"
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
        return polars.DataFrame({name: frame[column] for name, column in self.texts.items()})


def remedy(line: bytes) -> str:
    """What makes UTF-8 of a file that begins so."""
    if line.startswith(WORKBOOK):
        return "if it is an Excel workbook: save it as CSV UTF-8"
    wide = line.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or b"\0" in line
    encoding = "UTF-16" if wide else "WINDOWS-1252"
    return f"if it is {encoding}: iconv -f {encoding} -t UTF-8"


def rows_where(condition: Any) -> Sequence[int]:
    found: Sequence[int] = condition.fill_null(False).arg_true().to_list()
    return found
