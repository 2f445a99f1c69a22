"""Tokens in, tree out: precedence climbing with its own stacks, so nothing nests too deep.

`Parser.tree` is the loop over tokens and knows two states: an operand is wanted, or an
operator. What is frequent is decided there; brackets, statements and whatever is wrong is
left to one small method each. Precedence is Python's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from backprop.language import complaints
from backprop.language.syntax import (
    ABSENT, IMPLIED, INFIX, LEVEL, POSTFIX, PREFIX, SLICE, Function, Item, Op, Tree,
)  # fmt: skip
from backprop.language.tokens import POSTFIX as SUPERSCRIPTS
from backprop.language.tokens import bare, is_name, is_number, offsets, tokenize

# A pending operator is one int, level * STEP + index into PENDING, and is emitted when the
# next operator's FLOOR is not above it. An open bracket is 0, below every floor.
STEP = 32
PENDING = [*INFIX.values(), *PREFIX.values(), IMPLIED]
RANK = {symbol: LEVEL[op.name] * STEP + PENDING.index(op) for symbol, op in INFIX.items()}
POWER = {symbol: power for symbol, power in RANK.items() if power >= 2 * STEP}
FLOOR = {
    power: (LEVEL["pow"] + 1 if PENDING[power % STEP].name == "pow" else power // STEP) * STEP
    for power in POWER.values()
}
SIGN = {symbol: LEVEL["neg"] * STEP + PENDING.index(op) for symbol, op in PREFIX.items()}
TIMES = LEVEL["mul"] * STEP + PENDING.index(IMPLIED)
CLOSING = {"(": ")", "[": "]"}


@dataclass(slots=True)
class Bracket:
    """An open bracket: what it belongs to, its token, and what it holds so far."""

    kind: str  # group call method list index
    token: int
    name: str = ""
    commas: int = 0
    colons: int = 0


class Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokenize(text)
        self.code: list[Item] = []
        self.at: list[int] = []
        self.pending: list[int] = [0]
        self.places: list[int] = []  # the token of each pending operator
        self.open: list[Bracket] = []
        self.leaves: set[str] = set()
        self.body: list[tuple[int, int]] = []
        self.functions: dict[str, Function] = {}
        self.begin = 0  # where the statement's code begins
        self.first = 0  # and its tokens
        self.target: tuple[str, int] | Function | None = None
        self.calls: dict[tuple[str, str, int], Op] = {}

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
        self.end(len(self.tokens), wanted)
        if not self.body:
            raise complaints.nothing_to_compute(self)
        return Tree(self.text, self.code, self.at, self.body, self.functions)

    # What can stand where an operand is wanted; the answer says whether one still is.

    def operand(self, k: int, token: str) -> bool:
        if token == "(":
            return self.opened(Bracket("group", k))
        if token in SIGN:
            self.push(SIGN[token], k)
            return True
        last = token[-1]
        if last == "(":
            return self.opened(Bracket("call", k, bare(token[:-1].rstrip())))
        if token == "[":
            return self.opened(Bracket("list", k))
        if is_number(token):
            complaints.check_number(self, k, token)
        elif not is_name(token):
            return self.gap(k, token)
        self.leaves.add(token)
        self.emit(token, k)
        return False

    def gap(self, k: int, token: str) -> bool:
        """No operand came: right in an empty bracket, a slice, an empty statement; else wrong."""
        if "." in token and token[-1].isalnum():
            self.emit(complaints.constant_name(self, k, token), k)
            return False
        bracket = self.open[-1] if self.open else None
        empty = self.at_opening(k)
        if bracket is None and token in ("\n", ";") and k == self.first and not self.target:
            self.first = k + 1
            return True
        if bracket and bracket.kind == "index" and (token in ":," or token == "]"):
            if token == ":" or bracket.colons:
                self.emit(ABSENT, k if token == ":" else k - 1)
                return self.operator(k, token)
        if bracket and empty and token == ")" and bracket.kind in ("call", "method"):
            return self.closed(k, token, 0)
        if bracket and empty and token == "]" and bracket.kind == "list":
            return self.closed(k, token, 0)
        raise complaints.operand_wanted(self, k, token)

    def at_opening(self, k: int) -> bool:
        return bool(self.open) and self.open[-1].token == k - 1

    # What can follow an operand, other than an infix operator.

    def operator(self, k: int, token: str) -> bool:
        if token in (")", "]"):
            return self.closed(k, token)
        if token == ",":
            return self.comma(k)
        if token in SUPERSCRIPTS:
            self.emit(SUPERSCRIPTS[token], k)
            self.emit(POSTFIX, k)
            return False
        if token == "[":
            complaints.check_index(self, k)
            return self.opened(Bracket("index", k))
        if token[0] == "." and token[1:2].isalpha():
            return self.attribute(k, token)
        if token in ("\n", ";") and not self.open:
            self.end(k, False)
            self.first = k + 1
            return True
        if token == "=" and not self.open:
            return self.assign(k)
        if token == ":" and self.open and self.open[-1].kind == "index":
            return self.colon(k)
        if token in RANK:
            return self.compare(k, token)
        if complaints.multiplies(self, k, token):
            self.reduce(LEVEL["mul"] * STEP)
            self.push(TIMES, k)
            return self.operand(k, token)
        raise complaints.operator_wanted(self, k, token)

    def compare(self, k: int, token: str) -> bool:
        self.reduce(LEVEL["add"] * STEP)
        if self.pending[-1]:
            raise complaints.chained(self, k)
        self.push(RANK[token], k)
        return True

    def opened(self, bracket: Bracket) -> bool:
        self.open.append(bracket)
        self.pending.append(0)
        return True

    def comma(self, k: int) -> bool:
        if not self.open or self.open[-1].kind == "group":
            raise complaints.stray_comma(self, k)
        self.reduce(1)
        self.finish_slice(k)
        self.open[-1].commas += 1
        return True

    def closed(self, k: int, token: str, operands: int = 1) -> bool:
        self.reduce(1)
        if not self.open or CLOSING["[" if self.open[-1].kind in ("list", "index") else "("] != token:
            raise complaints.unmatched(self, k, token)
        if operands:
            self.finish_slice(k)
        bracket = self.open.pop()
        self.pending.pop()
        if bracket.kind == "group":
            return False
        count = (bracket.commas + 1 if operands else 0) + (bracket.kind in ("index", "method"))
        self.emit(self.call(bracket.name, count, bracket.kind), bracket.token)
        return False

    def call(self, name: str, count: int, kind: str) -> Op:
        """The one `Op` of this call, so that a million calls of a function share it."""
        key = (name, kind, count)
        if key not in self.calls:
            self.calls[key] = Op(name or kind, count, kind)
        return self.calls[key]

    def attribute(self, k: int, token: str) -> bool:
        name = token.strip(".( \t")
        complaints.check_attribute(self, k, token, name)
        if token[-1] == "(":
            return self.opened(Bracket("method", k, name))
        self.emit(Op(name, 1, "attribute"), k)
        return False

    def colon(self, k: int) -> bool:
        self.reduce(1)
        self.open[-1].colons += 1
        if self.open[-1].colons > 2:
            raise complaints.at(self, k, "a slice has at most two colons: start:stop:step")
        return True

    def finish_slice(self, k: int) -> None:
        bracket = self.open[-1]
        if bracket.colons:
            for _ in range(2 - bracket.colons):
                self.emit(ABSENT, k - 1)
            self.emit(SLICE, k - 1)
            bracket.colons = 0

    # Statements.

    def assign(self, k: int) -> bool:
        """What stands before `=` becomes the statement's target: a name, or a function."""
        self.reduce(1)
        written = self.code[self.begin :]
        del self.code[self.begin :], self.at[self.begin :]
        self.target = complaints.target(self, k, written)
        return True

    def end(self, k: int, wanted: bool) -> None:
        """The statement ends before token `k`."""
        if wanted and k == self.first and not self.target and not self.open:
            return
        if wanted or self.open:
            raise complaints.unfinished(self, k)
        self.reduce(1)
        target, self.target = self.target, None
        stop = len(self.code)
        if isinstance(target, Function):
            self.functions[target.name] = Function(
                target.name, target.parameters, self.begin, stop
            )
        else:
            if target:
                self.emit(Op(target[0], 1, "store"), target[1])
            complaints.check_statement(self)
            self.body.append((self.begin, len(self.code)))
        self.begin = len(self.code)

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        return offsets(self.text)

    @property
    def waiting(self) -> str:
        """The operator that waits for the operand at hand."""
        return PENDING[self.pending[-1] % STEP].name if self.pending[-1] else ""

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
            self.emit(PENDING[self.pending.pop() % STEP], self.places.pop())


def parse(text: str) -> Tree:
    """The syntax tree of a program text; a `LanguageError` says where it can't be read."""
    return Parser(text).tree()
