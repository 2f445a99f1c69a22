"""What passes over entries that are nan."""

from __future__ import annotations

from math import inf
from typing import Any

from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array


def filled_with(m: Machine, a: Any, value: float) -> tuple[Array, Any]:
    """An array with a number where it has nan, and where it has none."""
    array = m.array(a)
    there = m.binary("eq", array, array)
    return m.array(m.apply("where", there, array, value)), there


def passing(name: str, gate: str, value: float) -> None:
    def function(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return m.reduce(gate, filled_with(m, a, value)[0], axis, keepdims)

    FUNCTIONS[name] = function


passing("nansum", "sum", 0.0)
passing("nanprod", "prod", 1.0)
passing("nanmax", "amax", -inf)
passing("nanmin", "amin", inf)


@known
def nanmean(m: Machine, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
    array, there = filled_with(m, a, 0.0)
    count = m.reduce("sum", m.binary("mul", there, 1.0), axis, keepdims)
    return m.binary("div", m.reduce("sum", array, axis, keepdims), count)


@known
def nanvar(m: Machine, a: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    _, there = filled_with(m, a, 0.0)
    apart = m.binary("sub", m.array(a), nanmean(m, a, axis, True))
    total = m.reduce("sum", filled_with(m, m.apply("square", apart), 0.0)[0], axis, keepdims)
    count = m.reduce("sum", m.binary("mul", there, 1.0), axis, keepdims)
    return m.binary("div", total, m.binary("sub", count, ddof))


@known
def nanstd(m: Machine, a: Any, axis: Any = None, ddof: Any = 0, keepdims: Any = False) -> Any:
    return m.apply("sqrt", nanvar(m, a, axis, ddof, keepdims))
