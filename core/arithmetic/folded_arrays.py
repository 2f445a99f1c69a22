"""Arrays that are made of constants, and remember how: see arithmetic/folded.py."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.folded import Folded


class FoldedArray(np.ndarray[Any, Any]):
    gate: str
    operands: Sequence[Any]


def folded(value: Any, gate: str, operands: Sequence[Any]) -> Any:
    """A number or an array that a gate has made of constants."""
    if not np.ndim(value):
        return Folded(float(value), gate, operands)
    found = np.asarray(value, dtype=float).view(FoldedArray)
    found.gate, found.operands = gate, tuple(operands)
    return found
