"""Numbers or arrays: chosen once for a program, so that nobody else has to ask.

The two loops stay apart, since the one over floats is much faster alone, and arrays are loaded
only where there are some. Whatever stands around the loops is the same for both: it asks the
kind of a program.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from math import isfinite
from typing import TYPE_CHECKING, Any, Protocol

from backprop.arithmetic.ieee import IEEE, LOCAL
from backprop.engine.numbers import Branches, backward, forward
from backprop.engine.ties.conventions import Resolved, convention
from backprop.engine.ties.watch import Watch
from backprop.program.program import Program

if TYPE_CHECKING:
    from backprop.engine.tangents import Second

Values = Sequence[Any]


class Kind(Protocol):
    """What a program works with. `arithmetic` is another number system than floats."""

    floats: Any  # the number system of floats

    def quietly(self) -> AbstractContextManager[Any]:
        """Under IEEE rules, without a word."""

    def forward(self, program: Program, point: Mapping[str, Any], arithmetic: Any = None) -> Values:
        """The value of every slot."""

    def backward(
        self, program: Program, values: Values, upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Any:  # fmt: skip
        """The gradient of every slot; `upstream` is that of the output."""

    def tangents(
        self, program: Program, values: Values, direction: Mapping[str, Any],
        branches: str | Branches = "notes",
    ) -> Values:  # fmt: skip
        """How every slot moves as the inputs move so."""

    def second(
        self, program: Program, values: Values, direction: Mapping[str, Any], upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Second:  # fmt: skip
        """How values and gradients move as the inputs move so."""

    def finite(self, value: Any) -> bool: ...

    def undefined(self, value: Any) -> bool:
        """Is it, or any entry of it, nan?"""

    def watch(self, program: Program, wrt: Iterable[str]) -> Watch:
        """The ties that matter for these inputs."""

    def moving(self, watch: Watch, values: Values, tied: Sequence[int], upstream: Any) -> Any:
        """The program at a point where some of its stages tie."""

    def slopes(self, gate: str, at: tuple[Any, ...]) -> Sequence[Any]:
        """What a gate passes back of a gradient of 1, where its operands and value are these."""

    def many_digits(self, program: Program) -> Any:
        """The number system of many digits; that of floats where these would take too long."""


class Numbers:
    """Programs of single numbers."""

    floats = IEEE

    def quietly(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def forward(self, program: Program, point: Mapping[str, Any], arithmetic: Any = None) -> Values:
        return forward(program, point, arithmetic or IEEE)

    def backward(
        self, program: Program, values: Values, upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Any:  # fmt: skip
        start = 1.0 if upstream is None else upstream
        return backward(program, values, branches, wrt, arithmetic or IEEE, upstream=start)

    def tangents(
        self, program: Program, values: Values, direction: Mapping[str, Any],
        branches: str | Branches = "notes",
    ) -> Values:  # fmt: skip
        from backprop.engine.tangents import forward_tangents

        return forward_tangents(program, values, direction, branches)

    def second(
        self, program: Program, values: Values, direction: Mapping[str, Any], upstream: Any = None,
        branches: str | Branches = "notes", wrt: Collection[str] | None = None,
        arithmetic: Any = None,
    ) -> Second:  # fmt: skip
        from backprop.engine.tangents import second

        start = 1.0 if upstream is None else upstream
        return second(program, values, direction, branches, wrt, arithmetic or IEEE, start)

    def finite(self, value: Any) -> bool:
        return isfinite(value)

    def undefined(self, value: Any) -> bool:
        return bool(value != value)

    def watch(self, program: Program, wrt: Iterable[str]) -> Watch:
        return Watch(program, wrt)

    def moving(self, watch: Watch, values: Values, tied: Sequence[int], upstream: Any) -> Any:
        from backprop.engine.ties.numbers import Numbers as Moving

        del upstream
        return Moving(watch, values, tied)

    def slopes(self, gate: str, at: tuple[Any, ...]) -> Sequence[Any]:
        found: Sequence[Any] = LOCAL["first"][gate](*at)
        return found

    def many_digits(self, program: Program) -> Any:
        from backprop.arithmetic.precise import PRECISE

        del program
        return PRECISE


NUMBERS = Numbers()


def kind_of(program: Program) -> Kind:
    """What a program works with."""
    if not program.arrays:
        return NUMBERS
    from backprop.engine.array_kind import ARRAYS_KIND

    return ARRAYS_KIND


# Ties, by the slopes of the function around them: see ties/.


def resolve(watch: Watch, values: Values, ties: str, upstream: Any = None) -> Resolved:
    """The backward pass at these values; where gates tie, by the function's own slopes."""
    kind, tied = kind_of(watch.program), watch.tied(values)
    if tied:
        from backprop.engine.ties.resolving import chosen

        return chosen(kind.moving(watch, values, tied, upstream), ties)
    branches = Branches(convention(ties))
    back = kind.backward(watch.program, values, upstream, branches, watch.needed)
    return Resolved(branches, back)


def along(
    watch: Watch, values: Values, ties: str, direction: Mapping[str, Any] | None,
    upstream: Any = None,
) -> Branches:  # fmt: skip
    """The branches of a convention, or those that are taken along a way. `upstream` is the
    gradient of an output that is an array."""
    tied = watch.tied(values) if direction else []
    if not tied or not direction:
        return Branches("first" if direction else convention(ties))
    moving = kind_of(watch.program).moving(watch, values, tied, upstream)
    found: Branches | None = moving.branches(direction)
    return found or Branches("first")


def at_point(
    program: Program, point: Mapping[str, Any], ties: str, upstream: Any = None
) -> tuple[Branches, bool]:
    """The branches to take at a point, and whether some input has no single slope there."""
    if not program.bending:
        return Branches(convention(ties)), False
    kind = kind_of(program)
    watch = kind.watch(program, program.inputs)
    with kind.quietly():
        found = resolve(watch, kind.forward(program, point), ties, upstream)
    return found.branches, bool(found.kinks)
