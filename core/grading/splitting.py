"""A file in, its statements out: where each begins and ends, and how far it is indented.

This is layout only: brackets and backslashes join lines, `;` parts statements, comments and
texts in quotes are stepped over. Nothing is executed, and nothing is read as Python.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

MARKS = re.compile(r"'''|\"\"\"|['\"]|#[^\n]*|\\\r?\n|[()\[\]{};\n]")
STARTS_ANEW = re.compile(
    r"[ \t]*(?!axis\b|keepdims\b)[A-Za-z_]\w*(\[[^\]\n]*\])?[ \t]*[-+*/]?=(?!=)"
)

CLOSING = {
    **{mark: re.compile(rf"(?<!\\){mark}|\n") for mark in "'\""},
    **{mark: re.compile(rf"(?<!\\){mark}") for mark in ("'''", '"""')},
}


class Piece(NamedTuple):
    """One statement: its place in the file, and the columns before its line."""

    start: int
    stop: int
    indent: int


def pieces(text: str) -> Iterator[Piece]:
    """The statements of a file, comments and empty lines left out."""
    start = depth = place = 0
    trimmed = Trimming(text)
    while found := MARKS.search(text, place):
        mark, place = found[0], found.end()
        if mark in ("'''", '"""', "'", '"'):
            place = end_of_quotes(text, mark, place)
        elif mark in "([{":
            depth += 1
        elif mark in ")]}":
            depth = max(0, depth - 1)
        elif mark[0] == "#":
            if not depth:
                yield from trimmed(start, found.start())
                start = place
        elif mark[0] != "\\" and (not depth or (mark == "\n" and STARTS_ANEW.match(text, place))):
            yield from trimmed(start, found.start())
            start, depth = place, 0
    yield from trimmed(start, len(text))


def end_of_quotes(text: str, mark: str, place: int) -> int:
    """Where a text in quotes ends: a short one at the end of its line at the latest."""
    found = CLOSING[mark].search(text, place)
    if found is None:
        return len(text)
    return found.start() if found[0] == "\n" else found.end()


class Trimming:
    """Statements without the space around them. Of a line that has many, the beginning is looked
    at once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.seen = 0  # where the last statement begins
        self.indent = -1  # of its line

    def __call__(self, start: int, stop: int) -> Iterator[Piece]:
        part = self.text[start:stop]
        bare = part.strip()
        if not bare:
            return
        begin = start + part.index(bare[0])
        newline = self.text.rfind("\n", self.seen, begin)
        if newline >= 0 or self.indent < 0:
            line = self.text[newline + 1 : begin]
            self.indent = len(line) - len(line.lstrip())
        self.seen = begin
        yield Piece(begin, begin + len(bare), self.indent)
