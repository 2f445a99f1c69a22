"""What may be checked, each as something that gives a value and a gradient at a point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from backprop.answer.evaluation import evaluate, parse
from backprop.engine.kinds import kind_of
from backprop.errors import BackpropError, UsageError
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.testing.calling import (
    Caller,
    GradientFunction,
    Point,
    gradients_in,
    is_required,
    name_of,
    parameters_of,
    result_of,
)


class Subject(Protocol):
    """A function with the gradient that is to be checked."""

    name: str

    def inputs(self) -> list[tuple[str, bool]]:
        """Names, and whether each needs a value. None if nobody knows."""

    def value(self, point: Point) -> Any:
        """The value at a point: a float or an array."""

    def gradient(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        """The gradient that is to be checked, by input."""

    @property
    def takes_upstream(self) -> bool:
        """Does the gradient begin with any gradient of the value?"""


class FunctionSubject:
    """A Python function that is called, and a gradient that is called too."""

    def __init__(self, function: Callable[..., Any], gradient: Callable[..., Any] | None) -> None:
        self.function = Caller(function)
        self.named = function
        self.own = gradient
        self.name = name_of(function)
        self.given: list[str] = []  # the inputs that have a value

    @cached_property
    def gradient_function(self) -> GradientFunction:
        assert self.own is not None
        return GradientFunction(self.own, self.given or [name for name, _ in self.inputs()])

    def inputs(self) -> list[tuple[str, bool]]:
        return [(name, is_required(default)) for name, default in parameters_of(self.named)]

    def value(self, point: Point) -> Any:
        return result_of(self.function(point))[0]

    def complex_value(self, point: Point) -> Any:
        """The value of complex numbers, for a step that nothing is subtracted at."""
        returned = self.function(point)
        return returned[0] if isinstance(returned, tuple) else returned

    def gradient(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        if self.own is None:
            _, rest = result_of(self.function(point))
            returned = rest[0] if len(rest) == 1 else tuple(rest)
            return gradients_in(returned, moving, list(point))
        rest = []
        if self.gradient_function.rest:
            rest = result_rest(self.function(point))
        return gradients_in(self.gradient_function(point, upstream, rest), moving, list(point))

    @property
    def takes_upstream(self) -> bool:
        return self.own is not None and bool(self.gradient_function.upstream)


def result_rest(returned: Any) -> list[Any]:
    return list(returned[1:]) if isinstance(returned, (tuple, list)) and len(returned) > 1 else []


class TextSubject:
    """A program of our own, whose gradient is what texts or a function say, or its own."""

    def __init__(self, program: str | Tree | Program, gradient: Any) -> None:
        self.source = program
        self.own = gradient
        tree = program.tree if isinstance(program, Program) else program
        self.name = "the program"
        self.tree = parse_tree(tree)
        self.programs: dict[Any, Program] = {}
        self.texts = (
            {str(name): str(text) for name, text in gradient.items()}
            if isinstance(gradient, Mapping)
            else {}
        )

    def inputs(self) -> list[tuple[str, bool]]:
        names = self.tree.names
        assigned = {*getattr(self.tree, "stored", ())}
        return [(name, name not in ("pi", "e")) for name in names if name and name not in assigned]

    def program_at(self, point: Point) -> Program:
        """The program staged for the shapes of a point."""
        shapes = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
        key = tuple(shapes.items())
        if key not in self.programs:
            from backprop.program.stage import stage

            self.programs[key] = stage(self.tree, [*point], shapes=shapes)
        return self.programs[key]

    def value(self, point: Point) -> Any:
        program = self.program_at(point)
        kind = kind_of(program)
        at = {name: value for name, value in point.items() if name in program.inputs}
        with kind.quietly():
            return kind.forward(program, at)[program.output]

    def gradient(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        if self.texts:
            return {name: self.of_text(name, text, point) for name, text in self.texts.items()}
        if self.own is None:
            report = evaluate(self.program_at(point), point, **beginning(upstream))
            return {name: report.gradient[name] for name in moving if name in report.gradient}
        function = GradientFunction(self.own, list(point))
        return gradients_in(function(point, upstream, []), moving, list(point))

    def of_text(self, name: str, text: str, point: Point) -> Any:
        used = {**point}
        try:
            program = parse(
                text,
                given=list(used),
                shapes={n: np.shape(v) for n, v in used.items() if np.ndim(v)},
            )
            return evaluate(program, {n: v for n, v in used.items() if n in program.inputs}).value
        except BackpropError as error:
            error.origin = error.origin or f"the gradient of {name}"
            raise

    @property
    def takes_upstream(self) -> bool:
        if self.own is None:
            return True
        return callable(self.own) and bool(
            GradientFunction(self.own, [n for n, _ in self.inputs()]).upstream
        )


def beginning(upstream: Any) -> dict[str, Any]:
    return {"upstream": upstream} if np.ndim(upstream) else {}


def parse_tree(text: str | Tree) -> Tree:
    from backprop.language.parser import parse as parsed

    if isinstance(text, Tree):
        return text
    if not isinstance(text, str):
        raise UsageError(f"a program is a text, not {type(text).__name__}")
    return parsed(text)
