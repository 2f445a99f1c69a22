"""Program in, Program out: known patterns such as 1/(1 + exp(-u)) become one stable gate.

The patterns are the `closes` of the table. A stage that the user named is never fused away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import product

from backprop.gates import scalars
from backprop.gates.shapes import broadcast
from backprop.language.parser import parse
from backprop.program.program import CONSTANT, INPUT, Program
from backprop.program.stager import Stager

COMMUTATIVE = ("add", "mul", "max", "min")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A small program to look for, and the one to put in its place."""

    text: str
    program: Program
    operands: Sequence[tuple[int, ...]]  # of `program`, some commuted
    replacement: Program


Patterns = Mapping[str, Sequence[Pattern]]


@cache
def patterns() -> Patterns:
    """All patterns of the table by the gate they end in, the largest first."""
    return by_root(
        text if "=>" in text else f"{text} => {gate.name}({', '.join(staged(text).inputs)})"
        for gate in scalars().values()
        for text in gate.closes
    )


def staged(text: str) -> Program:
    return Stager(parse(text), (), fine=False, share=True).program()


def by_root(texts: Iterable[str]) -> Patterns:
    """Patterns, written `text => text`, by the gate that they end in."""
    found: dict[str, list[Pattern]] = {}
    for text in texts:
        left, _, right = text.partition(" => ")
        pattern, new = staged(left), staged(right)
        for operands in commuted(pattern):
            root = pattern.gates[pattern.output]
            found.setdefault(root, []).append(Pattern(text, pattern, operands, new))
    for group in found.values():
        group.sort(key=lambda pattern: -pattern.program.size)
    return found


def commuted(pattern: Program) -> Iterator[list[tuple[int, ...]]]:
    """The operands of a pattern in every order that means the same."""
    orders = [
        [operands, operands[::-1]] if gate in COMMUTATIVE and operands else [operands]
        for gate, operands in zip(pattern.gates, pattern.operands, strict=True)
    ]
    yield from map(list, product(*orders))


def fuse(program: Program) -> Program:
    """The same program with every known pattern closed into its gate."""
    return Fuser(program, patterns()).program()


class Fuser:
    def __init__(self, program: Program, wanted: Patterns) -> None:
        self.old = program
        self.patterns = wanted
        self.closed_by: list[tuple[Pattern, dict[str, int]]] = []  # what was found, and where
        self.named = set(program.names.values())
        self.gates: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.nodes: list[int] = []
        self.constants: dict[int, float] = {}
        self.literals: dict[int, str] = {}
        self.places: dict[int, int] = {}  # the new slot of an old one
        self.shapes: list[tuple[int, ...]] = []  # of the new slots, if there are arrays
        self.kept: set[int] = set()  # new slots that carry a user's name

    def program(self) -> Program:
        old = self.old
        for slot, (gate, operands) in enumerate(zip(old.gates, old.operands, strict=True)):
            fed = tuple([self.places[operand] for operand in operands])
            new = self.add(gate, fed, old.nodes[slot], old.shapes[slot])
            if gate == CONSTANT:
                self.constants[new], self.literals[new] = old.constants[slot], old.literals[slot]
            self.places[slot] = self.closed(new)
            if slot in self.named:
                self.kept.add(self.places[slot])
        return self.compact()

    def add(self, gate: str, operands: tuple[int, ...], node: int, shape: tuple[int, ...]) -> int:
        self.gates.append(gate)
        self.operands.append(operands)
        self.nodes.append(node)
        self.shapes.append(shape)
        return len(self.gates) - 1

    def closed(self, slot: int) -> int:
        """The slot that computes the same after fusing what ends here."""
        for pattern in self.patterns.get(self.gates[slot], ()):
            bound = self.match(pattern, slot)
            if bound is not None:
                self.closed_by.append((pattern, bound))
                return self.closed_as(pattern.replacement, bound, self.nodes[slot])
        return slot

    def closed_as(self, new: Program, bound: dict[str, int], node: int) -> int:
        places = {new.inputs[name]: slot for name, slot in bound.items()}
        for slot, value in new.constants.items():
            places[slot] = added = self.add(CONSTANT, (), node, ())
            self.constants[added], self.literals[added] = value, new.literals[slot]
        for slot, gate, operands in new.forward_steps():
            fed = tuple([places[operand] for operand in operands])
            shape = broadcast(*[self.shapes[operand] for operand in fed])
            places[slot] = self.add(gate, fed, node, shape)
        return places[new.output]

    def match(self, pattern: Pattern, root: int) -> dict[str, int] | None:
        """What the pattern's inputs stand for, if the stages that end in `root` are the pattern."""
        shape = pattern.program
        names = {slot: name for name, slot in shape.inputs.items()}
        bound: dict[str, int] = {}
        waiting = [(shape.output, root)]
        while waiting:
            wanted, slot = waiting.pop()
            kind = shape.gates[wanted]
            if kind == INPUT:
                fits = bound.setdefault(names[wanted], slot) == slot
            elif kind == CONSTANT:
                value = self.constants.get(slot)
                fits = isinstance(value, float) and value == shape.constants[wanted]
            else:
                fits = self.gates[slot] == kind and (slot == root or slot not in self.kept)
                waiting += zip(pattern.operands[wanted], self.operands[slot], strict=False)
            if not fits:
                return None
        return bound

    def compact(self) -> Program:
        """The program without what nothing uses any more."""
        old = self.old
        names = {name: self.places[slot] for name, slot in old.names.items()}
        watched = {self.places[slot] for slot, _ in old.guards}
        used = {self.places[old.output], *names.values(), *watched}
        for slot in range(len(self.gates) - 1, -1, -1):
            if slot in used:
                used.update(self.operands[slot])
        order = sorted(used)
        moved = {slot: position for position, slot in enumerate(order)}
        return replace(
            old,
            gates=tuple([self.gates[slot] for slot in order]),
            operands=tuple([tuple([moved[o] for o in self.operands[slot]]) for slot in order]),
            nodes=tuple([self.nodes[slot] for slot in order]),
            constants={
                moved[slot]: value for slot, value in self.constants.items() if slot in moved
            },
            literals={moved[slot]: text for slot, text in self.literals.items() if slot in moved},
            inputs={name: moved[self.places[slot]] for name, slot in old.inputs.items()},
            names={name: moved[slot] for name, slot in names.items()},
            output=moved[self.places[old.output]],
            guards=tuple((moved[self.places[slot]], guard) for slot, guard in old.guards),
            shapes=tuple([self.shapes[slot] for slot in order]),
            granularity="fused",
        )
