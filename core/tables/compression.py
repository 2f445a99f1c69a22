"""Compressed files: streams that decompress, and blocks of bytes that are compressed each alone.

A file may be several compressed blocks one after another in all these formats, so what is written
block by block needs no state, and can go on after an interruption with the same bytes.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import sys
import zlib
from typing import Any, BinaryIO

from backprop.errors import UsageError

GZIP_LEVEL = 4  # of digits, 6 makes 2% less in three times the time
MAGIC = {"gz": b"\x1f\x8b", "bz2": b"BZh", "xz": b"\xfd7zXZ\x00", "zst": b"\x28\xb5\x2f\xfd"}
DAMAGED = (EOFError, zlib.error, lzma.LZMAError)


def compression_of(start: bytes) -> str:
    """How a file that begins so is compressed; empty if it is not."""
    return next((name for name, magic in MAGIC.items() if start.startswith(magic)), "")


def decompressed(file: BinaryIO, compression: str) -> Any:
    if compression == "gz":
        return gzip.GzipFile(fileobj=file)
    if compression == "bz2":
        return bz2.BZ2File(file)
    if compression == "xz":
        return lzma.LZMAFile(file)
    if compression == "zst":
        return zstandard().ZstdFile(file)
    return file


def compressed(data: bytes, compression: str) -> bytes:
    if compression == "gz":
        return gzip.compress(data, GZIP_LEVEL, mtime=0)
    if compression == "bz2":
        return bz2.compress(data)
    if compression == "xz":
        return lzma.compress(data)
    if compression == "zst":
        zstd = zstandard()
        checked = {zstd.CompressionParameter.checksum_flag: 1}
        return bytes(zstd.compress(data, options=checked))
    return data


def damage(error: Exception) -> bool:
    """Is this what reading a file raises that is cut off or garbled?"""
    if isinstance(error, OSError):
        return isinstance(error, gzip.BadGzipFile) or error.errno is None
    return isinstance(error, DAMAGED) or type(error).__name__ == "ZstdError"


def zstandard() -> Any:
    """The module, which is Python's own from 3.14 on."""
    try:
        if sys.version_info >= (3, 14):
            from compression import zstd
        else:
            from backports import zstd
    except ImportError:
        raise UsageError(
            "Zstandard files are read by backports.zstd, which is not installed",
            hint="pip install 'backprop-cli[batch]'",
        ) from None
    return zstd
