"""What was recorded, run again at every point, with the values of some lines changed at will."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS
from backprop.engine.guards import holds
from backprop.errors import BackpropError, LimitError
from backprop.gates.shapes import MismatchError
from backprop.grading.targets import Series
from backprop.grading.tracing import MARK, made_of
from backprop.language.syntax import HELD
from backprop.reading.recorder import Recorder, content

MOST = 40_000_000  # entries that are remembered
ROUNDING = 1e-10  # of the largest value that something is made of
MOST_EXACT = 20_000  # entries that are computed in many digits


class Memo:
    """Values of gates that were computed for another reading of the same file."""

    def __init__(self) -> None:
        self.ids: dict[Any, int] = {}
        self.values: dict[int, Series] = {}
        self.largest: dict[int, list[float]] = {}
        self.entries = 0

    def id_of(self, key: Any) -> int:
        return self.ids.setdefault(key, len(self.ids))

    def sizes(self, number: int) -> list[float]:
        """The largest finite entry of a value, at every point."""
        if number not in self.largest:
            self.largest[number] = [
                largest_of(value) if isinstance(value, (float, np.ndarray)) else 0.0
                for value in self.values[number]
            ]
        return self.largest[number]

    def keep(self, number: int, series: Series) -> None:
        self.entries += sum(map(size_of, series))
        if self.entries > MOST:
            raise LimitError("the file needs too much memory to be graded")
        self.values[number] = series


Step = tuple[str, Sequence[str], str]  # a gate, what it is fed, and what it makes


class Replay:
    """The values of all leaves of a recording at some points."""

    def __init__(
        self, recorder: Recorder, inputs: Mapping[str, Series], count: int, memo: Memo | None = None
    ) -> None:
        self.recorder = recorder
        self.count = count
        self.memo = memo or Memo()
        self.inputs = inputs
        self.steps = list(recorder.known.items())
        self.made = {leaf: step for step, leaf in self.steps}
        self.ids: dict[str, int] = {}
        self.behind: dict[str, set[str]] = {}
        self.run({})

    def run(self, changed: Mapping[str, Series]) -> None:
        """Compute everything. `changed` are marks whose values are others."""
        self.changed = changed
        self.ids = {}
        for (gate, *leaves), leaf in self.steps:
            self.step(gate, leaves, leaf)

    def step(self, gate: str, leaves: Sequence[str], leaf: str) -> None:
        memo = self.memo
        if gate == MARK:
            if leaf in self.changed:
                number = memo.id_of(object())
                memo.keep(number, self.changed[leaf])
                self.ids[leaf] = number
            else:
                self.ids[leaf] = self.id_of(leaves[0])
            return
        fed = [self.id_of(one) for one in leaves]
        number = memo.id_of((gate, *fed))
        if number not in memo.values:
            columns = [memo.values[one] for one in fed]
            with np.errstate(all="ignore"):
                memo.keep(number, [value_of(gate, row) for row in zip(*columns, strict=True)])
        self.ids[leaf] = number

    def id_of(self, leaf: str) -> int:
        if leaf in self.ids:
            return self.ids[leaf]
        if leaf in self.inputs:
            key: Any = ("input", leaf)
        elif leaf[:1] == HELD:
            key = content(self.recorder.fixed[leaf])
        else:
            key = leaf
        number = self.memo.id_of(key)
        if number not in self.memo.values:
            self.memo.keep(number, self.given(leaf))
        self.ids[leaf] = number
        return number

    def given(self, leaf: str) -> Series:
        if leaf in self.inputs:
            return list(self.inputs[leaf])
        value = self.recorder.fixed[leaf] if leaf[:1] == HELD else float(leaf)
        return [value] * self.count

    def downstream(self, leaf: str, wanted: Sequence[str]) -> list[Step]:
        """The steps between a leaf and some others."""
        needed = set().union(*map(self.reached, wanted))
        dirty = {leaf}
        steps: list[Step] = []
        for (gate, *leaves), made in self.steps:
            if made in needed and made not in dirty and any(one in dirty for one in leaves):
                dirty.add(made)
                steps.append((gate, leaves, made))
        return steps

    def with_other(
        self, leaf: str, other: Series, steps: Sequence[Step],
        changed: Mapping[str, Series] = {},
    ) -> dict[str, Series]:  # fmt: skip
        """The values that change if a leaf has another value, at as many points as that has;
        `changed` are those that are others already."""
        found = {leaf: other}
        for gate, leaves, made in steps:
            fed = [
                found.get(one) or changed.get(one) or self.series(one)[: len(other)]
                for one in leaves[: 1 if gate == MARK else None]
            ]
            if gate == MARK:
                found[made] = fed[0]
                continue
            with np.errstate(all="ignore"):
                found[made] = [value_of(gate, row) for row in zip(*fed, strict=True)]
        return found

    def series(self, leaf: str) -> Series:
        return self.memo.values[self.id_of(leaf)]

    def rounding(self, leaf: str) -> list[float]:
        """How much of a value may be due to rounding, at every point."""
        largest = [0.0] * self.count
        for one in self.reached(leaf):
            if one in self.ids or one in self.inputs:
                largest = list(map(max, largest, self.memo.sizes(self.id_of(one))))
        return [ROUNDING * one for one in largest]

    def exactly(self, leaf: str, place: int, given: Mapping[str, Any]) -> Any:
        """A value at one point, in the digits that are set; None if that takes too long. `given`
        are the exact values of names from outside."""
        from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS

        needed = self.reached(leaf)
        if sum(size_of(self.series(one)[place]) for one in needed) > MOST_EXACT:
            return None
        found = dict(given)
        for (gate, *leaves), made in self.steps:
            if made not in needed:
                continue
            for one in leaves:
                if one not in found:
                    found[one] = PRECISE_ARRAYS.number(self.series(one)[place])
            fed = [found[one] for one in leaves]
            found[made] = fed[0] if gate == MARK else PRECISE_ARRAYS.value[gate](*fed)
        return found.get(leaf, self.series(leaf)[place])

    def usable(self) -> list[bool]:
        """At which points does the source go the way it was read?"""
        found = [True] * self.count
        for guard in self.recorder.guards:
            for k, value in enumerate(self.series(guard.leaf)):
                found[k] = found[k] and holds(guard, value)
        for before, after in self.clipping():
            for k, pair in enumerate(zip(before, after, strict=True)):
                found[k] = found[k] and np.array_equal(*pair)
        return found

    def clipping(self) -> Iterator[tuple[Series, Series]]:
        """What is cut off at -c and c, and isn't where the source was read: so gradients are kept
        from exploding, which is no part of them."""
        for (gate, *leaves), made in self.steps:
            if gate == "clip" and not {*leaves[1:]} & {*self.made, *self.inputs}:
                value, low, high = (self.series(one) for one in leaves)
                cut = self.series(made)
                if np.array_equal(-np.asarray(low[0]), high[0]) and np.array_equal(
                    value[0], cut[0]
                ):
                    yield value, cut

    # What comes from what.

    def reached(self, leaf: str) -> set[str]:
        """All leaves that a leaf is made of, itself included."""
        if leaf in self.behind:
            return self.behind[leaf]
        found, waiting = {leaf}, [leaf]
        while waiting:
            for one in made_of(self.made.get(waiting.pop())):
                if one not in found:
                    found.add(one)
                    waiting.append(one)
        self.behind[leaf] = found
        return found


def largest_of(value: Any) -> float:
    found = np.abs(np.asarray(value, float))
    return float(np.max(found, where=np.isfinite(found), initial=0.0))


def size_of(value: Any) -> int:
    return value.size if isinstance(value, np.ndarray) else 1


def value_of(gate: str, fed: Sequence[Any]) -> Any:
    """A gate in floats."""
    try:
        return ARRAYS.value[gate](*map(ARRAYS.number, fed))
    except (ValueError, IndexError, TypeError, MismatchError, BackpropError):
        return np.float64("nan")
