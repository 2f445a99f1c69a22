"""A folder of parts on its way: made under another name, and renamed when all parts are there.

answers/part-00000.csv, answers/part-00001.csv, ... in the order of the data
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress

from backprop.batching.drafts import Draft, State
from backprop.errors import UsageError
from backprop.tables.formats import SUFFIXES


class FolderDraft(Draft):
    """What a Draft is for a file. Others put the parts into it: those of another run, which may be
    late, find their folder gone."""

    run = ""  # its identity
    descriptor: int | None = None

    @property
    def folder(self) -> str:
        return os.path.join(self.draft, self.run)

    def part(self, number: int) -> str:
        """Where a part has its place until all are there."""
        return os.path.join(self.folder, f"part-{number:05}{SUFFIXES[self.kind.format][0]}")

    def open(self, state: State | None) -> None:
        with self.writing():
            if os.path.isdir(self.place) and os.listdir(self.place):
                hint = "give another name, or delete it first"
                raise UsageError(f"{self.path} is there already, and not empty", hint=hint)
            if os.path.exists(self.place) and not os.path.isdir(self.place):
                raise UsageError(f"{self.path} is a file, and a cluster writes a folder")
            with suppress(FileExistsError):
                os.mkdir(self.draft)
            if os.name == "posix":
                self.descriptor = os.open(self.draft, os.O_RDONLY)
                self.lock(self.descriptor)
            self.begin(state)

    def begin(self, state: State | None) -> None:
        """Leave nothing but parts that count."""
        counted = {self.part(int(number)) for number in state["parts"]} if state else set()
        for folder, _, names in os.walk(self.draft, topdown=False):
            for path in {os.path.join(folder, name) for name in names} - counted:
                os.unlink(path)
            if folder != self.draft and not os.listdir(folder):
                os.rmdir(folder)
        os.makedirs(self.folder, exist_ok=True)
        if not state:
            with suppress(FileNotFoundError):
                os.unlink(self.journal)

    def finish(self) -> None:
        """The draft becomes the folder."""
        with self.writing():
            os.replace(self.folder, self.place)
            with suppress(FileNotFoundError):
                os.unlink(self.journal)
        shutil.rmtree(self.draft, ignore_errors=True)
        self.close()

    def discard(self) -> None:
        super().discard()
        shutil.rmtree(self.draft, ignore_errors=True)

    def release(self) -> None:
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None
