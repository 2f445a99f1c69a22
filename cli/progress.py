"""A line on a terminal's stderr that says how far a long run has come, and is gone at its end.

A command that works for a while also ends as soon as nobody reads its answer any longer.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from backprop.cli.saying import is_quiet

if TYPE_CHECKING:
    from threading import Event

PATIENCE = 0.5  # seconds before anything is shown
PACE = 0.1  # seconds between two lines
SECOND = 1.0  # seconds of work of which nothing is said
LATE = 0.7  # and how much of them may have been spent on something else
WIDTH = 79  # characters of a line, where a terminal doesn't say
CLEAR = "\r\x1b[K"


class Progress:
    """Silent, unless stderr is a terminal and the run takes a while."""

    last: Progress | None = None  # the one whose line is shown

    def __init__(self, stream: TextIO | None = None) -> None:
        self.stream = stream or sys.stderr
        self.wanted = self.stream is not None and self.stream.isatty() and not is_quiet()
        self.due = monotonic() + PATIENCE
        self.shown = False

    def say(self, line: str) -> None:
        self.stream.write(f"{CLEAR}{line[: self.room]}")
        self.stream.flush()
        self.shown, Progress.last = True, self
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
            self.shown, Progress.last = False, None


def clear() -> None:
    """Take back the line that is shown, before something else is printed."""
    if Progress.last is not None:
        Progress.last.end()


class Waiting:
    """What the main thread is busy with: another thread shows it, and for how many seconds."""

    begun = monotonic()  # of the process
    active: Waiting | None = None
    reader: int | None = None  # the pager that takes the answer in place of stdout

    def __init__(self, what: str) -> None:
        self.what = what
        self.progress = Progress()
        self.progress.wanted &= Waiting.reader is None
        self.pipe = pipe_of_answer()
        self.begun = monotonic()
        self.deserted = False

    def watch(self, over: Event) -> None:
        """What the thread does until the work is over, or nobody waits for it."""
        from signal import SIGINT, pthread_kill
        from threading import main_thread

        while not over.wait(PACE):
            now = monotonic()
            if self.pipe is not None and has_no_reader(self.pipe):
                self.deserted = True
                pthread_kill(main_thread().ident or 0, SIGINT)
                return
            if self.progress.is_due and now - Waiting.begun >= SECOND <= now - self.begun + LATE:
                self.progress.say(f"{self.what}: {now - Waiting.begun:.0f} s")
        self.progress.end()


@contextmanager
def waiting(what: str) -> Iterator[Waiting]:
    """Show what takes so long, on a terminal and after a second. Within another wait nothing
    happens."""
    wait = Waiting(what)
    if Waiting.active or not (wait.progress.wanted or wait.pipe is not None):
        yield wait
        return
    from threading import Event, Thread, current_thread, main_thread

    if current_thread() is not main_thread():  # which alone can be interrupted
        wait.pipe = None
    Waiting.active = wait
    over = Event()
    thread = Thread(target=wait.watch, args=(over,), daemon=True)
    thread.start()
    try:
        yield wait
    except KeyboardInterrupt:
        if wait.deserted:
            raise BrokenPipeError from None
        raise
    finally:
        over.set()
        thread.join()
        Waiting.active = None


def pipe_of_answer() -> int | None:
    """The pipe that takes the answer, if it is one, and if there is an answer."""
    if is_quiet():
        return None
    try:
        number = sys.stdout.fileno() if Waiting.reader is None else Waiting.reader
        return number if stat.S_ISFIFO(os.fstat(number).st_mode) else None
    except (AttributeError, OSError, ValueError):
        return None


def has_no_reader(pipe: int) -> bool:
    import select

    if not hasattr(select, "poll"):
        return False
    poll = select.poll()
    poll.register(pipe, 0)
    return any(event & (select.POLLERR | select.POLLHUP) for _, event in poll.poll(0))
