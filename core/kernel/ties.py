"""Rows in which gates tie, many at once: the rule of engine/ties as a plan of operations.

For every input that may reach a tie there is a moved run to either side, for all rows alike.
The gradient by the notes' convention is taken where it lies within the slopes; else the one along
the first way on which everything moves. What is left over, rows for which only many digits tell
or that neither fits, is marked, and done one by one.

Rows in which the same stages tie have a plan of their own, in which much is known beforehand.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from math import inf

from backprop.engine.ties.numbers import joint_way
from backprop.engine.ties.sides import SAME
from backprop.engine.ties.watch import Watch
from backprop.gates import GATES
from backprop.kernel.graph import Graph
from backprop.kernel.plan import Fed, Plan, Planner
from backprop.program.adjoint import named, passings, slope_and_conditions
from backprop.program.program import Program

DUST = 1e-14  # beside a value, what is rounding and no jump
NOTHING = -0.0  # what adding leaves every float as it is


@dataclass
class Runs:
    """What changes along a way, for all rows: operations, by slot."""

    limits: dict[int, int] = field(default_factory=dict)
    tangents: dict[int, int] = field(default_factory=dict)
    reached: dict[int, int] = field(default_factory=dict)  # where there is a tangent
    at: dict[int, Fed] = field(default_factory=dict)  # see engine.Branches
    unclear: list[int] = field(default_factory=list)  # where only many digits tell


def planned_at_ties(
    program: Program, watch: Watch, pattern: float | None = None, *, notes_only: bool = False
) -> Plan:
    """The gradients, and whether a row is left over; for any rows, or those of one pattern. With
    the notes' convention alone every row is left over that it does not fit."""
    known = None
    if pattern is not None:
        stages = [slot for slot, _, _ in watch.stages]
        known = {slot: bool(int(pattern) >> place & 1) for place, slot in enumerate(stages)}
    return TiePlanner(program, watch, known).complete(notes_only)


def planned_patterns(program: Program, watch: Watch) -> Plan:
    """Which stages tie in a row, as a number with a bit for each."""
    planner = Planner(program, "notes", Graph())
    graph, total = planner.graph, planner.graph.no
    for place, (slot, gate, _) in enumerate(watch.stages):
        tied = planner.ties_at(gate, planner.fed(slot))
        bit = graph.select(tied, graph.constant(2.0**place), graph.no)
        total = graph.gate("add", [total, bit]) if place else bit
    return planner.plan([total])


