"""Claims, and programs that are said to be the same, as sheets."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.claims.claims import Claims
from backprop.claims.sameness import Sameness
from backprop.showing.claims import render_lines as claim_lines
from backprop.showing.sameness import render_lines as same_lines
from backprop.showing.sheets import BAD, DOUBT, GOOD, PLAIN, Line, Part


def parts(found: Claims | Sameness) -> Iterator[Part]:
    lines = claim_lines(found) if isinstance(found, Claims) else same_lines(found)
    kind = {0: GOOD, 1: BAD}.get(found.exit_code, DOUBT)
    for line in lines:
        yield Line(line.rstrip("\n"), kind if not line.startswith((" ", "note")) else PLAIN)
