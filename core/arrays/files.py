"""Arrays in files: .npy, .csv and .json, read from bytes and never unpickled."""

from __future__ import annotations

import io
import json
from tokenize import TokenError
from typing import Any

import numpy as np

from backprop.arrays.shapes import MAX_ENTRIES
from backprop.arrays.values import checked
from backprop.errors import UsageError

MAGIC = b"\x93NUMPY"
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
KINDS = (".npy", ".csv", ".json")


def array_from(name: str, path: str, data: bytes) -> Any:
    """The array that a file holds, by the ending of its name."""
    ending = next((kind for kind in KINDS if path.lower().endswith(kind)), "")
    if not ending:
        raise UsageError(f"the value of {name}: {path} is none of {', '.join(KINDS)}")
    try:
        found = {".npy": from_npy, ".csv": from_csv, ".json": from_json}[ending](data)
    except (ValueError, OverflowError, RecursionError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"the value of {name}: {path} can't be read: {reason[:100]}") from None
    return checked(name, found)


def from_npy(data: bytes) -> Any:
    """An array without objects, whose header asks for no more than there is."""
    stream = io.BytesIO(data)
    if data[:6] != MAGIC:
        raise ValueError("it is no .npy file")
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError("its version is not known")
    try:
        shape, _, kind = HEADERS[version](stream)
    except (SyntaxError, TokenError):
        raise ValueError("its header is damaged") from None
    if kind.hasobject:
        raise ValueError("it holds pickled objects, which are never loaded")
    count = int(np.prod(shape, dtype=float))
    if count > MAX_ENTRIES or count * kind.itemsize > len(data):
        raise ValueError(f"its header asks for {count:,} entries, which it doesn't hold")
    return np.load(io.BytesIO(data), allow_pickle=False)


def from_csv(data: bytes) -> Any:
    """Rows of numbers with commas between; a first row of names is left out."""
    lines = data.decode("utf-8-sig").splitlines()
    rows = [line.split(",") for line in lines if line.strip()]
    if rows and not any(map(is_number, rows[0])):
        rows = rows[1:]
    table = [[float(cell) for cell in row] for row in rows]
    if len({len(row) for row in table}) > 1:
        raise ValueError("its rows have different lengths")
    found = np.array(table)
    return found[:, 0] if found.ndim == 2 and found.shape[1] == 1 else found


def is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def from_json(data: bytes) -> Any:
    return json.loads(data)