class TiePlanner(Planner):
    def __init__(self, program: Program, watch: Watch, known: Mapping[int, bool] | None) -> None:
        super().__init__(program, "notes", Graph())
        self.watch = watch
        self.known = known  # which stages tie, if that is known
        self.stages = {slot for slot, _, _ in watch.stages}
        self.leads = self.leading()
        self.smooth = [
            bool(operands) and not leads
            for operands, leads in zip(program.operands, self.leads, strict=True)
        ]
        # Where something jumps, what comes after is not what it was, and runs go to the end.
        self.jumps = any(
            (kink := GATES[gate].kink) is not None and kink.what in ("switch", "jump")
            for _, gate, _ in watch.stages
        )

    def leading(self) -> Sequence[bool]:
        """Which slots lead to a stage that may tie, or are one?"""
        found = [slot in self.stages for slot in range(len(self.program.gates))]
        for slot, _, operands in self.program.backward_steps():
            if found[slot]:
                for operand in operands:
                    found[operand] = True
        return found

    def complete(self, notes_only: bool) -> Plan:
        graph, wrt = self.graph, self.watch.wrt
        notes = self.gradients(wrt, at=self.at_ties)
        if notes_only:
            return self.by_notes(notes)
        runs = self.run(joint_way(self.watch, 0, falling=True))
        along = self.gradients(wrt, "first", runs.at)
        fits, fits_along, unclear = [], [], [*runs.unclear]
        for name, one, other in zip(wrt, notes, along, strict=True):
            slot = self.program.inputs[name]
            if name not in self.watch.inputs or not self.leads[slot]:
                fits_along.append(graph.comparison("eq", one, other))
                continue
            within = Within(self, name)
            fits.append(within.holds(one))
            fits_along.append(within.holds(other))
            unclear += within.unclear
        by_notes = reduce(graph.both, fits, graph.yes)
        by_way = reduce(graph.both, fits_along, graph.yes)
        chosen = [graph.select(by_notes, a, b) for a, b in zip(notes, along, strict=True)]
        left = reduce(graph.either, unclear, graph.opposite(graph.either(by_notes, by_way)))
        return self.plan([*chosen, graph.number(left)])

    def by_notes(self, notes: Sequence[int]) -> Plan:
        graph, left = self.graph, self.graph.no
        for name, gradient in zip(self.watch.wrt, notes, strict=True):
            if name in self.watch.inputs and self.leads[self.program.inputs[name]]:
                within = Within(self, name)
                misfit = graph.opposite(within.holds(gradient))
                left = reduce(graph.either, [misfit, *within.unclear], left)
        return self.plan([*notes, graph.number(left)])

    @property
    def at_ties(self) -> dict[int, Fed]:
        """For stages that are known to tie, equal operands in place of their own."""
        found: dict[int, Fed] = {}
        known = self.known or {}
        for slot, gate, operands in self.watch.stages:
            if known.get(slot) and self.all_meet(gate, len(operands)):
                equal = [self.graph.no] * len(operands)
                found[slot] = (*equal, self.graph.gate(gate, equal))
        return found

    def all_meet(self, gate: str, count: int) -> bool:
        """Are all operands of a gate on numbers the same where it ties?"""
        row = GATES[gate]
        assert row.kink is not None
        if row.condition or row.kink.what in ("switch", "jump"):
            return False
        return row.kink.at == "0" or (row.ties and count == 2)

    # Runs.

    def run(self, way: dict[str, float]) -> Runs:
        """A moved run of every row: to the last tie, or to the end if something may jump."""
        runs, graph = Runs(), self.graph
        for name, part in way.items():
            slot = self.program.inputs[name]
            runs.tangents[slot], runs.reached[slot] = graph.constant(part), graph.yes
        for slot, gate, operands in self.program.forward_steps():
            touched = any(o in runs.tangents or o in runs.limits for o in operands)
            if touched and (self.jumps or self.leads[slot]):
                self.step(runs, slot, gate, operands)
        return runs

    def step(self, runs: Runs, slot: int, gate: str, operands: Sequence[int]) -> None:
        changed = any(operand in runs.limits for operand in operands)
        fed = [runs.limits.get(operand, self.nodes[operand]) for operand in operands]
        value = self.nodes[slot]
        out = self.graph.gate(gate, fed) if changed else value
        nearby: Fed = (*fed, out)
        decided = slot in self.stages and (changed or self.may_tie(slot))
        if decided:
            out, nearby = self.decided(runs, slot, gate, operands, nearby)
        if out != value:
            runs.limits[slot] = out = self.snapped(out, value)
        if decided or changed:
            runs.at[slot] = nearby
        self.pass_on(runs, slot, gate, operands, nearby)

    def snapped(self, out: int, value: int) -> int:
        """A limit, or the value itself if they differ by rounding only."""
        return self.graph.select(self.same(out, value), value, out)

    def same(self, out: int, value: int) -> int:
        graph = self.graph
        apart = graph.gate("abs", [graph.gate("sub", [out, value])])
        size = graph.gate("mul", [graph.constant(DUST), graph.gate("abs", [value])])
        return graph.either(graph.comparison("eq", out, value), graph.comparison("le", apart, size))

    def pass_on(
        self, runs: Runs, slot: int, gate: str, operands: Sequence[int], nearby: Fed
    ) -> None:
        """Add up the tangents that come to a stage."""
        graph = self.graph
        for place, operand in enumerate(operands):
            if operand not in runs.tangents or not GATES[gate].partial(place):
                continue
            slope, when, _ = slope_and_conditions(gate, place, len(operands), "first")
            names = named(gate, place, nearby)
            message = graph.gate("mul", [graph.expression(slope, names), runs.tangents[operand]])
            here = runs.reached[operand]
            if when:
                here = graph.both(here, graph.truth(graph.expression(when, names)))
            message = graph.select(here, message, graph.constant(NOTHING))
            if slot in runs.tangents:
                message = graph.gate("add", [runs.tangents[slot], message])
                here = graph.either(runs.reached[slot], here)
            runs.tangents[slot], runs.reached[slot] = message, here

    def may_tie(self, slot: int) -> bool:
        return self.known is None or self.known[slot]

    def decided(
        self, runs: Runs, slot: int, gate: str, operands: Sequence[int], nearby: Fed
    ) -> tuple[int, Fed]:
        """The limit of a stage that may tie; and its operands and value a hair away, enlarged
        in the rows in which it does."""
        graph, row, (*fed, out) = self.graph, GATES[gate], nearby
        assert row.kink is not None
        here = all(operand not in runs.limits for operand in operands)
        sure = here and self.known is not None and self.known[slot]
        tied = graph.yes if sure else self.ties_at(gate, nearby)
        zero = graph.no
        tangents = [
            graph.select(runs.reached[o], runs.tangents[o], zero) if o in runs.tangents else zero
            for o in operands
        ]
        moving = [runs.reached.get(operand, graph.no) for operand in operands]
        if row.condition:
            told = graph.both(tied, moving[0])
            runs.unclear.append(graph.both(told, graph.comparison("eq", tangents[0], zero)))
            fed[0] = graph.select(told, tangents[0], fed[0])
            out = graph.gate(gate, fed)
            return out, (*fed, out)
        if row.kink.what == "switch":
            told = graph.both(tied, graph.either(*moving))
            runs.unclear.append(graph.both(told, graph.comparison("eq", *tangents)))
            out = graph.select(told, graph.gate(gate, tangents), out)
            return out, (*fed, out)
        if row.kink.below:
            told = graph.both(tied, graph.either(*moving))
            names = dict(zip(("a", "b", "s", "t"), (*fed, *tangents), strict=True))
            side = graph.expression("sign(b)*(s - a/b*t)", names)
            runs.unclear.append(graph.both(told, graph.comparison("eq", side, zero)))
            falls = graph.both(told, graph.comparison("lt", side, zero))
            out = graph.select(falls, graph.expression(row.kink.below, names), out)
            return out, (*fed, out)
        if row.kink.what == "jump":
            told = graph.both(tied, moving[0])
            runs.unclear.append(graph.both(told, graph.comparison("eq", tangents[0], zero)))
            step = graph.gate("mul", [graph.gate("sign", tangents), graph.constant(0.25)])
            beside = graph.gate(gate, [graph.gate("add", [fed[0], step])])
            out = graph.select(told, beside, out)
            return out, (*fed, out)
        middle = graph.expression(row.kink.at, named(gate, 0, nearby))
        if sure and self.all_meet(gate, len(fed)):
            close = tangents
        else:
            close = [self.enlarged(*pair, middle) for pair in zip(fed, tangents, strict=True)]
        sub = [graph.select(tied, a, b) for a, b in zip(close, fed, strict=True)]
        return out, (*sub, graph.gate(gate, sub))

    def enlarged(self, value: int, tangent: int, middle: int) -> int:
        """An operand less the value at which it ties, many times enlarged."""
        graph = self.graph
        above = graph.comparison("gt", value, middle)
        far = graph.select(above, graph.constant(inf), graph.constant(-inf))
        return graph.select(graph.comparison("eq", value, middle), tangent, far)

    # Slopes.

    @cached_property
    def beyond(self) -> dict[int, tuple[int, int]]:
        """The gradient that comes to a slot past no stage that may tie, and where."""
        steps = passings(self.program, "first")
        return self.flowed(step for step in steps if self.smooth[step.stage])

    def slope(self, runs: Runs) -> int:
        """The slope of the output along a run."""
        graph, output = self.graph, self.program.output
        if self.jumps:
            if output not in runs.tangents:
                return graph.no
            return graph.select(runs.reached[output], runs.tangents[output], graph.no)
        total = graph.constant(NOTHING)
        for slot, tangent in runs.tangents.items():
            if slot in self.beyond:
                gradient, arrives = self.beyond[slot]
                part = graph.gate("mul", [tangent, gradient])
                here = graph.both(runs.reached[slot], arrives)
                part = graph.select(here, part, graph.constant(NOTHING))
                total = graph.gate("add", [total, part])
        return total


