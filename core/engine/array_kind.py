"""The kind of programs on arrays."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED, finite
from backprop.engine.arrays import backward_arrays, operations
from backprop.engine.numbers import Branches, forward
from backprop.engine.ties.arrays import Arrays as Moving
from backprop.engine.ties.arrays import ArrayWatch, passing
from backprop.engine.ties.watch import Watch
from backprop.program.program import Program

if TYPE_CHECKING:
    from backprop.engine.tangents import Second

MOST_DIGITS = 20_000  # operations on single entries that are done in many digits
Values = Sequence[Any]


class Arrays:
    """Programs on arrays: see engine/kinds.py."""

    floats = ARRAYS

    def quietly(self) -> AbstractContextManager[Any]:
        return np.errstate(**IGNORED)

    def forward(self, program: Program, point: Mapping[str, Any], arithmetic: Any = None) -> Values:
        with self.quietly():
            return forward(program, point, arithmetic or ARRAYS)

    def backward(
        self, program: Program, values: Values, upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Any:  # fmt: skip
        return backward_arrays(program, values, upstream, branches, wrt, arithmetic or ARRAYS)

    def tangents(
        self, program: Program, values: Values, direction: Mapping[str, Any],
        branches: str | Branches = "notes",
    ) -> Values:  # fmt: skip
        from backprop.engine.array_tangents import forward_tangents_arrays

        return forward_tangents_arrays(program, values, direction, branches)

    def second(
        self, program: Program, values: Values, direction: Mapping[str, Any], upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Second:  # fmt: skip
        from backprop.engine.array_tangents import second_arrays

        system = arithmetic or ARRAYS
        return second_arrays(program, values, direction, upstream, branches, wrt, system)

    def finite(self, value: Any) -> bool:
        return finite(value)

    def undefined(self, value: Any) -> bool:
        return bool(np.any(np.isnan(value)))

    def watch(self, program: Program, wrt: Iterable[str]) -> Watch:
        return ArrayWatch(program, wrt)

    def moving(self, watch: Watch, values: Values, tied: Sequence[int], upstream: Any) -> Moving:
        return Moving(watch, values, tied, upstream)

    def slopes(self, gate: str, at: tuple[Any, ...]) -> Sequence[Any]:
        return passing(gate, at)

    def many_digits(self, program: Program) -> Any:
        from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS

        return PRECISE_ARRAYS if operations(program) <= MOST_DIGITS else ARRAYS


ARRAYS_KIND = Arrays()
