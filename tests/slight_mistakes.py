"""Mistakes of 1e-9 in every local derivative and every pull-back, and what the check says of them.

One is relative, one is added. Each is made in the engine's floats and in its many digits, as a
wrong row of the table would be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from examining import checked
from given_arrays import Case
from mutating_arrays import Mutant, planted
from oracle import LITERAL_OPERANDS, one_gate, points
from pulling_back import drawn

from backprop import evaluate
from backprop.arithmetic.arrays import ARRAYS, ArrayArithmetic
from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.precise import PRECISE
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS
from backprop.arithmetic.whole import wholes
from backprop.gates import array_gates, scalars
from backprop.language.syntax import Tree

HOW: dict[str, Callable[[Any], Any]] = {
    "relative": lambda part: part * (1 + 1e-9),
    "added": lambda part: part + 1e-9,
}
SHOWS = 1e-11  # by how much a gradient has to change for a mistake to show in it
MOST = 3  # operands of which one is passed something wrong


class Slight(NamedTuple):
    gate: str
    place: int
    how: str

    def __str__(self) -> str:
        return f"{self.gate}, operand {self.place}, {self.how}"


# Numbers.


def of_numbers() -> Iterator[Slight]:
    for name, gate in scalars().items():
        for place in range(max(len(gate.partials), len(next(points(name, 1))))):
            if place not in LITERAL_OPERANDS.get(name, ()):
                yield from (Slight(name, place, how) for how in HOW)


@contextmanager
def made_in_numbers(one: Slight) -> Iterator[None]:
    """While this is open, the engine makes the mistake, however ties are dealt with."""
    tables = [*IEEE.local.values(), *PRECISE.local.values()]
    right = [table[one.gate] for table in tables]

    def wrong(step: Callable[..., Any]) -> Callable[..., Any]:
        def slopes(*fed: Any) -> tuple[Any, ...]:
            found = list(step(*fed))
            if one.place < len(found) and found[one.place] is not None:
                found[one.place] = HOW[one.how](found[one.place])
            return tuple(found)

        return slopes

    try:
        for table, step in zip(tables, right, strict=True):
            table[one.gate] = wrong(step)
        yield
    finally:
        for table, step in zip(tables, right, strict=True):
            table[one.gate] = step


def number_cases(one: Slight, count: int) -> Iterator[tuple[str | Tree, dict[str, Any], Any]]:
    for point in points(one.gate, count):
        yield (*one_gate(one.gate, point), None)


# Arrays.


def of_arrays() -> Iterator[Slight]:
    for name in array_gates():
        yield from (Slight(name, place, how) for place in range(MOST) for how in HOW)


def passing(one: Slight, arithmetic: ArrayArithmetic) -> Callable[..., list[Any]]:
    right = arithmetic.message["notes"][one.gate]

    def step(*fed: Any) -> list[Any]:
        parts = wholes(right(*fed))
        if one.place < len(parts) and parts[one.place] is not None:
            parts[one.place] = HOW[one.how](parts[one.place])
        return parts

    return step


@contextmanager
def made_in_arrays(one: Slight) -> Iterator[None]:
    mutant = Mutant(one.gate, one.how, "", lambda arithmetic: passing(one, arithmetic))
    with planted(mutant, ARRAYS), planted(mutant, PRECISE_ARRAYS):
        yield


def array_cases(one: Slight, count: int) -> Iterator[tuple[str | Tree, dict[str, Any], Any]]:
    for number in range(count):
        found: Case = drawn(one.gate, number)[0]
        yield found.program, dict(found.given), found.upstream


# What the check says.


def verdicts(one: Slight, count: int) -> Iterator[tuple[str | Tree, str]]:
    """Every case in which the mistake shows, and its verdict."""
    arrays = one.gate not in scalars()
    cases = (array_cases if arrays else number_cases)(one, count)
    for text, point, upstream in cases:
        right = evaluate(text, point, upstream=upstream)
        with (made_in_arrays if arrays else made_in_numbers)(one):
            wrong = evaluate(text, point, upstream=upstream)
            if shows(right.gradient, wrong.gradient):
                yield text, checked(text, point, upstream=upstream).verdict


def shows(right: Any, wrong: Any) -> bool:
    """Is a gradient another by more than rounding?"""
    for name, gradient in right.items():
        before, after = np.asarray(gradient, dtype=float), np.asarray(wrong[name], dtype=float)
        largest = np.max(np.abs(before), initial=0.0)
        if np.any(np.abs(after - before) > SHOWS * max(largest, 1e-3)):
            return True
    return False
