"""Functions of the table of spellings on what they are not made for: an error, never a traceback."""

from __future__ import annotations

import random
from typing import Any

import numpy as np

from backprop.errors import BackpropError
from backprop.language.spellings import functions
from backprop.reading.diagnostics import UnreadError
from backprop.reading.memory import Array, Number
from backprop.reading.reader import Reader
from backprop.reading.source import parsed
from backprop.reading.values import Builtin

CALLS = 6  # of each spelling
STEPS = 20_000


def junk(reader: Reader, draw: random.Random) -> Any:
    """A value that a careless program might pass."""
    cells = np.random.default_rng(draw.randrange(1000))
    shapes = [(), (0,), (3,), (2, 3), (3, 3), (2, 0, 2), (1, 2, 2, 2)]
    kind = draw.randrange(14)
    if kind == 0:
        return draw.choice([None, True, False, "axis", "ij,jk", "", "constant"])
    if kind == 1:
        return draw.choice([0, 1, -1, 2, 7, -5, 10**9, 10**30])
    if kind == 2:
        return draw.choice([0.0, 0.5, -2.5, float("inf"), float("nan"), 1e300])
    if kind == 3:
        return [draw.choice([0, 1, -3, 2.5, None, "a"]) for _ in range(draw.randrange(4))]
    if kind == 4:
        return tuple(draw.choice([0, 1, 2, -1]) for _ in range(draw.randrange(4)))
    if kind == 5:
        return draw.choice([{}, {"a": 1}, set(), slice(0, 2), slice(None, None, 0), range(3)])
    if kind == 6:
        return Array.new(cells.integers(-2, 4, draw.choice(shapes)))
    if kind == 7:
        return Array.new(cells.random(draw.choice(shapes)) < 0.5)
    if kind == 8:
        return [Array.new(cells.normal(size=draw.choice(shapes))) for _ in range(2)]
    if kind == 9:
        return Builtin("exp", "numpy")
    if kind == 10:
        return reader.scope.names["x"]
    if kind == 11:
        return reader.scope.names[draw.choice(["v", "A", "T"])]
    return Array.new(cells.normal(size=draw.choice(shapes)))


def test_no_call_of_a_spelling_ends_in_a_traceback() -> None:
    draw = random.Random(5)
    for number, ((module, name), row) in enumerate(functions().items()):
        reader = Reader(parsed("pass", "a.py"))
        for given, shape in (("x", ()), ("v", (3,)), ("A", (2, 3)), ("T", (2, 2, 2))):
            value = np.random.default_rng(number).normal(size=shape)
            reader.scope.names[given] = reader.input(given, value if shape else 0.7)
        for _ in range(CALLS):
            reader.machine.steps = 900_000
            fed = [junk(reader, draw) for _ in range(draw.randrange(1, 4))]
            named = {draw.choice(["axis", "keepdims", "out", *dict(row.parameters)]): junk(reader, draw)
                     for _ in range(draw.randrange(2))}  # fmt: skip
            holder = fed.pop(0) if module == "." else None
            if module == "." and not isinstance(holder, (Array, Number)):
                continue
            reader.machine.torch = draw.random() < 0.5
            try:
                reader.call(Builtin(name, module, holder), fed, named)
            except (UnreadError, BackpropError):
                continue
