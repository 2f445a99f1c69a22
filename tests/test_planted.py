"""Every local derivative of the table is right, and a wrong one in its place would be noticed:
each is replaced by its likely mistakes, one at a time, and the difference must catch it.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

import pytest
from counts import cases
from oracle import LITERAL_OPERANDS, differing, points

from backprop.arithmetic.ieee import IEEE, LOCAL
from backprop.gates import scalars
from backprop.gates.row import Gate

GATES = scalars()


def wrong_texts(gate: Gate, text: str) -> list[str]:
    """Local derivatives that this one could be mistaken for."""
    start, semicolon, slope = text.rpartition(";")
    if not text:
        return ["1"]  # lets through what it should stop
    if gate.routes:
        return ["1", "0", f"({text}) == 0"]
    if text == "0":
        return ["1", "1e-6"]
    return [f"{start}{semicolon} {factor}*({slope})" for factor in ("-1", "2", "(1 + 1e-6)")]


def planted() -> Iterator[tuple[str, int, str]]:
    for name, gate in GATES.items():
        for position, text in enumerate(gate.partials):
            if position not in LITERAL_OPERANDS.get(name, ()):
                yield from ((name, position, wrong) for wrong in wrong_texts(gate, text))


def caught(name: str) -> list[tuple[float, ...]]:
    return [point for point in points(name, 20) if differing(name, point)]


@pytest.mark.parametrize("name", GATES)
def test_the_gradient_of_one_gate_is_the_difference(name: str) -> None:
    assert caught(name) == []


@pytest.mark.parametrize(("name", "position", "wrong"), [*planted()][:: cases(2, 1)])
def test_a_wrong_local_derivative_is_caught(
    name: str, position: int, wrong: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = GATES[name]
    partials = (*gate.partials[:position], wrong, *gate.partials[position + 1 :])
    # Without `ties` the text is what runs; with it, the rule for ties would.
    mistaken = IEEE.make_local("notes", gate._replace(partials=partials, ties=False))
    monkeypatch.setitem(LOCAL["notes"], name, mistaken)
    assert caught(name) != []


@pytest.mark.parametrize("name", ["max", "min", "hypot"])
def test_the_gradient_with_three_operands_is_the_difference(name: str) -> None:
    triples = product((-7.0, 2.0), (-3.0, 5.0), (1.0, 11.0))
    assert [point for point in triples if differing(name, point)] == []
