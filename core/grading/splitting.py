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


class Piece(NamedTuple):
    """One statement: its place in the file, and the columns before its line."""

    start: int
    stop: int
    indent: int


def pieces(text: str) -> Iterator[Piece]:
    """The statements of a file, comments and empty lines left out."""
    start = depth = place = 0
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
                yield from trimmed(text, start, found.start())
                start = place
        elif mark[0] != "\\" and (not depth or (mark == "\n" and STARTS_ANEW.match(text, place))):
            yield from trimmed(text, start, found.start())
            start, depth = place, 0
    yield from trimmed(text, start, len(text))


def end_of_quotes(text: str, mark: str, place: int) -> int:
    """Where a text in quotes ends: a short one at the end of its line at the latest."""
    end = text.find(mark, place)
    while end > 0 and text[end - 1] == "\\":
        end = text.find(mark, end + 1)
    line = text.find("\n", place)
    line = len(text) if line < 0 else line
    if len(mark) == 1:
        return end + 1 if 0 <= end < line else line
    return len(text) if end < 0 else end + 3


def trimmed(text: str, start: int, stop: int) -> Iterator[Piece]:
    """The statement without the space around it; none if nothing is left."""
    part = text[start:stop]
    bare = part.strip()
    if bare:
        begin = start + part.index(bare[0])
        line = text.rfind("\n", 0, begin) + 1
        indent = len(text[line:begin]) - len(text[line:begin].lstrip())
        yield Piece(begin, begin + len(bare), indent)
