"""What goes to stderr: every message of the command line, whatever characters it can show."""

from __future__ import annotations

import os
import sys


def say(message: str, code: int = 2) -> int:
    """Print to stderr, whatever characters it can show."""
    from backprop.cli.colour import coloured
    from backprop.cli.output import wants_colour
    from backprop.errors import clipped

    if sys.stderr is None:
        return code
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
        encoding = sys.stderr.encoding or "ascii"
        shown = clipped(message).encode(encoding, "backslashreplace").decode(encoding) + "\n"
        if wants_colour(sys.stderr):
            shown = "".join(map(coloured, shown.splitlines(keepends=True)))
        sys.stderr.write(shown)
        sys.stderr.flush()
    except OSError:
        discard_output()
    return code


def discard_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush can't fail again."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass  # it may be closed, or None
