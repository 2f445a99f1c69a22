"""JSON lines: an object a line.

Polars reads them at full speed and leaves null what it can't. Only lines where it did are read
again by Python's own reader, for numbers such as "Infinity" and for what is wrong in which line.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from math import inf, nan
from typing import Any

from backprop.errors import UsageError
from backprop.tables.blocks import Block, Wanted
from backprop.tables.library import Frame, polars
from backprop.tables.streams import START, Mark, Piece, Stream, pieces

NONFINITE = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}
LOOKED_AT = 1 << 20  # bytes in which every column has to come up
SHOWN = 30  # characters of a value that a message shows
MISSING = "missing"
BOM = b"\xef\xbb\xbf"


class JsonLinesTable:
    unit = "line"

    def __init__(self, stream: Stream) -> None:
        self.stream = stream
        self.name = stream.name
        start = stream.peek(LOOKED_AT).removeprefix(BOM)
        if not start.strip():
            raise UsageError(f"{self.name} is empty")
        self.first = list(filter(None, map(parsed, start.split(b"\n"))))
        self.columns: Sequence[str] = list(
            dict.fromkeys(name for found in self.first for name in found)
        )

    def blocks(self, wanted: Wanted, mark: Mark = START) -> Iterator[Block]:
        types = dict.fromkeys(wanted.numbers.values(), polars.Float64)
        for name in wanted.kept.values():
            types.setdefault(name, type_of([record.get(name) for record in self.first]))
        if mark.offset:
            self.stream.seek(mark.offset)
        for piece in pieces(self.stream, mark):
            yield block(piece, wanted, types)

    def progress(self) -> float:
        return self.stream.progress()

    def close(self) -> None:
        self.stream.close()


def parsed(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


def type_of(values: Sequence[Any]) -> Any:
    """The type of a column that is kept: what it begins with, and text if that is mixed."""
    found = {type(value) for value in values if value is not None}
    if found == {bool}:
        return polars.Boolean
    if found == {int}:
        return polars.Int64
    return polars.Float64 if found and found <= {int, float} else polars.String


def block(piece: Piece, wanted: Wanted, types: dict[str, Any]) -> Block:
    count = piece.lines
    frame = read(piece.data, types)
    if frame is not None and frame.height == count and not any(frame.null_count().row(0)):
        return made(frame, wanted, range(piece.line, piece.line + count), {}, piece)
    numbered = [
        (number, line)
        for number, line in enumerate(piece.data.split(b"\n"), piece.line)
        if line.strip()
    ]
    if frame is None or frame.height != len(numbered):
        frame = polars.DataFrame(schema=types).clear(len(numbered))
    bad: dict[int, str] = {}
    mended = {name: frame[name].to_list() for name in types}
    for row in rows_with_null(frame):
        record = parsed(numbered[row][1].removeprefix(BOM))
        for name in types:
            if record is None:
                bad[row] = "it is not a JSON object"
                continue
            reason = put(mended[name], row, record, name, types[name])
            if reason and (reason != MISSING or name in wanted.numbers.values()):
                bad[row] = f"{name} is {reason}"
    frame = polars.DataFrame(mended, schema=types)
    return made(frame, wanted, [number for number, _ in numbered], bad, piece)


def read(data: bytes, types: dict[str, Any]) -> Frame | None:
    try:
        return polars.read_ndjson(data.removeprefix(BOM), schema=types, ignore_errors=True)
    except polars.exceptions.PolarsError:
        return None


def rows_with_null(frame: Frame) -> list[int]:
    found = frame.select(polars.any_horizontal(polars.all().is_null())).to_series()
    rows: list[int] = found.arg_true().to_list()
    return rows


def put(column: list[Any], row: int, record: dict[str, Any], name: str, kind: Any) -> str:
    """A value of a record into its column; says why it can't be put there."""
    value = record.get(name)
    if value is None:
        return MISSING
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if kind == polars.Float64 and number:
        column[row] = as_float(value)
    elif kind == polars.Float64 and isinstance(value, str) and value in NONFINITE:
        column[row] = NONFINITE[value]
    elif kind == polars.String:
        column[row] = value if isinstance(value, str) else json.dumps(value)
    elif fits(value, kind):
        column[row] = value
    else:
        text = json.dumps(value, ensure_ascii=False)
        shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
        whole = "a whole number" if kind == polars.Int64 else "true or false"
        return f"{shown}, which is not {'a number' if kind == polars.Float64 else whole}"
    return ""


def fits(value: Any, kind: Any) -> bool:
    """Is it what Polars holds in such a column?"""
    if isinstance(value, bool):
        return bool(kind == polars.Boolean)
    return bool(kind == polars.Int64) and isinstance(value, int) and abs(value) < 1 << 63


def as_float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return inf if value > 0 else -inf


def made(
    frame: Frame, wanted: Wanted, lines: Sequence[int], bad: dict[int, str], piece: Piece
) -> Block:
    numbers = {variable: frame[name].to_numpy() for variable, name in wanted.numbers.items()}
    return Block(numbers, frame.select(**wanted.kept), lines, bad, piece.end)
