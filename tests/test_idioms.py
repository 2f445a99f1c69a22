"""Both passes as people write them are right: Python and central differences say so, and so does
the grader."""

from __future__ import annotations

import numpy as np
import pytest
from idiom_checks import differences, graded, gradients, start
from idiom_table import IDIOMS, Idiom

each = pytest.mark.parametrize("idiom", IDIOMS, ids=lambda one: one.name)


@each
def test_python_says_that_the_backward_pass_is_right(idiom: Idiom) -> None:
    found = gradients(idiom, idiom.text, idiom.values, start(idiom))
    for name, slope in differences(idiom).items():
        np.testing.assert_allclose(found[name], slope, rtol=1e-6, atol=1e-7, err_msg=name)


@each
def test_the_grader_says_so_too(idiom: Idiom) -> None:
    found = graded(idiom)
    assert found.error is None
    flagged = [
        (one.line, one.code, one.verdict, one.hint)
        for one in found.lines
        if one.verdict not in ("right", "scaled", "step")
    ]
    assert (found.verdict, flagged) == ("right", [])
    assert {one.name for one in found.gradients if one.verdict == "right"} >= {
        *idiom.wanted.split()
    }


FORGOTTEN = [
    ("svm in loops", "        dW /= num_train", "dW /= num_train"),
    ("svm in loops", "        loss /= num_train", "dW *= num_train"),
    ("softmax without loops", "    dscores /= N", "dscores /= N"),
    ("softmax loss of scores", "    dx /= N", "dx /= N"),
    ("net of two layers", "    dscores /= N", "dscores /= N"),
]


@pytest.mark.parametrize(("name", "line", "fix"), FORGOTTEN)
def test_a_forgotten_mean_is_one_line_to_write(name: str, line: str, fix: str) -> None:
    """However many gradients are off by that number."""
    idiom = next(one for one in IDIOMS if one.name == name)
    lines = idiom.text.split("\n")
    first = next(k for k, one in enumerate(lines) if f"def {idiom.backward}" in one)
    place = next(k for k, one in enumerate(lines) if k > first and one.strip() == line.strip())
    lines[place] = lines[place].partition(line.strip())[0] + "pass"
    found = graded(idiom, "\n".join(lines))
    wrong = [one for one in found.lines if one.verdict == "wrong"]
    assert [(one.finding, one.fix) for one in wrong] == [("missing-factor", fix)]
