"""Everything that can be wrong with a text, in words, with the likely fix.

The parser asks here when a token doesn't fit; nothing here changes the parser's state. The
words themselves are in the tables of words.py and characters.py where they can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backprop.errors import LanguageError, closest
from backprop.gates import CONSTANTS, find, names
from backprop.gates.composites import COMPOSITES
from backprop.gates.functions import functions as array_functions
from backprop.language.complaints import excerpts, foreign_text, readings
from backprop.language.complaints.spans import ENDS, at, at_bracket, at_name, never_closed
from backprop.language.complaints.spans import quote as quote
from backprop.language.complaints.words import (
    CHOICE,
    INDICES,
    LEADING,
    MEANT,
    NO_NAMES,
    OPERATORS,
    UNKNOWN,
    WORDS,
)
from backprop.language.spellings import method
from backprop.language.syntax import ATTRIBUTES
from backprop.language.tokens import bare, is_name, is_number, word

if TYPE_CHECKING:
    from backprop.language.state import State


# A token that doesn't fit.


def operand_wanted(state: State, k: int, token: str) -> LanguageError:
    """`token` stands where a number, a name or a bracket has to stand."""
    before = state.tokens[k - 1] if k else ""
    if before == "%" and k > 1 and is_number(state.tokens[k - 2]):
        return percentage(state, k - 2)
    if token in ENDS:
        return unfinished(state, k)
    if refused := foreign_text.unreadable(state, k, token):
        return refused
    if token in (")", "]") and before and before[-1] in "([":
        return at(state, k, "the brackets are empty")
    if token in (")", "]") and not state.open:
        return unmatched(state, k, token)
    if refused := foreign_text.markup(state, k - (before == "<")):
        return refused
    if token in LEADING:
        return at(state, k, *LEADING[token])
    wanted = "expected a number, a name or a bracket"
    if before in ENDS:
        hint = "to go on with the line before, put the whole in brackets"
        message = f"{wanted} at the start of a statement, not {quote(token)}"
        return at(state, k, message, hint if before == "\n" else "")
    if not before:
        return at(state, k, f"{wanted}, not {quote(token)}")
    message = f"{wanted} after {quote(before)}, not {quote(token)}"
    return at(state, k, message, MEANT.get(before + token, ""))


def operator_wanted(state: State, k: int, token: str) -> LanguageError:
    """`token` stands where an operator or an end has to stand."""
    before = state.tokens[k - 1]
    if refused := foreign_text.unreadable(state, k, token):
        return refused
    for found, place in ((word(token), k), (before, k - 1)):
        if found in WORDS:
            return at_name(state, place, *WORDS[found])
    if token == "=":
        return inner_equals(state, k, before)
    if token == "{":
        return foreign_text.curly(state, k, before)
    if token in OPERATORS:
        return at(state, k, *OPERATORS[token])
    if token[-1] == "=" and token[0] in "+-*/@%&|^":
        name = before if is_name(before) else "x"
        hint = f"give the result a new name: {name}2 = {name} {token[:-1]} ..."
        return at(state, k, f"{token} can't be used here: a name stands for one stage", hint)
    if is_number(before) and is_number(token):
        return readings.two_numbers(state, k, before, token)
    if excerpts.starts_operand(token):
        return readings.two_operands(state, k, before, token)
    return at(state, k, f"expected an operator before {quote(token)}")


def inner_equals(state: State, k: int, before: str) -> LanguageError:
    """An equals sign inside a bracket: an argument by name, or the bracket was never closed."""
    bracket = state.open[-1]
    follows = state.tokens[k + 1] if k + 1 < len(state.tokens) else ""
    if follows in ("<", ">"):
        return at(state, k, f"={follows} can't be used here", MEANT["=" + follows], k + 1)
    starts = state.tokens[k - 2][-1] in "(,"
    if bracket.kind in ("call", "method") and is_name(before) and starts:
        return at(
            state,
            k - 1,
            "arguments are given by position; only a few, such as axis and stride, have names",
            "write the values alone, in order",
            k,
        )
    if "\n" in state.text[state.offsets[bracket.token][1] : state.offsets[k][0]]:
        return never_closed(state)
    return at(state, k, *OPERATORS["="])


# Numbers and names.


def percentage(state: State, k: int) -> LanguageError:
    number = state.tokens[k]
    hint = f"write {number}% as {float(number) / 100:g}"
    return at(state, k, "a percentage can't be used here", hint, k + 1)


def constant_name(state: State, k: int, token: str) -> str:
    """`np.pi` is pi; no other name of a module is a constant here."""
    name = bare(token)
    if name not in CONSTANTS:
        hint = f"write {token}(...)" if find(name) else "only pi, e and functions can follow it"
        raise at(state, k, f"{quote(token)} is not a constant here", hint)
    return name


def no_name(state: State, k: int, token: str) -> LanguageError:
    """None, True or False, which are no variables."""
    message, hint = NO_NAMES[token]
    in_index = bool(state.open) and state.open[-1].kind == "index"
    return at(state, k, message, INDICES if in_index else hint)


def check_module(state: State, k: int, token: str, name: str) -> None:
    """NumPy's sinc has a pi that the gate here has not, and PyTorch's var has another divisor."""
    written = quote(f"{word(token)}(x)")
    if name == "sinc":
        message = f"{written} is sin(pi*x)/(pi*x), and sinc(x) here is sin(x)/x"
        raise at(state, k, message, "write sinc(pi*x)")
    if name == "huber":
        message = f"{quote(f'{word(token)}(d, x)')} has its bound first, and huber(x, d) here last"
        raise at(state, k, message, "write huber(x, d)")
    if token.startswith("torch."):
        message = f"{written} divides by one less than there are, and {name}(x) here doesn't"
        raise at(state, k, message, f"write {name}(x, ddof=1)")


def not_a_number(state: State, k: int, token: str) -> LanguageError:
    try:
        float(token)
    except ValueError:
        message = f"{quote(token)} is not a number"
        return at(state, k, message, "one _ may stand between two digits: 1_000")
    return at(state, k, f"{quote(token)} is larger than any float", "the largest is 1.8e308")


def check_attribute(state: State, k: int, token: str, name: str) -> None:
    """`.T` is read, and methods that are functions of the language."""
    called = token[-1] == "("
    if (name in ATTRIBUTES and not called) or (called and (name == "dot" or method(name))):
        return
    last = k
    while last + 1 < len(state.tokens) and state.tokens[last + 1][0] == "." and token[-1] != "(":
        last += 1
        token = state.tokens[last]
    function = word(token)[1:]
    hint = ".T, .shape, .ndim and .size are read, and methods such as .dot(...), .sum(0)"
    if find(function) and token[-1] == "(":
        hint = f"write {function}(...) as a function of its own"
    raise at_name(state, k, f"the attribute {quote('.' + name)} can't be used here", hint)


def check_index(state: State, k: int) -> None:
    """`exp[x]` means exp(x)."""
    before = state.tokens[k - 1]
    if find(before) and state.code[-1] == before:
        content = excerpts.inside(state.text, state.offsets[k][0])
        hint = f"write {before}({content})"
        raise at(state, k, f"the function {before} is called with round brackets", hint)


def unknown_function(
    name: str, functions: Sequence[str], span: tuple[int, int], text: str
) -> LanguageError:
    """No gate and no function of the program is called `name`."""
    if name in WORDS:
        return LanguageError(WORDS[name][0], text=text, span=span, hint=WORDS[name][1])
    hint = UNKNOWN.get(name, "")
    if not hint and (
        near := closest(name, [*functions, *names(), *COMPOSITES, *array_functions()])
    ):
        hint = f"did you mean {near}?"
    if not hint:
        hint = definition(
            name, text[span[0] : span[1]], excerpts.inside(text, text.find("(", span[1]))
        )
    return LanguageError(
        f"there is no function called {quote(name)}", text=text, span=span, hint=hint
    )


def definition(name: str, written: str, content: str) -> str:
    """How to define a function that is called with `content`, or to multiply if it isn't one."""
    if len(name) > excerpts.LONGEST:
        return "define it in a line before, or write * to multiply"
    count = excerpts.top_level_commas(content) + 1
    parameters = ", ".join("abcdefgh"[:count]) if content != "..." and count <= 8 else "a, ..."
    hint = f"to define it, write {name}({parameters}) = expression in a line before"
    if count == 1 and "." not in written:
        return f"to multiply, write {name}*({content}); {hint}"
    return hint


