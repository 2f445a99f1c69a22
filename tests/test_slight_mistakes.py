"""A short run of campaigns/slight_mistakes.py: a pull-back that is off by 1e-9 is called. Those of
numbers are in test_mutations.py."""

from __future__ import annotations

from itertools import islice

import pytest
from slight_mistakes import MOST, Slight, verdicts

from backprop.gates import array_gates

CASES = 20  # random programs, in one of which every mistake shows


def shown(gate: str, how: str) -> dict[int, str]:
    """What the check says of the first case in which a mistake shows, by operand."""
    found = {}
    for place in range(MOST):
        for _, verdict in islice(verdicts(Slight(gate, place, how), CASES), 1):
            found[place] = verdict
    return found


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("how", ["relative", "added"])
@pytest.mark.parametrize("gate", [name for name, row in array_gates().items() if any(row.partials)])
def test_a_pull_back_that_is_a_little_off_is_called(gate: str, how: str) -> None:
    assert set(shown(gate, how).values()) == {"differ"}
