"""The shared walk: a program's stages and backward steps as the lines of one function.

    forward     a line a stage
    backward    a line a step; those that a gate may not take stand in blocks, `if x > y`

A slot that only such blocks reach begins as 0, and its own stage passes on in blocks as well:
where nothing arrives nothing is passed on, not even 0 * inf.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import count

from backprop.arithmetic.texts import formula
from backprop.emitting.code import Input, Line, Piece, Routine, Truth, Wish, words_in
from backprop.emitting.guarding import failing, message
from backprop.emitting.helpers import Helpers
from backprop.emitting.language import Language
from backprop.emitting.names import Names, alike
from backprop.gates import GATES
from backprop.language.syntax import Guard as SourceGuard
from backprop.language.syntax import Op
from backprop.program.adjoint import Passing, always_reached, meaning, passings
from backprop.program.program import Program

Block = tuple[int, ...]
Guard = tuple[str, ...]  # conditions, all of which hold where a stage is reached

CHECKING = ("if", "refuse", "end")  # the lines of a guard, which are always needed
MOST_OPERATIONS = 8  # of a slope that stands in a line; a longer one becomes a function
MOST_CONDITIONS = 2  # of a stage; beyond, a flag says whether it was reached


class Walk:
    def __init__(self, program: Program, language: Language, ties: str, wrt: Sequence[str]) -> None:
        self.program = program
        self.language = language
        self.ties = ties
        self.wrt = wrt
        self.helpers = Helpers(language)
        self.writer = self.helpers.writer
        self.names = Names(language)
        self.variables = self.names.variables(program)
        self.numbers = {slot: number for number, slot in enumerate(program.stage_slots, 1)}
        self.pieces = {slot: Piece(name) for slot, name in self.variables.items()}
        self.pieces |= dict(self.constants())
        self.gradients: dict[int, str] = {}
        self.flags: dict[int, str] = {}

    def constants(self) -> Iterator[tuple[int, Piece]]:
        for slot, value in self.program.constants.items():
            yield slot, self.writer.number(value)

    def file(self, wish: Wish) -> str:
        """The whole file, with the functions that it needs."""
        name = self.names.function(wish.name, self.program.output_name)
        routine = self.routine(name, wish.forward_only)
        called = "\n".join(line.text for line in routine.lines)
        return self.language.file(routine, self.helpers.definitions(called), wish.header)

    def routine(self, name: str, forward_only: bool) -> Routine:
        program = self.program
        forward = list(self.forward())
        backward = [] if forward_only else list(self.backward())
        gradient = [(name, self.answer(program.inputs[name])) for name in self.wrt]
        if forward_only:
            gradient = []
        result = self.pieces[program.output].text
        lines, used = needed(forward, backward, [result, *(text for _, text in gradient)])
        inputs = [
            Input(given, self.variables[slot], program.defaults.get(given))
            for given, slot in program.inputs.items()
        ]
        return Routine(name, program.output_name, inputs, lines, result,
                       None if forward_only else gradient, used)  # fmt: skip

    # Forward.

    def forward(self) -> Iterator[Line]:
        for slot in self.program.inputs.values():
            yield from self.checks(slot)
        for slot, name, operands in self.program.forward_steps():
            piece = self.stage(name, [self.pieces[operand] for operand in operands])
            variable = self.variables[slot]
            self.pieces[slot] = Piece(variable, least=piece.least, shape=self.shape(slot))
            yield Line("let", variable, piece.text, self.numbers[slot])
            yield from self.checks(slot)

    def shape(self, slot: int) -> tuple[int, ...] | None:
        """That of an array, where it is known."""
        del slot
        return None

    def checks(self, slot: int) -> Iterator[Line]:
        """A block for each guard on a slot, in which the function refuses to go on."""
        for decided, guard in self.program.guards:
            if decided == slot:
                yield Line("if", text=self.failing(slot, guard))
                yield Line("refuse", text=message(self.program, guard))
                yield Line("end")

    def failing(self, slot: int, guard: SourceGuard) -> str:
        return failing(self.writer, self.pieces[slot], guard).text

    def stage(self, name: str, operands: Sequence[Piece]) -> Piece:
        gate = GATES[name]
        if gate.form and gate.value:
            return self.writer.expression(
                gate.value, dict(zip(gate.operands, operands, strict=True))
            )
        return self.writer.gate(name, operands)

    # Backward.

    def backward(self) -> Iterator[Line]:
        steps = self.steps()
        contributions: dict[int, int] = {}
        for step in steps:
            contributions[step.into] = contributions.get(step.into, 0) + 1
        for slot in contributions:
            self.gradients[slot] = self.names.gradient(self.program.labels[slot])
        guards = self.guards(steps)
        late = starting_at_zero(steps, guards, frozenset(self.program.inputs.values()))
        for slot in sorted(late):
            yield Line("vary", self.gradients[slot], self.writer.number(0.0).text)
        for flag in self.flags.values():
            yield Line("flag", flag, self.language.words["false"])
        opened: Guard = ()
        for step, guard in zip(steps, guards, strict=True):
            yield from moved(opened, guard)
            opened = guard
            alone = contributions[step.into] == 1
            yield self.line(step, step.into in late, alone)
            if step.into in self.flags:
                yield Line("raise", self.flags[step.into], number=self.numbers[step.stage])
        yield from moved(opened, ())

    def steps(self) -> list[Passing]:
        """The steps that lead to what was asked for."""
        useful = leads_to(self.program, self.wrt)
        return [s for s in passings(self.program, self.ties, self.wrt) if useful[s.into]]

    def line(self, step: Passing, late: bool, alone: bool) -> Line:
        """`dx += slope * dout`."""
        names = self.meaning(step)
        slope = self.slope(step, names)
        arrived = self.arrived(step.stage)
        message = self.writer.product(slope, arrived)
        if GATES[self.program.gates[step.stage]].routes and step.domain:
            message = self.writer.inside(self.writer.condition(step.domain, names), message)
        kind = "add"
        if step.first:
            kind = "set" if late else "let" if alone else "vary"
        elif slope.value == -1:
            kind, message = "take", arrived
        return Line(kind, self.gradients[step.into], message.text, self.numbers[step.stage])

    def arrived(self, slot: int) -> Piece:
        """The gradient of a stage; that of the output is 1."""
        if slot == self.program.output:
            return self.writer.number(1.0)
        return Piece(self.gradients[slot])

    def answer(self, slot: int) -> str:
        """The gradient of an input; 0 if nothing can reach it."""
        if slot == self.program.output:
            return self.writer.number(1.0).text
        return self.gradients.get(slot) or self.writer.number(0.0).text

    def meaning(self, step: Passing) -> dict[str, Piece]:
        return {name: self.pieces[slot] for name, slot in meaning(self.program, step).items()}

    def slope(self, step: Passing, names: Mapping[str, Piece]) -> Piece:
        """A slope as an expression, or as the call of a function where it is long."""
        gate = GATES[self.program.gates[step.stage]]
        if gate.routes:
            return self.writer.expression(step.slope, names)
        long, strict = looked_at(step.slope)
        domain = self.writer.condition(step.domain, names) if step.domain and not strict else 1.0
        if long or domain != 1.0:
            return self.helpers.slope(gate, step.place, names)
        return self.writer.expression(step.slope, names)

    # What may not be reached.

    def guards(self, steps: Sequence[Passing]) -> list[Guard]:
        """The conditions of every step: those of its stage, and its own."""
        sure = always_reached(self.program, steps)
        ways: dict[int, list[Guard]] = {}
        stages: dict[int, Guard] = {}
        found = []
        for step in steps:
            if step.stage not in stages:
                known = step.stage in sure
                stages[step.stage] = () if known else self.guard(step.stage, ways[step.stage])
            guard = stages[step.stage]
            if step.when:
                truth = self.writer.condition(step.when, self.meaning(step))
                guard = (*guard, truth.text if isinstance(truth, Truth) else self.constantly(truth))
            found.append(guard)
            ways.setdefault(step.into, []).append(guard)
        return found

    def constantly(self, truth: float) -> str:
        return self.language.words["true" if truth else "false"]

    def guard(self, slot: int, ways: Sequence[Guard]) -> Guard:
        """The conditions under which a stage is reached, given those of the ways to it."""
        shortest = min(ways, key=len)
        if len(shortest) <= MOST_CONDITIONS and all(w[: len(shortest)] == shortest for w in ways):
            return shortest
        self.flags[slot] = self.names.take(alike(f"reached_{self.variables[slot]}"))
        return (self.flags[slot],)


def shared(one: Guard, other: Guard) -> int:
    """How many conditions two guards begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((place for place, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def moved(opened: Guard, wanted: Guard) -> Iterator[Line]:
    """From one nest of blocks into another."""
    same = shared(opened, wanted)
    yield from [Line("end")] * (len(opened) - same)
    yield from [Line("if", text=condition) for condition in wanted[same:]]


def starting_at_zero(
    steps: Sequence[Passing], guards: Sequence[Guard], inputs: frozenset[int]
) -> set[int]:
    """The slots whose gradient is first met in a block and looked at outside of it as well."""
    blocks = nested(guards)
    homes: dict[int, Block] = {}
    late: set[int] = set()
    for step, block in zip(steps, blocks, strict=True):
        home = homes.setdefault(step.into, block)
        outlives = step.into in inputs and home
        if outlives or block[: len(home)] != home:
            late.add(step.into)
        home = homes.get(step.stage, ())
        if block[: len(home)] != home:
            late.add(step.stage)
    return late


def nested(guards: Iterable[Guard]) -> Iterator[Block]:
    """For every step the blocks that it stands in, each by a number of its own."""
    opened: Guard = ()
    block: Block = ()
    fresh = count()
    for guard in guards:
        same = shared(opened, guard)
        block = (*block[:same], *(next(fresh) for _ in guard[same:]))
        opened = guard
        yield block


def leads_to(program: Program, wrt: Iterable[str]) -> list[bool]:
    """For every slot: can a gradient go on from it to one of these inputs?"""
    useful = [False] * len(program.gates)
    for name in wrt:
        useful[program.inputs[name]] = True
    for slot, name, operands in program.forward_steps():
        gate = GATES[name]
        useful[slot] = any(
            useful[operand] and gate.partial(place) for place, operand in enumerate(operands)
        )
    return useful


@cache
def looked_at(slope: str) -> tuple[bool, bool]:
    """Is a slope too long for a line? Is it nan wherever the stage's value is?"""
    operations = [item for item in formula(slope).code if isinstance(item, Op)]
    kinds = {item.kind for item in operations}
    chooses = any(item.name == "where" for item in operations)
    long = len(operations) > MOST_OPERATIONS or "store" in kinds or chooses
    return long, "out" in words_in(slope) and "call" not in kinds


def needed(
    forward: Iterable[Line], backward: Sequence[Line], results: Iterable[str]
) -> tuple[list[Line], frozenset[str]]:
    """The lines without stages that nothing looks at, and all words that are left."""
    used = {word for text in results for word in words_in(text)}
    for line in backward:
        used |= words_in(line.text)
    kept = []
    for line in reversed([*forward]):
        if line.name in used or line.kind in CHECKING:
            used |= words_in(line.text) if line.kind != "refuse" else set()
            kept.append(line)
    lines = [*reversed(kept)]
    if lines and backward:
        lines = [Line("note", text="forward"), *lines, Line("note", text="backward")]
    return [*lines, *backward], frozenset(used)
