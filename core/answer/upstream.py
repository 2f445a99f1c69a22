"""What comes after an output that is an array: an upstream gradient, or all of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.answer.array_values import checked, from_text
from backprop.answer.report import Report
from backprop.engine.kinds import resolve
from backprop.engine.ties.arrays import ArrayWatch
from backprop.errors import UsageError
from backprop.gates.shapes import words
from backprop.program.program import Program

Array = Any
MOST_PASSES = 10_000
MOST_ENTRIES = 10_000_000


def jacobian_of(
    program: Program, values: Sequence[Array], ties: str, wrt: Sequence[str]
) -> dict[str, Array]:
    """The derivative of every entry of the output by every entry of these inputs: one backward
    pass for each entry of the output."""
    shape = program.shapes[program.output]
    sides = {name: program.shapes[program.inputs[name]] for name in wrt}
    size = prod(shape) * sum(map(prod, sides.values()))
    if prod(shape) > MOST_PASSES or size > MOST_ENTRIES:
        text = f"the Jacobian would have {size:,} entries, from {prod(shape):,} backward passes"
        raise UsageError(text, hint=f"at most {MOST_ENTRIES:,} and {MOST_PASSES:,} are computed")
    found = {name: np.zeros((*shape, *side)) for name, side in sides.items()}
    watch = ArrayWatch(program, wrt)
    for entry in np.ndindex(*shape):
        one = np.zeros(shape)
        one[entry] = 1.0
        back = resolve(watch, values, ties, one[()]).back
        for name in wrt:
            found[name][entry] = back.gradient(program.inputs[name])
    return found


def mixed(report: Report) -> dict[str, Any]:
    """A Jacobian as one gradient: that of the sum of its rows, each times a random number; and the
    upstream gradient that it belongs to."""
    assert report.jacobian is not None
    shape = np.shape(report.value)
    upstream = np.asarray(np.random.default_rng(0).uniform(0.5, 1.5, shape))
    gradient = {
        name: np.tensordot(upstream, rows, axes=len(shape)).tolist()
        for name, rows in report.jacobian.items()
    }
    return {"gradient": gradient, "upstream": upstream.tolist()}


def upstream_of(shape: tuple[int, ...], given: Any) -> Array:
    """The gradient to begin with: 1 for a number, else what was given."""
    if given is None:
        if shape:
            hint = "--upstream ones, randn or '[...]'; --jacobian; or sum(...) around it"
            raise UsageError(f"the output is {words(shape)}, not a number", hint=hint)
        return np.float64(1.0)
    if isinstance(given, str):
        drawn = f"randn({', '.join(map(str, shape))})" if shape else "1"
        given = {"ones": "1", "randn": drawn}.get(given.strip(), given)
        found = np.asarray(from_text("the upstream gradient", given, 0))
    else:
        found = checked("the upstream gradient", given)
    if found.shape not in ((), shape):
        text = f"the upstream gradient is {words(found.shape)}, the output {words(shape)}"
        raise UsageError(f"{text}: they have to be the same")
    return np.array(np.broadcast_to(found, shape))[()]
