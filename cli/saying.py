"""Words on stderr, whatever it can show, and a stdout that can't fail twice."""

from __future__ import annotations

import os
import sys

QUIET = "backprop.quiet"  # where a context keeps --quiet


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


def note(message: str) -> None:
    """Say something beside the answer, unless --quiet is given."""
    if not is_quiet():
        say(f"note: {message}")


def is_quiet() -> bool:
    from click import get_current_context

    context = get_current_context(silent=True)
    return context is not None and QUIET in context.meta


def discard_output() -> None:
    """Point stdout at nothing, so that the interpreter's last flush can't fail again."""
    try:
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, sys.stdout.fileno())
    except (OSError, ValueError, AttributeError):
        pass  # it may be closed, or None
