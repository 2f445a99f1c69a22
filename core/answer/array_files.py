"""Arrays in files: .npy, .csv and .json, read from bytes and never unpickled."""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from math import prod
from tokenize import TokenError
from typing import Any

import numpy as np

from backprop.answer.array_values import checked
from backprop.errors import UsageError
from backprop.gates.shapes import MAX_ENTRIES

MAGIC = b"\x93NUMPY"
HEADERS = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
MOST_UNPACKED = 256 << 20  # bytes
FAR = 2**63  # no array has an axis so long
KINDS = (".npy", ".csv", ".json")
SIGNS = ((";", "semicolons"), ("\t", "tabs"))  # that some programs write for commas


def array_from(name: str, path: str, data: bytes) -> Any:
    """The array that a file holds, by the ending of its name."""
    ending = next((kind for kind in KINDS if path.lower().endswith(kind)), "")
    if not ending:
        raise UsageError(f"the value of {name}: {path} is not a file of {', '.join(KINDS)}")
    try:
        found = {".npy": from_npy, ".csv": from_csv, ".json": from_json}[ending](data)
    except UnicodeDecodeError:
        raise UsageError(f"the value of {name}: {path} is not UTF-8 text") from None
    except RecursionError:
        raise UsageError(f"the value of {name}: {path} is nested too deeply") from None
    except (ValueError, OverflowError, EOFError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(f"the value of {name}: {path} can't be read: {reason[:100]}") from None
    return checked(name, found)


def from_npy(data: bytes) -> Any:
    """An array without objects, whose header asks for no more than there is."""
    stream = io.BytesIO(data)
    if data[:6] != MAGIC:
        raise ValueError("it is not an .npy file")
    version = np.lib.format.read_magic(stream)
    if version not in HEADERS:
        raise ValueError("its version is not known")
    try:
        shape, _, kind = HEADERS[version](stream)
    except (SyntaxError, TokenError, ValueError) as error:
        if isinstance(error, ValueError) and "EOF" in str(error):
            raise
        raise ValueError("its header is damaged") from None
    if kind.hasobject:
        raise ValueError("it holds pickled objects, which are never loaded")
    if not all(type(side) is int and 0 <= side < FAR for side in shape):
        raise ValueError("its header has an impossible axis")
    count = prod(shape)
    if count > MAX_ENTRIES or count * kind.itemsize > len(data):
        raise ValueError(f"its header asks for {count:,} entries, which it doesn't hold")
    return np.load(io.BytesIO(data), allow_pickle=False)


def point_from(name: str, data: bytes) -> dict[str, Any]:
    """The arrays of an .npz file by their names, each read like an .npy file."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if sum(member.file_size for member in members) > MOST_UNPACKED:
                raise UsageError(f"{name} unpacks to more than {MOST_UNPACKED >> 20} MiB")
            found = {
                member.filename.removesuffix(".npy"): checked(
                    member.filename.removesuffix(".npy"), from_npy(archive.read(member))
                )
                for member in members
            }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, ValueError, zlib.error) as error:
        raise UsageError(
            f"{name} is not an .npz file that can be read: {str(error)[:100]}"
        ) from None
    return {key: array if array.ndim else float(array) for key, array in found.items()}


def from_csv(data: bytes) -> Any:
    """Rows of numbers with commas between; a first row of names is left out."""
    lines = enumerate(data.decode("utf-8-sig").splitlines(), 1)
    rows = [(number, line.split(",")) for number, line in lines if line.strip()]
    if rows and not any(map(is_number, rows[0][1])):
        rows = rows[1:]
    if not rows:
        raise ValueError("it holds no row of numbers with commas between")
    table = [[number_in(cell, line) for cell in row] for line, row in rows]
    if len({len(row) for row in table}) > 1:
        raise ValueError("its rows have different lengths")
    found = np.array(table)
    return found[:, 0] if found.shape[1] == 1 else found


def number_in(cell: str, line: int) -> float:
    if not is_number(cell):
        what = f"{cell.strip()} is" if cell.strip() else "an empty cell is"
        others = next((f"; {name} part its cells" for sign, name in SIGNS if sign in cell), "")
        raise ValueError(f"line {line}: {what} no number{others}")
    return float(cell.strip().strip('"'))


def is_number(cell: str) -> bool:
    try:
        float(cell.strip().strip('"'))
    except ValueError:
        return False
    return True


def from_json(data: bytes) -> Any:
    return json.loads(data)
