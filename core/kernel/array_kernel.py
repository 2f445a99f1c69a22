"""A program on arrays as a function: value and gradients, at one point or at the points of a row
of arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.answer.values import unknown_variable
from backprop.engine.guards import check_guards
from backprop.engine.kinds import kind_of, resolve
from backprop.engine.ties.watch import Watch
from backprop.errors import MissingValueError, UsageError
from backprop.gates.shapes import words
from backprop.program.program import Program


class ArrayKernel:
    """Both passes of a program on arrays. An input with one axis more than the program's has a
    point in each of its rows; all others are the same for every row."""

    note = ""  # what there is to say of how it was made

    def __init__(self, program: Program, wanted: Sequence[str], ties: str) -> None:
        self.program = program
        self.wanted = tuple(wanted)
        self.ties = ties
        self.kind = kind_of(program)
        self.watch: Watch = self.kind.watch(program, wanted)

    def __call__(
        self, values: Mapping[str, Any], upstream: Any = None
    ) -> tuple[Any, dict[str, Any]]:
        given = {name: self.checked(name, value) for name, value in values.items()}
        known = {**self.program.defaults, **given}
        missing = [name for name in self.program.inputs if name not in known]
        if missing:
            raise MissingValueError(missing)
        axes = {name: len(self.program.shapes[slot]) for name, slot in self.program.inputs.items()}
        many = [name for name, count in axes.items() if np.ndim(known[name]) > count]
        rows = {len(known[name]) for name in many}
        if not rows:
            return self.at(known, upstream)
        if len(rows) > 1:
            raise UsageError(f"inputs have {' and '.join(map(str, sorted(rows)))} rows")
        found = [
            self.at({**known, **{name: known[name][k] for name in many}}, upstream)
            for k in range(rows.pop())
        ]
        gradient = {name: np.array([one[1][name] for one in found]) for name in self.wanted}
        return np.array([one[0] for one in found]), gradient

    def checked(self, name: str, value: Any) -> Any:
        if name not in self.program.inputs:
            raise unknown_variable(name, self.program)
        try:
            found = np.asarray(value, float)
        except (TypeError, ValueError):
            raise UsageError(f"the value of {name} is no array of numbers") from None
        shape = self.program.shapes[self.program.inputs[name]]
        if found.shape != shape and found.shape[1:] != shape:
            raise UsageError(
                f"{name} is {words(found.shape)}, and the program is for {words(shape)}"
            )
        return found if found.ndim else float(found)

    def at(self, point: Mapping[str, Any], upstream: Any) -> tuple[Any, dict[str, Any]]:
        values = self.kind.forward(self.program, point)
        if self.program.guards:
            check_guards(self.program, values)
        shape = self.program.shapes[self.program.output]
        if shape and upstream is None:
            raise UsageError(
                f"the output is {words(shape)}: it needs the gradient of what comes after it",
                hint="kernel(values, upstream)",
            )
        start = np.broadcast_to(np.asarray(upstream, float), shape) if shape else 1.0
        back = resolve(self.watch, values, self.ties, start).back
        gradient = {name: back.gradient(self.program.inputs[name]) for name in self.wanted}
        return values[self.program.output], gradient
