"""A program on arrays opened up: the same computation as a program of single numbers.

Every entry of an input is an input, and every gate on arrays what its definition says. So
whatever judges single numbers also judges arrays, and knows nothing of pull-backs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import IGNORED
from backprop.arithmetic.definitions import Definitions, entrywise
from backprop.arithmetic.folded import Folded, unfolded
from backprop.arithmetic.ieee import VALUE
from backprop.gates import CONSTANTS, GATES, scalars
from backprop.gates.row import Gate
from backprop.language.syntax import candidates
from backprop.program.program import CONSTANT, INPUT, Program

Array = Any


class Opened(NamedTuple):
    """The program of single numbers, and where each slot of the arrays' has its entries."""

    program: Program
    entries: Sequence[Array]  # for every slot of the arrays' program: an array of slots

    def point(self, arrays: Mapping[str, Any]) -> dict[str, Any]:
        """The values of all entries, by the names that these have."""
        return {
            name: value for array in arrays for name, value in named(array, arrays[array]).items()
        }


def named(name: str, array: Any) -> dict[str, Any]:
    """The entries of an array under names such as `W[0, 1]`."""
    if not np.ndim(array):
        return {name: array[()] if isinstance(array, np.ndarray) else array}
    return {entry(name, index): array[index] for index in np.ndindex(*np.shape(array))}


def entry(name: str, index: Sequence[int]) -> str:
    return f"{name}[{', '.join(map(str, index))}]" if index else name


def each_folded(value: Any) -> Any:
    """The entries of a constant that is made of others, each as a number that knows how."""
    if not hasattr(value, "operands"):
        return value

    def function(name: str) -> Any:
        if name in CONSTANTS:
            return lambda: boxed(Folded(CONSTANTS[name], name))
        gate = FOLDING[name] if GATES[name].array else entrywise(folding(name))
        return lambda *operands: boxed(gate(*operands))

    return unfolded(value, boxed, function)


def boxed(value: Any) -> Any:
    """Numbers as an array of objects, which NumPy leaves as they are."""
    if not isinstance(value, (float, np.ndarray)):
        return value
    found = np.empty(np.shape(value), dtype=object)
    found[...] = value
    return found


def folding(gate: str) -> Any:
    """A gate on constants."""
    return lambda *numbers: Folded(VALUE[gate](*numbers), gate, numbers)


FOLDING = Definitions({name: folding(name) for name in scalars()}, float).table()


def opened(program: Program, values: Sequence[Any], upstream: Any) -> Opened:
    """A program opened up, its output multiplied by `upstream` and summed."""
    return Opener(program, values).opened(upstream)


class Opener:
    """Records, as slots, what is done to single numbers."""

    def __init__(self, program: Program, values: Sequence[Any]) -> None:
        self.old = program
        self.values = values  # what indices come to
        self.gates: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.nodes: list[int] = []
        self.numbers: dict[int, float] = {}
        self.known: dict[Any, int] = {}
        self.names: dict[str, int] = {}
        self.inputs: dict[str, int] = {}
        self.node = 0
        recorded = {name: partial(self.record, gate) for name, gate in scalars().items()}
        self.each = {name: entrywise(function) for name, function in recorded.items()}
        self.whole = Definitions(recorded, self.constant).table()

    def add(self, gate: str, operands: tuple[int, ...]) -> int:
        self.gates.append(gate)
        self.operands.append(operands)
        self.nodes.append(self.node)
        return len(self.gates) - 1

    def record(self, gate: Gate, *operands: int) -> int:
        return self.add(gate.name, operands)

    def constant(self, number: Any) -> int:
        made = getattr(number, "operands", None)
        key = repr(number) if made is None else id(number)  # a text tells -0.0 from 0
        if key not in self.known:
            self.known[key] = slot = self.add(CONSTANT, ())
            self.numbers[slot] = number if made is not None else float(number)
        return self.known[key]

    def opened(self, upstream: Any) -> Opened:
        old = self.old
        entries: list[Any] = [None] * len(old.gates)
        for slot, value in old.constants.items():
            is_number = isinstance(value, (float, np.ndarray))
            with np.errstate(**IGNORED):
                entries[slot] = entrywise(self.constant)(each_folded(value)) if is_number else value
        for name, slot in old.inputs.items():
            self.node = old.nodes[slot]
            entries[slot] = self.array_of_inputs(name, np.shape(self.values[slot]))
        for slot, gate, operands in old.forward_steps():
            self.node = old.nodes[slot]
            fed = [entries[operand] for operand in operands]
            if gate == "index":
                fed[1:] = [self.place(operand) for operand in operands[1:]]
            entries[slot] = self.whole[gate](*fed) if GATES[gate].array else self.each[gate](*fed)
            for name, part in named(old.labels[slot], np.asarray(entries[slot])).items():
                self.names.setdefault(name, part)
        return Opened(self.program(self.output(entries[old.output], upstream)), entries)

    def array_of_inputs(self, name: str, shape: tuple[int, ...]) -> Array:
        found = np.empty(shape, dtype=object)
        for index in np.ndindex(*shape):
            found[index] = self.inputs[entry(name, index)] = self.add(INPUT, ())
        return found[()]

    def place(self, slot: int) -> Any:
        """An index as it was: fixed, or the whole numbers that were computed for it."""
        fixed = self.old.constants.get(slot)
        if isinstance(fixed, (int, slice)):
            return fixed
        return np.asarray(self.values[slot]).astype(int)

    def output(self, entries: Array, upstream: Any) -> int:
        """The slot of the sum of all entries, each times what comes after it."""
        parts = np.asarray(entries).ravel()
        weights = np.broadcast_to(np.asarray(upstream, dtype=float), np.shape(entries)).ravel()
        if not np.ndim(entries) and weights[0] == 1.0:
            return int(parts[0])
        times = self.whole["inner"]
        return int(times(parts, np.asarray(entrywise(self.constant)(weights), dtype=object)))

    def program(self, output: int) -> Program:
        old = self.old
        if output not in self.names.values() and output not in self.inputs.values():
            taken = {*self.names, *self.inputs}
            self.names[next(n for n in candidates(old.output_name) if n not in taken)] = output
        numbers = {slot: f"{number:g}" for slot, number in self.numbers.items()}
        return Program(
            old.tree, tuple(self.gates), tuple(self.operands), tuple(self.nodes), self.numbers,
            numbers, self.inputs, {}, self.names | self.inputs, output,
            granularity=old.granularity, shared=old.shared,
        )  # fmt: skip
