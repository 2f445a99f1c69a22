"""Functions that are no gates of their own: each is read as the text of its gates.

They have no row in the table, so that a jump in them is that of a gate which can jump.
"""

from __future__ import annotations

from typing import NamedTuple


class Composite(NamedTuple):
    operands: tuple[str, ...]
    text: str


COMPOSITES = {
    "fmod": Composite(("a", "b"), "where(a < 0, -mod(-a, abs(b)), mod(a, abs(b)))"),
    "trunc": Composite(("a",), "sign(a)*floor(abs(a))"),
}
