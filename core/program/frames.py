"""What a stager's walk over postfix code needs: frames for nested bodies, names in two scopes,
and a quick look-up of the operators that are one plain gate."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple

from backprop.gates import find
from backprop.language.syntax import Item, Op

GATE_KINDS = ("prefix", "infix", "implied", "postfix", "call", "gate")


class Frame(NamedTuple):
    """A walk over a run of code: statements of the program, or the body of a call."""

    code: Sequence[Item]
    steps: Iterator[int]
    names: Mapping[str, int]  # parameters, and the slots they stand for
    node: int | None = None  # the call, where a body is walked
    memo: tuple[str, tuple[int, ...]] | None = None


class PlainGates(dict[Op, tuple[str, dict[tuple[int, ...], int]] | None]):
    """The operators that are one gate of one or two operands, with the stages of that gate."""

    def __init__(
        self, seen: dict[str, dict[tuple[int, ...], int]], functions: Collection[str]
    ) -> None:
        self.seen = seen
        self.functions = functions

    def __missing__(self, op: Op) -> tuple[str, dict[tuple[int, ...], int]] | None:
        gate = "" if op.name in self.functions else plain_gate(op.name, op.kind, op.arity)
        self[op] = found = (gate, self.seen[gate]) if gate else None
        return found


class NoPlainGates(PlainGates):
    def __missing__(self, op: Op) -> None:
        return None


@cache
def plain_gate(name: str, kind: str, arity: int) -> str:
    """The gate that an operator is, if it is one of one or two operands; else nothing."""
    gate = find(name) if kind in GATE_KINDS and 1 <= arity <= 2 else None
    plain = gate and gate.accepts(arity) and not gate.general and not gate.array
    return gate.name if gate and plain else ""


def runs(body: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The code of all statements in as few runs as function bodies between them allow."""
    start, stop = body[0]
    for begin, end in body[1:]:
        if begin != stop:
            yield start, stop
            start = begin
        stop = end
    yield start, stop


def both(near: Mapping[str, int], far: Mapping[str, int]) -> Callable[[str], int | None]:
    """A look-up in two scopes."""

    def known(name: str) -> int | None:
        slot = near.get(name)
        return far.get(name) if slot is None else slot

    return known
