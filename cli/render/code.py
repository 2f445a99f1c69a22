"""Code in the colours of its language, where standard output has colours."""

from __future__ import annotations

import sys

from backprop.cli.output import drawn, wants_colour

LEXERS = {"numpy": "python"}  # languages that are called otherwise there
THEME = "ansi_dark"


def highlighted(code: str, language: str) -> str:
    if not wants_colour(sys.stdout):
        return code
    from rich.syntax import Syntax

    painter = Syntax("", LEXERS.get(language, language), theme=THEME)
    text = painter.highlight(code)
    text.no_wrap, text.overflow = True, "ignore"
    return drawn([text]).rstrip("\n") + "\n"
