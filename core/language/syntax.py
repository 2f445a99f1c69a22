"""The syntax tree, kept as its postfix walk: operands first, then the operator.

    (x + y) * z   is   x  y  add  z  mul

A text item is a leaf (a name or a number), anything else an `Op` that takes the `arity`
subtrees before it. So a tree of any depth is one flat list, and nothing that walks it
needs recursion. `at` holds one token index a node; `spans` turns them into characters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from backprop.language.tokens import offsets


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """An inner node. `kind` says how it was written, which is what spans and printing need."""

    name: str
    arity: int
    # prefix infix implied postfix call method list index slice attribute keyword store gate
    # and or not chain choice: made of gates, for conditions
    kind: str


Item = str | Op

ATTRIBUTES = ("T", "shape", "ndim", "size")
PREFIX = {"-": Op("neg", 1, "prefix"), "+": Op("pos", 1, "prefix")}
INFIX = {
    symbol: Op(name, 2, "infix")
    for symbol, name in {
        "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
        "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod", "@": "matmul", "**": "pow",
        "^": "pow",
    }.items()
}  # fmt: skip
IMPLIED = Op("mul", 2, "implied")  # 2x
POSTFIX = Op("pow", 2, "postfix")  # x²
SLICE = Op("slice", 3, "slice")
AXIS = Op("axis", 1, "keyword")  # of an argument whose name is not written
AND, OR = Op("mul", 2, "and"), Op("max", 2, "or")  # of conditions, which are 0 or 1
NOT = Op("sub", 2, "not")  # from 1
CHAIN = Op("mul", 2, "chain")  # a < b < c, where b stands twice
CHOICE = Op("where", 3, "choice")  # a if c else b
# How these are written, and the level at which each of them binds.
LOGIC = {"and": "and", "or": "or", "not": "not", "chain": "lt", "choice": "if"}
ABSENT = ""  # a part of a slice that was left out
HELD = "@"  # how the leaf of a constant begins that the tree holds in `values`
NEW_AXIS, REST = HELD + "None", HELD + "..."  # in an index
WORDS = {NEW_AXIS: None, REST: ...}  # what these leaves hold
HIDDEN = "%"  # how the name of a statement begins that nobody gave a name

LEVEL = {"if": 1, "or": 2, "and": 3, "not": 4, "lt": 5, "le": 5, "gt": 5, "ge": 5, "eq": 5,
         "ne": 5, "add": 6, "sub": 6, "mul": 7, "div": 7, "mod": 7, "matmul": 7, "neg": 8, "pos": 8,
         "pow": 9}  # fmt: skip
SYMBOL = {op.name: symbol for symbol, op in reversed(INFIX.items())} | {"neg": "-", "pos": "+"}
ATOM = 10
NO_NAME = "0123456789." + HELD + HIDDEN


class Guard(NamedTuple):
    """What was decided by a value while a source was read: by the truth of a condition, by a
    whole number, by an order. Whoever evaluates elsewhere has to look whether it holds."""

    leaf: str  # the value that decided
    test: str  # truth, whole, cut; or argmax, argmin, argsort with an axis
    expected: Any
    span: tuple[int, int]


class Function(NamedTuple):
    """`name(p, q) = expr`: the body is the part `start:stop` of the tree's code."""

    name: str
    parameters: tuple[str, ...]
    start: int
    stop: int


@dataclass(frozen=True, eq=False, repr=False)
class Tree:
    """A parsed text. `code[i]` is the node, `at[i]` its token."""

    text: str
    code: Sequence[Item]
    at: Sequence[int]
    body: Sequence[tuple[int, int]]  # the runs of code that are statements, not function bodies
    functions: dict[str, Function]
    output: str = ""  # the statement that was chosen to be the last, if one was
    values: Mapping[str, Any] = field(default_factory=dict)  # constants by their leaves
    whole: Collection[str] = ()  # variables that are an index, a size or a label
    source: Mapping[str, Any] = field(default_factory=dict)  # where it was read, if elsewhere
    guards: Sequence[Guard] = ()

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        return offsets(self.text)

    @cached_property
    def names(self) -> dict[str, int]:
        """Every name that could be a variable, with the node where it first stands."""
        found: dict[str, int] = {}
        for node, item in enumerate(self.code):
            if item.__class__ is str and item and item[0] not in NO_NAME:
                found.setdefault(item, node)
        return found

    def name_of(self, statement: tuple[int, int]) -> str:
        """The name that a statement gives; empty if it gives none."""
        root = self.code[statement[1] - 1]
        return root.name if not isinstance(root, str) and root.kind == "store" else ""

    @cached_property
    def stored(self) -> set[str]:
        """The names that statements give."""
        names = map(self.name_of, self.body)
        return {name for name in names if name and name[0] != HIDDEN}

    @property
    def free_name(self) -> str:
        """What an output without a name is called: `f`, or f1, f2, ... where the text uses that."""
        taken = {*self.names, *self.functions, *self.stored}
        return self.output or next(name for name in candidates("f") if name not in taken)

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and stop of every node's text."""
        return spans(self)

    def excerpt(self, node: int) -> str:
        start, stop = self.spans[node]
        return self.text[start:stop]


