"""`x.at[i].set(v)` of JAX and its like: a copy of an array with some entries changed."""

from __future__ import annotations

from typing import Any, NamedTuple

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.scattering import changed
from backprop.reading.machine import Machine


class At(NamedTuple):
    """`x.at`"""

    array: Any


class Place(NamedTuple):
    """`x.at[i]`"""

    array: Any
    key: Any


GATES = {
    "multiply": "mul",
    "mul": "mul",
    "divide": "div",
    "power": "pow",
    "min": "min",
    "max": "max",
}
NAMES = frozenset(["set", "add", "get", *GATES])


def updated(m: Machine, place: Place, name: str, value: Any = None) -> Any:
    """What a method of `x.at[i]` gives."""
    if name == "get":
        return indexing.taken(m, m.array(place.array), place.key)
    found = changed(m, place.array)
    if name == "add":
        indexing.add_at(m, found, place.key, value)
        return found
    if name in GATES:
        before = indexing.taken(m, found, place.key)
        value = m.apply(GATES[name], m.numeric(before), m.numeric(value))
    elif name != "set":
        raise UnreadError(f".at[...].{name} is not read")
    indexing.put(m, found, place.key, value)
    return found
