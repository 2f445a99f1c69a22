"""The textbook form of a local derivative equals the stable form that is computed."""

from __future__ import annotations

from random import Random

import pytest
from conftest import Command
from mpmath import mp, mpf

import backprop
from backprop.arithmetic.precise import PRECISE
from backprop.gates import scalars
from backprop.gates.row import Gate, LackingError

TEXTBOOK = [gate for gate in scalars().values() if gate.textbook]
POINTS = 20
DIGITS = 60
RIGHT = mpf(10) ** -40  # of the slope; the textbook form may lose twenty digits of sixty


def points(gate: Gate) -> list[tuple[mpf, ...]]:
    random = Random(gate.name)
    ranges = gate.samples * (1 + gate.variadic)
    return [
        tuple([mpf(random.uniform(max(low, -9), min(high, 9))) for low, high in ranges])
        for _ in range(POINTS)
    ]


@pytest.mark.parametrize("gate", TEXTBOOK, ids=lambda gate: gate.name)
def test_each_textbook_form_equals_the_stable_form(gate: Gate) -> None:
    with mp.workdps(DIGITS):
        stable = PRECISE.make_local("notes", gate)
        textbook = PRECISE.make_local("notes", gate._replace(partials=gate.textbook))
        for point in points(gate):
            out = PRECISE.value[gate.name](*point)
            for one, other in zip(stable(*point, out), textbook(*point, out), strict=True):
                assert abs(one - other) <= RIGHT * abs(one), (point, one, other)


def test_a_textbook_form_is_asked_of_every_partial() -> None:
    row = scalars()["div"]._replace(textbook=("1/b",))
    with pytest.raises(LackingError, match="not a textbook form for each partial"):
        row.whole()


@pytest.mark.parametrize(
    ("program", "shown"),
    [
        ("tanh(x)", "1 - f**2"),
        ("sigmoid(x)", "f*(1 - f)"),
        ("x**3", "3*x**2"),
        ("x**2.5", "2.5*x**1.5"),
        ("x**0.5", "0.5*x**(-0.5)"),
        ("x**-2", "(-2)*x**(-3)"),
        ("1/x", "-1/x**2"),
        ("sqrt(x)", "1/(2*f)"),
    ],
)
def test_a_stage_shows_the_textbook_form(program: str, shown: str) -> None:
    (computed,) = backprop.evaluate(program, x=0.5).stages()
    assert computed.stage.local(0) == shown


def test_what_is_computed_keeps_the_digits_of_the_stable_form() -> None:
    assert backprop.evaluate("sigmoid(x)", x=40).gradient["x"] == pytest.approx(4.248354255e-18)


def test_gates_shows_both_forms(command: Command) -> None:
    done = command("gates", "sigmoid")
    assert "d/da         out*(1 - out)\ncomputed as  out*sigmoid(-a)\n" in done.stdout
