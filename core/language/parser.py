"""Tokens in, tree out: precedence climbing with its own stacks, so nothing nests too deep.

`Parser.tree` is the loop over tokens and knows two states: an operand is wanted, or an
operator. What is frequent is decided there; brackets, statements and whatever is wrong is
left to one small method each. Precedence is Python's.
"""

from __future__ import annotations

import re
from math import inf
from types import ModuleType

from backprop.language import statements
from backprop.language.characters import SUPERSCRIPTS
from backprop.language.precedence import (
    AMBIGUOUS,
    CHAINED,
    ELSE,
    FLOOR,
    IF,
    PENDING,
    POWER,
    RANK,
    SIGN,
    STEP,
    TIMES,
    WORDS,
)
from backprop.language.state import Bracket, State
from backprop.language.syntax import (
    ABSENT,
    AXIS,
    CHOICE,
    HELD,
    LEVEL,
    NEW_AXIS,
    POSTFIX,
    REST,
    SLICE,
    Function,
    Item,
    Op,
    Tree,
    children,
    subtree,
)
from backprop.language.syntax import WORDS as HELD_WORDS
from backprop.language.tokens import PREFIX, is_name, is_number, word

# Arguments that may be given by name, and what they are called here.
KEYWORDS: dict[Item, str] = {
    "axis": "axis", "keepdims": "keepdims", "dim": "axis", "keepdim": "keepdims",
    "ddof": "ddof", "correction": "ddof", "ord": "ord", "axes": "axes", "dims": "axes",
    "stride": "stride", "padding": "padding", "lower": "lower", "eps": "eps", "shift": "shift",
    "bias": "bias", "weight": "weight",
}  # fmt: skip
SETTINGS = {"True": "1", "False": "0", "None": NEW_AXIS}
NO_NAMES = ("None", "True", "False")  # but for what an argument that has a name may be
PLACES = {"None": NEW_AXIS, "...": REST} | {
    f"{module}.newaxis": NEW_AXIS for module in ("np", "numpy", "jnp")
}  # parts of an index
QUOTES = ("'", '"')
EQUALITY = {"==", "!="}
ELSEWHERE = ("sinc", "var", "std", "huber")  # are something else in some modules
BETWEEN = ("and", "or", "if", "else")
CLOSING = {"group": ")", "tuple": ")", "call": ")", "method": ")", "list": "]", "index": "]"}


