"""Random command lines, with options and files that fit and such that don't: whatever is asked ends
with an answer or one clear message. campaigns/command_lines.py asks any number of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from invoking import Call, drawn, flaw

COUNT = 250
PARTS = 5


@pytest.mark.parametrize("part", range(PARTS))
def test_no_command_line_ends_badly(part: int, tmp_path: Path) -> None:
    calls = [drawn(f"tests {number}") for number in range(part, COUNT, PARTS)]
    wrong = {str(call): found for call in calls if (found := flaw(call, tmp_path))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("args", "what"),
    [
        (["eval", "x", "--x=1", "--no-check"], ""),
        (["gates", "--json"], ""),
        (["eval", "x", "--x=\x1b", "--no-check"], ""),
    ],
)
def test_what_is_right_is_no_flaw(args: list[str], what: str, tmp_path: Path) -> None:
    assert flaw(Call(args), tmp_path) == what
