"""A line on a terminal's stderr that says how far a long run has come, and is gone at its end."""

from __future__ import annotations

import os
import sys
from time import monotonic
from typing import TextIO

PATIENCE = 0.5  # seconds before anything is shown
PACE = 0.1  # seconds between two lines
WIDTH = 79  # characters of a line, where a terminal doesn't say
CLEAR = "\r\x1b[K"


class Progress:
    """Silent, unless stderr is a terminal and the run takes a while."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.wanted = self.stream is not None and self.stream.isatty()
        self.due = monotonic() + PATIENCE
        self.shown = False

    def say(self, line: str) -> None:
        self.stream.write(f"{CLEAR}{line[: self.room]}")
        self.stream.flush()
        self.shown = True
        self.due = monotonic() + PACE

    @property
    def room(self) -> int:
        """What fits a line of the terminal, since CLEAR can't take back a second one."""
        try:
            columns = os.get_terminal_size(self.stream.fileno()).columns
        except (OSError, ValueError):
            columns = 0
        return max(columns - 1, 0) or WIDTH

    @property
    def is_due(self) -> bool:
        return self.wanted and monotonic() >= self.due

    def end(self) -> None:
        if self.shown:
            self.stream.write(CLEAR)
            self.stream.flush()
