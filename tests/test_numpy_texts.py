"""Short runs of campaigns/numpy_texts.py: what NumPy and Python and the tool all read is one
thing, in its value, in its slopes, and wherever a program goes from there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kernels
import numpy as np
import numpy_slopes
import numpy_texts
import pytest
from counts import cases
from emitted import LANGUAGES, Job, job
from examining import checked
from test_code_numbers import wrong

import backprop
from backprop import BackpropError
from backprop.drawing import svg
from backprop.drawing.building import circuit
from backprop.emitting import emit
from backprop.language.parser import parse
from backprop.language.printer import print_tree

Point = Mapping[str, Any]

COUNT = cases(120, 800)


def test_what_numpy_reads_is_read_as_that_or_refused() -> None:
    found = [numpy_texts.outcome(f"3:{number}") for number in range(COUNT)]
    kinds = Counter(one.kind for one in found)
    assert [one for one in found if one.kind not in ("equal", "refused", "no NumPy")] == []
    assert kinds["equal"] > COUNT / 4


def test_values_and_slopes_are_pythons() -> None:
    found = [numpy_slopes.outcome(f"2:{number}") for number in range(COUNT)]
    kinds = Counter(one.kind for one in found)
    assert [one for one in found if one.kind in ("other", "crash")] == []
    assert kinds["equal"] > 0.75 * COUNT
    assert kinds["tied"] > COUNT / 30
    refused = {one.detail for one in found if one.kind == "refused"}
    assert refused <= {"the middle of a chain of comparisons has a chain of its own"}


def read(arrays: bool, count: int) -> Iterator[tuple[str, Point]]:
    """Programs of numbers, or of arrays, that are read, each with a point where it has slopes."""
    number = found = 0
    while found < count:
        drawn = numpy_slopes.drawn(f"4:{number}")
        number += 1
        if drawn.arrays != arrays:
            continue
        try:
            report = backprop.evaluate(drawn.text, drawn.point, spare=[*drawn.point])
        except BackpropError:
            continue
        depends = any(np.any(slope) for slope in report.gradient.values())
        if (
            report.program.size
            and depends
            and not report.program.defaults
            and np.isfinite(report.value)
        ):
            found += 1
            yield drawn.text, {name: drawn.point[name] for name in report.program.inputs}


NUMBERS, ARRAYS = [*read(False, cases(60, 120))], [*read(True, cases(40, 80))]


def jobs() -> list[Job]:
    """Each at its own point, and at those of others."""
    points = [point for _, point in NUMBERS if point.keys() == {"x", "y", "z"}][:6]
    return [
        job(text, point, *[{name: other[name] for name in point} for other in points],
            gates="written")
        for text, point in NUMBERS
    ]  # fmt: skip


def test_what_is_printed_is_the_same_program() -> None:
    for text, point in NUMBERS + ARRAYS:
        again = print_tree(parse(text))
        assert print_tree(parse(again)) == again
        first, second = (backprop.evaluate(one, point) for one in (text, again))
        np.testing.assert_equal([second.value, second.gradient], [first.value, first.gradient])


@pytest.mark.parametrize("language", LANGUAGES)
def test_code_computes_the_same(language: str, tmp_path: Path) -> None:
    assert wrong(language, jobs(), tmp_path) == []


@pytest.mark.parametrize("engine", kernels.ENGINES)
def test_tables_of_rows_compute_the_same(engine: str) -> None:
    assert kernels.wrong(engine, jobs()) == []


def test_rows_that_tie_are_told_apart_as_points_are() -> None:
    for text, point in NUMBERS:
        kernel = backprop.compiled(backprop.parse(text))
        value, gradients = kernel({name: np.full(3, number) for name, number in point.items()})
        report = backprop.evaluate(text, point)
        np.testing.assert_allclose(np.broadcast_to(value, 3), report.value, rtol=1e-12, atol=1e-12)
        for name, slope in report.gradient.items():
            np.testing.assert_allclose(
                np.broadcast_to(gradients[name], 3), slope, rtol=1e-11, atol=1e-11, err_msg=text
            )


def test_code_for_arrays_computes_the_same() -> None:
    for text, point in ARRAYS:
        report = backprop.evaluate(text, point, ties="notes")
        scope: dict[str, Any] = {}
        exec(emit(report.program, "numpy", name="emitted", ties="notes"), scope)  # noqa: S102
        value, gradient = scope["emitted"](**point)
        np.testing.assert_allclose(value, report.value, rtol=1e-11, atol=1e-11, err_msg=text)
        for name, slope in report.gradient.items():
            np.testing.assert_allclose(
                gradient[name], slope, rtol=1e-10, atol=1e-10, err_msg=f"{text}: {name}"
            )


def test_no_opinion_differs() -> None:
    """Small ones only: SymPy takes its time for what chooses between choices."""
    small = [case for case in NUMBERS + ARRAYS if len(case[0]) < 90]
    found = {text: checked(text, dict(point)).verdict for text, point in small[::2]}
    assert len(found) > 20
    assert {text: verdict for text, verdict in found.items() if verdict not in SOUND} == {}


SOUND = ("agree", "rounding", "kink")


def test_all_can_be_explained_and_drawn_and_typeset() -> None:
    for text, point in NUMBERS[::4] + ARRAYS[::4]:
        report = backprop.evaluate(text, point)
        assert backprop.explain(report).stages
        assert r"\begin{align*}" in emit(report.program, "latex", report=report)
        assert "<svg" in svg.draw(circuit(report.program, report))
