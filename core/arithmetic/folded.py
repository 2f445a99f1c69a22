"""Constants that are made of others. As a float each is what it comes to; it also remembers how,
so that whoever computes in many digits begins with the numbers that were written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any


class Folded(float):
    """A float that a gate has made of constants; or pi or e, which are made of nothing."""

    __slots__ = ("gate", "operands")
    gate: str
    operands: Sequence[Any]

    def __new__(cls, value: float, gate: str, operands: Sequence[Any] = ()) -> Folded:
        found = super().__new__(cls, value)
        found.gate, found.operands = gate, tuple(operands)
        return found


def unfolded(
    value: Any, number: Callable[[Any], Any], function: Callable[[str], Callable[..., Any]]
) -> Any:
    """What a constant is in other numbers. `number` makes one of a float as it was written,
    `function` has the gates."""
    return every_part(value, number, function)[id(value)]


def every_part(
    value: Any,
    number: Callable[[Any], Any],
    function: Callable[[str], Callable[..., Any]],
    known: Mapping[int, Any] = MappingProxyType({}),
) -> dict[int, Any]:
    """The same for all that a constant is made of, by identity, but for what is known already.
    Long sums of constants are deep, so this does not recurse."""
    known = dict(known)
    waiting = [value]
    while waiting:
        top = waiting[-1]
        operands = getattr(top, "operands", None)
        missing = [one for one in operands or () if id(one) not in known]
        if missing:
            waiting += missing
            continue
        waiting.pop()
        if id(top) not in known:
            parts = [known[id(one)] for one in operands or ()]
            known[id(top)] = number(top) if operands is None else function(top.gate)(*parts)
    return known


def parts_of(value: Any) -> dict[int, Any]:
    """A constant and all the constants that it is made of, by identity, the first ones first."""
    found: dict[int, Any] = {}
    waiting = [value]
    while waiting:
        top = waiting[-1]
        missing = [one for one in getattr(top, "operands", ()) if id(one) not in found]
        if missing:
            waiting += missing
            continue
        found[id(waiting.pop())] = top
    return found
