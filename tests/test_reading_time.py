"""How long reading takes: loops that fill something take time linear in its entries, by the counts
that reading is limited by. tests/bench/sources.py has the seconds."""

from __future__ import annotations

from time import process_time
from typing import NamedTuple

import numpy as np
import pytest
from filling_programs import CONVOLUTION, FILLS, program

from backprop.answer.evaluation import evaluate
from backprop.reading.reader import read
from backprop.reading.source import parsed

FEW, MANY = 400, 800


class Counts(NamedTuple):
    gates: int
    work: int  # entries of arrays that are computed
    kept: int  # entries of constants
    parts: int  # entries of lists


def counts(name: str, size: int) -> Counts:
    recorder = read(parsed(program(name, size), "a.py", "f"), {"x": 1.5}).reader.machine.recorder
    budget = recorder.budget
    return Counts(recorder.count, budget.work, budget.kept, budget.parts)


@pytest.mark.parametrize("name", FILLS)
def test_a_loop_that_fills_something_is_linear_in_its_entries(name: str) -> None:
    few, many = counts(name, FEW), counts(name, MANY)
    slack = MANY  # for what is done once
    assert all(more <= MANY / FEW * less + slack for less, more in zip(few, many, strict=True))


def test_a_naive_convolution_is_read_and_differentiated_in_three_seconds() -> None:
    draw = np.random.default_rng(1).normal
    given = {"x": draw(size=(2, 3, 8, 8)), "w": draw(size=(4, 3, 3, 3)), "b": draw(size=4)}
    start = process_time()
    report = evaluate(read(parsed(CONVOLUTION, "a.py", "f"), given).tree, given)
    assert process_time() - start < 3
    wide = np.pad(given["x"], [(0, 0), (0, 0), (1, 1), (1, 1)])
    windows = np.lib.stride_tricks.sliding_window_view(wide, (3, 3), axis=(2, 3))
    out = np.einsum("nchwkl,fckl->nfhw", windows, given["w"]) + given["b"][:, None, None]
    slope = np.einsum("nchwkl,nfhw->fckl", windows, 2 * out)
    assert report.value == pytest.approx((out**2).sum(), rel=1e-12)
    assert report.gradient["w"] == pytest.approx(slope, rel=1e-10)
