"""Everything that can be wrong with a text, in words, with the likely fix.

The parser asks here when a token doesn't fit; nothing here changes the parser's state.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from backprop.errors import LanguageError, closest
from backprop.gates import CONSTANTS, find
from backprop.language.syntax import Function, Item, Op
from backprop.language.tokens import bare, foreign, is_name, is_number

if TYPE_CHECKING:
    from backprop.language.parser import Bracket, Parser

ATTRIBUTES = ("T", "dot")

OPERATORS = {
    "%": ("the remainder % is not read here", "a - b*floor(a/b) is the remainder of a and b"),
    "//": ("the whole-number division // is not read here", "write floor(a/b)"),
    "!": ("! is not read here", "write a factorial as a product; `not` as 1 - c"),
    "&": ("& is not read here", "write both conditions as a product: (a > 0)*(b > 0)"),
    "&&": ("&& is not read here", "write both conditions as a product: (a > 0)*(b > 0)"),
    "|": ("| is not read here", "write |x| as abs(x)"),
    "||": ("|| is not read here", "write |x| as abs(x), or `either` as max(a > 0, b > 0)"),
    ":=": (":= is not read here", "write name = expression as a statement of its own"),
    "->": ("-> is not read here", "define a function with f(x) = expression"),
    "=": ("= stands inside an expression", "write == to compare"),
    ":": ("a colon is not read here", "slices go in square brackets: x[0:2]"),
    "{": ("curly brackets are not read here", "group with ( )"),
    "}": ("curly brackets are not read here", "group with ( )"),
    "\\": ("LaTeX is not read here", "write \\frac{a}{b} as a/b and \\exp x as exp(x)"),
    "$": ("$ is not read here", "write the expression alone, without LaTeX"),
    "~": ("~ is not read here", "write `not c` as 1 - c"),
    "?": ("? is not read here", "write c ? a : b as where(c, a, b)"),
    '"': ("text in quotes is not read here", "a program holds numbers and names only"),
    "'": ("text in quotes is not read here", "write a derivative by hand as a name: dx"),
    "`": ("a backquote is not read here", "write the expression alone"),
    "<<": ("shifts of bits are not read here", "write x*2**n"),
    ">>": ("shifts of bits are not read here", "write x/2**n"),
}
WORDS = {
    "and": ("`and` is not read here", "write both conditions as a product: (a > 0)*(b > 0)"),
    "or": ("`or` is not read here", "write max(a > 0, b > 0)"),
    "not": ("`not` is not read here", "write 1 - c"),
    "if": ("`if` is not read here", "write where(condition, then, otherwise)"),
    "else": ("`else` is not read here", "write where(condition, then, otherwise)"),
    "for": ("loops are not read here", "write the terms out, or one statement a step"),
    "in": ("`in` is not read here", "write the terms out"),
    "is": ("`is` is not read here", "write == to compare"),
    "lambda": ("lambda is not read here", "define a function with f(x) = expression"),
    "def": ("def is not read here", "define a function with f(x) = expression"),
    "return": ("return is not read here", "the last statement is the output"),
    "import": ("import is not read here", "every gate is there already"),
    "from": ("import is not read here", "every gate is there already"),
    "while": ("loops are not read here", "write one statement a step"),
    "print": ("print is not read here", "the last statement is the output"),
}


def at(parser: Parser, k: int, message: str, hint: str = "", last: int | None = None) -> LanguageError:
    """An error at token `k` (up to token `last`), or at the end of the text."""
    places = parser.offsets
    if k < len(places):
        start, stop = places[k][0], places[k if last is None else last][1]
    else:
        stop = places[-1][1] + 1 if places else 1
        start = stop - 1
    if parser.text[start:stop] == "\n":
        start = places[k - 1][1] if k else start
        stop = start + 1
    return LanguageError(message, text=parser.text, span=(start, stop), hint=hint)


def quote(token: str) -> str:
    return f"`{token[:30]}...`" if len(token) > 30 else f"`{token}`"


def _foreign(parser: Parser, k: int, token: str) -> LanguageError | None:
    for i, char in enumerate(token):
        if refused := foreign(char):
            start = parser.offsets[k][0] + i
            return LanguageError(
                refused.message, text=parser.text, span=(start, start + 1), hint=refused.hint
            )
    if len(token) == 1 and not token.isprintable() and token != "\n":
        return at(parser, k, f"U+{ord(token):04X} is a control character and is not read here")
    return None


def operand_wanted(parser: Parser, k: int, token: str) -> LanguageError:
    """`token` stands where a number, a name or a bracket has to stand."""
    if refused := _foreign(parser, k, token):
        return refused
    if token in ("\n", ";"):
        return unfinished(parser, k)
    before = parser.tokens[k - 1] if k else ""
    if token == ")" and before.endswith("("):
        return at(parser, k, "the brackets are empty")
    if token in OPERATORS and token not in ("=", ":", "%", "//"):
        return at(parser, k, *OPERATORS[token])
    if token.startswith("."):
        return at(parser, k, f"an operand is wanted before {quote(token)}")
    after = f" after {quote(before)}" if before and before not in ("\n", ";") else ""
    return at(parser, k, f"a number, a name or a bracket is wanted{after}, not {quote(token)}")


def operator_wanted(parser: Parser, k: int, token: str) -> LanguageError:
    """`token` stands where an operator or an end has to stand."""
    if refused := _foreign(parser, k, token):
        return refused
    before = parser.tokens[k - 1]
    for word, place in ((token.strip("( "), k), (before, k - 1)):
        if word in WORDS:
            return at(parser, place, *WORDS[word])
    if token in OPERATORS:
        return at(parser, k, *OPERATORS[token])
    if len(token) == 2 and token[1] == "=" and token[0] in "+-*/@%&|":
        hint = f"write x = x {token[0]} ... under a new name"
        return at(parser, k, f"{token} is not read in a forward program", hint)
    if is_number(before) and is_number(token):
        return at(parser, k - 1, "this is not one number", "", k)
    if is_name(token.strip("( ")) or is_number(token) or token == "(":
        return _two_operands(parser, k, before, token)
    return at(parser, k, f"an operator is wanted before {quote(token)}")


def _two_operands(parser: Parser, k: int, before: str, token: str) -> LanguageError:
    if before in (")", "]") and token == "(":
        hint = "write )*( to multiply"
    elif token == "(":
        hint = "write * before the bracket to multiply"
    else:
        hint = f"write {before}*{token.strip('( ')} to multiply" if len(before + token) < 40 else ""
    return at(parser, k, "two operands stand next to each other with no operator between", hint)


def multiplies(parser: Parser, k: int, token: str) -> bool:
    """Is this a number directly before a name or bracket, which multiplies?"""
    number = parser.tokens[k - 1]
    starts = token == "(" or is_name(token.strip("( ")) or ("." in token and token[0].isalpha())
    if not starts or not is_number(number) or parser.code[-1] != number:
        return False
    places = parser.offsets
    if places[k - 1][1] != places[k][0]:
        return False
    follows = parser.tokens[k + 1] if k + 1 < len(parser.tokens) else ""
    if number == "0" and token[:1] in "xXbBoO" and token[1:2].isalnum():
        raise at(parser, k - 1, "only decimal numbers are read", "", k)
    if token in ("e", "E") and follows in ("+", "-") and places[k][1] == places[k + 1][0]:
        raise at(parser, k - 1, "this number has no digits in its exponent", "", k + 1)
    pending = parser.waiting
    if pending in ("div", "pow", "matmul"):
        sign = {"div": "/", "pow": "**", "matmul": "@"}[pending]
        rest = token.strip("( ") + ("(...)" if token[-1] == "(" else "")
        hint = f"write {sign}({number}*{rest}) or {sign}{number}*{rest}"
        raise at(parser, k - 1, f"{quote(number + token)} after {sign} can be read in two ways", hint, k)
    return True


def constant_name(parser: Parser, k: int, token: str) -> str:
    """`np.pi` is pi; no other name of a module is a constant here."""
    name = bare(token)
    if name not in CONSTANTS:
        raise at(parser, k, f"{quote(token)} is not a constant here", "pi and e are")
    return name


def check_number(parser: Parser, k: int, token: str) -> None:
    try:
        value = float(token)
    except ValueError:
        raise at(parser, k, f"{quote(token)} is not a number") from None
    if value == float("inf"):
        raise at(parser, k, f"{quote(token)} is larger than any float", "the largest is 1.8e308")


def check_attribute(parser: Parser, k: int, token: str, name: str) -> None:
    if name not in ATTRIBUTES or (name == "dot") != (token[-1] == "("):
        hint = "only .T and .dot(...) are read"
        if find(name) and token[-1] == "(":
            hint = f"write {name}(...) as a function of its own"
        raise at(parser, k, f"the attribute {quote(token.rstrip('( '))} is not read here", hint)


def check_index(parser: Parser, k: int) -> None:
    """`exp[x]` means exp(x)."""
    before = parser.tokens[k - 1]
    if find(before) and parser.code[-1] == before:
        raise at(parser, k, f"{before} is called with round brackets", f"write {before}(...)")


def stray_comma(parser: Parser, k: int) -> LanguageError:
    hint = "write a decimal comma as a point: 1.5" if is_number(parser.tokens[k - 1]) else ""
    where = "these brackets group, they don't hold a list" if parser.open else "no call or list is open"
    return at(parser, k, f"a comma can't stand here: {where}", hint)


def chained(parser: Parser, k: int) -> LanguageError:
    message = "comparisons can't be chained"
    return at(parser, k, message, "write a < b < c as (a < b)*(b < c)")


def unmatched(parser: Parser, k: int, token: str) -> LanguageError:
    if not parser.open:
        return at(parser, k, f"nothing was opened that this {token} could close")
    bracket = parser.open[-1]
    closing = "]" if bracket.kind in ("list", "index") else ")"
    place = column(parser, bracket)
    return at(parser, k, f"{token} stands where {closing} has to close the bracket of {place}")


def column(parser: Parser, bracket: Bracket) -> str:
    error = at(parser, bracket.token, "")
    return f"line {error.line}, column {error.column}"


def unfinished(parser: Parser, k: int) -> LanguageError:
    """The statement ends at token `k`, inside a bracket or before an operand."""
    if parser.open:
        bracket = parser.open[-1].token
        if "=" in parser.tokens[bracket:]:
            inside = parser.tokens.index("=", bracket)
            if parser.tokens[inside - 1].isidentifier() and parser.open[-1].kind == "call":
                return at(parser, inside - 1, "arguments are given by position, not by name", "", inside)
        return at(parser, bracket, "this bracket is never closed")
    before = parser.tokens[k - 1] if k else ""
    after = f" after {quote(before)}" if before not in ("", "\n", ";") else ""
    if k < len(parser.tokens):
        hint = "put the whole in brackets to continue it on the next line"
        return at(parser, k, f"the statement ends{after}, where an operand is wanted", hint)
    return at(parser, k, f"the text ends{after}, where an operand is wanted")


def nothing_to_compute(parser: Parser) -> LanguageError:
    if parser.functions:
        message = "the text defines functions but computes nothing"
        return LanguageError(message, hint="end with an expression that calls them")
    return LanguageError("the text is empty", hint='try backprop eval "(x+y)*z" --x=-2 --y=5 --z=-4')


def check_statement(parser: Parser) -> None:
    """A line without `=` may only come last, and may not look like the line before going on."""
    first = parser.tokens[parser.first]
    if not parser.body:
        return
    if first in ("-", "+"):
        message = f"a line that begins with {first} may continue the one before"
        hint = "put both lines in brackets, or give this one a name: f = ..."
        raise at(parser, parser.first, message, hint)
    last = parser.code[parser.body[-1][1] - 1]
    if not (isinstance(last, Op) and last.kind == "store"):
        token = parser.at[parser.body[-1][0]]
        raise at(parser, token, "this statement has no name, so nothing can use it",
                 "write name = before it; only the last statement may go without")  # fmt: skip


def target(parser: Parser, k: int, written: Sequence[Item]) -> tuple[str, int] | Function:
    """What `written`, the code before `=`, names: a stage, or a function and its parameters."""
    wrong = at(parser, parser.first, "only a name, or name(p, q), can stand before =",
               "write == to compare", k - 1)  # fmt: skip
    if parser.target:
        raise at(parser, k, "one statement has one =", "write == to compare")
    *operands, last = written or [""]
    names = [item for item in operands if isinstance(item, str) and is_name(item)]
    if isinstance(last, str):
        if operands or not is_name(last) or k != parser.first + 1:
            raise wrong
        return last, parser.first
    if last.kind != "call" or len(names) != len(operands) or last.arity != len(names) or not names:
        raise wrong
    if len(set(names)) < len(names):
        raise at(parser, parser.first, "two parameters have the same name", "", k - 1)
    if find(last.name):
        hint = "choose another name"
        raise at(parser, parser.first, f"{last.name} is a gate already", hint)
    if last.name in parser.functions:
        raise at(parser, parser.first, f"the function {last.name} is defined twice")
    return Function(last.name, tuple(names), 0, 0)


def unknown_function(name: str, functions: Sequence[str], span: tuple[int, int], text: str) -> LanguageError:
    """No gate and no function of the program is called `name`."""
    from backprop.gates import ALIASES, GATES

    near = closest(name, [*functions, *GATES, *ALIASES])
    hint = f"did you mean {near}?" if near else f"to multiply, write {name[:30]}*(...)"
    return LanguageError(f"no function is called {quote(name)}", text=text, span=span, hint=hint)
