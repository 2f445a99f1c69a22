"""Colour for lines of text: the words that begin them, and the carets under a source line.

Rich isn't needed for that, and an error must not wait for it.
"""

from __future__ import annotations

import re

CODES = {"bold red": "1;31", "green": "32", "yellow": "33", "cyan": "36", "dim": "2", "bold": "1"}
KINDS = {"error": "bold red", "warning": "yellow", "note": "yellow", "help": "cyan", "more": "cyan"}
VERDICTS = {
    "agree": "green", "rounding": "yellow", "kink": "yellow", "overflow": "yellow",
    "undefined": "yellow", "unchecked": "dim", "differ": "bold red",
}  # fmt: skip
FINDINGS = {
    "right": "green", "the same": "green", "wrong": "bold red", "not the same": "bold red",
    "undecided": "yellow", "unexpected": "bold red", "carried": "yellow", "coarse": "yellow",
    "empty": "dim", "unreadable": "yellow",
}  # fmt: skip
HEADINGS = {"Forward": "green", "Backward": "bold red", "What the gradient says": "bold"}
WORDS = KINDS | VERDICTS | FINDINGS | HEADINGS
FIRST = re.compile(rf"^(\s*(?:[^:]*: )??)({'|'.join(WORDS)})(?=[:\s]|$)")
CARETS = re.compile(r"^(\s*\|\s*)(\^+)$")


def painted(text: str, style: str) -> str:
    return f"\x1b[{CODES[style]}m{text}\x1b[0m"


def coloured(line: str) -> str:
    """A line with its first word in its colour, if that word has one."""
    body = line.rstrip("\n")
    end = line[len(body) :]
    if found := CARETS.match(body):
        return f"{found[1]}{painted(found[2], 'bold red')}{end}"
    if found := FIRST.match(body):
        return f"{found[1]}{painted(found[2], WORDS[found[2]])}{body[found.end() :]}{end}"
    return line
