"""The oracle whose numbers are proved: balls of python-flint, if it is installed."""

from __future__ import annotations

from typing import Any

from backprop.arithmetic.balls import BALLS, of_bits
from backprop.improving.exact import Oracle


class ProvedOracle(Oracle):
    """As the other one, with balls."""

    arithmetic: Any = BALLS
    precise = staticmethod(of_bits)
    proved = True

    def nearest(self, found: Any) -> float:
        return found if isinstance(found, float) else float(found.nearest())
