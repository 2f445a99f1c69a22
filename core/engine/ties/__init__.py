"""Ties: where a gate has no slope of its own, the function around it may still have one.

max(x, x), relu(x) - relu(-x), a clipped loss where clipping begins: gate by gate a convention
gets these wrong. So every input that reaches a tie is moved alone, a hair to the left and a hair
to the right. That gives its slopes. The answer is the first choice of branches that lies within
the slopes of all inputs: the notes' convention, then the branches along joint directions.

    conventions.py  what a tie may be decided by
    watch.py        which stages can tie, and which of these matter
    sides.py        how the output moves on one side
    numbers.py      a moved run of numbers, and of arrays in arrays.py
    exact.py        what only many digits can tell
    resolving.py    the slopes, and the choice
    wording.py      what the user hears of it
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backprop.engine.numbers import Branches, backward, forward
from backprop.engine.ties.conventions import Resolved, convention
from backprop.engine.ties.watch import Watch
from backprop.program.program import Program


def resolve(watch: Watch, values: Sequence[Any], ties: str, upstream: Any = None) -> Resolved:
    """The backward pass at these values; where gates tie, by the function's own slopes.

    `upstream` is the gradient of an output that is an array."""
    tied = watch.tied(values)
    if tied:
        from backprop.engine.ties.resolving import chosen

        return chosen(watch, values, tied, ties, upstream)
    branches = Branches(convention(ties))
    if not watch.program.arrays:
        return Resolved(branches, backward(watch.program, values, branches, watch.needed))
    from backprop.engine.arrays import backward_arrays

    back = backward_arrays(watch.program, values, upstream, branches, watch.needed)
    return Resolved(branches, back)


def along(
    watch: Watch, values: Sequence[Any], ties: str, direction: Mapping[str, Any] | None
) -> Branches:
    """The branches of a convention, or those that are taken along a way."""
    tied = watch.tied(values) if direction else []
    if not tied or not direction:
        return Branches("first" if direction else convention(ties))
    from backprop.engine.ties.resolving import kind_of

    return kind_of(watch, values, tied, None).branches(direction) or Branches("first")


def at_point(
    program: Program, point: Mapping[str, Any], ties: str, upstream: Any = None
) -> tuple[Branches, bool]:
    """The branches to take at a point, and whether some input has no single slope there."""
    watch = watch_of(program, program.inputs)
    if not program.bending:
        return Branches(convention(ties)), False
    if not program.arrays:
        found = resolve(watch, forward(program, point), ties)
    else:
        import numpy as np

        from backprop.arithmetic.arrays import ARRAYS, IGNORED

        with np.errstate(**IGNORED):
            found = resolve(watch, forward(program, point, ARRAYS), ties, upstream)
    return found.branches, bool(found.kinks)


def watch_of(program: Program, wrt: Iterable[str]) -> Watch:
    """The ties of a program, of numbers or of arrays, that matter for these inputs."""
    if not program.arrays:
        return Watch(program, wrt)
    from backprop.engine.ties.arrays import ArrayWatch

    return ArrayWatch(program, wrt)
