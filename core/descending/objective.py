"""What is descended: something that has a value and a gradient at every point.

    objective.at(point)         value and gradient
    objective.at(point, 7)      the same for the rows of step 7, where a step sees only some
    objective.reports(point)    every stage of it, by all inputs: for a diagnosis
    objective.label(number)     what a message begins with that is about a report

A program of numbers never loads NumPy.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple, Protocol

from backprop.answer.evaluation import beginning, evaluate
from backprop.answer.report import Report
from backprop.descending.quantities import Point
from backprop.engine.guards import broken
from backprop.engine.kinds import kind_of, resolve
from backprop.errors import UsageError
from backprop.program.program import Program


class Found(NamedTuple):
    """The answer at one point."""

    value: float
    gradient: Point


class Objective(Protocol):
    """The one thing that the methods know of what they descend."""

    @property
    def program(self) -> Program: ...
    @property
    def partial(self) -> bool: ...  # does a step see only some of the rows?
    @property
    def note(self) -> str: ...  # what there is to say of how it is computed
    @property
    def later(self) -> str: ...  # the same, at the end
    @property
    def identity(self) -> Any: ...  # what has to be the same when a run goes on
    def at(self, point: Point, step: int | None = None) -> Found: ...
    def go_on(self, step: int) -> None: ...  # the next step that asks
    def reports(self, point: Point, *, lost: bool = False) -> Iterator[tuple[int, Report]]: ...
    def label(self, number: int) -> str: ...
    def quiet(self) -> AbstractContextManager[Any]: ...  # under IEEE rules, without a word


class ProgramObjective:
    """A program at a point, some of whose inputs are parameters."""

    partial = False
    note = later = ""
    identity = ""

    def __init__(
        self, program: Program, fixed: Mapping[str, Any], names: Sequence[str], ties: str = "auto"
    ) -> None:
        self.program = program
        self.fixed = dict(fixed)
        self.names = tuple(names)
        self.ties = ties
        self.watch = kind_of(program).watch(program, self.names)
        if program.shapes[program.output]:
            raise no_number(program.shapes[program.output])

    def at(self, point: Point, step: int | None = None) -> Found:
        del step
        program, everything = self.program, {**self.fixed, **point}
        kind = kind_of(program)
        values = kind.forward(program, everything)
        if program.guards and broken(program, values):
            self.read_again(everything)
            program = self.program
            values = kind.forward(program, everything)
        back = resolve(self.watch, values, self.ties, beginning(program, None)).back
        gradient = {name: back.gradient(program.inputs[name]) for name in self.names}
        return Found(float(values[program.output]), gradient)

    def go_on(self, step: int) -> None:
        """Every step is like any other."""

    def read_again(self, everything: Mapping[str, Any]) -> None:
        """The source goes another way here than where it was read."""
        from backprop.reading.again import program_at

        given = {name: everything[name] for name in self.program.inputs}
        self.program = program_at(self.program, given)
        self.watch = kind_of(self.program).watch(self.program, self.names)

    def reports(self, point: Point, *, lost: bool = False) -> Iterator[tuple[int, Report]]:
        del lost
        everything = {**self.fixed, **point}
        if self.program.guards:
            self.at(point)
        yield 0, evaluate(self.program, everything, ties=self.ties, allow_nonfinite=True)

    def label(self, number: int) -> str:
        del number
        return ""

    def quiet(self) -> AbstractContextManager[Any]:
        return kind_of(self.program).quietly()


def no_number(shape: tuple[int, ...]) -> UsageError:
    from backprop.gates.shapes import words

    return UsageError(
        f"the output is {words(shape)}, and only a number can be descended",
        hint="sum(...) or mean(...) around it",
    )


def unheard() -> AbstractContextManager[Any]:
    """NumPy under IEEE rules: infinities and NaN come out, and no warning."""
    import numpy as np

    from backprop.arithmetic.arrays import IGNORED

    return np.errstate(**IGNORED)
