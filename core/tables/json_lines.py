"""JSON lines: an object a line.

Polars reads them at full speed and leaves null what it can't. Only lines where it did are read
again by Python's own reader, for numbers such as "Infinity" and for what is wrong in which line.
What a line comes to never depends on the lines around it.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from math import inf, nan
from typing import Any

from backprop.errors import UsageError
from backprop.tables.blocks import Block, Wanted, entries_of, shape_of
from backprop.tables.frames import Frame, polars
from backprop.tables.streams import START, Mark, Piece, Stream, pieces

NONFINITE = {"NaN": nan, "Infinity": inf, "-Infinity": -inf}
LOOKED_AT = 1 << 20  # bytes in which every column has to come up
SHOWN = 30  # characters of a value that a message shows
MISSING = "missing"
ESCAPED = re.compile(rb"\\u00[2-7]")  # a letter that may hide a name
SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")  # of which two make a character, and one none
ARRAY = re.compile(rb"\s*\[\s*\{")
HALF = re.compile("[\ud800-\udfff]")
BOM = b"\xef\xbb\xbf"


class JsonLinesTable:
    unit = "line"

    def __init__(self, stream: Stream, nulls: Sequence[str] = ()) -> None:
        self.stream = stream
        self.nulls = nulls
        self.name = stream.name
        start = stream.peek(LOOKED_AT).removeprefix(BOM)
        if not start.strip():
            raise UsageError(f"{self.name} is empty")
        if ARRAY.match(start):
            message = f"{self.name} is one array of JSON, not a line for each row"
            raise UsageError(message, hint="jq -c '.[]' makes lines of it")
        self.first = [found for line in start.split(b"\n") if (found := parsed(line)) is not None]
        if not self.first:
            raise UsageError(f"{self.name} doesn't begin with a line that is a JSON object")
        self.columns: Sequence[str] = list(
            dict.fromkeys(name for found in self.first for name in found)
        )

    def blocks(self, wanted: Wanted, mark: Mark = START) -> Iterator[Block]:
        types: dict[str, Any] = dict.fromkeys(wanted.numbers.values(), polars.Float64)
        for name, _ in wanted.lists.values():
            types[name] = polars.Float64
            for _ in self.lists(name) or (1,):
                types[name] = polars.List(types[name])
        for name in wanted.kept.values():
            types.setdefault(name, type_of([record.get(name) for record in self.first]))
        if mark.offset:
            self.stream.seek(mark.offset)
        for piece in pieces(self.stream, mark):
            yield block(piece, wanted, types, self.nulls)

    def lists(self, column: str) -> tuple[int, ...] | None:
        values = (record[column] for record in self.first if record.get(column) is not None)
        return shape_of(next(values, None)) or None

    def progress(self) -> float:
        return self.stream.progress()

    def close(self) -> None:
        self.stream.close()


class Record(dict[str, Any]):
    """An object of JSON, and the names that it has twice."""

    def __init__(self, pairs: Sequence[tuple[str, Any]]) -> None:
        super().__init__(pairs)
        found = Counter(name for name, _ in pairs) if len(self) < len(pairs) else {}
        self.twice = {name for name, count in found.items() if count > 1}

    def forget(self, nulls: Sequence[str]) -> None:
        """Texts that stand for nothing are nothing."""
        for name, value in self.items():
            if value in nulls:
                self[name] = None


def parsed(line: bytes) -> Record | None:
    try:
        found = json.loads(line.decode("utf-8"), object_pairs_hook=Record)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, Record) else None


def type_of(values: Sequence[Any]) -> Any:
    """The type of a column that is kept: what it begins with, and text if that is mixed."""
    found = {type(value) for value in values if value is not None}
    if found == {bool}:
        return polars.Boolean
    if found == {int}:
        fit = all(value is None or fits(value, polars.Int64) for value in values)
        return polars.Int64 if fit else polars.String
    return polars.Float64 if found and found <= {int, float} else polars.String


def block(piece: Piece, wanted: Wanted, types: dict[str, Any], nulls: Sequence[str] = ()) -> Block:
    data = piece.data.removeprefix(BOM)
    count = piece.lines
    once = all(named(data, name) == count for name in types) and not (
        ESCAPED.search(data) or SURROGATE.search(data)
    )
    frame = read(data, types)
    whole = frame is not None and frame.height == count and not any(frame.null_count().row(0))
    if once and whole:
        return made(frame, wanted, range(piece.line, piece.line + count), {}, piece)
    numbered = [(k, line) for k, line in enumerate(data.split(b"\n"), piece.line) if line.strip()]
    lines = [line for _, line in numbered]
    if frame is None or frame.height != len(lines):
        frame = read_singly([line if is_fine(line) else b"{}" for line in lines], types)
    bad: dict[int, str] = {}
    mended = {name: frame[name].to_list() for name in types}
    null = rows_with_null(frame)
    for row, line in enumerate(lines):
        hidden = (
            ESCAPED.search(line)
            or SURROGATE.search(line)
            or any(named(line, name) != 1 for name in types)
        )
        if row in null or hidden:
            record = parsed(line)
            if record is not None and nulls:
                record.forget(nulls)
            bad |= mend(mended, row, record, wanted, types)
    frame = polars.DataFrame(mended, schema=types, strict=not wanted.lists)
    return made(frame, wanted, [number for number, _ in numbered], bad, piece)


def named(data: bytes, name: str) -> int:
    """How often a name comes up, which is more than once a line where it is given twice."""
    forms = {json.dumps(name, ensure_ascii=ascii_).encode() for ascii_ in (False, True)}
    return sum(data.count(form) for form in forms)


def mend(
    columns: dict[str, list[Any]], row: int, record: Record | None, wanted: Wanted,
    types: dict[str, Any],
) -> dict[int, str]:  # fmt: skip
    """A line that Polars couldn't read, or not wholly: its row, and why it is bad if it is."""
    if record is None:
        return {row: "it is not a JSON object"}
    bad = {}
    for name, kind in types.items():
        reason = ""
        if name in record.twice:
            reason = "given twice"
        elif is_half(record.get(name)):
            reason = "half a character, which is no text"
        elif columns[name][row] is None:
            reason = put(columns[name], row, record, name, kind)
        needed = name in wanted.numbers.values() or kind.is_nested()
        if reason and (reason != MISSING or needed):
            bad[row] = f"{name} is {reason}"
    return bad


