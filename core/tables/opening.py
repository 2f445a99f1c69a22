"""Names of files and patterns -> tables that are open for reading."""

from __future__ import annotations

import glob
import os
import re
import tempfile
from collections.abc import Iterable
from typing import NamedTuple

from backprop.errors import UsageError
from backprop.tables.blocks import Table
from backprop.tables.delimited import DelimitedTable
from backprop.tables.formats import PARQUET_MAGIC, SEPARATORS, guessed_format, named_kind
from backprop.tables.json_lines import JsonLinesTable
from backprop.tables.parquet import ParquetTable
from backprop.tables.streams import PIECE, Stream

SNIFFED = 1 << 12
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")


class Reading(NamedTuple):
    """How files are read, where their names and beginnings don't tell."""

    format: str | None = None
    separator: str | None = None
    header: bool = True
    decimal: str = "."
    skip: int = 0  # lines before the header
    comment: str = ""  # how a line begins that is none
    nulls: tuple[str, ...] = ()  # texts that stand for nothing


BY_NAME = Reading()


def files_of(patterns: Iterable[str]) -> list[str]:
    """The files, those of a pattern in the order of their names."""
    found: list[str] = []
    for pattern in patterns:
        if ADDRESS.match(pattern) and not os.path.exists(pattern):
            hint = "fetch it first, or mount the place where it is"
            raise UsageError(f"{pattern} is an address, and only local files are read", hint=hint)
        if pattern == "-" or os.path.exists(pattern) or not glob.has_magic(pattern):
            found.append(pattern)
            continue
        matching = sorted(path for path in glob.glob(pattern) if os.path.isfile(path))
        if not matching:
            raise UsageError(f"there is no file called {pattern}")
        found += matching
    if found.count("-") > 1:
        raise UsageError("standard input can be read once only")
    return found


def open_table(
    path: str, reading: Reading = BY_NAME, first: int = 0, count: int | None = None
) -> Table:
    """A table; of Parquet perhaps only some rows."""
    named = None if path == "-" else named_kind(path)
    asked = reading.format or (named and named.format)
    stream = Stream(path)
    try:
        return table_of(stream, path, asked, reading, first, count)
    except BaseException:
        stream.close()
        raise


def table_of(
    stream: Stream, path: str, asked: str | None, reading: Reading, first: int, count: int | None
) -> Table:
    start = stream.peek(SNIFFED)
    if not start:
        raise UsageError(f"{stream.name} is empty")
    if asked == "parquet" or (asked is None and start.startswith(PARQUET_MAGIC)):
        if not stream.size:
            return spooled(stream, reading)
        stream.close()
        return ParquetTable(path, first, count, reading.decimal, reading.nulls)
    asked = asked or guessed_format(start)
    if asked == "jsonl":
        return JsonLinesTable(stream, reading.nulls)
    usual = ";" if reading.decimal == "," and asked == "csv" else SEPARATORS[asked]
    return DelimitedTable(
        stream, reading.separator or usual, header=reading.header, decimal=reading.decimal,
        skip=reading.skip, comment=reading.comment, nulls=reading.nulls,
    )  # fmt: skip


def spooled(stream: Stream, reading: Reading) -> ParquetTable:
    """Parquet from a pipe, which is read by its end first: by way of a file."""
    file = tempfile.NamedTemporaryFile(prefix="backprop-", suffix=".parquet")  # noqa: SIM115
    while data := stream.read(PIECE):
        file.write(data)
    file.flush()
    table = ParquetTable(file.name, 0, None, reading.decimal, reading.nulls)
    table.name, table.held = stream.name, file
    return table
