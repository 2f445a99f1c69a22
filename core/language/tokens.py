"""Text in, tokens out. A token is just its text, so that a million of them stay cheap.

Where a token stood is worked out again only when someone asks: an error, or a span in the
JSON. A name directly before a bracket is one token with it (`exp(`), an attribute likewise
(`.T`, `.dot(`), so that the parser never has to look ahead.
"""

from __future__ import annotations

import re
from itertools import compress

from backprop.errors import LimitError
from backprop.language.characters import TYPOGRAPHIC

MAX_TEXT = 16 * 1024 * 1024

LETTER = "A-Za-z_α-ορ-ω"  # π is no letter: 2πr is not a name
NAME = rf"[{LETTER}][{LETTER}0-9]*"
WORDS = "and|or|not|if|else"  # never the name of a call, whatever follows
CALL = r"(?:[^\S\n]*\()?"
NUMBER = r"(?:[0-9][0-9_]*(?:\.[0-9_]*)?|\.[0-9][0-9_]*)(?:[eE][-+−–]?[0-9][0-9_]*)?"

PREFIX = (
    r"(?:numpy|np|math|torch\.nn\.functional|torch|jax\.numpy|jax\.nn|jax\.scipy\.special|jnp"
    r"|scipy\.special)\.(?:(?:linalg|special)\.)?"
)  # of code that was pasted

# A text in quotes, where an argument may be one.
TEXT = r"""(?:(?<=[(,=])|(?<=[(,=]\ ))(?:'[^'\n]*'|"[^"\n]*")"""

TOKEN = re.compile(
    rf"""(?:{WORDS})(?![{LETTER}0-9])
    | (?:{PREFIX})?{NAME}{CALL}
    | {NUMBER}
    | (?:\*\*|//|[<>=!:^*/+@%&|-])= | \*\* | // | && | \|\| | -> | << | >>
    | \.{NAME}{CALL}
    | √[^\S\n]*\(
    | \.\.\.
    | \\[^\S\n]*\n
    | \#[^\n]*
    | {TEXT}
    | \n
    | \S""",
    re.VERBOSE,
)


def tokenize(text: str) -> list[str]:
    """The tokens of `text`, comments and line ends without meaning left out."""
    if len(text) > MAX_TEXT:
        raise LimitError(f"the text has {len(text):,} characters; at most {MAX_TEXT:,} are read")
    tokens = TOKEN.findall(text)
    if meaningful := _meaningful(tokens, text):
        tokens = list(compress(tokens, meaningful))
    return tokens if text.isascii() else [plain(token) for token in tokens]


def offsets(text: str) -> list[tuple[int, int]]:
    """Where each token of `tokenize(text)` starts and stops."""
    places = [match.span() for match in TOKEN.finditer(text)]
    meaningful = _meaningful(TOKEN.findall(text), text)
    return list(compress(places, meaningful)) if meaningful else places


def _meaningful(tokens: list[str], text: str) -> list[bool]:
    """Which tokens are no comments, joined lines or line ends in mid-statement; empty for all."""
    if "\n" not in text and "#" not in text:
        return []
    if (
        "=" in tokens
        and "#" not in text
        and "\\" not in text
        and all(map(balanced, text.split("\n")))
    ):
        return []
    keep = [token[0] != "#" and not _joins(token) for token in tokens]
    # Without an assignment a line end is white space; with one it is inside brackets.
    assigns = "=" in compress(tokens, keep)
    depth = 0
    for index, token in enumerate(tokens):
        if not keep[index]:
            continue
        last = token[-1]
        if last == "\n":
            keep[index] = assigns and depth <= 0
        elif last in "([":
            depth += 1
        elif last in ")]":
            depth -= 1
    return keep


def balanced(line: str) -> bool:
    """Does a line close as many brackets as it opens?"""
    return line.count("(") == line.count(")") and line.count("[") == line.count("]")


def plain(token: str) -> str:
    """`token` with typographic characters replaced by what they stand for."""
    if token.isascii():
        return token
    if token[0] == "√" and token[-1] == "(":
        return "sqrt("
    if token[0] in "0123456789.":
        return token.replace("−", "-").replace("–", "-")
    return TYPOGRAPHIC.get(token, token)


def word(token: str) -> str:
    """A name without the bracket that it opens: `exp (` is `exp`."""
    return token[:-1].rstrip() if token[-1] == "(" else token


def bare(name: str) -> str:
    """A name without the module it was pasted with: `np.exp` is `exp`."""
    return re.sub(PREFIX, "", name) if "." in name else name


def is_name(token: str) -> bool:
    return token.isidentifier() if token.isascii() else re.fullmatch(NAME, token) is not None


def is_number(token: str) -> bool:
    return token.isascii() and token[token[0] == "." :][:1].isdigit()


def _joins(token: str) -> bool:
    return token[0] == "\\" and token[-1] == "\n"
