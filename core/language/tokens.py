"""Text in, tokens out. A token is just its text, so that a million of them stay cheap.

Where a token stood is worked out again only when someone asks: an error, or a span in the
JSON. A name directly before a bracket is one token with it (`exp(`), an attribute likewise
(`.T`, `.dot(`), so that the parser never has to look ahead.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TypeVar

from backprop.errors import LanguageError, LimitError

MAX_TEXT = 16 * 1024 * 1024

LETTER = "A-Za-z_α-ω"
NAME = rf"[{LETTER}][{LETTER}0-9]*"
CALL = r"(?:[^\S\n]*\()?"
NUMBER = r"(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][+-]?[0-9][0-9_]*)?"

TOKEN = re.compile(
    rf"""(?:(?:np|numpy|math)\.(?:linalg\.)?)?{NAME}{CALL}
    | {NUMBER}
    | \*\* | [<>=!]= | // | :=  | [-+*/@%&|]= | && | \|\| | -> | << | >>
    | \.{NAME}{CALL}
    | √[^\S\n]*\(
    | \\[^\S\n]*\n
    | \#[^\n]*
    | \n
    | \S""",
    re.VERBOSE,
)
PREFIX = re.compile(r"(?:np|numpy|math)\.(?:linalg\.)?")

TYPOGRAPHIC = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "π": "pi",
}  # fmt: skip
POSTFIX = {"²": "2", "³": "3"}
SPELLED = {
    "≤": "<=", "≥": ">=", "≠": "!=", "∞": "a finite number", "√": "sqrt(...)", "“": "no quotes",
    "”": "no quotes", "‘": "no quotes", "’": "no quotes", "—": "-", "∑": "a sum written out",
}  # fmt: skip


Token = TypeVar("Token", bound=str)


class Placed(str):
    """A token that knows where it stands."""

    __slots__ = ("span",)
    span: tuple[int, int]


def tokenize(text: str) -> list[str]:
    """The tokens of `text`, comments and line ends without meaning left out."""
    if len(text) > MAX_TEXT:
        raise LimitError(f"the text has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    tokens = _significant(TOKEN.findall(text), text)
    return tokens if text.isascii() else [plain(token) for token in tokens]


def offsets(text: str) -> list[tuple[int, int]]:
    """Where each token of `tokenize(text)` starts and stops."""
    placed = []
    for match in TOKEN.finditer(text):
        token = Placed(match.group())
        token.span = match.span()
        placed.append(token)
    return [token.span for token in _significant(placed, text)]


def _significant(tokens: list[Token], text: str) -> list[Token]:
    """Drop comments, joined lines, and line ends that don't end a statement."""
    if not text.isascii():
        tokens = [token for token in tokens if token == "\n" or not token.isspace()]
    if "#" in text or "\\" in text:
        tokens = [token for token in tokens if token[0] != "#" and not _joins(token)]
    if "\n" not in text:
        return tokens
    if "=" not in tokens:
        return [token for token in tokens if token != "\n"]
    return _outer_lines(tokens)


def _outer_lines(tokens: list[Token]) -> list[Token]:
    """Drop the line ends inside brackets."""
    depth = 0
    kept = []
    for token in tokens:
        last = token[-1]
        if last in "([":
            depth += 1
        elif last in ")]":
            depth -= 1
        elif last == "\n" and depth > 0:
            continue
        kept.append(token)
    return kept


def plain(token: str) -> str:
    """`token` with typographic characters replaced by what they stand for."""
    if token.isascii():
        return token
    if token[0] == "√" and token[-1] == "(":
        return "sqrt("
    return TYPOGRAPHIC.get(token, token)


def bare(name: str) -> str:
    """A name without the module it was pasted with: `np.exp` is `exp`."""
    return PREFIX.sub("", name) if "." in name else name


def is_name(token: str) -> bool:
    return re.fullmatch(NAME, token) is not None


def is_number(token: str) -> bool:
    return token.isascii() and token[token[0] == "." :][:1].isdigit()


def foreign(char: str) -> LanguageError | None:
    """The refusal of a character that no program has, by its code point and name."""
    if char.isascii():
        return None
    name = unicodedata.name(char, "an unnamed character")
    meant = SPELLED.get(char) or unicodedata.normalize("NFKC", char)
    hint = f"write {meant}" if meant != char and meant.isascii() else ""
    if len(meant) == 1 and "α" <= meant <= "ω" and meant != char:
        hint = f"write {meant} (U+{ord(meant):04X})"
    return LanguageError(f"U+{ord(char):04X} {name} is not read here", hint=hint)


def _joins(token: str) -> bool:
    return token[0] == "\\" and token[-1] == "\n"
