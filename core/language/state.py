"""How far a text has been parsed: all that the parser knows, and whoever says what is wrong."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from backprop.language.precedence import SIGN
from backprop.language.syntax import Function, Item, Op
from backprop.language.tokens import offsets, tokenize


@dataclass(slots=True, eq=False, repr=False)
class Bracket:
    """An open bracket: what it belongs to, its token, and what it holds so far."""

    kind: str  # group tuple call method list index
    token: int
    name: str = ""
    commas: int = 0
    comma: int = 0  # the token of the latest
    colons: int = 0  # of the slice at hand
    colon: int = 0  # the token of the first
    keyword: int = 0  # the token of the name of the argument at hand, if it has one


class State:
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
        self.chooses = False  # has the statement an `if`?
        self.target: tuple[str, int] | Function | None = None
        self.called: dict[str, str] = {}  # the name in every token that opens a call
        self.texts: dict[
            str, str | float
        ] = {}  # those in quotes, by their leaves, or their numbers
        self.calls: dict[tuple[str, str, int], Op] = {}

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        return offsets(self.text)

    @property
    def waiting(self) -> int:
        """Which pending operator, signs aside, waits for the operand at hand; it may be 0."""
        k = len(self.pending) - 1
        while self.pending[k] in SIGN.values():
            k -= 1
        return k

    def operator_token(self, waiting: int) -> int:
        return self.places[waiting - self.pending[:waiting].count(0)]
