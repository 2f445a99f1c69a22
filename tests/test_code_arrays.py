"""NumPy code of programs about arrays computes what the engine computes, for networks as people
write them, for random programs and for every gate on arrays; and reads like the notes."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

import numpy as np
import pytest
from array_cases import DRAW
from array_programs import sample

import backprop
from backprop.arithmetic.system import TIES
from backprop.emitting import emit
from backprop.program import Program

Array = Any
CLOSE = 1e-12  # of the largest entry
GRANULARITIES = ("written", "fused", "fine")


def run(code: str, name: str, given: Mapping[str, Any]) -> Any:
    scope: dict[str, Any] = {}
    exec(code, scope)  # noqa: S102
    return scope[name](**given)


def staged(text: str, given: Mapping[str, Any], gates: str = "written") -> Program:
    shapes = {name: np.shape(value) for name, value in given.items() if np.ndim(value)}
    return backprop.parse(text, given=given, gates=gates, shapes=shapes)


def differing(
    text: str, given: Mapping[str, Any], upstream: Any = None, gates: str = "written",
    ties: str = "notes", twist: tuple[str, str] = ("", ""),
) -> list[str]:  # fmt: skip
    """What of the code's answer the engine says otherwise."""
    program = staged(text, given, gates)
    report = backprop.evaluate(program, given, upstream=upstream, ties=ties)
    code = emit(program, "numpy", name="emitted", ties=ties).replace(*twist)
    assert twist[1] in code
    wanted = {k: v for k, v in given.items() if k in program.inputs}
    fed = {**wanted, **({"upstream": upstream} if np.ndim(report.value) else {})}
    try:
        value, gradient = run(code, "emitted", fed)
    except ValueError:
        return ["shapes"]
    scale = 1.0 if upstream is None or np.ndim(report.value) else float(upstream)
    ours = {"value": value, **{name: scale * slope for name, slope in gradient.items()}}
    theirs = {"value": report.value, **report.gradient}
    assert ours.keys() == theirs.keys()
    return [name for name, slope in theirs.items() if not close(ours[name], slope)]


def close(ours: Any, theirs: Any) -> bool:
    finite = np.abs(theirs)[np.isfinite(theirs)] if np.ndim(theirs) else np.abs([theirs])
    most = CLOSE * max(np.max(finite, initial=0.0), 1e-3)
    return np.shape(ours) == np.shape(theirs) and np.allclose(
        ours, theirs, rtol=CLOSE, atol=most, equal_nan=True
    )


# Random programs, and every gate.


def test_300_random_programs() -> None:
    wrong = {}
    for number in range(300):
        found = sample(f"code:{number}")
        how = {"gates": GRANULARITIES[number % 3], "ties": TIES[number // 3 % 3]}
        if names := differing(found.text, found.point, **how):  # type: ignore[arg-type]
            wrong[found.text] = names
    assert wrong == {}


@pytest.mark.parametrize("gate", DRAW)
def test_every_gate_at_40_random_shapes_and_values(gate: str) -> None:
    wrong = {}
    for number in range(40):
        found = DRAW[gate](Random(f"code {gate}:{number}"))
        upstream = found.upstream
        if np.ndim(upstream) == 0 and upstream is not None:
            upstream = 1.0
        if names := differing(found.text, found.given, upstream, ties=TIES[number % 3]):
            wrong[found.text] = names
    assert wrong == {}
