"""Products without an operator: which are read, and which could be read in two ways."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backprop.errors import LanguageError
from backprop.gates import find
from backprop.language.characters import SUPERSCRIPTS
from backprop.language.complaints import excerpts
from backprop.language.complaints.spans import at, at_name, never_closed, quote
from backprop.language.tokens import PREFIX, is_name, is_number

if TYPE_CHECKING:
    from backprop.language.state import State


def multiplies(state: State, k: int, token: str) -> bool:
    """Is this a number directly before a name or bracket, which multiplies?"""
    number, places = state.tokens[k - 1], state.offsets
    starts = excerpts.starts_operand(token) and token != "[" and not is_number(token)
    if not (starts or re.match(PREFIX, token)) or not is_number(number):
        return False
    if places[k - 1][1] != places[k][0]:
        return False
    if number == "0" and token[:1] in "xXbBoO" and token[1:2].isalnum():
        raise at(state, k - 1, "only decimal numbers are read", decimal(number + token), k)
    follows = state.tokens[k + 1] if k + 1 < len(state.tokens) else ""
    if token in ("e", "E") and follows in ("+", "-") and places[k][1] == places[k + 1][0]:
        hint = f"write {number}*{token} {follows} ... to multiply by {token}"
        raise at(state, k - 1, "this number has no digits in its exponent", hint, k + 1)
    return True


def decimal(digits: str) -> str:
    """What a number to another base is, as a hint."""
    try:
        return f"write {int(digits, 0)}" if len(digits) <= excerpts.LONGEST else ""
    except ValueError:
        return ""


def ambiguous(state: State, k: int, operator: int) -> LanguageError:
    """`1/2x` is 1/(2*x) or (1/2)*x."""
    sign = state.tokens[operator]
    left = excerpts.operand_before(state, operator)
    number, right = excerpts.excerpt(state, operator + 1, k - 1), excerpts.factor(state, k)
    if find(left) and sign in ("**", "^"):
        argument = right[1:-1] if right[:1] == "(" else right or "..."
        message = "the power of a function stands after its brackets"
        return at(state, operator - 1, message, f"write {left}({argument})**{number}", k - 1)
    if not (left and number and right):
        left, number, right = "a", "2", "b"
    hint = f"write {left}{sign}({number}*{right}) or ({left}{sign}{number})*{right}"
    found = f"{state.tokens[k - 1]}{state.tokens[k]}"
    message = f"{quote(found)} after {sign} can be read in two ways"
    return at(state, k - 1, message, hint, k)


def superscripts(state: State, k: int, token: str) -> LanguageError:
    """`x²³`: the 23rd power, or the cube of a square?"""
    first = SUPERSCRIPTS[state.tokens[k - 1]]
    x = excerpts.primary_before(state, k - 2) or "x"
    hint = f"write {x}**{first}{SUPERSCRIPTS[token]} or ({x}**{first})**{SUPERSCRIPTS[token]}"
    found = quote(state.tokens[k - 1] + token)
    return at(state, k - 1, f"{found} can be read in two ways", hint, k)


def two_numbers(state: State, k: int, before: str, token: str) -> LanguageError:
    hint = ""
    if before.isdigit() and token.isdigit() and len(before + token) <= 20:
        hint = f"write {before}{token} for one number, {before}*{token} to multiply"
    return at(state, k - 1, "this is not one number", hint, k)


def two_operands(state: State, k: int, before: str, token: str) -> LanguageError:
    """Nothing stands between two operands: a product, a call without brackets, a lost line."""
    tokens = state.tokens
    if tokens[k + 1 : k + 2] == ["="]:
        if state.open:
            return never_closed(state)
        if state.target:
            return at(state, k, "expected a new line or ; before the next statement", "", k + 1)
        hint = f"write {excerpts.excerpt(state, k, k) or 'name'} = expression"
        return at(state, state.first, "only one name can stand before =", hint, k)
    function = before if before not in SUPERSCRIPTS else tokens[k - 2]
    if is_name(function) and (find(function) or function in state.functions):
        return without_brackets(state, k, function)
    message = "two operands stand next to each other with no operator between"
    if "\n" in state.text[state.offsets[k - 1][1] : state.offsets[k][0]]:
        hint = "write * to multiply, or name every line: a = expression"
        return at_name(state, k, message, hint)
    left, right = excerpts.primary_before(state, k - 1), excerpts.factor(state, k)
    hint = f"write {left}*{right} to multiply" if left and right else "write * to multiply"
    return at_name(state, k, message, hint)


def without_brackets(state: State, k: int, function: str) -> LanguageError:
    """`sin x`, or `sin² x`."""
    argument = excerpts.factor(state, k) or "..."
    bare_argument = argument[1:-1] if argument[0] == "(" and argument[-1] == ")" else argument
    power = SUPERSCRIPTS.get(state.tokens[k - 1])
    place = k - 2 if power else k - 1
    raised = f"**{power}" if power else ""
    message = f"the function {function} is called with brackets"
    if power:
        message = "the power of a function stands after its brackets"
    return at(state, place, message, f"write {function}({bare_argument}){raised}", k - 1)


def operand_follows(state: State, k: int) -> bool:
    return k + 1 < len(state.tokens) and excerpts.starts_operand(state.tokens[k + 1])
