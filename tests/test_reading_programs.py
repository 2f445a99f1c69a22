"""Programs in Python, run by Python itself and read: the same values, and the slopes of what was
read are those of a step into the complex plane. Thousands of them: tests/campaigns/reading.py.
"""

from __future__ import annotations

import pytest
from python_programs import sample as functions
from running_python import differing
from viewing_programs import sample as views


@pytest.mark.parametrize("number", range(100))
def test_views_copies_and_aliases_are_those_of_numpy(number: int) -> None:
    made = views(f"short:{number}")
    assert differing(made.text, made.values) == []


@pytest.mark.parametrize("number", range(30))
def test_functions_come_to_what_python_says(number: int) -> None:
    made = functions(f"short:{number}")
    assert differing(made.text, made.values) == []
