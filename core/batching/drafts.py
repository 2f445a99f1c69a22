"""An output file on its way: written under another name, and renamed when it is whole.

Beside the draft stands a journal: how much of the draft counts, and where to go on. Whatever
happens to the process, there is either the whole file, or a draft that a later run can finish
with the same bytes.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from errno import ENOENT
from time import monotonic
from typing import Any, BinaryIO

from backprop.errors import UsageError
from backprop.tables.formats import Kind
from backprop.tables.frames import Frame, polars
from backprop.tables.streams import reason
from backprop.tables.writing import write
from backprop.workplace import Workplace

PACE = 0.2  # seconds between two journals at least, and a twentieth of the time goes into them
SHARE = 20
ROW_GROUP = 1 << 17
VERSION = 1

PART = re.compile(r"\d{8}\.parquet")

State = dict[str, Any]


class Draft:
    """A table of text on its way to a file: open, write, save now and then, and in the end finish,
    discard, or close, which leaves it for a later run."""

    def __init__(self, path: str, kind: Kind) -> None:
        self.path = path
        self.kind = kind
        self.place = os.path.realpath(path)
        self.folder, self.name = os.path.split(self.place)
        self.draft = f".{self.name}.backprop-draft"
        self.journal = f".{self.name}.backprop-journal"
        self.size = 0
        self.due = monotonic() + PACE
        self.workplace: Workplace | None = None
        self.file: BinaryIO | None = None

    @property
    def here(self) -> Workplace:
        if self.workplace is None:
            self.workplace = Workplace(self.folder)
        return self.workplace

    def saved(self, run: str) -> State | None:
        """Where an interrupted run of the same kind stopped."""
        if not os.path.exists(os.path.join(self.folder, self.draft)) or not self.resumable:
            return None
        try:
            with os.fdopen(self.here.old(self.journal), encoding="utf-8") as file:
                found = json.load(file)
        except (OSError, ValueError) as error:
            raise UsageError(f"{self.journal} can't be read: {reason(error)}") from None
        known = found if isinstance(found, dict) else {}
        if (known.get("version"), known.get("run")) != (VERSION, run):
            raise UsageError(
                f"{self.path} was begun by another run: other options, another program, or data "
                "that changed since",
                hint="without --resume the run starts from the beginning",
            )
        return known

    def open(self, state: State | None) -> None:
        """Begin, or go on from a state; an error now if the file could not be written later."""
        with self.writing():
            if os.path.isdir(self.place):
                raise UsageError(f"{self.path} is a directory")
            if os.path.exists(self.place) and not os.path.isfile(self.place):
                raise UsageError(f"{self.path} is not a regular file")
            self.look_around()
            there = state or self.here.made(self.draft)
            descriptor = (self.here.old if there else self.here.new)(self.draft)
            self.file = os.fdopen(descriptor, "r+b", buffering=0)
            self.lock(descriptor)
            self.begin(state)

    def look_around(self) -> None:
        """Is what is there of a run? A journal on its way was never finished."""
        for name in (self.draft, self.journal):
            self.here.made(name)
        if self.here.made(f"{self.journal}.new"):
            self.here.remove(f"{self.journal}.new")

    def begin(self, state: State | None) -> None:
        assert self.file is not None
        self.size = state["size"] if state else 0
        if os.fstat(self.file.fileno()).st_size < self.size:
            raise UsageError(f"{self.draft} is shorter than its journal says")
        if not state:
            self.forget()
        self.file.truncate(self.size)
        self.file.seek(self.size)

    def lock(self, descriptor: int) -> None:
        """Two runs can't write the same file."""
        try:
            import fcntl
        except ImportError:
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            mine = os.path.samestat(os.fstat(descriptor), self.here.status(self.draft))
        except OSError:
            mine = False  # it is locked, or has become the file meanwhile
        if not mine:
            self.release()
            raise UsageError(f"{self.path} is being written by another run")

    def write(self, frame: Frame) -> None:
        assert self.file is not None
        with self.writing():
            self.check_whole()
            write(frame, self.file, self.kind, first=not self.size)
            self.size = self.file.tell()

    @property
    def resumable(self) -> bool:
        return os.path.exists(os.path.join(self.folder, self.journal))

    def is_due(self) -> bool:
        """Is it time for a journal?"""
        return monotonic() >= self.due

    def save(self, state: State) -> None:
        """All before this can be relied upon."""
        begun = monotonic()
        with self.writing():
            data = json.dumps({"version": VERSION, "size": self.size, **state})
            with self.here.replacing(self.journal, f"{self.journal}.new") as file:
                file.write(data.encode())
        now = monotonic()
        self.due = now + max(PACE, SHARE * (now - begun))

    def finish(self) -> None:
        """The draft becomes the file."""
        assert self.file is not None
        with self.writing():
            os.fsync(self.file.fileno())
            self.check_whole()
            self.forget()
            self.here.move(self.draft, self.here, self.name)
        self.release()

    def check_whole(self) -> None:
        """Is the draft what has been written so far, and nothing else?"""
        assert self.file is not None
        whole = os.fstat(self.file.fileno()).st_size == self.file.tell()
        if not (whole and self.is_mine()):
            raise UsageError(f"{self.draft} was changed by somebody else")

    def is_mine(self) -> bool:
        """Is what bears the draft's name what this run writes?"""
        if self.file is None:
            return False
        try:
            return os.path.samestat(os.fstat(self.file.fileno()), self.here.status(self.draft))
        except FileNotFoundError:
            return False

    def forget(self) -> None:
        """A journal is never there without its draft."""
        self.here.remove(self.journal)

    def discard(self) -> None:
        """Leave nothing. What is locked is given free last."""
        with suppress(OSError):
            self.forget()
        with suppress(OSError):
            if self.is_mine():
                self.here.remove(self.draft)
        self.release()

    def close(self) -> None:
        """Leave it for a later run, if there is a journal to go on by."""
        if self.file is not None and not self.resumable:
            self.discard()
        self.release()

    def release(self) -> None:
        if self.file is not None:
            with suppress(OSError):
                self.file.close()
            self.file = None
        if self.workplace is not None:
            self.workplace.close()
            self.workplace = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            hint = "--resume goes on when there is room" if self.resumable else ""
            message = f"{self.path} can't be written: {reason(error)}"
            raise WriteError(message, hint=hint) from None


