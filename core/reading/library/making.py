"""New arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.copying import copied
from backprop.reading.library.table import FUNCTIONS, known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array, Number
from backprop.reading.values import depends, plain_number


def made(m: Machine, values: Any) -> Any:
    return Array.new(values) if np.ndim(values) else np.asarray(values).item()


def filled(name: str, function: Callable[..., Any]) -> None:
    def create(m: Machine, shape: Sequence[Any]) -> Any:
        sides = m.shape(shape)
        if any(side < 0 for side in sides):
            raise UnreadError(f"an array of {sides} is not made")
        m.recorder.budget.room(sides)
        return Array.new(function(sides))

    FUNCTIONS[name] = create


filled("zeros", np.zeros)


filled("empty", np.zeros)


filled("ones", np.ones)


@known
def full(m: Machine, shape: Any, value: Any) -> Any:
    blank = FUNCTIONS["zeros"](m, [shape] if not isinstance(shape, (list, tuple)) else shape)
    return m.binary("add", blank, value)


@known
def eye(m: Machine, rows: Any, columns: Any = None, k: Any = 0) -> Any:
    sides = m.shape([rows] if columns is None else [rows, columns])
    FUNCTIONS["zeros"](m, list(sides) * (2 if columns is None else 1))
    return Array.new(np.eye(sides[0], sides[-1], m.whole_number(k, "k")))


@known
def tri(m: Machine, rows: Any, columns: Any = None, k: Any = 0) -> Any:
    sides = m.shape([rows] if columns is None else [rows, columns])
    FUNCTIONS["zeros"](m, list(sides) * (2 if columns is None else 1))
    return Array.new(np.tri(sides[0], sides[-1], m.whole_number(k, "k")))


@known
def zeros_like(m: Machine, a: Any) -> Any:
    return made(m, np.zeros(m.array(a).shape)[()])


@known
def ones_like(m: Machine, a: Any) -> Any:
    return made(m, np.ones(m.array(a).shape)[()])


@known
def full_like(m: Machine, a: Any, value: Any) -> Any:
    return m.binary("add", zeros_like(m, a), value)


@known
def array(m: Machine, a: Any = 0.0) -> Any:
    found = m.numeric(a)
    return copied(m, found) if isinstance(found, Array) else found


@known
def whole(m: Machine, a: Any) -> Any:
    found = m.numeric(a)
    if isinstance(found, Array) and not found.depends:
        return Array.new(found.cells.astype(int))
    return found if isinstance(found, Array) else m.whole_number(found, "this")


@known
def arange(m: Machine, start: Any, stop: Any = None, step: Any = 1) -> Any:
    ends = [0, start, step] if stop is None else [start, stop, step]
    numbers = [
        m.whole_number(end, "an end of arange") if isinstance(end, Number) else plain_number(end)
        for end in ends
    ]
    if not numbers[2] or not abs((numbers[1] - numbers[0]) / numbers[2]) <= 10_000_000:
        raise UnreadError("this arange is too long, or has no step")
    m.recorder.budget.room((int(abs((numbers[1] - numbers[0]) / numbers[2])),))
    return Array.new(np.arange(*numbers))


@known
def linspace(m: Machine, start: Any, stop: Any, num: Any = 50, endpoint: Any = True) -> Any:
    count = m.whole_number(num, "how many")
    FUNCTIONS["zeros"](m, [count])
    if depends(start) or depends(stop):
        steps = Array.new(np.linspace(0.0, 1.0, count, bool(endpoint)))
        width = m.binary("sub", stop, start)
        return m.binary("add", start, m.binary("mul", width, steps))
    return Array.new(np.linspace(m.worth(start), m.worth(stop), count, bool(endpoint)))


@known
def logspace(
    m: Machine, start: Any, stop: Any, num: Any = 50, endpoint: Any = True, base: Any = 10.0
) -> Any:
    return m.binary("pow", base, linspace(m, start, stop, num, endpoint))


@known
def geomspace(m: Machine, start: Any, stop: Any, num: Any = 50, endpoint: Any = True) -> Any:
    first, last = float(m.worth(start)), float(m.worth(stop))
    if depends(start) or depends(stop) or min(first, last) <= 0:
        raise UnreadError("geomspace is read between positive numbers")
    count = m.whole_number(num, "how many")
    FUNCTIONS["zeros"](m, [count])
    return Array.new(np.geomspace(first, last, count, bool(endpoint)))


def alike(name: str) -> None:
    """The method new_zeros of PyTorch and its like."""

    def function(m: Machine, a: Any, shape: Sequence[Any]) -> Any:
        del a
        return FUNCTIONS[name](m, shape)

    FUNCTIONS[f"new_{name}"] = function


for _name in ("zeros", "ones", "empty"):
    alike(_name)


@known
def new_full(m: Machine, a: Any, shape: Any, value: Any) -> Any:
    del a
    return full(m, shape, value)


@known
def one_hot(m: Machine, a: Any, count: Any = -1) -> Any:
    labels = m.array(a)
    if labels.depends:
        leaf = labels.read(m.recorder)
        m.whole.add(leaf)
        m.guard(leaf, "whole", labels.cells.astype(int))
    places = labels.cells.astype(int)
    size = m.whole_number(count, "how many classes")
    size = int(places.max(initial=-1)) + 1 if size < 0 else size
    if places.size and (places.min() < 0 or places.max() >= size):
        raise UnreadError(f"there is no class {places.max()} among {size}")
    m.recorder.budget.room((size, size))
    m.recorder.budget.room((*places.shape, size))
    return Array.new(np.eye(size)[places])
