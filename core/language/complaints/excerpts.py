"""Pieces of the text around a token, for hints that can be pasted back.

Everything here looks at the tokens only, so it also works in a text that can't be read. A
piece that is long or runs over several lines is not given: the hint then stays general.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backprop.language.characters import SUPERSCRIPTS
from backprop.language.syntax import PREFIX, ending, token_spans
from backprop.language.tokens import is_name, is_number

if TYPE_CHECKING:
    from backprop.language.state import State

LONGEST = 24


def excerpt(state: State, first: int, last: int) -> str:
    """The text of some tokens; empty if it is too long to repeat."""
    text = state.text[state.offsets[first][0] : state.offsets[last][1]]
    return text if len(text) <= LONGEST and text.isprintable() and "#" not in text else ""


def closing(tokens: Sequence[str], k: int) -> int | None:
    """The token that closes the bracket which token `k` opens."""
    depth = 0
    for i in range(k, len(tokens)):
        depth += (tokens[i][-1] in "([") - (tokens[i] in (")", "]"))
        if depth == 0:
            return i
    return None


def opening(tokens: Sequence[str], k: int) -> int:
    """The token that opened the bracket which token `k`, read already, closes."""
    depth = 1
    while depth:
        k -= 1
        depth += (tokens[k] in (")", "]")) - (tokens[k][-1] in "([")
    return k


def starts_operand(token: str) -> bool:
    return token[-1] == "(" or token == "[" or is_name(token) or is_number(token)


def factor(state: State, k: int) -> str:
    """The signed power that begins at token `k`, a number that multiplies it included."""
    tokens, i, wanted = state.tokens, k, True
    while i < len(tokens):
        token = tokens[i]
        if starts_operand(token) if wanted else continues(state, i):
            end = closing(tokens, i) if token[-1] in "([" else i
            if end is None:
                return ""
            i, wanted = end, False
        elif token in ("**", "^") and not wanted:
            wanted = True
        elif token not in PREFIX or not wanted:
            break
        i += 1
    return "" if wanted else excerpt(state, k, i - 1)


def continues(state: State, k: int) -> bool:
    """Does token `k` go on with the operand before it?"""
    token = state.tokens[k]
    suffix = token == "[" or token in SUPERSCRIPTS or (token[0] == "." and not is_number(token))
    return suffix or implied(state, k)


def implied(state: State, k: int) -> bool:
    """Does token `k` stand directly after a number that multiplies it?"""
    tokens, places = state.tokens, state.offsets
    touches = places[k - 1][1] == places[k][0]
    return touches and is_number(tokens[k - 1]) and starts_operand(tokens[k])


def operand_before(state: State, operator: int) -> str:
    """The left operand of a waiting operator, when only the number after it has been read."""
    span = token_spans(state.code[:-1], state.at[:-1])[-1]
    return excerpt(state, ending(span, operator - 1)[0], operator - 1)


def primary_before(state: State, k: int) -> str:
    """The name, number, call or bracket that ends with token `k`; empty for anything else."""
    token = state.tokens[k]
    if is_name(token) or is_number(token):
        return excerpt(state, k, k)
    if token != ")":
        return ""
    first = opening(state.tokens, k)
    return "" if state.tokens[first][0] == "." else excerpt(state, first, k)


def inside(text: str, start: int) -> str:
    """What stands in the bracket that is opened at `start`; three dots if it is too long."""
    depth = 0
    for i in range(start, min(len(text), start + LONGEST + 2)):
        depth += (text[i] in "([") - (text[i] in ")]")
        if depth == 0:
            found = text[start + 1 : i].strip()
            return found if found.isprintable() and "#" not in found else "..."
    return "..."


def top_level_commas(content: str) -> int:
    depth = count = 0
    for char in content:
        depth += (char in "([") - (char in ")]")
        count += char == "," and depth == 0
    return count
