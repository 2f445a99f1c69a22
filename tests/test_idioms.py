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
