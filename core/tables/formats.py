"""What a table is written in: told by its file's name, or by how it begins."""

from __future__ import annotations

import re
from typing import NamedTuple

from backprop.errors import UsageError, closest
from backprop.tables.compression import MAGIC

SUFFIXES = {
    "csv": (".csv",),
    "tsv": (".tsv", ".tab"),
    "jsonl": (".jsonl", ".ndjson"),
    "parquet": (".parquet", ".pq"),
}
FORMATS = tuple(SUFFIXES)
SEPARATORS = {"csv": ",", "tsv": "\t"}
PARQUET_MAGIC = b"PAR1"
JSON = re.compile(rb"[\xef\xbb\xbf\s]*(\[\s*)?\{")  # an object, or an array of objects


class Kind(NamedTuple):
    format: str
    compression: str = ""


def named_kind(path: str) -> Kind | None:
    """What a file's name says; None if it says nothing."""
    name, compression = path.lower(), ""
    for ending in MAGIC:
        if name.endswith(f".{ending}"):
            name, compression = name.removesuffix(f".{ending}"), ending
    for format_, suffixes in SUFFIXES.items():
        if name.endswith(suffixes):
            if format_ == "parquet" and compression:
                raise UsageError(f"{path}: Parquet is compressed within, not as a whole")
            return Kind(format_, compression)
    return None


def target_kind(path: str, asked: str | None) -> Kind:
    """What to write to a file."""
    found = named_kind(path)
    if asked is not None:
        return Kind(asked, found.compression if found else "")
    if found is None:
        raise UsageError(
            f"the name {path} doesn't say what to write",
            hint="end it in .csv, .tsv, .jsonl or .parquet, or give --format",
        )
    return found


def guessed_format(start: bytes) -> str:
    """What text begins so."""
    if JSON.match(start):
        return "jsonl"
    line = start.partition(b"\n")[0]
    return "tsv" if line.count(b"\t") > line.count(b",") else "csv"


def checked_format(name: str) -> str:
    if name not in FORMATS:
        near = closest(name, [*FORMATS])
        hint = f"did you mean {near}?" if near else ""
        raise UsageError(f"formats are {', '.join(FORMATS)}, not {name}", hint=hint)
    return name
