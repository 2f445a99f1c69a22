"""What is said where shapes don't fit, pinned whole in cases/shapes.txt, caret and all."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import backprop

TABLE = Path(__file__).parent / "cases" / "shapes.txt"
Shapes = dict[str, tuple[int, ...]]


def cases() -> Iterator[tuple[str, str, Shapes, str]]:
    """Name, text, shapes of the inputs and answer of every case."""
    for block in TABLE.read_text("utf-8").split("\n=== ")[1:]:
        name, _, rest = block.partition("\n")
        text, _, rest = rest.partition("\n--- ")
        line, _, answer = rest.partition("\n")
        given = [] if line == "nothing" else [pair.split(":") for pair in line.split()]
        yield name, text, {letter: sides(written) for letter, written in given}, answer.rstrip()


def sides(written: str) -> tuple[int, ...]:
    return () if written == "number" else tuple(map(int, written.split("x")))


CASES = list(cases())


@pytest.mark.parametrize(
    ("text", "shapes", "answer"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_shape_that_does_not_fit_is_said(text: str, shapes: Shapes, answer: str) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate(text, {name: np.ones(shape) for name, shape in shapes.items()})
    assert caught.value.render() == answer


def test_every_case_has_a_name_of_its_own() -> None:
    assert len({name for name, *_ in CASES}) == len(CASES) > 100


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        ({"upstream": [1, 2, 3]},
         "the upstream gradient is a vector of 3, the output a vector of 2: they have to be the same"),
        ({"upstream": "[[1, 2]]"},
         "the upstream gradient is 1x2, the output a vector of 2: they have to be the same"),
        ({"upstream": [[1], [2, 3]]},
         "the value of the upstream gradient is ragged: lists inside a list have different lengths"),
        ({"upstream": "ones", "wrt": ["q"]},
         "wrt names q, which is not a variable; the program has W, x"),
        ({"upstream": "ones", "wrt": ["w"]},
         "wrt names w, which is not a variable; the program has W, x"),
        ({"upstream": "ones", "q": [1, 2]},
         "q is computed by the program, so it can't be given a value"),
        ({"upstream": "ones", "B": [1, 2]}, "the program has no variable B; it has W, x"),
    ],
)  # fmt: skip
def test_what_else_does_not_fit_a_program_of_arrays_is_said(
    options: dict[str, object], answer: str
) -> None:
    point = {"W": np.ones((2, 3)), "x": np.ones(3)}
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.evaluate("q = W @ x\nexp(q)", point, **options)  # type: ignore[arg-type]
    assert caught.value.message == answer


@pytest.mark.parametrize("text", ["sum(A, axis=0)", "A[0]", "A.T[:, 0]", "softmax(A)[1] + A[1]"])
def test_what_fits_is_not_refused(text: str) -> None:
    report = backprop.evaluate(text, A=np.ones((2, 3)), upstream="ones")
    assert report.gradient["A"].shape == (2, 3)
