"""The program that a backward pass is graded against, in all its worlds."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from backprop.errors import BackpropError, UsageError
from backprop.grading.making import Maker, labels, nudged
from backprop.grading.worlds import (
    Series,
    Statement,
    World,
    differentiable,
    precisely,
    staged,
)
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage


@dataclass(frozen=True, eq=False)
class Forward:
    """The program that a backward pass is graded against."""

    program: Program
    statements: tuple[Statement, ...]
    worlds: tuple[World, ...]
    maker: Maker
    required: tuple[str, ...]  # inputs that need a gradient
    free: bool  # is the gradient of the output anything at all?

    @property
    def output(self) -> str:
        return self.statements[-1].name

    @cached_property
    def variables(self) -> tuple[str, ...]:
        return (*self.program.inputs, *(one.name for one in self.statements))

    @cached_property
    def consumers(self) -> dict[str, list[str]]:
        """The statements that pass something back to a variable."""
        found: dict[str, list[str]] = {name: [] for name in self.variables}
        for variable, statement in self.worlds[0].flows:
            found[variable].append(statement)
        return found

    @cached_property
    def by_name(self) -> dict[str, Statement]:
        return {one.name: one for one in self.statements}

    @cached_property
    def values(self) -> dict[str, Series]:
        return {name: [world.values[name] for world in self.worlds] for name in self.variables}

    @cached_property
    def gradients(self) -> dict[str, Series]:
        return {
            name: [self.or_zero(world, name, world.gradients[name]) for world in self.worlds]
            for name in self.variables
        }

    def or_zero(self, world: World, name: str, value: Any) -> Any:
        return world.values[name] * 0 if value is None else value

    def uses(self, variable: str, statement: str) -> list[Series]:
        """What each use of a variable in a statement passes back."""
        places = range(len(self.worlds[0].flows[variable, statement]))
        return [[self.use(world, variable, statement, k) for world in self.worlds] for k in places]

    def inside(self, statement: str) -> list[Series]:
        """The gradients of the stages that a statement is made of, the output's left out."""
        found = [
            self.maker.inside(self.by_name[statement].program, w, statement) for w in self.worlds
        ]
        return [list(series) for series in zip(*found, strict=True)]

    def use(self, world: World, variable: str, statement: str, place: int) -> Any:
        return self.or_zero(world, variable, world.flows[variable, statement][place])


def worlds_of(
    tree: Tree,
    point: Mapping[str, Any],
    program: Program,
    *,
    ties: str = "auto",
    wrt: Collection[str] | None = None,
    upstream: Any = None,
    seed: int = 0,
) -> Forward:
    """The worlds of a program at a point. `wrt` are the inputs that need a gradient."""
    named, program = by_gates(tree, point, program)
    statements = tuple(statements_of(named, program))
    reached = differentiable(program)
    wanted = [name for name in program.inputs if program.inputs[name] in reached]
    told = [name for name in wanted if name not in program.defaults and not labels(point[name])]
    required = tuple(wrt) if wrt is not None else tuple(told or wanted)
    maker = Maker(program, statements, ties, upstream)
    with precisely():
        first = maker.world(point, None)
        if not maker.finite(first):
            raise UsageError(
                "the program has no finite gradient at this point, so nothing can be graded",
                hint="choose another point; backprop eval shows where it gets lost",
            )
        drawn = [name for name in required if wrt is not None or not labels(point[name])]
        drawn = drawn or list(required)
        if maker.kinked:
            way = maker.way(point)
            moved = {name: nudged(point[name], k, way.get(name)) for k, name in enumerate(drawn, 1)}
            aside = maker.world({**point, **moved}, None)
            first = aside if maker.finite(aside) else first
        others = maker.others(point, drawn, Random(seed))
        free = upstream is None and program.arrays and program.shapes[program.output]
        return Forward(program, statements, (first, *others), maker, required, bool(free))


def by_gates(tree: Tree, point: Mapping[str, Any], program: Program) -> tuple[Tree, Program]:
    """A single expression as the stages that the tables show: q = x + y; f = q * z."""
    if len(tree.body) > 1 or tree.functions or program.size < 2:
        return tree, program
    text = "\n".join(f"{one.name} = {one.code}" for one in program.stages())
    try:
        named = parse(text)
        shapes = program.shapes_of_inputs()
        again = stage(named, point, shapes=shapes)
    except BackpropError:
        return tree, program
    return (named, again) if set(again.inputs) == set(program.inputs) else (tree, program)


def statements_of(tree: Tree, program: Program) -> Iterator[Statement]:
    """Every statement that is computed, staged by itself."""
    known: dict[str, tuple[int, ...]] = {}
    slots = dict(program.names)
    for name, slot in slots.items():
        known[name] = program.shapes[slot]
    for run in tree.body:
        name = tree.name_of(run) or program.output_name
        if name not in program.inputs:
            alone = replace(tree, body=(run,))
            yield Statement(name, staged(alone, known, arrays=program.arrays), alone)