def children(code: Sequence[Item]) -> list[list[int]]:
    """The operand nodes of every node."""
    waiting: list[int] = []
    found: list[list[int]] = []
    for node, item in enumerate(code):
        operands: list[int] = []
        if isinstance(item, Op):
            operands = waiting[len(waiting) - item.arity :]
            del waiting[len(waiting) - item.arity :]
        found.append(operands)
        waiting.append(node)
    return found


def subtree(code: Sequence[Item], stop: int) -> int:
    """Where the subtree begins whose last node is the one before `stop`."""
    wanted, start = 1, stop
    while wanted:
        start -= 1
        item = code[start]
        wanted += -1 if isinstance(item, str) else item.arity - 1
    return start


def candidates(stem: str) -> Iterator[str]:
    yield stem
    number = 0
    while True:
        number += 1
        yield f"{stem}{number}"


def spans(tree: Tree) -> list[tuple[int, int]]:
    """Characters of every node, brackets around a whole operand not counted as part of it."""
    places = tree.offsets
    return [(places[first][0], places[last][1]) for first, last in token_spans(tree.code, tree.at)]


def token_spans(code: Sequence[Item], at: Sequence[int]) -> list[tuple[int, int]]:
    """First and last token of every node.

    An operator's token lies right after its left operand and right before its right one, so
    the brackets around either are those between it and the operand.
    """
    waiting: list[tuple[int, int]] = []
    found: list[tuple[int, int]] = []
    for item, k in zip(code, at, strict=True):
        if isinstance(item, str):
            span = (k, k)
        elif item.kind == "infix":  # the case of `_cover` that is there a million times
            first, last = waiting.pop()
            start, stop = waiting.pop()
            span = (start + stop - k + 1, first + last - k - 1)
        else:
            operands = waiting[len(waiting) - item.arity :]
            del waiting[len(waiting) - item.arity :]
            span = _cover(item, k, operands)
        waiting.append(span)
        found.append(span)
    return found


def _cover(op: Op, k: int, operands: list[tuple[int, int]]) -> tuple[int, int]:
    """First and last token of an operator at token `k` with these operands."""
    match op.kind:
        case "infix" | "and" | "or":
            return ending(operands[0], k - 1)[0], starting(operands[1], k + 1)[1]
        case "implied":
            return ending(operands[0], k - 1)[0], starting(operands[1], k)[1]
        case "prefix":
            return k, starting(operands[0], k + 1)[1]
        case "postfix" | "attribute":
            return ending(operands[0], k - 1)[0], k
        case "keyword" if op is AXIS:
            return starting(operands[0], k + 1)
        case "store" | "keyword":
            return k, starting(operands[0], k + 2)[1]
        case "slice":
            return _cover_slice(k, operands)
        case "not":
            return k, starting(operands[1], k + 1)[1]
        case "chain":
            return operands[0][0], operands[1][1]
        case "choice":
            condition, then, other = operands
            last = starting(condition, k + 1)[1]
            return ending(then, k - 1)[0], starting(other, last + 2)[1]
    first, last = k, k
    if op.kind in ("method", "index"):
        first = ending(operands[0], k - 1)[0]
        operands = operands[1:]
    for operand in operands:
        last = starting(operand, last + 1)[1] + 1
    return first, last if operands else k + 1


def _cover_slice(colon: int, parts: list[tuple[int, int]]) -> tuple[int, int]:
    """First and last token of a slice, given its first colon. An absent part has the token
    before it, the first part that of the colon."""
    start, stop, step = parts
    absent = (colon, colon)
    first = colon if start == absent else ending(start, colon - 1)[0]
    second = 1 + (colon if stop == absent else starting(stop, colon + 1)[1])
    return first, step[1] if step[0] <= second else starting(step, second + 1)[1]


def starting(operand: tuple[int, int], first: int) -> tuple[int, int]:
    """`operand` with the brackets that surround it, given the first token of the whole."""
    return first, operand[1] + operand[0] - first


def ending(operand: tuple[int, int], last: int) -> tuple[int, int]:
    """`operand` with the brackets that surround it, given the last token of the whole."""
    return operand[0] - (last - operand[1]), last
