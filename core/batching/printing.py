"""Answers to standard output, as they come."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable

from backprop.batching.drafts import State, draft
from backprop.tables.formats import Kind
from backprop.tables.frames import Frame
from backprop.tables.writing import encoded

Print = Callable[[bytes], None]
CHUNK = 1 << 20


class Printed:
    """What a Draft is for a file, for a pipe: nothing of it can be resumed."""

    resumable = False

    def __init__(self, kind: Kind, write: Print) -> None:
        self.kind = kind
        self.print = write
        self.size = 0

    def saved(self, run: str) -> State | None:
        del run
        return None

    def open(self, state: State | None) -> None:
        del state

    def write(self, frame: Frame) -> None:
        data = encoded(frame, self.kind, first=not self.size)
        self.print(data)
        self.size += len(data)

    def is_due(self) -> bool:
        return False

    def save(self, state: State) -> None:
        del state

    def finish(self) -> None:
        pass

    def discard(self) -> None:
        pass

    close = finish


class PrintedParquet(Printed):
    """Parquet is whole only at its end: by way of a file."""

    def open(self, state: State | None) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="backprop-")
        self.path = os.path.join(self.folder.name, "answers.parquet")
        self.draft = draft(self.path, self.kind)
        self.draft.open(state)

    def write(self, frame: Frame) -> None:
        self.draft.write(frame)
        self.size = self.draft.size

    def finish(self) -> None:
        self.draft.finish()
        with open(self.path, "rb") as file:
            while data := file.read(CHUNK):
                self.print(data)
        self.folder.cleanup()

    def discard(self) -> None:
        self.draft.close()
        self.folder.cleanup()

    close = discard


def printed(kind: Kind, write: Print) -> Printed:
    return (PrintedParquet if kind.format == "parquet" else Printed)(kind, write)