# Brackets and commas.


def stray_comma(state: State, k: int) -> LanguageError:
    before, after = state.tokens[k - 1], "".join(state.tokens[k + 1 : k + 2])
    hint = ""
    if before.isdigit() and after.isdigit() and len(before + after) <= 20:
        hint = f"write {before}.{after} for a decimal comma"
        hint += f", {before}{after} for thousands" if len(after) == 3 else ""
    where = "these brackets group" if state.open else "no call or list is open"
    return at(state, k, f"a comma can't stand here: {where}", hint)


def slice_too_long(state: State, k: int) -> LanguageError:
    return at(state, k, "a slice has at most two colons: start:stop:step")


def chain_inside(state: State, k: int) -> LanguageError:
    message = "the middle of a chain of comparisons has a chain of its own"
    return at(state, k, message, "give the middle a name in a line before")


# Conditions in words.


def not_inside(state: State, k: int) -> LanguageError:
    before = state.tokens[k - 1]
    return at(state, k, f"`not` can't stand after {quote(before)}", "put it in brackets: (not ...)")


def misplaced_choice(state: State, k: int, token: str) -> LanguageError:
    if token == "else":
        return at(state, k, "there is no `if` before this `else`", CHOICE)
    message = "this `if` stands in the condition of another"
    return at(state, k, message, "put the condition in brackets: a if (...) else b")


def no_else(state: State) -> LanguageError:
    return at(state, state.places[-1], "this `if` has no `else`", CHOICE)


def unmatched(state: State, k: int, token: str) -> LanguageError:
    if not state.open:
        return at(state, k, f"this {token} has no opening bracket")
    bracket = state.open[-1]
    opened = at_bracket(state, bracket.token, "")
    place = f"line {opened.line}, column {opened.column}"
    wanted = "]" if bracket.kind in ("list", "index") else ")"
    message = f"{token} stands where {wanted} has to close the bracket of {place}"
    return at(state, k, message)


def unfinished(state: State, k: int) -> LanguageError:
    """The statement ends at token `k`, inside a bracket or before an operand."""
    if state.open:
        return never_closed(state)
    before = state.tokens[k - 1] if k else ""
    if before == "%" and k > 1 and is_number(state.tokens[k - 2]):
        return percentage(state, k - 2)
    after = f" after {quote(before)}" if before not in ("", *ENDS) else ""
    if k == len(state.tokens):
        return at(state, k, f"the text ends{after}, but an operand has to follow")
    continues = state.tokens[k] == "\n"
    hint = "to go on with the next line, put the whole in brackets" if continues else ""
    return at(state, k, f"the statement ends{after}, but an operand has to follow", hint)
