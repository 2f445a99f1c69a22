"""Files and standard input as streams of bytes, decompressed, and cut into pieces of whole lines.

Nothing is ever read without bound: a piece has a size, and a line can't be endless.
"""

from __future__ import annotations

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any, NamedTuple, cast

import numpy as np

from backprop.errors import UsageError
from backprop.tables.compression import compression_of, damage, decompressed

PIECE = 8 << 20  # bytes of text that are read at a time
LONGEST = 64 << 20  # of a line
HEADER = 4 << 20  # of the first, if it names columns
SNIFFED = 1 << 16
PATIENCE = 10  # seconds for somebody to write to a pipe
QUOTE = b'"'
NEWLINE = ord("\n")


class Mark(NamedTuple):
    """A place in a table where reading can go on."""

    offset: int = 0  # in bytes of text, or in rows
    line: int = 1


START = Mark()


class Piece(NamedTuple):
    data: bytes
    line: int  # its first line
    end: Mark

    @property
    def lines(self) -> int:
        """How many lines it has; the last one may have no end."""
        return self.end.line - self.line + (not self.data.endswith(b"\n"))


class Stream:
    """The bytes of a file or of standard input, as they were before they were compressed."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.name = "standard input" if path == "-" else path
        self.raw = standard_input() if path == "-" else regular_file(path)
        self.size = 0 if path == "-" else os.fstat(self.raw.fileno()).st_size
        self.whole = io.BufferedReader(cast(io.RawIOBase, self.raw), SNIFFED)
        with self.reading():
            self.compression = compression_of(self.whole.peek(SNIFFED))
            self.text = decompressed(self.whole, self.compression)
        self.head = b""

    def peek(self, size: int) -> bytes:
        """As many of the next bytes, fewer only at the end; they stay unread."""
        if len(self.head) < size:
            with self.reading():
                self.head += self.text.read(size - len(self.head))
        return self.head[:size]

    def read(self, size: int) -> bytes:
        data, self.head = self.peek(size), self.head[size:]
        return data

    def seek(self, offset: int) -> None:
        self.head = b""
        with self.reading():
            self.text.seek(offset)

    def progress(self) -> float:
        """The share of the file that has been read; 0 if nobody knows."""
        return self.whole.tell() / self.size if self.size else 0.0

    @contextmanager
    def reading(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if damage(error):
                message = f"{self.name} is cut off or damaged: {reason(error)}"
                raise UsageError(message) from None
            if isinstance(error, OSError):
                raise UsageError(f"{self.name} can't be read: {reason(error)}") from None
            raise

    def close(self) -> None:
        if self.path != "-":
            self.whole.close()


def reason(error: BaseException) -> str:
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def standard_input() -> Any:
    if sys.stdin is None or sys.stdin.closed:
        raise UsageError("there is no standard input to read")
    return sys.stdin.buffer


def is_pipe(path: str) -> bool:
    """Can it be read once only?"""
    return path == "-" or Path(path).is_fifo()


def regular_file(path: str) -> Any:
    """A file, or a pipe that a shell made: no device, which may have no end."""
    if not path:
        raise UsageError("the name of a table is empty")
    try:
        if os.path.isdir(path):
            raise UsageError(
                f"{path} is a directory",
                hint=f"the files in it are '{os.path.join(path, '*.csv')}'",
            )
        file = pipe(path) if is_pipe(path) else open(path, "rb", buffering=0)  # noqa: SIM115
    except (OSError, ValueError) as error:
        raise UsageError(f"{path} can't be read: {reason(error)}") from None
    mode = os.fstat(file.fileno()).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        file.close()
        raise UsageError(f"{path} is not a regular file")
    return file


def pipe(path: str) -> Any:
    """A pipe that somebody writes to: to open one that nobody does would take forever."""
    opened: SimpleQueue[int] = SimpleQueue()
    Thread(target=lambda: opened.put(os.open(path, os.O_RDONLY)), daemon=True).start()
    try:
        return open(opened.get(timeout=PATIENCE), "rb", buffering=0)
    except Empty:
        os.close(os.open(path, os.O_WRONLY | os.O_NONBLOCK))  # lets the thread go
        os.close(opened.get())
        message = f"{path} is a pipe, and nobody has written to it for {PATIENCE} s"
        raise UsageError(message) from None


def pieces(stream: Stream, mark: Mark, *, quotes: bool = False) -> Iterator[Piece]:
    """Pieces of whole lines, from a mark that the stream stands at; with `quotes`, a newline
    between quotes ends no line. Where a piece begins decides where it ends."""
    offset, line = mark
    size, rest = PIECE, b""
    while True:
        wanted = size - len(rest) if len(rest) < size else size
        more = stream.read(wanted)
        data = rest + more if rest else more
        if not data:
            return
        last = len(more) < wanted
        quoted = quotes and len(data) < 2 * size and QUOTE in data
        end = len(data) if last else cut(data, quotes=quoted)
        if not end and len(data) > LONGEST:
            raise UsageError(f"{stream.name}: line {line:,} has no end")
        rest, data = data[end:], data[:end]
        if data:
            offset += end
            first, line = line, line + newlines(data)
            yield Piece(data, first, Mark(offset, line))
        if last:  # a file may grow meanwhile, without end
            return


def newlines(data: bytes) -> int:
    return int(np.count_nonzero(np.frombuffer(data, np.uint8) == NEWLINE))


def cut(data: bytes, *, quotes: bool) -> int:
    """Where the last whole line ends; 0 if none does."""
    end = data.rfind(b"\n") + 1
    odd = quotes and data.count(QUOTE, 0, end) % 2
    while odd and end:
        before = data.rfind(b"\n", 0, data.rfind(QUOTE, 0, end)) + 1
        odd ^= data.count(QUOTE, before, end) % 2
        end = before
    return end


def first_end(data: bytes) -> int:
    """Where the first line ends that ends outside of quotes; 0 if none does."""
    end = odd = 0
    while line := data.find(b"\n", end) + 1:
        odd ^= data.count(QUOTE, end, line) % 2
        end = line
        if not odd:
            return end
    return 0
