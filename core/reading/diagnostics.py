"""What can't be read: where it stands, and what to write instead."""

from __future__ import annotations

import ast
import re
import warnings
from functools import cached_property
from typing import NamedTuple

from backprop.errors import LanguageError, LimitError


class Lines:
    """A source text, and how the places of its nodes are places in it. The files that it imports
    are added below it, so that every line of all of them has a number of its own."""

    def __init__(self, text: str) -> None:
        self.text = text  # of the source itself
        self.whole = text  # and of the files that it imports
        self.added: list[Part] = []

    @cached_property
    def starts(self) -> list[int]:
        """Where every line begins, in characters."""
        return line_starts(self.text)

    @property
    def count(self) -> int:
        """The lines of the source itself."""
        return self.added[0].lines if self.added else len(self.starts)

    def add(self, text: str, file: str) -> int:
        """Add a file that is imported; how far its lines are moved down."""
        self.whole += "" if self.whole.endswith("\n") else "\n"
        place, before = len(self.whole), len(self.starts)
        self.added.append(Part(before, place, text, file))
        self.whole += text
        self.starts += [place + start for start in line_starts(text)]
        return before

    def part(self, line: int) -> Part | None:
        """The imported file that a line belongs to; None for the source itself."""
        if not self.added or line <= self.added[0].lines:
            return None
        return next(one for one in reversed(self.added) if line > one.lines)

    def is_imported(self, node: ast.AST) -> bool:
        return bool(self.added) and getattr(node, "lineno", 0) > self.count

    def place(self, line: int, byte: int) -> int:
        """A place that `ast` counts in bytes of a line, in characters of the text."""
        start = self.starts[min(line, len(self.starts)) - 1]
        ahead = self.whole[start : start + byte]
        if ahead.isascii():
            return start + byte
        stop = self.whole.find("\n", start)
        whole = self.whole[start : stop if stop >= 0 else len(self.whole)]
        return start + len(whole.encode()[:byte].decode(errors="replace"))

    def span(self, node: ast.AST) -> tuple[int, int]:
        line, byte = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        last, end = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", byte + 1)
        return self.place(line, byte), self.place(last or line, end or byte + 1)


class Part(NamedTuple):
    """A file that is imported, below the source."""

    lines: int  # before it
    start: int  # where it begins, in characters
    text: str
    file: str


def line_starts(text: str) -> list[int]:
    return [0, *(found.end() for found in re.finditer("\n", text))]


class UnreadError(Exception):
    """Something that can't be read. Whoever knows which node is at hand says where it stands."""

    def __init__(self, message: str, hint: str = "", node: ast.AST | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.node = node


class MisfitError(UnreadError):
    """What NumPy refuses as well: shapes that don't fit, an entry that isn't there."""


def located(problem: UnreadError, lines: Lines, node: ast.AST | None) -> LanguageError:
    """The error at the node where it came up."""
    found = problem.node or node
    span = lines.span(found) if found is not None else None
    part = lines.part(getattr(found, "lineno", 1)) if found is not None else None
    if span and part:
        span = (span[0] - part.start, span[1] - part.start)
    start = (span[0], max(span[1], span[0] + 1)) if span else None
    text, origin = (part.text, part.file) if part else (lines.text, "")
    return LanguageError(problem.message, text=text, span=start, hint=problem.hint, origin=origin)


PYTHON_2 = re.compile(
    r"^[ \t]*(print[ \t]+[^\s(=]|print[ \t]*$|exec[ \t]+[^\s(=]|raise[ \t]+\w+[ \t]*,"
    r"|except[ \t]+[\w.]+[ \t]*,)",
    re.MULTILINE,
)


SIMPLE = re.compile(r"""(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[^;#\n"'])*""")  # a statement
PRINTS = 200  # statements that begin with print


def ast_of(text: str) -> tuple[ast.Module, bool]:
    """The syntax tree of a text, and whether it is Python 2, of which print is read as well. What
    Python itself can't parse is an error with its place."""
    if "\0" in text:
        place = text.index("\0")
        raise LanguageError("a source has no null bytes", text=text, span=(place, place + 1))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return parsed_with_prints(text) if "print" in text else (ast.parse(text), False)
    except SyntaxError as problem:
        raise unparsed(problem, text) from None
    except (RecursionError, MemoryError, ValueError, OverflowError):
        raise LimitError("this source is nested too deeply to be parsed") from None


def parsed_with_prints(text: str) -> tuple[ast.Module, bool]:
    """A source in which `print` may be a statement, as in Python 2: each becomes `pass`."""
    for count in range(PRINTS):
        try:
            return ast.parse(text), count > 0
        except SyntaxError as problem:
            if not (problem.msg or "").startswith("Missing parentheses in call to 'print'"):
                raise
            start = Lines(text).place(problem.lineno or 1, 0) + (problem.offset or 1) - 1
            stop = SIMPLE.match(text, start).end()  # type: ignore[union-attr]
            text = text[:start] + "pass".ljust(stop - start) + text[stop:]
    return ast.parse(text), True


def unparsed(problem: SyntaxError, text: str) -> LanguageError:
    starts = line_starts(text)
    line = max(1, min(problem.lineno or 1, len(starts)))
    start = min(starts[line - 1] + max(0, (problem.offset or 1) - 1), len(text))
    old = PYTHON_2.search(text)
    if old is not None:
        place = old.end(0) - len(old[1]) if old[1] else old.start()
        return LanguageError(
            "this is Python 2, where / between whole numbers rounds down", text=text,
            span=(place, max(place + 1, old.end())),
            hint="2to3 makes it Python 3; mind every / between whole numbers, which is // there",
        )  # fmt: skip
    message = f"Python can't parse this: {(problem.msg or 'invalid syntax')[:200]}"
    return LanguageError(message, text=text, span=(start, start + 1))
