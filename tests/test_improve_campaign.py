"""A short run of campaigns/improving.py: no form is wrong at points that nobody has seen."""

from __future__ import annotations

import pytest
from campaigns.improving import campaign


@pytest.mark.parametrize(("name", "kind"), [("2sqrt", "floats"), ("roots", "everyday")])
def test_a_form_is_the_formula_at_further_points(name: str, kind: str) -> None:
    rows, seen, wrong = campaign(kind, 40, [name])
    assert wrong == []
    assert seen == 40
    assert rows[0].everywhere
