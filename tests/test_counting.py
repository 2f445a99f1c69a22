"""What the staged passes cost, which statements are measured, and how a program is unrolled."""

from __future__ import annotations

import pytest

import backprop
from backprop.comparing.counting import Operations, count
from backprop.comparing.iterating import iterated
from backprop.comparing.measuring import marks_of, part
from backprop.language.parser import parse


@pytest.mark.parametrize(
    ("text", "operations"),
    [
        ("x", Operations(0, 0, 0, 0)),
        ("2 + 3", Operations(0, 0, 0, 0)),
        ("x + y", Operations(1, 0, 0, 0)),
        ("x - y", Operations(1, 0, 0, 0)),
        ("-x", Operations(1, 0, 0, 0)),
        ("x + 3", Operations(1, 0, 0, 0)),
        ("3*x", Operations(1, 0, 1, 0)),
        ("x*y", Operations(1, 0, 2, 0)),
        ("x*x", Operations(1, 0, 2, 1)),
        ("x**2", Operations(1, 1, 1, 0)),
        ("x**3", Operations(1, 2, 1, 0)),
        ("x/y", Operations(1, 3, 2, 0)),
        ("x/4", Operations(1, 0, 1, 0)),
        ("1/x", Operations(1, 2, 1, 0)),
        ("exp(x)", Operations(1, 0, 1, 0)),
        ("sin(x)", Operations(1, 1, 1, 0)),
        ("x**0", Operations(1, 0, 0, 0)),
        ("floor(x)", Operations(1, 0, 0, 0)),
        ("max(x, y)", Operations(1, 2, 0, 0)),
        ("max(x, y, z)", Operations(1, 3, 0, 0)),
        ("relu(x)", Operations(1, 1, 0, 0)),
        ("where(x > 0, x, y)", Operations(2, 2, 0, 0)),
        ("(x + y)*z", Operations(2, 0, 2, 0)),
        ("q = x*y\nq*q + q", Operations(3, 0, 4, 2)),
    ],
)
def test_operations_of_the_passes(text: str, operations: Operations) -> None:
    assert count(backprop.parse(text)) == operations


def test_gates_opened_up_count_for_what_they_are_made_of() -> None:
    written, fine = (count(backprop.parse("sigmoid(x)", gates=g)) for g in ("written", "fine"))
    assert (written.forward, fine.forward) == (1, 4)


# Rows.


def named_rows(text: str) -> list[tuple[int, str, int]]:
    program = backprop.parse(text)
    return [(m.n, m.name, count(part(program, m.slot)).total) for m in marks_of(program)]


def test_a_staged_program_has_a_row_for_each_statement_that_computes() -> None:
    text = "k = 3\na = x*y\nb = a + k\nunused = sin(x)\nb*a"
    assert named_rows(text) == [
        (1, "a", 3), (2, "b", 4), (3, "unused", 3), (4, "f", 8)
    ]  # fmt: skip


def test_of_very_many_statements_some_stand_for_all() -> None:
    text = "a0 = x*x\n" + "\n".join(f"a{k} = a{k - 1}*x" for k in range(1, 100))
    assert [n for n, _, _ in named_rows(text)] == [1, 2, 4, 8, 16, 32, 64, 100]


def test_an_expression_is_one_row() -> None:
    assert named_rows("(x+y)*z") == [(1, "f", 4)]


# Iterating.


@pytest.mark.parametrize(
    ("text", "wanted", "unrolled"),
    [
        ("4*l*(1-l)", "l=x", "l1 = x\nl2 = 4 * l1 * (1 - l1)\nl3 = 4 * l2 * (1 - l2)"),
        ("4*l*(1-l)", "l1=x", "l1 = x\nl2 = 4 * l1 * (1 - l1)\nl3 = 4 * l2 * (1 - l2)"),
        ("4*l1*(1-l1)", "l1=x", "l1 = x\nl2 = 4 * l1 * (1 - l1)\nl3 = 4 * l2 * (1 - l2)"),
        ("cos(x)", None, "x1 = x\nx2 = cos(x1)\nx3 = cos(x2)"),
        ("cos(x)", "x", "x1 = x\nx2 = cos(x1)\nx3 = cos(x2)"),
        ("x + x2", "x", "x_1 = x\nx_2 = x_1 + x2\nx_3 = x_2 + x2"),
        ("cos(x)", "x=x1", "x_1 = x1\nx_2 = cos(x_1)\nx_3 = cos(x_2)"),
        ("r = 3.9\ny = r*x*(1 - x)", "x", "x1 = x\nr = 3.9\nx2 = r * x1 * (1 - x1)\nx3 = r * x2 * (1 - x2)"),
        ("a = k + 1\nb = a*x\nb + x", "x", "x1 = x\na = k + 1\nb_2 = a * x1\nx2 = b_2 + x1\nb_3 = a * x2\nx3 = b_3 + x2"),
        ("g(p) = p*p\ng(x) - 1", "x", "g(p) = p * p\nx1 = x\nx2 = g(x1) - 1\nx3 = g(x2) - 1"),
        ("-x", "x", "x1 = x\nx2 = -x1\nx3 = -x2"),
        ("2x", "x", "x1 = x\nx2 = 2 * x1\nx3 = 2 * x2"),
    ],
)  # fmt: skip
def test_a_program_is_unrolled(text: str, wanted: str | None, unrolled: str) -> None:
    found = iterated(parse(text), wanted, 3)
    assert found.tree.text == unrolled
    assert backprop.parse(unrolled).size > 0


def test_an_unrolled_program_has_a_bound() -> None:
    with pytest.raises(backprop.BackpropError, match="more than 1,000,000 stages"):
        iterated(parse("+".join(["x"] * 20_000)), "x", 100)
