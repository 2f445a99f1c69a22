"""Gates in, the code of a tree out. Every value is known as soon as it is recorded.

Every gate becomes a statement of its own with a hidden name, so that nothing is recorded twice
however often it is used. What depends on no input is computed and not recorded.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.errors import LimitError
from backprop.gates import GATES, array_gates
from backprop.gates.shapes import MismatchError, Places
from backprop.language.syntax import HELD, HIDDEN, Guard, Item, Op
from backprop.reading.budget import SUMS, Budget
from backprop.reading.diagnostics import Lines, MisfitError, UnreadError

MOST = 1_000_000  # gates
SUMMING = frozenset(
    ["matmul", "batched", "inv", "det", "logdet", "solve"]
)  # gates that take longer than their entries say
SCALARS = (bool, int, float, np.floating, np.integer, np.bool_)
Span = tuple[int, int]


@dataclass
class Recorder:
    """The code of a tree as it grows."""

    lines: Lines
    code: list[Item] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    body: list[tuple[int, int]] = field(default_factory=list)
    fixed: dict[str, Any] = field(default_factory=dict)  # constants by their leaf
    names: dict[str, str] = field(default_factory=dict)  # given names, and the leaf of each
    named: set[str] = field(default_factory=set)  # leaves that have a name
    taken: set[str] = field(default_factory=set)  # names that no stage may get
    versions: dict[str, int] = field(default_factory=dict)  # how often a name was assigned
    interned: dict[Any, str] = field(default_factory=dict)  # leaves of constants
    guards: list[Guard] = field(default_factory=list)
    count: int = 0
    known: dict[tuple[Any, ...], str] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    node: ast.AST | None = None  # what is being read
    near: ast.AST | None = None  # the call of the source that led into an imported file
    places: dict[ast.AST, Span] = field(default_factory=dict)
    ops: dict[tuple[str, int], Op] = field(default_factory=dict)  # a node for each gate in use

    def __post_init__(self) -> None:
        array_gates()

    @property
    def span(self) -> Span:
        """The place of what is being read."""
        node = self.node
        if node is not None and self.lines.is_imported(node):
            node = self.near
        if node is None:
            return (0, 0)
        found = self.places.get(node)
        if found is None:
            found = self.places[node] = self.lines.span(node)
        return found

    # Values.

    def computed(self, gate: str, values: Sequence[Any]) -> Any:
        """The value of a gate, in floats; an error if shapes don't fit."""
        row = GATES[gate]
        if row.shape is None and all(isinstance(value, float) for value in values):
            with np.errstate(**IGNORED):
                return ARRAYS.value[gate](*values)
        if row.shape is not None:
            shapes = [np.shape(v) if isinstance(v, (float, np.ndarray)) else v for v in values]
            try:
                shape = row.shape(*shapes)
            except MismatchError as misfit:
                texts = [shape_text(value) for value in values]
                raise MisfitError(str(misfit).format(*texts)) from None
        else:
            try:
                shape = np.broadcast_shapes(*(np.shape(value) for value in values))
            except ValueError:
                texts = [shape_text(value) for value in values]
                both = " and ".join(texts)
                raise MisfitError(f"the shapes {both} don't fit together, entry by entry") from None
        self.budget.room(shape)
        if gate in SUMMING:
            self.budget.compute(np.size(values[0]) * np.shape(values[-1])[-1] / SUMS)
        with np.errstate(**IGNORED):
            return ARRAYS.value[gate](*map(ARRAYS.number, values))

    # Code.

    def leaf_of(self, value: Any) -> str:
        """The leaf of a constant: a number in digits, or a value that the tree holds."""
        if value.__class__ is not float and isinstance(value, SCALARS):
            value = as_float(value)
        if value.__class__ is float and value - value == 0:
            text = repr(value)
            if text[0] != "-":
                return text.removesuffix(".0")
        return self.told(value)

    def told(self, value: Any) -> str:
        """The leaf of what a gate is told besides arrays: an axis, a shape, an index."""
        key = content(value)
        known = self.interned.get(key)
        if known is not None:
            return known
        self.budget.keep(value)
        leaf = f"{HELD}{len(self.fixed)}"
        self.fixed[leaf] = value
        self.interned[key] = leaf
        return leaf

    def record(self, gate: str, leaves: Sequence[str]) -> str:
        """The leaf of a gate on leaves, each with a run of code."""
        key = (gate, *leaves)
        known = self.known.get(key)
        if known is not None:
            return known
        self.count += 1
        if self.count > MOST:
            raise LimitError(f"the source makes more than {MOST:,} stages")
        leaf = f"{HIDDEN}{self.count}"
        self.emit([*leaves, self.op(gate, len(leaves)), Op(leaf, 1, "store")])
        self.known[key] = leaf
        return leaf

    def op(self, gate: str, arity: int) -> Op:
        found = self.ops.get((gate, arity))
        if found is None:
            found = self.ops[gate, arity] = Op(gate, arity, "gate")
        return found

    def emit(self, items: Sequence[Item]) -> None:
        code, span = self.code, self.span
        start = len(code)
        code += items
        self.spans += [span] * len(items)
        self.body.append((start, len(code)))

    def name(self, leaf: str, wanted: str) -> str:
        """Give a leaf the name that the source gives it; the next free one like it."""
        if leaf[0] != HIDDEN or leaf in self.named:
            return leaf
        found = wanted
        if wanted in self.taken:
            number = self.versions.get(wanted, 1)
            while found in self.taken:
                number += 1
                found = f"{wanted}_{number}"
            self.versions[wanted] = number
        self.taken.add(found)
        self.named.add(leaf)
        self.names[found] = leaf
        self.emit([leaf, Op(found, 1, "store")])
        return found


def content(value: Any) -> Any:
    """What is equal only for constants that are the same to the last bit."""
    if value.__class__ is int:
        return int, value
    if isinstance(value, Places):
        return Places, value.flat, parts_content(value.key)
    return parts_content(value)


def parts_content(value: Any) -> Any:
    return tuple(map(part_content, value)) if value.__class__ is tuple else part_content(value)


def part_content(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        digest = hashlib.blake2b(np.ascontiguousarray(value).tobytes(), digest_size=16).digest()
        return value.shape, value.dtype.str, digest
    return value.__class__, repr(value)


def as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        raise UnreadError("this whole number is larger than any float") from None


def shape_text(value: Any) -> str:
    shape = np.shape(value)
    return f"an array of {'x'.join(map(str, shape))}" if shape else "a number"
