"""Random programs of one gate that takes entries of an array, writes into it, or reorders its
axes. What only Python says is a function in Python."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from random import Random
from typing import Any, NamedTuple

import grids
from given_arrays import Case, any_shape, case, exact, given
from grids import Grid, Shape


class Pick(NamedTuple):
    """Places in an array: as they are written, and what is taken from there."""

    text: str
    of: Callable[[Grid], Grid]


def filled_shape(random: Random, least: int = 1) -> Shape:
    return tuple(side or 2 for side in any_shape(random, least))


def pick(random: Random, shape: Shape) -> Pick:
    if random.random() < 0.3:
        return computed(random, shape)
    chosen: list[int | slice] = []
    for side in shape[: random.randint(1, len(shape))]:
        if random.random() < 0.4:
            chosen.append(random.randrange(-side, side))
        else:
            start, stop = (random.choice((None, random.randint(-5, 5))) for _ in range(2))
            chosen.append(slice(start, stop, random.choice((None, None, 1, 2, -1, -2))))
    return Pick(", ".join(map(place_text, chosen)), lambda a: grids.index(a, chosen))


def place_text(chosen: int | slice) -> str:
    if isinstance(chosen, int):
        return str(chosen)
    start, stop, step = (
        "" if part is None else str(part) for part in (chosen.start, chosen.stop, chosen.step)
    )
    return f"{start}:{stop}" + (f":{step}" if step else "")


def computed(random: Random, shape: Shape) -> Pick:
    """Indices that are a value, some of them twice, along the first or the last axis."""
    last = len(shape) > 1 and random.random() < 0.5
    side = shape[-1] if last else shape[0]
    numbers = [random.randrange(side) for _ in range(random.randint(1, 4))]
    if not last:
        return Pick(f"{numbers}", lambda a: grids.rows(a, numbers))
    text = ", ".join([":"] * (len(shape) - 1) + [str(numbers)])
    return Pick(text, lambda a: grids.columns(a, numbers))


def index(random: Random) -> Case:
    shape = filled_shape(random)
    values = {"A": given(random, shape)}
    found = pick(random, shape)
    return case("index", f"A[{found.text}]", values, lambda at: found.of(at["A"]), random)


# Writing.


class Target(NamedTuple):
    """Where in A something is written, and the number of each entry there."""

    text: str
    numbers: Grid


def target(random: Random, array: Any) -> Target:
    """In A itself, or in a view of it: what is neither nothing nor all."""
    while True:
        found = some_target(random, array)
        if 0 < len({*found.numbers.entries}) < array.size:
            return found


def some_target(random: Random, array: Any) -> Target:
    numbers, shape = Grid(array.shape, range(array.size)), array.shape
    way = random.random()
    if way < 0.2 and array.flags.c_contiguous:  # a line of other arrays is a copy
        numbers, text = grids.reshape(numbers, (prod(shape),)), "A.reshape(-1)"
    elif way < 0.4:
        numbers, text = grids.transpose(numbers), "A.T"
    else:
        text = "A"
    found = pick(random, numbers.shape)
    return Target(f"{text}[{found.text}]", found.of(numbers))


def narrowed(random: Random, shape: Shape) -> Shape:
    """What stretches to a shape."""
    kept = shape[random.choice((0, 0, 0, 1, 2, 3)) :]
    return tuple(1 if random.random() < 0.3 else side for side in kept)


def function_in_python(names: str, *lines: str) -> str:
    head = f"import numpy as np\ndef f({', '.join(names)}):"
    return "\n    ".join([head, *lines]) + "\n"


def put(random: Random) -> Case:
    """One write or two, the second often over the first."""
    shape: Shape = ()
    while prod(shape) < 2:
        shape = filled_shape(random)
    array = exact(given(random, shape))
    values: dict[str, Any] = {"A": array}
    targets: dict[str, Target] = {}
    for letter in "BC"[: random.choice((1, 2, 2))]:
        targets[letter] = place = target(random, array)
        values[letter] = given(random, narrowed(random, place.numbers.shape))
    lines = [f"{place.text} = {letter}" for letter, place in targets.items()]

    def value_of(at: dict[str, Grid]) -> Grid:
        found = at["A"]
        for letter, place in targets.items():
            found = grids.written(found, place.numbers, at[letter])
        return found

    text = function_in_python("".join(values), *lines, "return A")
    return case("put", text, values, value_of, random)


def add_at(random: Random) -> Case:
    """Places that may be named several times: rows, or entries by their row and column."""
    shape = filled_shape(random)
    values: dict[str, Any] = {"A": exact(given(random, shape))}
    axes = random.randint(1, len(shape))
    count = random.randint(1, 4)
    named = [[random.randrange(side) for _ in range(count)] for side in shape[:axes]]
    places = list(zip(*named, strict=True))
    everything = Grid(shape, range(prod(shape)))
    numbers = grids.stack([grids.index(everything, place) for place in places])
    values["B"] = given(random, narrowed(random, numbers.shape))
    texts = [str(indices) for indices in named]
    key = texts[0] if axes == 1 else f"({', '.join(texts)})"
    text = function_in_python("AB", f"np.add.at(A, {key}, B)", "return A")
    return case("add_at", text, values, lambda at: grids.added(at["A"], numbers, at["B"]), random)


def permute(random: Random) -> Case:
    """An order of three axes that is neither the same nor the reversed one."""
    values = {"A": given(random, any_shape(random, 3))}
    axes, *ways = random.choice((
        ((0, 2, 1), "np.swapaxes(A, 1, 2)"),
        ((1, 0, 2), "A.swapaxes(0, -2)"),
        ((1, 2, 0), "np.moveaxis(A, 0, 2)"),
        ((2, 0, 1), "np.moveaxis(A, -1, 0)"),
    ))  # fmt: skip
    way = random.choice((*ways, f"np.transpose(A, {axes})", f"A.transpose{axes}"))
    text = function_in_python("A", f"return {way}")
    return case("permute", text, values, lambda at: grids.permuted(at["A"], axes), random)
