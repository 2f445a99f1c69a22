"""Functions that are no gates of their own: each is read as the text of its gates.

They have no row in the table, so that a jump in them is that of a gate which can jump. A gate
may have the same name and another number of operands.
"""

from __future__ import annotations

from typing import NamedTuple


class Composite(NamedTuple):
    name: str
    operands: tuple[str, ...]
    text: str


ROWS = (
    Composite("fmod", ("a", "b"), "where(a < 0, -mod(-a, abs(b)), mod(a, abs(b)))"),
    Composite("trunc", ("a",), "sign(a)*floor(abs(a))"),
    Composite("log", ("a", "base"), "log(a)/log(base)"),
    Composite("leaky_relu", ("a", "slope"), "where(a > 0, a, slope*a)"),
    Composite("elu", ("a", "alpha"), "where(a > 0, a, alpha*expm1(a))"),
    Composite("hardtanh", ("a", "low", "high"), "clip(a, low, high)"),
    Composite("hardsigmoid", ("a",), "relu6(a + 3)/6"),
    Composite("hardswish", ("a",), "a*relu6(a + 3)/6"),
    Composite("huber", ("a",), "huber(a, 1)"),
)
COMPOSITES: dict[str, dict[int, Composite]] = {}
for _row in ROWS:
    COMPOSITES.setdefault(_row.name, {})[len(_row.operands)] = _row


def composite(name: str, count: int) -> Composite | None:
    """The function of this name and number of operands."""
    return COMPOSITES[name].get(count) if name in COMPOSITES else None
