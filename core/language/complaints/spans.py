"""Errors at a place of the text: a token, a name, a bracket, or some characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop.errors import LanguageError
from backprop.language.tokens import word

if TYPE_CHECKING:
    from backprop.language.state import State

ENDS = ("\n", ";")


def at(
    state: State, k: int, message: str, hint: str = "", last: int | None = None
) -> LanguageError:
    """An error at token `k` (up to token `last`), or at the end of the text."""
    places = state.offsets
    if k < len(places) and state.tokens[k] != "\n":
        start, stop = places[k][0], places[k if last is None else last][1]
    else:
        start = places[k - 1][1] if k else 0
        stop = start + 1
    return LanguageError(message, text=state.text, span=(start, stop), hint=hint)


def at_characters(
    state: State, start: int, stop: int, message: str, hint: str = ""
) -> LanguageError:
    return LanguageError(message, text=state.text, span=(start, stop), hint=hint)


def at_name(state: State, k: int, message: str, hint: str = "") -> LanguageError:
    """An error at the name of a call, without the bracket; at a token that is no call."""
    start, stop = state.offsets[k]
    name = word(state.text[start:stop])
    return at_characters(state, start, start + len(name) if name else stop, message, hint)


def at_bracket(state: State, k: int, message: str, hint: str = "") -> LanguageError:
    """An error at the bracket that a token ends with."""
    stop = state.offsets[k][1]
    return at_characters(state, stop - 1, stop, message, hint)


def never_closed(state: State) -> LanguageError:
    return at_bracket(state, state.open[-1].token, "this bracket is never closed")


def quote(token: str) -> str:
    return f"`{token[:30]}...`" if len(token) > 30 else f"`{token}`"
