"""Operations -> instructions on as few buffers as can be: one is free again once its operation
has been used for the last time, and a result is written where it belongs from the start.

Buffers are called by name: x0 the first input, o0 the first result, w0 a column of numbers, b0
one of conditions, c0 a constant.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from backprop.kernel.graph import CONSTANT, INPUT
from backprop.kernel.plan import Plan


class Instruction(NamedTuple):
    """`select` has three operands and puts its second over its third; nothing else cares
    whether it writes over what it reads."""

    name: str
    operands: tuple[str, ...]
    out: str


class Layout(NamedTuple):
    instructions: Sequence[Instruction]
    constants: dict[str, float]
    numbers: int  # how many buffers there are
    conditions: int


class Pool:
    """Buffers of one kind."""

    def __init__(self, letter: str) -> None:
        self.letter = letter
        self.count = 0
        self.free: list[str] = []

    def take(self) -> str:
        if not self.free:
            self.free.append(f"{self.letter}{self.count}")
            self.count += 1
        return self.free.pop()


class Placing:
    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.pools = {False: Pool("w"), True: Pool("b")}
        self.constants: dict[str, float] = {}
        self.homes: dict[int, str] = {}
        self.last: dict[int, int] = {}
        self.wanted: dict[int, str] = {}
        for place, number in enumerate(plan.results):
            self.wanted.setdefault(number, f"o{place}")
        for number in plan.order:
            for operand in plan.operations[number].operands:
                self.last[operand] = number

    def layout(self) -> Layout:
        instructions = [self.placed(number) for number in self.plan.order]
        for place, number in enumerate(self.plan.results):
            if self.home(number) != f"o{place}":
                instructions.append(Instruction("copy", (self.home(number),), f"o{place}"))
        numbers, conditions = self.pools[False].count, self.pools[True].count
        return Layout(instructions, self.constants, numbers, conditions)

    def home(self, number: int) -> str:
        """The buffer of an operation."""
        if number not in self.homes:
            operation = self.plan.operations[number]
            if operation.name == INPUT:
                self.homes[number] = f"x{operation.value:.0f}"
            else:
                assert operation.name == CONSTANT
                self.homes[number] = f"c{len(self.constants)}"
                self.constants[self.homes[number]] = operation.value
        return self.homes[number]

    def placed(self, number: int) -> Instruction:
        name, operands, _ = self.plan.operations[number]
        fed = tuple([self.home(operand) for operand in operands])
        dying = {operand for operand in operands if self.last[operand] == number}
        late = set(operands[:2]) & dying if name == "select" else set()
        self.release(dying - late)
        pool = self.pools[number in self.plan.conditions]
        self.homes[number] = out = self.wanted.get(number) or pool.take()
        self.release(late)
        return Instruction(name, fed, out)

    def release(self, numbers: set[int]) -> None:
        for number in sorted(numbers):
            if self.homes[number][0] in "wb":
                self.pools[self.homes[number][0] == "b"].free.append(self.homes[number])
