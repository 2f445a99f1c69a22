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
    from backprop.language.state import State

MARKUP = re.compile(r"</?[A-Za-z][^<>\n]*>")
COMMAND = re.compile(r"\\([A-Za-z]+)")
CURLY = re.compile(r"\{\s*([^{}\n#]{1,24}?)\s*\}")


def unreadable(state: State, k: int, token: str) -> LanguageError | None:
    """A character that is not read anywhere, or the start of something that isn't."""
    if len(token) > 1 and token[0] in ("'", '"'):
        return quoted(state, k, token[0])
    if len(token) > 1 or token in SUPERSCRIPTS or token in TYPOGRAPHIC.values() or is_name(token):
        return None
    if token in ("'", '"'):
        return quoted(state, k, token)
    if token == "\\":
        return latex(state, k)
    start = state.offsets[k][0]
    refused = foreign(state.text[start])
    return at(state, k, *refused) if refused else None


def quoted(state: State, k: int, token: str) -> LanguageError:
    """A prime, as in f'(x), or a text in quotes with the letters that may stand before it."""
    text, start = state.text, state.offsets[k][0]
    stop = start + 1
    touches = k > 0 and state.offsets[k - 1][1] == start
    follows = text[stop : stop + 1]
    if token == "'" and touches and is_number(state.tokens[k - 1]) and follows.isdigit():
        return at(state, k, "' can't stand inside a number", "write thousands as 1_000")
    if token == "'" and touches and not (follows.isalpha() or follows == "{"):
        return at(state, k, "a prime can't be used here", "name the derivative instead: dx")
    if touches and state.tokens[k - 1].lower() in ("f", "r", "b", "u", "rb", "br", "fr", "rf"):
        start = state.offsets[k - 1][0]
    end = text.find(token, stop)
    line = text.find("\n", stop)
    closed = end >= 0 and (line < 0 or end < line)
    message = "text in quotes can't be used here"
    return at_characters(state, start, end + 1 if closed else stop, message, QUOTES)


def latex(state: State, k: int) -> LanguageError:
    start = state.offsets[k][0]
    follows = state.text[start + 1 : start + 2]
    if not follows or follows.isspace():
        hint = "it joins a line with the next one, so nothing may follow it"
        return at(state, k, "a backslash can only stand at the end of a line", hint)
    found = COMMAND.match(state.text, start)
    name, stop = (found[1], found.end()) if found else ("", start + 2)
    hint = "write \\frac{a}{b} as a/b, \\exp x as exp(x)"
    if find(name) or name in GREEK_NAMES:
        hint = f"write {name}(...)" if find(name) else f"write {name}"
    return at_characters(state, start, stop, "LaTeX can't be used here", LATEX.get(name, hint))


def markup(state: State, k: int) -> LanguageError | None:
    found = MARKUP.match(state.text, state.offsets[k][0])
    message, hint = "markup can't be used here", "write the expression alone"
    return at_characters(state, *found.span(), message, hint) if found else None


def curly(state: State, k: int, before: str) -> LanguageError:
    message, hint = OPERATORS["{"]
    found = CURLY.match(state.text, state.offsets[k][0])
    content = found[1] if found and found[1].isprintable() else "..."
    if find(before):
        hint = f"write {before}({content})"
    elif before[-1] == "_":
        hint = f"write the index as part of the name: {before}{content}"
    return at(state, k, message, hint)
