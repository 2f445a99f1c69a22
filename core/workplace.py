"""The folder in which a run makes files beside those of others: the one place for writing safely.

It is held open, so that no other folder can take its place. What is made is new; of what was
there only what a run of the same user made is touched; no link is ever followed.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import BinaryIO

from backprop.errors import UsageError

NO_LINKS = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
HELD = os.open in os.supports_dir_fd  # can a folder be held open on this system?


class Workplace:
    """A folder, and what is done in it by name."""

    def __init__(self, path: str, outer: Workplace | None = None) -> None:
        """The folder at a path, or the one of this name in another."""
        self.path: str = os.path.join(outer.path, path) if outer else path
        self.handle: int | None = None
        if HELD:
            flags = os.O_RDONLY | os.O_DIRECTORY | (NO_LINKS if outer else os.O_CLOEXEC)
            self.handle = os.open(path, flags, dir_fd=outer.handle if outer else None)

    def at(self, name: str) -> str:
        """How the system is told of a name: by itself, where the folder is held open."""
        return os.path.join(self.path, name) if self.handle is None else name

    def names(self) -> list[str]:
        return os.listdir(self.path if self.handle is None else self.handle)

    def status(self, name: str) -> os.stat_result:
        return os.stat(self.at(name), dir_fd=self.handle, follow_symlinks=False)

    def made(self, name: str) -> os.stat_result | None:
        """What a run has made under this name; None if there is nothing."""
        try:
            found = self.status(name)
        except FileNotFoundError:
            return None
        single = found.st_nlink == 1 or stat.S_ISDIR(found.st_mode)
        kind = stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)
        here = os.stat(self.path if self.handle is None else self.handle)
        mine = not hasattr(os, "geteuid") or found.st_uid == os.geteuid()
        if not (single and kind and mine and found.st_dev == here.st_dev):
            path = os.path.join(self.path, name)
            raise UsageError(
                f"{path} is in the way: it is a link, or belongs to others",
                hint="remove it, or write to another place",
            )
        return found

    def new(self, name: str) -> int:
        """A descriptor of a file that was not there."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | NO_LINKS
        return os.open(self.at(name), flags, 0o666, dir_fd=self.handle)

    def old(self, name: str) -> int:
        """A descriptor of a file that a run has made."""
        seen = self.made(name)
        found = os.open(self.at(name), os.O_RDWR | NO_LINKS, dir_fd=self.handle)
        if seen is None or not os.path.samestat(seen, os.fstat(found)):
            os.close(found)
            raise UsageError(f"{os.path.join(self.path, name)} was changed by somebody else")
        return found

    def inner(self, name: str) -> Workplace:
        """The folder that a run has made, or makes now."""
        if self.made(name) is None:
            os.mkdir(self.at(name), dir_fd=self.handle)
        return Workplace(name, self)

    @contextmanager
    def replacing(self, name: str, draft: str) -> Iterator[BinaryIO]:
        """A file that takes the place of another when all is written."""
        descriptor = self.new(draft)
        try:
            with os.fdopen(descriptor, "wb") as file:
                yield file
            self.move(draft, self, name)
        except BaseException:
            self.remove(draft)
            raise

    def move(self, name: str, to: Workplace, new: str) -> None:
        os.replace(self.at(name), to.at(new), src_dir_fd=self.handle, dst_dir_fd=to.handle)

    def remove(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(self.at(name), dir_fd=self.handle)

    def remove_folder(self, name: str) -> None:
        """Remove a folder, unless somebody has put something into it."""
        with suppress(OSError):
            os.rmdir(self.at(name), dir_fd=self.handle)

    def close(self) -> None:
        if self.handle is not None:
            os.close(self.handle)
            self.handle = None
