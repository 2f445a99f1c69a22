"""What a statement may be: what stands before its `=`, and where one without may stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backprop.errors import LanguageError
from backprop.gates import find
from backprop.language.complaints.spans import ENDS, at, at_name
from backprop.language.syntax import Function, Item, Op
from backprop.language.tokens import is_name

if TYPE_CHECKING:
    from backprop.language.state import State


def nothing_to_compute(state: State) -> LanguageError:
    if state.functions:
        message = "the text defines functions but computes nothing"
        return LanguageError(message, hint="end with an expression that calls them")
    hint = 'try backprop eval "(x+y)*z" --x=-2 --y=5 --z=-4'
    return LanguageError("the text is empty", hint=hint)


def check_statement(state: State) -> None:
    """A line without `=` may only come last, and may not look like the line before going on: with
    a sign in front, further to the right."""
    first, tokens = state.first, state.tokens
    if tokens[first] in ("-", "+") and goes_on(state, first):
        message = f"a line that begins with {tokens[first]} may go on with the line before"
        hint = "put both lines in brackets, or begin this one where the others begin"
        raise at(state, first, message, hint)
    if not state.body:
        return
    start, stop = state.body[-1]
    root = state.code[stop - 1]
    if not (isinstance(root, Op) and root.kind == "store"):
        first = last = state.at[start]
        while first > 0 and tokens[first - 1] not in ENDS:
            first -= 1
        while tokens[last + 1] not in ENDS:
            last += 1
        message = "this statement has no name, so nothing can use it"
        hint = "write name = before it; only the last statement may go without"
        raise at(state, first, message, hint, last)


def goes_on(state: State, first: int) -> bool:
    """Does only a line end part this statement from one before it, which begins further left?"""
    tokens, k = state.tokens, first - 1
    while k >= 0 and tokens[k] == "\n":
        k -= 1
    if not 0 <= k < first - 1 or tokens[k] == ";":
        return False
    while k > 0 and tokens[k - 1] not in ENDS:
        k -= 1
    return indented(state, first) > indented(state, k)


def indented(state: State, k: int) -> int:
    """How far from the left a token stands in its line."""
    start = state.offsets[k][0]
    return start - state.text.rfind("\n", 0, start)


def target(state: State, k: int, written: Sequence[Item]) -> tuple[str, int] | Function:
    """What `written`, the code before `=`, names: a stage, or a function and its parameters."""
    first, tokens = state.first, state.tokens
    if state.target:
        message = "one statement has one ="
        hint = "give every name a statement of its own, or write == to compare"
        raise at(state, k, message, hint)
    *operands, root = written or [""]
    if k == first + 1 and is_name(tokens[first]):
        return tokens[first], first
    if isinstance(root, str) or root.kind != "call" or tokens[first][-1] != "(":
        message = "only a name, or name(p, q), can stand before ="
        indexed = not isinstance(root, str) and root.kind == "index"
        hint = "give the element a name of its own" if indexed else "write == to compare"
        raise at(state, first, message, hint, k - 1)
    names = [item for item in operands if isinstance(item, str) and is_name(item)]
    if len(names) != len(operands) or root.arity != len(names) or not names:
        message = "the parameters of a function are names, one at least"
        hint = f"write {root.name}(a, b) = expression, or == to compare"
        raise at(state, first, message, hint, k - 1)
    if len(set(names)) < len(names):
        raise at(state, first, "two parameters have the same name", "", k - 1)
    if find(root.name):
        raise at_name(state, first, f"{root.name} is a gate already", "choose another name")
    if root.name in state.functions:
        message = f"the function {root.name} is defined twice"
        raise at_name(state, first, message, "choose another name")
    return Function(root.name, tuple(names), 0, 0)
