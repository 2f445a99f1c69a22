"""Which stages can tie, and which of them matter for some inputs.

A tie matters if an input that moves reaches it and if it leads to the output. An input moves if
a gradient by it is wanted, unless it is a label: one that only `==` and `!=` ever hear of.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from operator import eq, itemgetter
from typing import Any

from backprop.arithmetic.ieee import KINK
from backprop.gates import GATES
from backprop.program.program import Program, Step


class Meetings:
    """A quick test: do any of these stages tie at some values?"""

    def __init__(self, steps: Iterable[Step]) -> None:
        zeros, pairs, others = [], [], []
        for slot, gate, operands in steps:
            kink = GATES[gate].kink
            meets = kink.meets if kink else ""
            if meets == "0":
                zeros.append(operands[0])
            elif meets == "out":
                pairs.append((operands[0], slot))
            elif meets == "another" and (len(operands) == 2 or not GATES[gate].ties):
                pairs += [(operands[0], other) for other in operands[1:]]
            else:
                others.append((slot, gate, operands))
        self.zeros = picker(zeros)
        self.lefts = picker([left for left, _ in pairs])
        self.rights = picker([right for _, right in pairs])
        self.others = others

    def __call__(self, values: Sequence[Any]) -> bool:
        return (
            0.0 in self.zeros(values)
            or any(map(eq, self.lefts(values), self.rights(values)))
            or any(ties_at(*step, values) for step in self.others)
        )


def picker(slots: Sequence[int]) -> Any:
    """A function from all values to those of these slots."""
    if not slots:
        return lambda _values: ()
    return itemgetter(*slots, slots[0])  # at least two, so that it is always a tuple


def is_tied(gate: str, fed: Sequence[float], out: float) -> bool:
    """Is a gate on numbers at its kink?"""
    if GATES[gate].ties:
        return sum(value == out for value in fed) > 1
    test = KINK[gate]
    return bool(test and test(*fed, out))


def ties_at(slot: int, gate: str, operands: Sequence[int], values: Sequence[float]) -> bool:
    """Is a stage at its kink?"""
    return is_tied(gate, [values[operand] for operand in operands], values[slot])


class Watch:
    """The ties of a program that matter for the inputs in `wrt`."""

    def __init__(self, program: Program, wrt: Iterable[str]) -> None:
        self.program = program
        self.wrt = tuple(wrt)
        self.asked = False

    @property
    def needed(self) -> Sequence[str] | None:
        """The inputs for a backward pass; None if all are needed."""
        return None if len(self.wrt) == len(self.program.inputs) else self.wrt

    @cached_property
    def heard(self) -> Sequence[bool]:
        """Of which slots does the output hear, by more than `==` and `!=`?"""
        program = self.program
        heard = [False] * len(program.gates)
        heard[program.output] = True
        for slot, gate, operands in program.backward_steps():
            if heard[slot] and not GATES[gate].label:
                for operand in operands:
                    heard[operand] = True
        return heard

    @cached_property
    def live(self) -> Sequence[bool]:
        """Which slots does the output depend on at all?"""
        program = self.program
        live = [False] * len(program.gates)
        live[program.output] = True
        for slot, _, operands in program.backward_steps():
            if live[slot]:
                for operand in operands:
                    live[operand] = True
        return live

    @cached_property
    def inputs(self) -> dict[str, int]:
        """The inputs that move, and their slots. Labels stay; but if there is nothing else, they
        are what the output is a function of, and move."""
        slots = {name: self.program.inputs[name] for name in self.wrt}
        return {name: slot for name, slot in slots.items() if self.heard[slot]} or slots

    @cached_property
    def labels(self) -> list[str]:
        """The inputs that the output hears of, but that do not move."""
        slots = self.program.inputs
        return [name for name in self.wrt if self.live[slots[name]] and name not in self.inputs]

    @cached_property
    def moves(self) -> Sequence[bool]:
        """Which slots may change as those inputs move, by a slope or by a jump?"""
        moves = [False] * len(self.program.gates)
        for slot in self.inputs.values():
            moves[slot] = True
        for slot, _, operands in self.program.forward_steps():
            moves[slot] = any(moves[operand] for operand in operands)
        return moves

    @cached_property
    def slides(self) -> Sequence[bool]:
        """Which slots may have a slope by those inputs?"""
        slides = [False] * len(self.program.gates)
        for slot in self.inputs.values():
            slides[slot] = True
        for slot, gate, operands in self.program.forward_steps():
            row = GATES[gate]
            slides[slot] = any(
                slides[operand] and row.partial(place) for place, operand in enumerate(operands)
            )
        return slides

    @cached_property
    def stages(self) -> list[Step]:
        """The stages whose ties would matter."""
        return [step for step in self.program.bending if self.matters(step)]

    def matters(self, step: Step) -> bool:
        slot, gate, operands = step
        if not self.live[slot]:
            return False
        if GATES[gate].condition:
            return self.slides[operands[0]]
        return any(self.moves[operand] for operand in operands)

    @cached_property
    def meetings(self) -> Meetings:
        return Meetings(self.stages)

    def tied(self, values: Sequence[float]) -> list[int]:
        """The stages that tie at these values and matter: none, nearly always."""
        if not self.program.bending or not self.meets(values):
            return []
        return [
            slot for slot, gate, operands in self.stages if ties_at(slot, gate, operands, values)
        ]

    def meets(self, values: Sequence[float]) -> bool:
        """Does any stage tie? Who asks again and again has a quick test made for it."""
        if self.asked:
            return self.every_stage(values) and self.meetings(values)
        self.asked = True
        return any(ties_at(*step, values) for step in self.program.bending)

    @cached_property
    def every_stage(self) -> Meetings:
        return Meetings(self.program.bending)
