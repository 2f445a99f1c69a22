"""An error for whoever asked: a message on stderr; with --json an object on stdout too, and then
the first line of the message."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from backprop.cli.saying import discard_output, say
from backprop.errors import BackpropError, clipped, visible

if TYPE_CHECKING:
    from click import ClickException

SCHEMA = "backprop/error/1"
USAGE, MEMORY, DEFECT = "usage", "memory", "defect"


class Failure(NamedTuple):
    """What went wrong. `code` is the same in every version."""

    code: str
    message: str
    hint: str = ""
    shown: str = ""  # the whole text for stderr, if it isn't just message and hint
    line: int | None = None
    column: int | None = None
    exit_code: int = 2

    def text(self) -> str:
        if self.shown:
            return self.shown
        return f"error: {visible(self.message)}" + (
            f"\nhelp: {visible(self.hint)}" * bool(self.hint)
        )


def of_backprop(error: BackpropError) -> Failure:
    from backprop.cli.mistakes import page_of

    page = page_of(error)
    origin = f"{error.origin}: " if error.origin else ""
    return Failure(
        error.code, origin + error.message, error.hint,
        error.render() + (f"\nmore: backprop help {page}" if page else ""),
        error.line, error.column, error.exit_code,
    )  # fmt: skip


def of_click(error: ClickException) -> Failure:
    from backprop.cli.mistakes import worded

    context = getattr(error, "ctx", None)
    path = context.command_path if context else "backprop"
    message, hint = worded(error)
    return Failure(USAGE, message, hint or f"{path} --help shows the options")


def fail(failure: Failure, args: Sequence[str]) -> int:
    """Tell of a failure; the exit code."""
    text = failure.text()
    if not asks_json(args):
        return say(text, failure.exit_code)
    try:
        print_object(failure)
    except OSError:
        discard_output()
    return say(text.partition("\n")[0], failure.exit_code)


def asks_json(args: Sequence[str]) -> bool:
    """Does the command line ask for JSON, whether it can be read otherwise or not?"""
    return "--json" in args or "--format=json" in args or ("--format", "json") in pairwise(args)


def print_object(failure: Failure) -> None:
    from backprop.cli.output import print_pieces
    from backprop.cli.render.json import render_object

    told = {
        "code": failure.code, "message": clipped(failure.message),
        "line": failure.line, "column": failure.column, "hint": clipped(failure.hint) or None,
    }  # fmt: skip
    print_pieces([render_object({"schema": SCHEMA, "error": told})])
    sys.stdout.flush()
