"""A short run of campaigns/numpy_texts.py: what NumPy and the tool both read is one thing."""

from __future__ import annotations

from collections import Counter

from numpy_texts import outcome


def test_what_numpy_reads_is_read_as_that_or_refused() -> None:
    found = [outcome(f"3:{number}") for number in range(600)]
    kinds = Counter(one.kind for one in found)
    assert [one for one in found if one.kind not in ("equal", "refused", "no NumPy")] == []
    assert kinds["equal"] > 150
