"""What can't be read: where it stands, and what to write instead."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from functools import cached_property

from backprop.errors import LanguageError


class Lines:
    """A source text, and how the places of its nodes are places in it."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def starts(self) -> Sequence[int]:
        """Where every line begins, in characters."""
        starts = [0]
        for line in self.text.splitlines(keepends=True):
            starts.append(starts[-1] + len(line))
        return starts

    def place(self, line: int, byte: int) -> int:
        """A place that `ast` counts in bytes of a line, in characters of the text."""
        start = self.starts[min(line, len(self.starts)) - 1]
        ahead = self.text[start : start + byte]
        if ahead.isascii():
            return start + byte
        stop = self.text.find("\n", start)
        whole = self.text[start : stop if stop >= 0 else len(self.text)]
        return start + len(whole.encode()[:byte].decode(errors="replace"))

    def span(self, node: ast.AST) -> tuple[int, int]:
        line, byte = getattr(node, "lineno", 1), getattr(node, "col_offset", 0)
        last, end = getattr(node, "end_lineno", line), getattr(node, "end_col_offset", byte + 1)
        return self.place(line, byte), self.place(last or line, end or byte + 1)


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
    start = (span[0], max(span[1], span[0] + 1)) if span else None
    return LanguageError(problem.message, text=lines.text, span=start, hint=problem.hint)
