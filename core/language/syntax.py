"""The syntax tree, kept as its postfix walk: operands first, then the operator.

    (x + y) * z   is   x  y  add  z  mul

A text item is a leaf (a name or a number), anything else an `Op` that takes the `arity`
subtrees before it. So a tree of any depth is one flat list, and nothing that walks it
needs recursion. `at` holds one token index a node; `spans` turns them into characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from backprop.language.tokens import offsets


@dataclass(frozen=True, eq=False, slots=True)
class Op:
    """An inner node. `kind` says how it was written, which is what spans and printing need."""

    name: str
    arity: int
    kind: str  # prefix infix implied postfix call method list index slice attribute store


Item = str | Op

PREFIX = {"-": Op("neg", 1, "prefix"), "+": Op("pos", 1, "prefix")}
INFIX = {
    symbol: Op(name, 2, "infix")
    for symbol, name in {
        "<": "lt", "<=": "le", ">": "gt", ">=": "ge", "==": "eq", "!=": "ne",
        "+": "add", "-": "sub", "*": "mul", "/": "div", "@": "matmul", "**": "pow", "^": "pow",
    }.items()
}  # fmt: skip
IMPLIED = Op("mul", 2, "implied")  # 2x
POSTFIX = Op("pow", 2, "postfix")  # x²
SLICE = Op("slice", 3, "slice")
ABSENT = ""  # a part of a slice that was left out

LEVEL = {"lt": 1, "le": 1, "gt": 1, "ge": 1, "eq": 1, "ne": 1, "add": 2, "sub": 2, "mul": 3,
         "div": 3, "matmul": 3, "neg": 4, "pos": 4, "pow": 5}  # fmt: skip
SYMBOL = {op.name: symbol for symbol, op in reversed(INFIX.items())} | {"neg": "-", "pos": "+"}
ATOM = 6


@dataclass(frozen=True, slots=True)
class Function:
    """`name(p, q) = expr`: the body is the part `start:stop` of the tree's code."""

    name: str
    parameters: tuple[str, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class Tree:
    """A parsed text. `code[i]` is the node, `at[i]` its token."""

    text: str
    code: Sequence[Item]
    at: Sequence[int]
    body: Sequence[tuple[int, int]]  # the runs of code that are statements, not function bodies
    functions: dict[str, Function]

    @cached_property
    def offsets(self) -> list[tuple[int, int]]:
        return offsets(self.text)

    @cached_property
    def names(self) -> dict[str, int]:
        """Every name that could be a variable, with the node where it first stands."""
        found: dict[str, int] = {}
        for node, item in enumerate(self.code):
            if item.__class__ is str and item and item[0] not in "0123456789.":
                found.setdefault(item, node)
        return found

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """Start and stop of every node's text."""
        return spans(self)

    def excerpt(self, node: int) -> str:
        start, stop = self.spans[node]
        return self.text[start:stop]


def spans(tree: Tree) -> list[tuple[int, int]]:
    """Characters of every node, brackets around a whole operand not counted as part of it.

    An operator's token lies right after its left operand and right before its right one, so
    the brackets around either are those between it and the operand.
    """
    stack: list[tuple[int, int]] = []  # first and last token of the waiting subtrees
    tokens: list[tuple[int, int]] = []
    for item, k in zip(tree.code, tree.at, strict=True):
        if item.__class__ is str:
            span = (k, k)
        else:
            assert isinstance(item, Op)
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            span = _cover(item, k, operands)
        stack.append(span)
        tokens.append(span)
    places = tree.offsets
    return [(places[first][0], places[last][1]) for first, last in tokens]


def _cover(op: Op, k: int, operands: list[tuple[int, int]]) -> tuple[int, int]:
    """First and last token of an operator at token `k` with these operands."""
    match op.kind:
        case "infix":
            return _ending(operands[0], k - 1)[0], _starting(operands[1], k + 1)[1]
        case "implied":
            return _ending(operands[0], k - 1)[0], _starting(operands[1], k)[1]
        case "prefix":
            return k, _starting(operands[0], k + 1)[1]
        case "postfix" | "attribute":
            return _ending(operands[0], k - 1)[0], k
        case "store":
            return operands[0]
        case "slice":
            return min(first for first, _ in operands), max(last for _, last in operands)
    inside = operands
    first = k
    if op.kind in ("method", "index"):
        first = _ending(operands[0], k - 1)[0]
        inside = operands[1:]
    last = k
    for operand in inside:
        last = _starting(operand, last + 1)[1] + 1
    return first, last if inside else k + 1


def _starting(operand: tuple[int, int], first: int) -> tuple[int, int]:
    """`operand` with the brackets that surround it, given the first token of the whole."""
    return first, operand[1] + max(0, operand[0] - first)


def _ending(operand: tuple[int, int], last: int) -> tuple[int, int]:
    """`operand` with the brackets that surround it, given the last token of the whole."""
    return operand[0] - max(0, last - operand[1]), last