def read(data: bytes, types: dict[str, Any]) -> Frame | None:
    try:
        return polars.read_ndjson(data, schema=types, ignore_errors=True)
    except polars.exceptions.PolarsError:
        return None


def read_singly(lines: Sequence[bytes], types: dict[str, Any]) -> Frame:
    """A row for every line; null where Polars refuses all that has this line in it."""
    found = [polars.DataFrame(schema=types)]
    waiting = [lines]
    while waiting:
        some = waiting.pop()
        frame = read(b"\n".join(some), types)
        if frame is not None and frame.height == len(some):
            found.append(frame)
        elif len(some) < 2:
            found.append(polars.DataFrame(schema=types).clear(len(some)))
        else:
            half = len(some) // 2
            waiting += some[half:], some[:half]
    return polars.concat(found)


def is_fine(line: bytes) -> bool:
    """Will Polars read it? It is enough to be right about lines that come up in numbers."""
    record = parsed(line)
    if record is None:
        return False
    return not any(value != value or value in (inf, -inf) for value in record.values())


def rows_with_null(frame: Frame) -> set[int]:
    found = frame.select(polars.any_horizontal(polars.all().is_null())).to_series()
    return set(found.arg_true().to_list())


def put(column: list[Any], row: int, record: dict[str, Any], name: str, kind: Any) -> str:
    """A value of a record into its column; says why it can't be put there."""
    value = record.get(name)
    if value is None:
        return MISSING
    if kind == polars.Float64 and isinstance(value, bool):
        value = float(value)
    number = not isinstance(value, bool) and isinstance(value, (int, float))
    if kind.is_nested():
        if not isinstance(value, list):
            return f"{shortened(value)}, which is no list"
        column[row] = value
    elif kind == polars.Float64 and number:
        column[row] = as_float(value)
    elif kind == polars.Float64 and isinstance(value, str) and value in NONFINITE:
        column[row] = NONFINITE[value]
    elif kind == polars.String:
        column[row] = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    elif fits(value, kind):
        column[row] = value
    else:
        whole = "a whole number" if kind == polars.Int64 else "true or false"
        return f"{shortened(value)}, which is not {'a number' if kind == polars.Float64 else whole}"
    return ""


def shortened(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN else text[:SHOWN] + "..."


def is_half(value: Any) -> bool:
    """Polars reads half of a surrogate pair as a zero."""
    return isinstance(value, str) and not value.isascii() and any(HALF.findall(value))


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
    for variable, (name, count) in wanted.lists.items():
        numbers[variable], more = entries_of(frame[name], count, name)
        bad = more | bad
    kept = polars.DataFrame({name: frame[column] for name, column in wanted.kept.items()})
    return Block(numbers, kept, lines, bad, piece.end)
