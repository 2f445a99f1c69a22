"""A wrong rule is caught: every local derivative of the table, wrong in each of six ways, and
every sweep that is, must be called `differ` by SymPy alone and by the numeric difference alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pytest
from counts import cases
from examining import checked
from mpmath import mpf
from oracle import LITERAL_OPERANDS, one_gate, points

from backprop.arithmetic.precise import PRECISE
from backprop.checking import levels, opinions
from backprop.engine.numbers import UNREACHED, Backward, Branches
from backprop.gates import scalars
from backprop.program.program import Program

GATES = scalars()

Slope = Any

MUTATIONS: dict[str, Callable[[Slope], Slope]] = {
    "sign": lambda slope: -slope,
    "doubled": lambda slope: 2 * slope,
    "zeroed": lambda slope: 0 * slope,
    "relative 1e-6": lambda slope: slope * (1 + mpf(10) ** -6),
    "relative 1e-12": lambda slope: slope * (1 + mpf(10) ** -12),
    "plus 1e-9": lambda slope: slope + mpf(10) ** -9,
}
# What a mutation leaves as it is can't be caught: multiples of a slope that is 0 everywhere.
FLAT = {name for name, gate in GATES.items() if set(gate.partials) <= {"", "0"}} | {"where:0"}
ALONE = (("precise", "symbolic"), ("precise", "numeric"))


def partials() -> Iterator[tuple[str, int]]:
    for name, gate in GATES.items():
        for position in range(len(next(points(name, 1)))):
            if position not in LITERAL_OPERANDS.get(name, ()):
                yield name, position
        assert gate.partials


def mutants() -> Iterator[tuple[str, int, str]]:
    for name, position in partials():
        flat = name in FLAT or f"{name}:{position}" in FLAT
        yield from ((name, position, how) for how in MUTATIONS if how == "plus 1e-9" or not flat)


def mutated(name: str, position: int, how: str) -> Callable[..., tuple[Slope, ...]]:
    right = PRECISE.local["notes"][name]

    def wrong(*operands_and_out: Any) -> tuple[Slope, ...]:
        slopes = list(right(*operands_and_out))
        if slopes[position] is not None or how == "plus 1e-9":
            slopes[position] = MUTATIONS[how](slopes[position] or mpf(0))
        return tuple(slopes)

    return wrong


def where_it_counts(name: str, position: int) -> Iterator[tuple[float, ...]]:
    """Points where the slope isn't 0: there a routing gate takes this operand."""
    for point in points(name, 200):
        text, at = one_gate(name, point)
        found = checked(text, at, ("precise",))
        literals = [place for place in LITERAL_OPERANDS.get(name, ()) if place < position]
        letter = list(at)[position - len(literals)]
        if found.inputs[letter].exact not in ("0", "NaN"):
            yield point


@pytest.mark.parametrize(("name", "position", "how"), [*mutants()][:: cases(3, 1)])
def test_a_wrong_local_derivative_is_called_by_each_opinion_alone(
    name: str, position: int, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 1e-9 too much shows beside slopes that aren't huge, and where another branch isn't taken
    anywhere = (
        point for point in points(name, 20)
        if (name != "where" or point[0]) and (name != "gamma" or abs(point[0]) < 9)
    )  # fmt: skip
    chosen = anywhere if how == "plus 1e-9" else where_it_counts(name, position)
    some = list(islice(chosen, 2))
    monkeypatch.setitem(PRECISE.local["notes"], name, mutated(name, position, how))
    # What is wrong is looked at again with 240 and 1,000 digits; here 60 show as much.
    monkeypatch.setattr(levels, "LEVELS", levels.LEVELS[:1])
    for methods in ALONE:
        found = {checked(*one_gate(name, point), methods).verdict for point in some}
        assert found == {"differ"}


# The sweep.


Sweep = Callable[[list[Any], tuple[int, ...], Sequence[Slope], Any], None]


def overwriting(
    gradients: list[Any], operands: tuple[int, ...], slopes: Sequence[Slope], g: Any
) -> None:
    for operand, slope in zip(operands, slopes, strict=True):
        if slope is not None:
            gradients[operand] = slope * g


def forgetting_repeats(
    gradients: list[Any], operands: tuple[int, ...], slopes: Sequence[Slope], g: Any
) -> None:
    for operand, slope in dict(zip(operands, slopes, strict=True)).items():
        if slope is not None:
            gradients[operand] += slope * g


def swapping(
    gradients: list[Any], operands: tuple[int, ...], slopes: Sequence[Slope], g: Any
) -> None:
    for operand, slope in zip(reversed(operands), slopes, strict=True):
        if slope is not None:
            gradients[operand] += slope * g


def without_upstream(
    gradients: list[Any], operands: tuple[int, ...], slopes: Sequence[Slope], g: Any
) -> None:
    for operand, slope in zip(operands, slopes, strict=True):
        if slope is not None:
            gradients[operand] += slope


def backward_by(sweep: Sweep) -> Callable[..., Backward]:
    def backward(
        program: Program, values: Sequence[Any], ties: str | Branches, wrt: object, arithmetic: Any
    ) -> Backward:
        gradients: list[Any] = [UNREACHED] * len(values)
        slopes: list[Any] = [None] * len(values)
        gradients[program.output] = mpf(1)
        for slot, gate, operands in program.backward_steps():
            fed = [values[operand] for operand in operands]
            slopes[slot] = arithmetic.local[Branches.of(ties).convention][gate](*fed, values[slot])
            sweep(gradients, operands, slopes[slot], gradients[slot])
        return Backward(gradients, slopes)

    return backward


PROGRAMS: Mapping[Sweep, tuple[str, dict[str, float]]] = {
    overwriting: ("q = sin(x)\nq*y + q*x", {"x": 0.3, "y": 2.0}),
    forgetting_repeats: ("x*x*y", {"x": 3.0, "y": 2.0}),
    swapping: ("x*x*y", {"x": 3.0, "y": 2.0}),
    without_upstream: ("sin(x*y)", {"x": 3.0, "y": 2.0}),
}


@pytest.mark.parametrize("methods", ALONE, ids=["symbolic", "numeric"])
@pytest.mark.parametrize("sweep", PROGRAMS, ids=lambda sweep: sweep.__name__)
def test_a_wrong_sweep_is_called_by_each_opinion_alone(
    sweep: Sweep, methods: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checked(*PROGRAMS[sweep], methods).verdict == "agree"
    monkeypatch.setattr(opinions, "backward", backward_by(sweep))
    assert checked(*PROGRAMS[sweep], methods).verdict == "differ"


def test_the_stage_with_the_wrong_rule_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(PRECISE.local["notes"], "tanh", mutated("tanh", 0, "relative 1e-6"))
    (remark,) = checked("q = sin(x)\nr = tanh(q*y)\nr*r + q", {"x": 0.3, "y": 2.0}).remarks
    assert (remark.kind, remark.stage) == ("differ", "r")
    assert remark.message == (
        "dr/dq1 is 0.7184182247952543 by the table's tanh, 0.71841750637774792 by SymPy"
    )
