"""Indices and grids: whole numbers that say where entries are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.joining import column_stack, concatenate
from backprop.reading.library.making import arange
from backprop.reading.library.shaping import broadcast_to
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described


def arrays_of(found: Sequence[Any]) -> tuple[Array, ...]:
    return tuple([Array.new(np.array(one)) for one in found])


@known
def indices(m: Machine, shape: Any) -> Any:
    sides = m.shape([shape])
    m.recorder.budget.room((len(sides), *sides))
    return Array.new(np.indices(sides))


@known
def meshgrid(m: Machine, arrays: Sequence[Any], indexing: Any = None, sparse: Any = False) -> Any:
    """Lines spread over a grid; PyTorch has rows first, NumPy columns."""
    if len(arrays) == 1 and isinstance(arrays[0], (list, tuple)):
        arrays = arrays[0]
    parts = [m.reshaped(part, (-1,)) for part in arrays]
    order = indexing if isinstance(indexing, str) else "ij" if m.torch else "xy"
    places = list(range(len(parts)))
    if order == "xy" and len(parts) > 1:
        places[:2] = [1, 0]
    sides = [0] * len(parts)
    for place, part in zip(places, parts, strict=True):
        sides[place] = part.cells.size
    found = []
    for place, part in zip(places, parts, strict=True):
        line = [1] * len(parts)
        line[place] = part.cells.size
        shaped = m.reshaped(part, tuple(line))
        found.append(shaped if sparse else broadcast_to(m, shaped, sides))
    return found


@known
def ix_(m: Machine, arrays: Sequence[Any]) -> Any:
    parts = [m.array(part) for part in arrays]
    return arrays_of(np.ix_(*[
        part.cells if part.cells.dtype == bool else indexing.whole_places(m, part) for part in parts
    ]))  # fmt: skip


@known
def unravel_index(m: Machine, a: Any, shape: Any) -> Any:
    """Which entry along every axis it is, by its number in a line."""
    places = indexing.whole_places(m, m.array(a))
    found = np.unravel_index(places, m.shape([shape]))
    return arrays_of(found) if places.shape else tuple(map(int, found))


@known
def ravel_multi_index(m: Machine, a: Any, shape: Any) -> Any:
    places = [indexing.whole_places(m, m.array(part)) for part in a]
    found = np.ravel_multi_index(tuple(places), m.shape([shape]))
    return Array.new(found) if np.ndim(found) else int(found)


@known
def ndindex(m: Machine, shape: Sequence[Any]) -> Any:
    sides = m.shape(shape)
    m.recorder.budget.room((len(sides), *sides))
    m.recorder.budget.make(max(0, prod(sides)))
    return list(np.ndindex(*sides))


@known
def ndenumerate(m: Machine, a: Any) -> Any:
    array = m.array(a)
    return [(place, indexing.taken(m, array, place)) for place in ndindex(m, [array.shape])]


class Walk:
    """np.nditer: entry after entry, and where it stands."""

    def __init__(self, array: Array, places: list[tuple[int, ...]]) -> None:
        self.array = array
        self.places = places
        self.at = 0

    def attribute(self, name: str) -> Any:
        if name == "finished":
            return self.at >= len(self.places)
        if name == "multi_index" and self.at < len(self.places):
            return self.places[self.at]
        if name == "index":
            return self.at
        raise UnreadError(f"nditer has no attribute {name} that is read")

    def go_on(self) -> bool:
        self.at += 1
        return self.at < len(self.places)


@known
def nditer(m: Machine, a: Any, flags: Any = None, op_flags: Any = None) -> Walk:
    del flags, op_flags
    array = m.array(a)
    return Walk(array, ndindex(m, [array.shape]))


def corner(name: str, function: Callable[..., Any]) -> None:
    def places(m: Machine, rows: Any, k: Any = 0, columns: Any = None) -> Any:
        count = m.whole_number(rows, "how many")
        wide = count if columns is None else m.whole_number(columns, "how many")
        m.recorder.budget.room((count, wide))
        found = function(count, m.whole_number(k, "k"), wide)
        return Array.new(np.stack(found)) if m.torch else arrays_of(found)

    FUNCTIONS[name] = places


corner("tril_indices", np.tril_indices)
corner("triu_indices", np.triu_indices)


@known
def diag_indices(m: Machine, rows: Any, axes: Any = 2) -> Any:
    places, count = FUNCTIONS["arange"](m, rows), m.whole_number(axes, "how many axes")
    m.recorder.budget.make(max(0, count))
    return (places,) * count


# What stands before square brackets: np.r_, np.c_, np.s_, np.mgrid, np.ogrid.

BRACKETS = frozenset(["r_", "c_", "s_", "index_exp", "mgrid", "ogrid"])


def bracketed(m: Machine, name: str, key: Any) -> Any:
    """`np.r_[...]` and its like."""
    if name in ("s_", "index_exp"):
        return key if name == "s_" or isinstance(key, tuple) else (key,)
    parts = list(key) if isinstance(key, tuple) else [key]
    if any(isinstance(part, str) for part in parts):
        raise UnreadError(f"np.{name} with a text can't be read")
    lines = [line_of(m, part) if isinstance(part, slice) else part for part in parts]
    if name == "r_":
        return concatenate(m, [m.reshaped(one, (-1,)) if not m.array(one).shape else m.array(one)
                               for one in lines])  # fmt: skip
    if name == "c_":
        return column_stack(m, [one if m.array(one).shape else m.reshaped(one, (1,))
                                for one in lines])  # fmt: skip
    if not all(isinstance(part, slice) for part in parts):
        raise UnreadError(f"np.{name} wants slices, not {described(key)}")
    grid = meshgrid(m, lines, "ij", sparse=name == "ogrid")
    if len(grid) == 1:
        return grid[0]
    return FUNCTIONS["stack"](m, grid) if name == "mgrid" else grid


def line_of(m: Machine, part: slice) -> Any:
    """The numbers of a slice."""
    return arange(m, 0 if part.start is None else part.start, part.stop,
                  1 if part.step is None else part.step)  # fmt: skip