class Within:
    """Between the slopes on both sides of an input."""

    def __init__(self, planner: TiePlanner, name: str) -> None:
        self.planner = planner
        self.graph = graph = planner.graph
        self.sides: list[int] = []
        self.free: list[int] = []  # where a side says nothing: a jump, or no number
        self.unclear: list[int] = []
        for sign in (-1.0, 1.0):
            runs = planner.run({name: sign})
            self.unclear += runs.unclear
            slope = graph.gate("mul", [graph.constant(sign), planner.slope(runs)])
            self.sides.append(slope)
            if graph.value(slope) is None:
                self.free.append(graph.comparison("ne", slope, slope))
            output = planner.program.output
            if output in runs.limits:
                same = graph.comparison("eq", runs.limits[output], planner.nodes[output])
                self.free.append(graph.opposite(same))

    def holds(self, gradient: int) -> int:
        graph = self.graph
        number = graph.comparison("eq", gradient, gradient)
        free = graph.both(number, reduce(graph.either, self.free, graph.no))
        low, high = self.bounds
        inside = graph.both(
            graph.comparison("le", low, gradient), graph.comparison("le", gradient, high)
        )
        return graph.either(free, inside)

    @cached_property
    def bounds(self) -> tuple[int, int]:
        """The least and the largest slope, with room for rounding."""
        graph = self.graph
        low, high = (graph.gate(name, self.sides) for name in ("min", "max"))
        below, above = (
            graph.gate("mul", [graph.constant(SAME), graph.gate("abs", [one])])
            for one in (low, high)
        )
        return graph.gate("sub", [low, below]), graph.gate("add", [high, above])