class WriteError(UsageError):
    """A file that can't be written; what was written of it is kept."""

    code = "write"


class ParquetDraft(Draft):
    """Blocks become files of their own first, since Parquet is whole only at its end."""

    def __init__(self, path: str, kind: Kind) -> None:
        super().__init__(path, kind)
        self.parts = f"{self.draft}-parts"
        self.inside: Workplace | None = None
        self.types: Mapping[str, Any] = {}  # of the columns

    def look_around(self) -> None:
        super().look_around()
        self.inside = self.here.inner(self.parts)

    def begin(self, state: State | None) -> None:
        super().begin(state and {"size": 0})
        self.size = state["size"] if state else 0
        self.clear(self.size)

    def clear(self, kept: int = 0) -> None:
        """Remove all parts but the first ones."""
        assert self.inside is not None
        for name in self.inside.names():
            if PART.fullmatch(name) and int(name[:8]) >= kept:
                self.inside.remove(name)

    def part(self, number: int) -> str:
        return os.path.join(self.folder, self.parts, part_name(number))

    def write(self, frame: Frame) -> None:
        assert self.inside is not None
        if self.size:
            self.check_types(frame)
        with self.writing(), os.fdopen(self.inside.new(part_name(self.size)), "wb") as file:
            frame.write_parquet(file)
        self.size += 1

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Polars has errors of its own, and may find parts gone or spoiled."""
        with super().writing():
            try:
                yield
            except polars.exceptions.PolarsError as error:
                raise OSError(str(error).splitlines()[0]) from None

    def parts_there(self) -> list[str]:
        """The paths of all parts, which are files that a run has made: of a pipe nobody would
        ever read the end."""
        assert self.inside is not None
        for name in map(part_name, range(self.size)):
            if self.inside.made(name) is None:
                raise FileNotFoundError(ENOENT, f"{self.parts}/{name} is gone")
        return [self.part(k) for k in range(self.size)]

    def check_types(self, frame: Frame) -> None:
        """Kept columns may hold something else in every file that is read."""
        with self.writing():
            self.types = self.types or polars.read_parquet_schema(self.parts_there()[0])
        for name, held in frame.schema.items():
            if held != self.types[name]:
                raise UsageError(
                    f"the column {name} holds {self.types[name]} at first and then {held}, and "
                    "Parquet has one type for all rows",
                    hint="--format csv or --format jsonl can hold both",
                )

    def finish(self) -> None:
        assert self.file is not None
        with self.writing():
            whole = polars.scan_parquet(self.parts_there(), glob=False)
            whole.sink_parquet(self.file, row_group_size=ROW_GROUP, maintain_order=True)
        super().finish()

    def release(self) -> None:
        """A part that is there without the draft is of no use."""
        if self.inside is not None:
            if not os.path.exists(os.path.join(self.folder, self.draft)):
                with suppress(OSError):
                    self.clear()
                self.here.remove_folder(self.parts)
            self.inside.close()
            self.inside = None
        super().release()


def part_name(number: int) -> str:
    return f"{number:08}.parquet"


def draft(path: str, kind: Kind) -> Draft:
    return (ParquetDraft if kind.format == "parquet" else Draft)(path, kind)
