"""Frames -> a table as text."""

from __future__ import annotations

import io
import json
from math import isfinite
from typing import Any

from backprop.answer.plain import plain
from backprop.errors import UsageError
from backprop.tables.compression import compressed
from backprop.tables.formats import SEPARATORS, Kind
from backprop.tables.frames import Frame, polars

EMPTY = '""'  # a field alone in its line, which is not a line without any


def write(frame: Frame, file: Any, kind: Kind, *, first: bool) -> None:
    """Rows into a file without a buffer, after a header if they are the first."""
    if kind.format in SEPARATORS and not kind.compression:
        check_types(frame, kind)
        write_delimited(frame, file, kind, first=first)
        return
    left = memoryview(encoded(frame, kind, first=first))
    while left:
        left = left[file.write(left) :]


def encoded(frame: Frame, kind: Kind, *, first: bool) -> bytes:
    """The same as bytes."""
    check_types(frame, kind)
    buffer = io.BytesIO()
    if kind.format == "jsonl":
        frame.write_ndjson(buffer)
        data = with_nonfinite(buffer.getvalue(), frame)
    else:
        write_delimited(frame, buffer, kind, first=first)
        data = buffer.getvalue()
    return compressed(data, kind.compression) if data else b""


def write_delimited(frame: Frame, file: Any, kind: Kind, *, first: bool) -> None:
    frame.write_csv(
        file,
        include_header=first,
        separator=SEPARATORS[kind.format],
        null_value="" if frame.width > 1 else EMPTY,
    )


def check_types(frame: Frame, kind: Kind) -> None:
    """Can these columns be text? Those of text and numbers always can."""
    for name, held in frame.schema.items():
        nested = kind.format != "jsonl" and (held.is_nested() or held == polars.Duration)
        if nested or "Binary" in str(held):
            raise UsageError(
                f"the column {name} holds {held}, which can't be written as {kind.format}",
                hint="--format parquet can hold it",
            )


def with_nonfinite(data: bytes, frame: Frame) -> bytes:
    """JSON has no inf and nan, and Polars writes null: such rows are written again, by names."""
    floats = frame.select(polars.selectors.float())
    if not floats.width:
        return data
    infinite = polars.any_horizontal(~polars.all().is_finite()).fill_null(value=False)
    rows = floats.select(infinite).to_series().arg_true().to_list()
    if not rows:
        return data
    lines = data.split(b"\n")
    for row, values in zip(rows, floats[rows].rows(), strict=True):
        found = zip(floats.columns, values, strict=True)
        named = {name: plain(value) for name, value in found if not isfinite(value or 0.0)}
        record = json.loads(lines[row]) | named
        lines[row] = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
    return b"\n".join(lines)
