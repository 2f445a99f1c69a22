"""Rows that are not finite: many at once are computed to the bit as the engine for single points
computes them, one by one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import inf, nan
from typing import Any

import numpy as np
import pytest
from emitted import Job, job
from kernels import ENGINES, unequal
from test_code_numbers import (
    BRANCHES,
    chain,
    every_gate,
    lecture_and_corners,
    random_programs,
)
from test_special_points import arities

import backprop
from backprop.arithmetic.system import TIES
from backprop.arithmetic.texts import form
from backprop.gates import scalars
from backprop.kernel import compiled, exact_rows
from backprop.kernel.exact_rows import EXACTLY, FEW, Again, ExactGraph
from backprop.kernel.graph import Graph

CORNERS = (0.0, -0.0, 0.75, -3.0, 1e200, 5e-324, inf, -inf, nan)
CONSTANTS = ("0", "1", "2", "3", "1.5", "0.5", "(-0.5)", "(-1)", "(-2)", "(-0.0)")


def constants_in_every_place() -> Iterator[Job]:
    for name in scalars():
        for count in arities(name):
            for place, constant in product(range(count), CONSTANTS):
                names = [f"v{k}" for k in range(count)]
                names[place] = constant
                free = [other for other in names if other[0] == "v"]
                at = [dict(zip(free, p, strict=True)) for p in product(CORNERS, repeat=len(free))]
                if free:
                    yield job(form(name, count)(*names), *at[::7 if len(free) > 2 else 1],
                              gates="written")  # fmt: skip


@pytest.mark.parametrize("jobs", [lecture_and_corners, random_programs, every_gate])
def test_cases_of_the_notes_random_programs_and_every_gate(jobs: Any) -> None:
    assert unequal(jobs()) == []


def test_constants_in_every_place_of_every_gate() -> None:
    assert unequal([*constants_in_every_place()]) == []


@pytest.mark.parametrize("ties", TIES)
def test_branches_and_ties(ties: str) -> None:
    at = [{"x": x, "y": y} for x, y in product((*CORNERS, 1.0, 2.0, -1.0, 0.5), repeat=2)]
    texts = [*BRANCHES, "max(x, y, 1, x)*min(y, x, 0)", "hypot(x, y, x*y, 1e-300)"]
    jobs = [job(text.replace("\\n", "\n"), *at, gates="written", ties=ties) for text in texts]
    assert unequal(jobs) == []


def test_random_rows() -> None:
    random = np.random.default_rng(0)
    texts = ("log(x)*sin(y) + x**y", "sqrt(x - y)*tanh(x*y)/y", "exp(700*x)*erf(y) - asin(x)",
             "acosh(x) + atanh(y)*cbrt(x)", "where(x > y, log(y), gelu(x))*hypot(x, y)**1.5")  # fmt: skip
    at = [{"x": float(x), "y": float(y)} for x, y in random.normal(size=(2000, 2))]
    assert unequal([job(text, *at) for text in texts]) == []


def test_a_long_program() -> None:
    assert unequal([chain(3_000)]) == []


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [FEW, FEW + 1, 20_000])
def test_few_rows_and_many_are_those_of_the_engine(engine: str, rows: int) -> None:
    program = backprop.parse("x*z + log(x)*y + sqrt(z)/y")
    random = np.random.default_rng(rows)
    given = {name: random.normal(size=rows).round(1) for name in program.inputs}
    value, gradients = compiled(program, ["z", "y"], engine=engine)(given)
    odd = [row for row in range(rows) if not np.isfinite(value[row])]
    assert len(odd) > rows / 2
    for row in odd[:500]:
        at = {name: float(column[row]) for name, column in given.items()}
        report = backprop.evaluate(program, at, wrt=["z", "y"], allow_nonfinite=True)
        found = [float(value[row]), *[float(slope[row]) for slope in gradients.values()]]
        expected = [report.value, report.gradient["z"], report.gradient["y"]]
        assert repr(found) == repr(expected)


@pytest.mark.parametrize("text", ["log(0 - 1)", "0*x + 1/0"])
def test_every_row_may_be_the_same(text: str) -> None:
    program = backprop.parse(text)
    columns = {name: np.ones(500) for name in program.inputs}
    value, gradients = compiled(program)(columns)
    report = backprop.evaluate(program, {**dict.fromkeys(columns, 1.0)}, allow_nonfinite=True)
    assert {*map(repr, value.tolist())} == {repr(report.value)}
    assert {name: {*c.tolist()} for name, c in gradients.items()} == {
        name: {slope} for name, slope in report.gradient.items()
    }


def test_workers_may_share_what_does_rows_again() -> None:
    program = backprop.parse("log(x)*y + sin(y)")
    random = np.random.default_rng(0)
    given = {name: random.normal(size=50_000) for name in program.inputs}
    found = [compiled(program, block=64, threads=threads)(given) for threads in (1, 4)]
    (one, slopes), (four, others) = found
    assert one.tobytes() == four.tobytes()
    assert all(slopes[name].tobytes() == others[name].tobytes() for name in slopes)


def test_nans_are_all_alike() -> None:
    given = {"x": np.full(300, -nan), "y": np.full(300, nan)}
    value, gradients = compiled(backprop.parse("x*y - x"))(given)
    expected = np.full(300, nan).tobytes()
    assert {c.tobytes() for c in (value, *gradients.values())} == {expected}


def test_many_rows_are_not_done_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Again, "singly", None)
    value, _ = compiled(backprop.parse("log(x)"))({"x": np.full(FEW + 1, -1.0)})
    assert np.isnan(value).all()


# These tests can fail.


@pytest.mark.parametrize("name", ["sin", "exp", "log", "atan2", "pow", "hypot"])
def test_a_last_place_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def nudged(*operands_and_out: Any) -> None:
        EXACTLY[name](*operands_and_out)
        out = operands_and_out[-1]
        out[...] = np.nextafter(out, inf)

    monkeypatch.setattr(exact_rows, "EXACTLY", {**EXACTLY, name: nudged})
    assert unequal(every_gate()) != []


@pytest.mark.parametrize("name", ["chained", "rewritten_pow", "again"])
def test_a_rewriting_that_changes_a_bit_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExactGraph, name, getattr(Graph, name))
    random = np.random.default_rng(0).uniform(-2, 2, size=(5000, 2))
    at = [{"x": float(x), "y": float(y)} for x, y in random]
    assert unequal([job("hypot(x, y, x*y)**1.5", *at), job("log(x)*y", *at)]) != []
