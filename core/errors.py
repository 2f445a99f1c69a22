"""Every error is data: what is wrong, where in which text, and what would mend it.

Only `render` draws the caret; nobody else builds a message for the screen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

WINDOW = 72  # columns of a long source line that an error shows
TAB = 4
WORD = 200  # characters of a word that a message shows whole
CUT = 60  # of one that is longer


class BackpropError(Exception):
    """Base of all errors that a user can cause; `exit_code` is what a shell sees."""

    exit_code = 2
    code = "error"  # what JSON calls the kind of error, in every version

    def __init__(
        self,
        message: str,
        *,
        text: str = "",
        span: tuple[int, int] | None = None,
        hint: str = "",
        origin: str = "",
    ) -> None:
        super().__init__(message)
        self.message = message
        self.text = text
        self.span = span
        self.hint = hint
        self.origin = origin  # what the text is, if it isn't the program: a value, a file

    @property
    def line(self) -> int | None:
        return None if self.span is None else self.text.count("\n", 0, self.span[0]) + 1

    @property
    def column(self) -> int | None:
        return None if self.span is None else self.span[0] - self.text.rfind("\n", 0, self.span[0])

    def render(self) -> str:
        """The whole message as it is shown: headline, source line with caret, help."""
        place = f"line {self.line}, column {self.column}: " if self.span else ""
        origin = f"{self.origin}: " if self.origin else ""
        lines = [f"error: {visible(origin)}{place}{visible(self.message)}"]
        if self.span:
            lines += self._excerpt(self.span)
        if self.hint:
            lines.append(f"help: {visible(self.hint)}")
        return "\n".join(lines)

    def _excerpt(self, span: tuple[int, int]) -> list[str]:
        """The line where the span begins, or a window of it, and carets under the span."""
        left = self.text.rfind("\n", 0, span[0]) + 1
        right = self.text.find("\n", span[0])
        line = self.text[left : None if right < 0 else right].rstrip("\r")
        start = span[0] - left
        stop = max(start + 1, min(span[1] - left, len(line)))
        first, last = window(line, start)
        before = ("..." if first else "") + visible(line[first:start])
        marked = visible(line[start : min(stop, last)])
        after = visible(line[min(stop, last) : last]) + ("..." if last < len(line) else "")
        width, caret = columns(marked), columns(before)
        if marked and not width:  # a combining mark stands on the character before it
            caret -= 1
        gutter = str(self.line)
        shown = f"  {gutter} | {before}{marked}{after}".rstrip()
        return [shown, f"  {' ' * len(gutter)} | {' ' * caret}{'^' * max(1, width)}"]


class UsageError(BackpropError):
    """A value, an option or a file that can't be used."""

    code = "usage"


class MissingValueError(UsageError):
    """Variables that nobody gave a value."""

    code = "missing-value"

    def __init__(self, names: list[str]) -> None:
        plural = "s" if len(names) > 1 else ""
        super().__init__(f"no value for the variable{plural} {listed(names, 8)}")
        self.names = names


class LanguageError(BackpropError):
    """A text that can't be read, with the place where reading stopped."""

    code = "language"


class ShapeError(LanguageError):
    """An operation on arrays whose shapes don't fit."""

    code = "shape"


class LimitError(BackpropError):
    """A text or program larger than the documented limits."""

    code = "limit"


def visible(text: str) -> str:
    """`text` with control, bidi and other invisible characters escaped; tabs become spaces."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_visible(char) for char in text)


def listed(names: Sequence[str], most: int = 40) -> str:
    """The first names, and how many more there are."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def clipped(text: str) -> str:
    """`text` with words that nobody reads to their end cut short."""
    if len(text) <= WORD:
        return text
    return re.sub(rf"\S{{{WORD + 1},}}", lambda word: f"{word[0][:CUT]}...", text)


def window(line: str, start: int) -> tuple[int, int]:
    """The part of a line to show: all of it, or WINDOW columns around `start`."""
    if len(line) <= WINDOW and columns(visible(line)) <= WINDOW:
        return 0, len(line)
    first = start - fitting(reversed(line[max(0, start - WINDOW) : start]), WINDOW // 2)
    room = WINDOW - columns(visible(line[first:start]))
    return first, start + fitting(line[start : start + WINDOW], room)


def fitting(characters: Iterable[str], room: int) -> int:
    """How many of the characters fit into so many columns."""
    count = 0
    for char in characters:
        room -= columns(visible(char))
        if room < 0:
            break
        count += 1
    return count


def _visible(char: str) -> str:
    import unicodedata

    if char == "\t":
        return " " * TAB
    if char == "\n" or char == " " or char.isprintable():
        return char
    if unicodedata.category(char) == "Zs":
        return " "
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{{{code:x}}}"


def columns(text: str) -> int:
    """Terminal columns that `text` takes: wide characters two, combining marks none."""
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    import unicodedata

    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def closest(name: str, known: list[str]) -> str | None:
    """The known name that `name` was probably meant to be."""
    from difflib import get_close_matches

    folded = {candidate.lower(): candidate for candidate in reversed(known)}
    near = get_close_matches(name.lower()[:64], list(folded), 1, 0.6)
    return folded[near[0]] if near else None
