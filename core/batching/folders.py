"""A folder of parts on its way: made under another name, and renamed when all parts are there.

answers/part-00000.csv, answers/part-00001.csv, ... in the order of the data
"""

from __future__ import annotations

import os
import re
import shutil
from contextlib import suppress

from backprop.batching.drafts import Draft, State
from backprop.errors import UsageError
from backprop.tables.formats import SUFFIXES
from backprop.workplace import Workplace

TASK = "task-"  # the folder of a worker's task begins so
MADE = re.compile(rf"[0-9a-f]{{64}}|{TASK}\w+")  # by this run, another, or a task


class FolderDraft(Draft):
    """What a Draft is for a file. Others put the parts into it: those of another run, which may be
    late, find their folder gone."""

    run = ""  # its identity
    inside: Workplace | None = None  # the draft

    def part(self, number: int) -> str:
        """Where a part has its place until all are there."""
        return os.path.join(self.folder, self.draft, self.run, self.part_name(number))

    def part_name(self, number: int) -> str:
        return f"part-{number:05}{SUFFIXES[self.kind.format][0]}"

    def open(self, state: State | None) -> None:
        with self.writing():
            if os.path.isdir(self.place) and os.listdir(self.place):
                hint = "give another name, or delete it first"
                raise UsageError(f"{self.path} is there already, and not empty", hint=hint)
            if os.path.exists(self.place) and not os.path.isdir(self.place):
                raise UsageError(f"{self.path} is a file, and a cluster writes a folder")
            self.look_around()
            self.inside = self.here.inner(self.draft)
            if self.inside.handle is not None:
                self.lock(self.inside.handle)
            self.begin(state)

    def begin(self, state: State | None) -> None:
        """Leave nothing but parts that count."""
        assert self.inside is not None
        if not state:
            self.forget()
        self.clear(self.run if state else "")
        parts = self.inside.inner(self.run)
        counted = {self.part_name(int(number)) for number in state["parts"]} if state else set()
        for name in {*parts.names()} - counted:
            parts.remove(name)
        parts.close()

    def clear(self, kept: str = "") -> None:
        """Remove what runs have made, but for the folder of one."""
        assert self.inside is not None
        for name in self.inside.names():
            if MADE.fullmatch(name) and name != kept:
                shutil.rmtree(self.inside.at(name), dir_fd=self.inside.handle)

    def finish(self) -> None:
        """The draft becomes the folder."""
        assert self.inside is not None
        with self.writing():
            self.inside.move(self.run, self.here, self.name)
            self.forget()
        self.discard()

    def discard(self) -> None:
        """Leave nothing. What is locked is given free last."""
        if self.inside is not None:
            with suppress(OSError):
                self.forget()
                self.clear()
            self.here.remove_folder(self.draft)
        self.release()

    def release(self) -> None:
        if self.inside is not None:
            self.inside.close()
            self.inside = None
        super().release()
