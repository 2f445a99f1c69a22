"""What comes over from elsewhere: quotes, LaTeX, markup, curly brackets, foreign characters."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backprop.errors import LanguageError
from backprop.gates import find
from backprop.language.characters import GREEK_NAMES, QUOTES, SUPERSCRIPTS, TYPOGRAPHIC, foreign
from backprop.language.complaints.spans import at, at_characters
from backprop.language.complaints.words import LATEX, OPERATORS
from backprop.language.tokens import is_name, is_number

if TYPE_CHECKING:
    from backprop.language.parser import Parser

MARKUP = re.compile(r"</?[A-Za-z][^<>\n]*>")
COMMAND = re.compile(r"\\([A-Za-z]+)")
CURLY = re.compile(r"\{\s*([^{}\n#]{1,24}?)\s*\}")


def unreadable(parser: Parser, k: int, token: str) -> LanguageError | None:
    """A character that is not read anywhere, or the start of something that isn't."""
    if len(token) > 1 or token in SUPERSCRIPTS or token in TYPOGRAPHIC.values() or is_name(token):
        return None
    if token in ("'", '"'):
        return quoted(parser, k, token)
    if token == "\\":
        return latex(parser, k)
    start = parser.offsets[k][0]
    refused = foreign(parser.text[start])
    return at(parser, k, *refused) if refused else None


def quoted(parser: Parser, k: int, token: str) -> LanguageError:
    """A prime, as in f'(x), or a text in quotes with the letters that may stand before it."""
    text, (start, stop) = parser.text, parser.offsets[k]
    touches = k > 0 and parser.offsets[k - 1][1] == start
    follows = text[stop : stop + 1]
    if token == "'" and touches and is_number(parser.tokens[k - 1]) and follows.isdigit():
        return at(parser, k, "' is not read inside a number", "write thousands as 1_000")
    if token == "'" and touches and not (follows.isalpha() or follows == "{"):
        return at(parser, k, "a prime is not read here", "name the derivative instead: dx")
    if touches and parser.tokens[k - 1].lower() in ("f", "r", "b", "u", "rb", "br", "fr", "rf"):
        start = parser.offsets[k - 1][0]
    end = text.find(token, stop)
    line = text.find("\n", stop)
    closed = end >= 0 and (line < 0 or end < line)
    message = "text in quotes is not read here"
    return at_characters(parser, start, end + 1 if closed else stop, message, QUOTES)


def latex(parser: Parser, k: int) -> LanguageError:
    start = parser.offsets[k][0]
    follows = parser.text[start + 1 : start + 2]
    if not follows or follows.isspace():
        hint = "it joins a line with the next one, so nothing may follow it"
        return at(parser, k, "a backslash can only stand at the end of a line", hint)
    found = COMMAND.match(parser.text, start)
    name, stop = (found[1], found.end()) if found else ("", start + 2)
    hint = "write \\frac{a}{b} as a/b, \\exp x as exp(x)"
    if find(name) or name in GREEK_NAMES:
        hint = f"write {name}(...)" if find(name) else f"write {name}"
    return at_characters(parser, start, stop, "LaTeX is not read here", LATEX.get(name, hint))


def markup(parser: Parser, k: int) -> LanguageError | None:
    found = MARKUP.match(parser.text, parser.offsets[k][0])
    message, hint = "markup is not read here", "write the expression alone"
    return at_characters(parser, *found.span(), message, hint) if found else None


def curly(parser: Parser, k: int, before: str) -> LanguageError:
    message, hint = OPERATORS["{"]
    found = CURLY.match(parser.text, parser.offsets[k][0])
    content = found[1] if found and found[1].isprintable() else "..."
    if find(before):
        hint = f"write {before}({content})"
    elif before[-1] == "_":
        hint = f"write the index as part of the name: {before}{content}"
    return at(parser, k, message, hint)
