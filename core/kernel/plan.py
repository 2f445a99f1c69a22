"""Program -> the operations that compute its value and gradient for a row.

What a gate does not take gets no message, row by row: a message counts only where its stage was
reached and the gate's condition holds. Elsewhere it is -0.0, which adding leaves every float as
it is. So a row that the engine finds finite is finite here, and its zeros have the same signs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache, reduce
from itertools import combinations, product
from math import inf, isnan, nan
from types import MappingProxyType
from typing import NamedTuple

from backprop.arithmetic.ieee import IEEE, VALUE
from backprop.emitting.steps import leads_to
from backprop.gates import GATES
from backprop.kernel.graph import CONDITIONS, CONSTANT, INPUT, Graph, Operation
from backprop.program.adjoint import Passing, named, passings
from backprop.program.program import Program, Step

PROBES = (-inf, -1.0, 0.0, 1.0, 2.0, inf)
Fed = Sequence[int]  # the operations that are a stage's operands, then its value
Constants = tuple[float | None, ...]  # of a stage's operands, None for others
Kind = tuple[str, Constants]
MOST_PROBED = 3  # operands; a gate of more is one of any number


class Plan(NamedTuple):
    operations: Sequence[Operation]
    order: Sequence[int]  # of what is computed
    results: Sequence[int]  # the value, then the gradients; any may be an input or a constant
    conditions: frozenset[int]  # what of it is a condition


def planned(
    program: Program, wrt: Sequence[str], ties: str = "notes", graph: Graph | None = None,
    watched: Sequence[Step] = (),
) -> Plan:  # fmt: skip
    """The value, the gradients, and whether any of the watched stages ties, if there are some."""
    planner = Planner(program, ties, graph or Graph())
    results = [planner.nodes[program.output], *planner.gradients(wrt)]
    if watched:
        results.append(planner.graph.number(planner.tied(watched)))
    return planner.plan(results)


class Planner:
    def __init__(self, program: Program, ties: str, graph: Graph) -> None:
        self.program = program
        self.ties = ties
        self.graph = graph
        self.nodes: dict[int, int] = {}
        for slot, value in program.constants.items():
            self.nodes[slot] = self.graph.constant(value)
        for place, slot in enumerate(program.inputs.values()):
            self.nodes[slot] = self.graph.input(place)
        for slot, gate, operands in program.forward_steps():
            self.nodes[slot] = self.graph.gate(gate, [self.nodes[o] for o in operands])

    def gradients(
        self, wrt: Sequence[str], ties: str = "", at: Mapping[int, Fed] = MappingProxyType({})
    ) -> list[int]:
        """An operation for each input: its gradient, 0 where nothing reaches it. `at` has, for
        some stages, other operands and another value at which their slopes are taken."""
        graph, program = self.graph, self.program
        graph.no_nan = graph.again and all(
            hands_nan_on(*self.kind(slot)) for slot, _, _ in program.forward_steps()
        )
        useful = leads_to(program, wrt)
        steps = (step for step in passings(program, ties or self.ties, wrt) if useful[step.into])
        found = self.flowed(steps, at)
        slots = [program.inputs[name] for name in wrt]
        return [
            graph.select(found[slot][1], found[slot][0], graph.no) if slot in found else graph.no
            for slot in slots
        ]

    def flowed(
        self, steps: Iterable[Passing], at: Mapping[int, Fed] = MappingProxyType({})
    ) -> dict[int, tuple[int, int]]:
        """What comes to every slot by these steps, and where."""
        graph = self.graph
        found = {self.program.output: (graph.yes, graph.yes)}
        for step in steps:
            if step.stage not in found:
                continue
            fed = at.get(step.stage) or self.fed(step.stage)
            message, here = self.message(step, fed, *found[step.stage])
            if step.into in found:
                before, there = found[step.into]
                message = graph.gate("add", (before, message))
                here = graph.either(there, here)
            found[step.into] = message, here
        return found

    def tied(self, stages: Iterable[Step]) -> int:
        """Does any of these stages tie in a row?"""
        conditions = [self.ties_at(gate, self.fed(slot)) for slot, gate, _ in stages]
        return reduce(self.graph.either, conditions, self.graph.no)

    def ties_at(self, name: str, fed: Fed) -> int:
        """The condition that a gate is at its kink."""
        graph, (*operands, out) = self.graph, fed
        kink = GATES[name].kink
        assert kink is not None
        if not GATES[name].ties:
            return graph.truth(graph.expression(kink.where, named(name, 0, fed)))
        if len(operands) == 2:
            return graph.comparison("eq", *operands)
        equal = [graph.comparison("eq", operand, out) for operand in operands]
        return reduce(graph.either, (graph.both(a, b) for a, b in combinations(equal, 2)))

    def kind(self, slot: int) -> Kind:
        """The gate of a stage, and those of its operands that are constants."""
        gate, operands = self.program.gates[slot], self.program.operands[slot]
        return gate, tuple([self.program.constants.get(operand) for operand in operands])

    def fed(self, slot: int) -> Fed:
        """The operands of a stage, and its value."""
        return (*[self.nodes[operand] for operand in self.program.operands[slot]], self.nodes[slot])

    def message(self, step: Passing, fed: Fed, arrived: int, reached: int) -> tuple[int, int]:
        """What a step passes on, and where."""
        graph = self.graph
        names = named(self.program.gates[step.stage], step.place, fed)
        slope = graph.expression(step.slope, names)
        if step.domain and not (graph.no_nan and nan_outside(*self.kind(step.stage))):
            inside = graph.truth(graph.expression(step.domain, names))
            slope = graph.select(inside, slope, graph.constant(nan))
        message = graph.gate("mul", (slope, arrived))
        here = reached
        if step.when:
            here = graph.both(here, graph.truth(graph.expression(step.when, names)))
        if message == arrived and here == reached:
            return message, here
        return graph.select(here, message, graph.constant(-0.0)), here

    def plan(self, results: Sequence[int]) -> Plan:
        """Only what leads to the results, in the order in which it was thought of."""
        operations = self.graph.operations
        live = set(results)
        for number in range(len(operations) - 1, -1, -1):
            if number in live:
                live.update(operations[number].operands)
        order = [n for n in sorted(live) if operations[n].name not in (INPUT, CONSTANT)]
        conditions = frozenset(n for n in order if operations[n].name in CONDITIONS)
        return Plan(operations, order, results, conditions)


@cache
def nan_outside(name: str, constants: Constants) -> bool:
    """Is a stage's value nan outside the domain of its slopes? A power of -inf is not."""
    gate = GATES[name]
    inside = IEEE.make_test(gate, gate.domain or "1")
    return all(
        inside(*operands, VALUE[name](*operands)) or isnan(VALUE[name](*operands))
        for operands in product(*probed(constants))
    )


def probed(constants: Constants) -> list[Sequence[float]]:
    """The numbers to try for each operand, of which a constant is one only."""
    return [PROBES if c is None else (c,) for c in constants[:MOST_PROBED]]


@cache
def hands_nan_on(name: str, constants: Constants) -> bool:
    """Is a stage's value nan whenever an operand is that it passes gradient to? If all stages of a
    program are so, one that was reached and is nan makes the value nan, and the row is done
    again anyway: slopes needn't look whether they are inside their domain."""
    gate = GATES[name]
    if gate.routes:
        return True  # what it does not take is not reached
    fixed = probed(constants)
    places = [k for k, _ in enumerate(fixed) if constants[k] is None and gate.partial(k)]
    return all(
        isnan(VALUE[name](*others[:place], nan, *others[place + 1 :]))
        for place in places
        for others in product(*fixed)
    )