class Parser(State):
    def tree(self) -> Tree:
        leaves, power_of, floor_of = self.leaves, POWER.get, FLOOR
        pending, places = self.pending, self.places
        emit, mark = self.code.append, self.at.append
        wanted = True
        for k, token in enumerate(self.tokens):
            if wanted:
                if token in leaves:
                    emit(token)
                    mark(k)
                    wanted = False
                else:
                    wanted = self.operand(k, token)
            elif power := power_of(token):
                floor = floor_of[power]
                while pending[-1] >= floor:
                    emit(PENDING[pending.pop() % STEP])
                    mark(places.pop())
                pending.append(power)
                places.append(k)
                wanted = True
            else:
                wanted = self.operator(k, token)
        self.end(len(self.tokens), wanted=wanted)
        if not self.body:
            raise statements.nothing_to_compute(self)
        values = {**HELD_WORDS, **self.texts} if self.texts else HELD_WORDS
        return Tree(self.text, self.code, self.at, self.body, self.functions, values=values)

    # What can stand where an operand is wanted; the answer says whether one still is.

    def operand(self, k: int, token: str) -> bool:
        if token == "(":
            return self.opened(Bracket("group", k))
        if token in SIGN:
            self.push(SIGN[token], k)
            return True
        if token[-1] == "(" and token[0] != ".":
            name = self.called.get(token)
            if name is None:
                name = self.called[token] = named(word(token))
                if name in ELSEWHERE and name != word(token):
                    self.complaints.check_module(self, k, token, name)
            return self.opened(Bracket("call", k, name))
        if token == "[":
            return self.opened(Bracket("list", k))
        if is_number(token):
            self.check_number(k, token)
        elif token[0] in QUOTES and len(token) > 1:
            self.quoted(k, token)
            return False
        elif token == "not":
            return self.negated(k)
        elif token in BETWEEN or not is_name(token):
            return self.gap(k, token)
        elif token in NO_NAMES:
            self.emit(self.special(k, token), k)
            return False
        self.leaves.add(token)
        self.emit(token, k)
        return False

    def quoted(self, k: int, token: str) -> None:
        """A text in quotes, which some functions take, and which a name is compared with."""
        from backprop.gates.functions import TEXTS

        if {*self.tokens[max(0, k - 1) : k], *self.tokens[k + 1 : k + 2]} & EQUALITY:
            leaf = f'{HELD}"{token[1:-1]}"'
            numbers = [one for one in self.texts if one[1] == '"']
            self.texts.setdefault(leaf, float(len(numbers)))
            self.emit(leaf, k)
            return
        if not self.is_alone(k, "call", "method") or self.open[-1].name not in TEXTS:
            raise self.complaints.operand_wanted(self, k, token)
        leaf = f"{HELD}'{token[1:-1]}'"
        self.texts[leaf] = token[1:-1]
        self.emit(leaf, k)

    def gap(self, k: int, token: str) -> bool:
        """No operand came: right in an empty bracket, a slice, an empty statement; else wrong."""
        if token in PLACES and self.is_alone(k, "index"):
            self.emit(PLACES[token], k)
            return False
        if re.match(PREFIX, token):
            self.emit(self.complaints.constant_name(self, k, token), k)
            return False
        bracket = self.open[-1] if self.open else None
        empty = self.at_opening(k)
        if bracket is None and token in ("\n", ";") and k == self.first and not self.target:
            self.first = k + 1
            return True
        colons = bracket.colons if bracket else 0
        ends = (":", ",", "]") if colons else ":"
        if bracket and bracket.kind == "index" and token in ends and not self.pending[-1]:
            self.emit(ABSENT, k - 1 if colons else k)
            return self.operator(k, token)
        if bracket and empty and token == ")" and bracket.kind in ("call", "method"):
            return self.closed(k, token, 0)
        if bracket and empty and token == "]" and bracket.kind == "list":
            return self.closed(k, token, 0)
        if empty and token == ")" and self.is_argument():
            self.open[-1].kind = "tuple"
            return self.closed(k, token, 0)
        raise self.complaints.operand_wanted(self, k, token)

    def special(self, k: int, token: str) -> str:
        """What None, True and False are: in an index, or as an argument that has a name."""
        if token in PLACES and self.is_alone(k, "index"):
            return PLACES[token]
        if self.open and self.open[-1].keyword == k - 2 and self.is_alone(k, "call", "method"):
            return SETTINGS[token]
        raise self.complaints.no_name(self, k, token)

    def is_alone(self, k: int, *kinds: str) -> bool:
        """Does token `k` stand alone between the brackets, commas and `=` of such a bracket?"""
        if not self.open or self.open[-1].kind not in kinds:
            return False
        before, after = self.tokens[k - 1], self.tokens[k + 1 : k + 2]
        return before[-1] in "[,=(" and after in ([","], ["]"], [")"])

    def at_opening(self, k: int) -> bool:
        return bool(self.open) and self.open[-1].token == k - 1

    # What can follow an operand, other than an infix operator.

    def operator(self, k: int, token: str) -> bool:
        if token in (")", "]"):
            return self.closed(k, token)
        if token == ",":
            return self.comma(k)
        if token in SUPERSCRIPTS:
            if self.tokens[k - 1] in SUPERSCRIPTS:
                raise self.readings.superscripts(self, k, token)
            self.emit(SUPERSCRIPTS[token], k)
            self.emit(POSTFIX, k)
            return False
        if token == "[":
            self.complaints.check_index(self, k)
            return self.opened(Bracket("index", k))
        if token[0] == "." and is_name(word(token)[1:]):
            return self.attribute(k, token)
        if token in ("\n", ";") and not self.open:
            self.end(k, wanted=False)
            self.first = k + 1
            return True
        if token == "=" and not self.open:
            return self.assign(k)
        if token == ":" and self.open and self.open[-1].kind == "index":
            return self.colon(k)
        if token == "=" and self.open[-1].kind in ("call", "method") and self.keyword(k):
            return True
        if token in RANK:
            return self.compare(k, token)
        if token in BETWEEN:
            return self.between(k, token)
        readings = self.readings
        if readings.multiplies(self, k, token):
            if self.pending[self.waiting] in AMBIGUOUS:
                raise readings.ambiguous(self, k, self.operator_token(self.waiting))
            self.reduce(LEVEL["mul"] * STEP)
            self.push(TIMES, k)
            return self.operand(k, token)
        raise self.complaints.operator_wanted(self, k, token)

    def compare(self, k: int, token: str) -> bool:
        self.reduce(LEVEL["add"] * STEP)
        if self.pending[-1] // STEP == LEVEL["lt"]:
            self.chain(k)
        self.push(RANK[token], k)
        return True

    def chain(self, k: int) -> None:
        """`a < b < c` is `a < b` times `b < c`: its middle stands twice."""
        middle = subtree(self.code, len(self.code))
        operand, places = self.code[middle:], self.at[middle:]
        if any(not isinstance(item, str) and item.kind == "chain" for item in operand):
            raise self.complaints.chain_inside(self, k)
        self.reduce(LEVEL["lt"] * STEP)
        self.code += operand
        self.at += places
        self.push(CHAINED, k)

    def negated(self, k: int) -> bool:
        """`not c` is 1 - c."""
        if self.pending[-1] >= (LEVEL["not"] + 1) * STEP:
            raise self.complaints.not_inside(self, k)
        self.emit("1", k)
        self.push(WORDS["not"], k)
        return True

    def between(self, k: int, token: str) -> bool:
        """`and`, `or`, and both words of `a if c else b`."""
        if token in WORDS:
            self.reduce(WORDS[token] // STEP * STEP)
            self.push(WORDS[token], k)
            return True
        self.reduce(LEVEL["or"] * STEP)
        if (self.pending[-1] == IF) != (token == "else"):
            raise self.complaints.misplaced_choice(self, k, token)
        if token == "if":
            self.push(IF, k)
        else:
            self.pending[-1] = ELSE
        self.chooses = True
        return True

    def opened(self, bracket: Bracket) -> bool:
        self.open.append(bracket)
        self.pending.append(0)
        return True

    def comma(self, k: int) -> bool:
        if self.is_argument():
            self.open[-1].kind = "tuple"
        if not self.open or self.open[-1].kind == "group":
            raise self.complaints.stray_comma(self, k)
        self.reduce(1)
        self.finish_slice(k)
        self.finish_keyword()
        self.open[-1].commas += 1
        self.open[-1].comma = k
        return True

    def is_argument(self) -> bool:
        """Does the innermost open bracket, a group so far, begin an argument, as a tuple does?"""
        if len(self.open) < 2 or self.open[-1].kind != "group":
            return False
        before = self.tokens[self.open[-1].token - 1]
        return self.open[-2].kind in ("call", "method") and (before in ",=" or before[-1] == "(")

    def closed(self, k: int, token: str, operands: int = 1) -> bool:
        self.reduce(1)
        if not self.open or CLOSING[self.open[-1].kind] != token:
            raise self.complaints.unmatched(self, k, token)
        if operands:
            self.finish_slice(k)
            self.finish_keyword()
        bracket = self.open[-1]
        if bracket.kind == "tuple" and self.tokens[k + 1 : k + 2] not in ([","], [")"], []):
            raise self.complaints.stray_comma(self, bracket.comma)
        self.open.pop()
        self.pending.pop()
        if bracket.kind == "group":
            return False
        kind = "list" if bracket.kind == "tuple" else bracket.kind
        count = (bracket.commas + 1 if operands else 0) + (kind in ("index", "method"))
        self.emit(self.call(bracket.name, count, kind), bracket.token)
        return False

    def call(self, name: str, count: int, kind: str) -> Op:
        """The one `Op` of this call, so that a million calls of a function share it."""
        key = (name, kind, count)
        if key not in self.calls:
            self.calls[key] = Op(name or kind, count, kind)
        return self.calls[key]

    def attribute(self, k: int, token: str) -> bool:
        from backprop.language.spellings import method

        name = word(token)[1:]
        self.complaints.check_attribute(self, k, token, name)
        if token[-1] == "(":
            return self.opened(Bracket("method", k, name if name == "dot" else method(name)))
        self.emit(Op(name, 1, "attribute"), k)
        return False

    def colon(self, k: int) -> bool:
        self.reduce(1)
        bracket = self.open[-1]
        bracket.colons += 1
        if bracket.colons == 1:
            bracket.colon = k
        if bracket.colons > 2:
            raise self.complaints.slice_too_long(self, k)
        return True

    def finish_slice(self, k: int) -> None:
        bracket = self.open[-1]
        if bracket.colons:
            for _ in range(2 - bracket.colons):
                self.emit(ABSENT, k - 1)
            self.emit(SLICE, bracket.colon)
            bracket.colons = 0

    def keyword(self, k: int) -> bool:
        """`axis=` in a call: the argument that follows is known by this name."""
        bracket = self.open[-1]
        first = self.tokens[k - 2][-1] in "(," and self.tokens[k - 1] == self.code[-1]
        if not first or bracket.keyword or self.code[-1] not in KEYWORDS:
            return False
        bracket.keyword = k - 1
        del self.code[-1], self.at[-1]
        return True

    def finish_keyword(self) -> None:
        bracket = self.open[-1]
        if bracket.keyword:
            named = KEYWORDS[self.tokens[bracket.keyword]]
            self.emit(Op(named, 1, "keyword"), bracket.keyword)
            bracket.keyword = 0
        elif bracket.kind == "method" and bracket.name in ("max", "min") and not bracket.commas:
            # A.max(1) is along an axis, max(A, 1) the larger of two.
            self.emit(AXIS, bracket.token)

    # Statements.

    def assign(self, k: int) -> bool:
        """What stands before `=` becomes the statement's target: a name, or a function."""
        self.reduce(1)
        written = self.code[self.begin :]
        del self.code[self.begin :], self.at[self.begin :]
        self.target = statements.target(self, k, written)
        return True

    def end(self, k: int, *, wanted: bool) -> None:
        """The statement ends before token `k`."""
        if wanted and k == self.first and not self.target and not self.open:
            return
        if wanted or self.open:
            raise self.complaints.unfinished(self, k)
        self.reduce(1)
        if self.chooses:
            self.chooses = False
            self.code[self.begin :], self.at[self.begin :] = condition_first(
                self.code[self.begin :], self.at[self.begin :]
            )
        target, self.target = self.target, None
        stop = len(self.code)
        if isinstance(target, Function):
            self.functions[target.name] = Function(target.name, target.parameters, self.begin, stop)
        else:
            if target:
                self.emit(Op(target[0], 1, "store"), target[1])
            statements.check_statement(self)
            self.body.append((self.begin, len(self.code)))
        self.begin = len(self.code)

    def check_number(self, k: int, token: str) -> None:
        try:
            fits = float(token) < inf
        except ValueError:
            fits = False
        if not fits:
            raise self.complaints.not_a_number(self, k, token)

    # Words for what is wrong are loaded when something is.

    @property
    def complaints(self) -> ModuleType:
        from backprop.language.complaints import misfits

        return misfits

    @property
    def readings(self) -> ModuleType:
        from backprop.language.complaints import readings

        return readings

    # The stacks.

    def emit(self, item: Item, k: int) -> None:
        self.code.append(item)
        self.at.append(k)

    def push(self, power: int, k: int) -> None:
        self.pending.append(power)
        self.places.append(k)

    def reduce(self, floor: int) -> None:
        """Emit the pending operators that bind at least as tightly as `floor`."""
        while self.pending[-1] >= floor:
            if self.pending[-1] == IF:
                raise self.complaints.no_else(self)
            self.emit(PENDING[self.pending.pop() % STEP], self.places.pop())


def condition_first(code: list[Item], at: list[int]) -> tuple[list[Item], list[int]]:
    """The same code, where the condition of `a if c else b` comes before what it chooses from."""
    operands = children(code)
    order: list[int] = []
    waiting = [len(code) - 1]
    while waiting:
        node = waiting.pop()
        order.append(node)
        parts = operands[node]
        waiting += [parts[1], parts[0], parts[2]] if code[node] is CHOICE else parts
    order.reverse()
    return [code[node] for node in order], [at[node] for node in order]


def named(name: str) -> str:
    """What a function is called here, which may be written with the module it comes from."""
    if "." not in name:
        return name
    from backprop.language.spellings import plain

    return plain(name)


def parse(text: str) -> Tree:
    """The syntax tree of a program text; a `LanguageError` says where it can't be read."""
    return Parser(text).tree()
