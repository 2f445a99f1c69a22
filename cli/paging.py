"""Long answers through a pager, as git shows them: only on a terminal, and only what is longer
than the screen.

BACKPROP_PAGER or PAGER names another pager than less. `--no-pager`, or a pager called cat or
nothing at all, prints directly.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress

import click

from backprop.cli.commands import OFF
from backprop.cli.output import lines_for_terminal, print_pieces
from backprop.cli.progress import Waiting
from backprop.errors import columns

Write = Callable[[str], None]

STYLE = re.compile(r"\x1b\[[0-9;]*m")
LESS = {"LESS": "FRX", "LESSCHARSET": "utf-8"}


@contextmanager
def paged(first: str, more: int = 0) -> Iterator[Write]:
    """What to write with, `first` already being written; `more` lines are still to come."""
    command = pager() if is_long(first, more) else None
    process = started(command) if command else None
    if process is None:
        print_pieces([first])
        yield lambda text: print_pieces([text])
        return
    assert process.stdin is not None
    stream = process.stdin

    def write(text: str) -> None:
        with suppress(BrokenPipeError):  # somebody has seen enough
            stream.write(text)
            stream.flush()

    Waiting.reader = stream.fileno()
    try:
        write(first)
        yield write
    finally:
        Waiting.reader = None
        with suppress(BrokenPipeError):
            stream.close()
        ended(process)


def show(lines: Iterable[str]) -> None:
    """A whole answer, its first words in their colours."""
    with paged("".join(lines_for_terminal(lines))):
        pass


def is_long(text: str, more: int) -> bool:
    size = shutil.get_terminal_size()
    shown = STYLE.sub("", text).splitlines()
    lines = sum(1 + max(0, columns(line) - 1) // size.columns for line in shown)
    return lines + more >= size.lines


def pager(environment: Mapping[str, str] = os.environ) -> list[str] | None:
    """The command that shows long texts; None where nobody wants one."""
    context = click.get_current_context(silent=True)
    off = context is not None and context.meta.get(OFF)
    if off or not sys.stdout.isatty() or environment.get("TERM") == "dumb":
        return None
    text = environment.get("BACKPROP_PAGER", environment.get("PAGER", "less"))
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or words == ["cat"] or shutil.which(words[0]) is None:
        return None
    return words


def started(command: list[str]) -> subprocess.Popen[str] | None:
    sys.stdout.flush()
    with suppress(OSError):
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, text=True, encoding="utf-8",
            errors="backslashreplace", env=LESS | os.environ,
        )  # fmt: skip
    return None


def ended(process: subprocess.Popen[str]) -> None:
    """Wait for the reader; Ctrl-C belongs to the pager."""
    while process.poll() is None:
        with suppress(KeyboardInterrupt):
            process.wait()
