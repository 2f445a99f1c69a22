"""Functions of numbers that are no gates of their own, against 100 digits: a few points of those
that tests/campaigns/composites.py looks at."""

from __future__ import annotations

import pytest
from campaigns.composites import TRUTHS, drawn, misses_of_function

from backprop.gates.composites import ROWS

FEW = 40


def test_every_composite_has_its_truth() -> None:
    assert {(row.name, len(row.operands)) for row in ROWS} == {*TRUTHS}


@pytest.mark.parametrize("key", TRUTHS, ids=str)
def test_a_composite_is_exact(key: tuple[str, int]) -> None:
    missed = [miss for point in drawn(key, FEW) for miss in misses_of_function(key, point)]
    assert [miss for miss in missed if not miss.ulps <= miss.allowed] == []
