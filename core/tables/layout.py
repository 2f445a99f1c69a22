"""Where the records of CSV begin and end, and whether its quotes are where they belong.

Readers of CSV differ over quotes that stand elsewhere than around a whole field: some lines are
one record to the one and three to the other. So such text is refused, before anybody guesses.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
QUOTE, NEWLINE, RETURN = b'"\n\r'


class MisquotedError(Exception):
    """A quote that is out of place, with its line, counted from 0."""

    def __init__(self, line: int, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Layout:
    """The records of text that begins with a record: their first lines, counted from 0, how many
    fields they have, and which of them are blank."""

    def __init__(self, data: bytes, separator: str) -> None:
        text = np.frombuffer(data, np.uint8)
        self.data = data
        self.newlines = np.flatnonzero(text == NEWLINE)
        self.quotes = np.flatnonzero(text == QUOTE)
        self.check_quotes(text, ord(separator))
        outer = self.is_outer(self.newlines)
        ends = self.newlines[outer]
        lines = np.flatnonzero(outer) + 1
        if not data.endswith(b"\n"):
            ends = np.append(ends, len(data))
        self.begins = np.concatenate([[0], ends[:-1] + 1])
        self.ends = ends
        self.lines: list[int] = np.concatenate([[0], lines])[: len(ends)].tolist()
        separators = np.flatnonzero(text == ord(separator))
        separators = separators[self.is_outer(separators)]
        self.fields = np.diff(np.searchsorted(separators, np.append(self.begins, len(data)))) + 1

    def is_outer(self, places: Array) -> Array:
        """Which of these places are not between quotes."""
        return np.searchsorted(self.quotes, places) % 2 == 0

    def check_quotes(self, text: Array, separator: int) -> None:
        """Every other quote opens a field, or is the second of two that stand for one; those
        between close a field, or are the first of two."""
        quotes = self.quotes
        if not quotes.size:
            return
        around = np.concatenate([[NEWLINE], text, [NEWLINE]])
        before, after = around[quotes], around[quotes + 2]
        beside = np.diff(quotes) == 1
        fits = np.empty(len(quotes), dtype=bool)
        fits[0::2] = np.isin(before[0::2], (separator, NEWLINE))
        fits[1::2] = np.isin(after[1::2], (separator, NEWLINE, RETURN))
        fits[2::2] |= beside[1::2]
        fits[1:-1:2] |= beside[1::2]
        if not fits.all():
            place = quotes[np.argmin(fits)]
            raise MisquotedError(self.line_of(place), "a quote stands within a field")
        if len(quotes) % 2:
            raise MisquotedError(self.line_of(quotes[-1]), "a quote is never closed")

    def line_of(self, place: int) -> int:
        return int(np.searchsorted(self.newlines, place))

    def full(self) -> list[int]:
        """The records that are not blank."""
        found = zip(self.begins.tolist(), self.ends.tolist(), strict=True)
        return [k for k, (begin, end) in enumerate(found) if self.data[begin:end].strip()]
