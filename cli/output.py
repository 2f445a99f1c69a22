"""The one place that prints an answer: pieces of text, or Rich renderables, to stdout."""

from __future__ import annotations

import errno
import io
import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

CHUNK = 1 << 16
UNBOUNDED = 100_000  # columns where nobody's terminal sets a width


class FileOutput(io.TextIOWrapper):
    """A file in the place of standard output. It never gets colours."""


def print_pieces(pieces: Iterable[str]) -> None:
    """Write text as it comes, many pieces at a time."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    show_any_character(sys.stdout)
    waiting: list[str] = []
    size = 0
    for piece in pieces:
        waiting.append(piece)
        size += len(piece)
        if size > CHUNK:
            sys.stdout.write("".join(waiting))
            waiting.clear()
            size = 0
    sys.stdout.write("".join(waiting))


def print_bytes(data: bytes) -> None:
    """Write what isn't text."""
    if sys.stdout is None:
        raise OSError(errno.EBADF, "standard output is closed")
    sys.stdout.flush()
    left = memoryview(data)
    while left:  # with PYTHONUNBUFFERED a pipe may take less than all
        left = left[sys.stdout.buffer.write(left) :]
    sys.stdout.buffer.flush()


def print_rich(renderables: Iterable[RenderableType]) -> None:
    print_pieces([drawn(renderables)])


def drawn(renderables: Iterable[RenderableType]) -> str:
    """What Rich makes of an answer for standard output, its width and its colours."""
    if sys.stdout is None:
        print_pieces(())
    show_any_character(sys.stdout)
    console = console_for(sys.stdout)
    with console.capture() as captured:
        for renderable in renderables:
            console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def print_lines(lines: Iterable[str]) -> None:
    """Print lines that begin with a verdict or a word such as note. A terminal shows them with
    colours, and folded between words."""
    if sys.stdout is not None and sys.stdout.isatty():
        lines = (part for line in lines for part in folded(line))
    print_pieces(lines_for_terminal(lines))


def folded(line: str) -> Iterable[str]:
    """A line as the terminal has room for it, its later parts indented."""
    from shutil import get_terminal_size
    from textwrap import wrap

    width = get_terminal_size().columns
    if len(line) <= width or "\n" in line[:-1]:
        return [line]
    parts = wrap(line, max(20, width), subsequent_indent="    ", break_on_hyphens=False)
    return [f"{part}\n" for part in parts]


def print_lines_as(kind: str, lines: Iterable[str]) -> None:
    """Print lines that begin with a verdict: with colours on a terminal, plain, or as Markdown."""
    if kind == "markdown":
        from backprop.cli.render.forms import listed

        print_pieces(listed(lines))
    elif kind == "plain":
        print_pieces(lines)
    else:
        print_lines(lines)


def lines_for_terminal(lines: Iterable[str]) -> Iterable[str]:
    if not wants_colour(sys.stdout):
        return lines
    from backprop.cli.colour import coloured

    return map(coloured, lines)


def console_for(stream: TextIO) -> Console:
    """A console that knows the terminal's width and wishes about colour."""
    from rich.console import Console

    coloured = wants_colour(stream)
    sized = stream.isatty() or os.environ.get("COLUMNS", "").isdigit()
    return Console(
        file=stream,
        force_terminal=coloured,
        color_system="auto" if coloured else None,
        no_color=not coloured,
        width=None if sized else UNBOUNDED,
        highlight=False,
        markup=False,
        emoji=False,
    )


def wants_colour(stream: TextIO | None) -> bool:
    """NO_COLOR, FORCE_COLOR, CLICOLOR_FORCE, CLICOLOR and TERM, in that order; else a terminal."""
    setting = os.environ.get
    if stream is None or isinstance(stream, FileOutput) or setting("NO_COLOR"):
        return False
    for name in ("FORCE_COLOR", "CLICOLOR_FORCE"):
        if setting(name):
            return setting(name) != "0"
    if setting("CLICOLOR") == "0" or setting("TERM") == "dumb":
        return False
    return stream.isatty()


def show_any_character(stream: TextIO) -> None:
    """Let a stream that can't encode a character show its code instead of failing; UTF-8 can't
    encode half a surrogate pair."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure:
        reconfigure(errors="backslashreplace")
