"""A program on arrays as a subject of the three opinions: opened up, entry by entry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.checking.arrays.opening import Opened, entry, opened
from backprop.checking.arrays.walk import walk_arrays
from backprop.checking.opinions import Subject
from backprop.checking.ties import at_ties
from backprop.checking.walk import Dialect
from backprop.engine.arrays import ArrayBackward, backward_arrays
from backprop.engine.kinds import along
from backprop.engine.numbers import Branches, forward
from backprop.engine.ties.arrays import ArrayWatch
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

Array = Any


class Arrays(NamedTuple):
    """A program on arrays at a point, and both its passes in floats."""

    program: Program
    point: Mapping[str, Any]
    wrt: Sequence[str]
    upstream: Any
    gradient: Mapping[str, Any]
    values: Sequence[Any]
    back: ArrayBackward
    opened: Opened
    branches: Branches


@dataclass(frozen=True)
class ArraySubject(Subject):
    """The opened program, whose inputs are entries; and the arrays that these are of."""

    parts: ClassVar[str] = "entries"
    _: KW_ONLY
    arrays: Arrays

    def walked(self, at: Mapping[str, Any], dialect: Dialect) -> Any:
        names = {name: self.gathered(name, array, at) for name, array in self.arrays.point.items()}
        return walk_arrays(self.tree, names, dialect, self.arrays.upstream)

    def gathered(self, name: str, like: Any, at: Mapping[str, Any]) -> Any:
        """The entries of an array, put together again."""
        found = np.empty(np.shape(like), dtype=object)
        for index in np.ndindex(*np.shape(like)):
            found[index] = at[entry(name, index)]
        return found[()]


def array_subject(tree: Tree, request: Mapping[str, Any]) -> ArraySubject:
    """The subject of a request, from the nested lists that it carries."""
    point = point_of(request)
    shapes = {name: np.shape(value) for name, value in point.items() if np.ndim(value)}
    program = stage(tree, request["given"], request["gates"], request["share"], shapes)
    wrt, ties, way = request["wrt"], request["ties"], direction(request)
    upstream = np.reshape(numbers(request["upstream"]), program.shapes[program.output])[()]
    with np.errstate(**IGNORED):
        values = forward(program, point, ARRAYS)
    branches = along(ArrayWatch(program, wrt), values, ties, way, upstream)
    back = backward_arrays(program, values, upstream, branches)
    parts = opened(program, values, upstream)
    gradient = {
        name: np.reshape(numbers(request["gradient"][name]), program.shapes[program.inputs[name]])
        for name in wrt
    }
    at, names = parts.point(point), list(parts.point(gradient))
    entries = None if way is None else parts.point(way)
    return ArraySubject(
        tree, parts.program, at, names, gates=request["gates"],
        value=float(np.sum(values[program.output] * upstream)), gradient=parts.point(gradient),
        **at_ties(parts.program, at, names, ties, entries),
        arrays=Arrays(
            program, point, wrt, upstream, gradient, values, back, parts, branches
        ),
    )  # fmt: skip


def direction(request: Mapping[str, Any]) -> dict[str, Any] | None:
    """The way along which branches were chosen, in the shapes of the inputs."""
    way, shapes = request["direction"], request["shapes"]
    if way is None:
        return None
    return {name: np.reshape(numbers(part), shapes.get(name, ()))[()] for name, part in way.items()}


def point_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a request, in their shapes."""
    shapes = request["shapes"]
    return {
        name: np.reshape(numbers(value), shapes.get(name, ()))[()]
        for name, value in request["point"].items()
    }


def numbers(value: Any) -> Any:
    """Nested lists as an array, a number as NumPy's own."""
    return np.asarray(value, dtype=float)[()]
