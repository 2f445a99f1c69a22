"""A gradient compared with the slopes of its function: entry by entry and along directions, at one
point; kinks told from mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from backprop.testing.points import scale_of
from backprop.testing.results import KINK, UNDEFINED, WRONG, Finding
from backprop.testing.slopes import (
    CAUTION,
    EPSILON,
    Sample,
    Slope,
    Slopes,
    noise_of,
    slopes,
)

ENTRIES = 64  # of an input that are compared one by one at the point itself
DIRECTIONS = 2  # through all entries of an input at the point itself; one at all others
DOUBTED = 8  # entries of an input that are looked at where a gradient departs from the engine's
COARSE = 1e-9  # noise beyond which a function computes in less than float64
DUST = 64 * EPSILON  # of the size of a function over the scale of an input
COMPLEX = 1e-30  # of the scale, the step of a complex one


Function = Callable[[Mapping[str, Any]], Sample]  # the value times a gradient of it


@dataclass
class Tally:
    """What has been compared of one input, at all points together."""

    entries: int = 0
    directions: int = 0
    off: float = 0.0
    kinks: int = 0
    unknown: int = 0  # directions along which no slope was found
    coarse: float = 0.0  # the largest error of a slope, in parts of the scale


@dataclass
class Rules:
    """How close is close enough."""

    rtol: float
    atol: float | None  # None: rtol of the largest entry

    def room(self, right: float, scale: float, error: float) -> float:
        floor = self.rtol * scale if self.atol is None else self.atol
        return self.rtol * abs(right) + floor + CAUTION * error


@dataclass
class Place:
    """A point, the function around it, and the gradient that is judged there."""

    function: Function
    point: Mapping[str, Any]
    yours: Mapping[str, Any]
    engine: Mapping[str, Any]  # the gradient by the engine, where the function was read
    rules: Rules
    random: np.random.Generator
    every: bool  # entry by entry?
    tallies: dict[str, Tally]
    noises: dict[str, float]  # what the function rounds along each input, as far as it was seen
    imaginary: Callable[[Mapping[str, Any]], complex] | None  # the function of complex numbers

    @cached_property
    def measured(self) -> set[str]:
        """The inputs along which rounding was measured at this point."""
        return set()

    def findings(self) -> Iterator[Finding]:
        for name, yours in self.yours.items():
            yield from self.of_input(name, np.asarray(yours, float))

    def of_input(self, name: str, yours: Any) -> Iterator[Finding]:
        value = np.asarray(self.point[name], float)
        if yours.shape != value.shape:
            shapes = shape_text(yours.shape), shape_text(value.shape)
            words = f"its shape is {shapes[0]}, that of {name} is {shapes[1]}"
            yield Finding(name, WRONG, None, None, None, words=words)
            return
        if not np.isfinite(yours).all():
            yield from self.not_finite(name, yours)
            return
        if name in self.engine and np.isfinite(self.engine[name]).all():
            found = list(self.beside_engine(name, yours))
            yield from found
            if self.every and not found:
                yield from self.along_directions(name, yours, 1)
            return
        if self.every and value.size <= ENTRIES:
            yield from self.of_entries(name, yours, range(value.size))
            return
        if self.every:
            picked = self.random.choice(value.size, ENTRIES, replace=False)
            found = list(self.of_entries(name, yours, sorted(picked.tolist())))
            yield from found
            if found:
                return
        count = DIRECTIONS if self.every else 1
        yield from self.along_directions(name, yours, count)

    # Against the engine.

    def beside_engine(self, name: str, yours: Any) -> Iterator[Finding]:
        """Entries that depart from the engine's are judged by the slopes of the function."""
        right = np.asarray(self.engine[name], float)
        scale = scale_of(right) if right.any() else scale_of(yours)
        room = self.rules.rtol * np.abs(right) + (
            self.rules.rtol * scale + self.dust(name)
            if self.rules.atol is None
            else self.rules.atol
        )
        off = np.abs(yours - right)
        tally = self.tallies[name]
        tally.entries += right.size
        tally.off = max(tally.off, float(off.max(initial=0.0)) / (scale or 1.0))
        doubted = np.flatnonzero(off > room)
        worst = sorted(doubted.tolist(), key=lambda k: -off.reshape(-1)[k])[:DOUBTED]
        tally.entries -= len(worst)
        yield from self.of_entries(name, yours, worst, right)

    # Entries.

    def of_entries(
        self, name: str, yours: Any, entries: Sequence[int], engine: Any = None
    ) -> Iterator[Finding]:
        scale = scale_of(yours) if yours.any() else 0.0
        for k in entries:
            place = (
                tuple(int(one) for one in np.unravel_index(k, yours.shape)) if yours.shape else ()
            )
            found = self.slopes_of_entry(name, k)
            self.tallies[name].entries += 1
            own = float(yours.reshape(-1)[k])
            expected = None if engine is None else float(engine.reshape(-1)[k])
            one = self.judged(name, place, own, found, scale, expected)
            if one is not None:
                yield one

    def judged(
        self, name: str, entry: tuple[int, ...], yours: float, found: Slopes, scale: float,
        expected: float | None,
    ) -> Finding | None:  # fmt: skip
        tally = self.tallies[name]
        if found.kinked:
            tally.kinks += 1
            return self.at_kink(name, entry, yours, found, scale)
        best = found.best
        if not best.known:
            tally.unknown += 1
            return None
        size = max(scale, abs(best.value))
        if expected is not None and abs(expected - best.value) <= self.rules.room(
            best.value, size, best.error
        ):  # the function itself doesn't contradict, and the engine has more digits
            best = Slope(expected, min(best.error, self.dust(name) / CAUTION))
        tally.coarse = max(tally.coarse, best.error / size if size else 0.0)
        off = abs(yours - best.value)
        if off <= self.rules.room(best.value, size, best.error):
            tally.off = max(tally.off, max(0.0, off - best.error) / size if size else 0.0)
            return None
        return Finding(name, WRONG, entry, yours, best.value, best.error)

    def at_kink(
        self, name: str, entry: tuple[int, ...], yours: float, found: Slopes, scale: float
    ) -> Finding | None:
        """One of the two slopes is right, and so is the smallest one between them: 0 for abs."""
        left, right = found.left, found.right
        least, most = sorted((left.value, right.value))
        flat = min(max(0.0, least), most)
        error = max(left.error, right.error) + self.dust(name)
        for good in (left.value, right.value, flat):
            if abs(yours - good) <= self.rules.room(good, scale, error):
                return None
        inside = least <= yours <= most
        return Finding(
            name, KINK if inside else WRONG, entry, yours, flat, error, left.value, right.value
        )

    def not_finite(self, name: str, yours: Any) -> Iterator[Finding]:
        places = np.argwhere(~np.isfinite(yours))
        for place in places[:DOUBTED]:
            k = int(np.ravel_multi_index(tuple(place), yours.shape)) if yours.shape else 0
            found = self.slopes_of_entry(name, k)
            entry = tuple(int(one) for one in place)
            own = float(yours.reshape(-1)[k])
            if found.known:
                right = found.best.value if found.best.known else found.right.value
                words = f"{own}, and the slope is {right:.12g}"
                yield Finding(name, WRONG, entry, own, right, words=words)
            else:
                words = f"{own}, and no slope was found"
                yield Finding(name, UNDEFINED, entry, own, None, words=words)

    # Directions.

    def along_directions(self, name: str, yours: Any, count: int) -> Iterator[Finding]:
        for _ in range(count):
            way = self.way(name)
            found = self.slopes_along(name, way)
            self.tallies[name].directions += 1
            if self.fits(name, yours, way, found):
                continue
            where = self.narrowed(name, yours, way)
            yield from self.of_entries(name, yours, where)
            return

    def way(self, name: str) -> Any:
        """A direction through all entries, each as far as it is large, up or down."""
        value = np.asarray(self.point[name], float)
        lengths = np.where(value == 0, scale_of(value), np.abs(value))
        signs = self.random.choice([-1.0, 1.0], value.shape)
        return lengths * signs * self.random.uniform(0.5, 1.0, value.shape)

    def fits(self, name: str, yours: Any, way: Any, found: Slopes) -> bool:
        parts = yours * way
        own, size = float(parts.sum()), float(np.abs(parts).sum())
        tally = self.tallies[name]
        if not np.isfinite([own, size]).all():
            return True
        if found.kinked:
            tally.kinks += 1
            sides = (found.left, found.right)
            least, most = min(one.value for one in sides), max(one.value for one in sides)
            room = self.rules.room(most, size, max(one.error for one in sides))
            return least - room <= own <= most + room
        best = found.best
        if not best.known:
            tally.unknown += 1
            return True
        size = max(size, abs(best.value))
        room = self.rules.room(best.value, 0.0, best.error)
        room += self.rules.rtol * size if self.rules.atol is None else (
            self.rules.atol * float(np.abs(way).sum())
        )  # fmt: skip
        off = abs(own - best.value)
        tally.coarse = max(tally.coarse, best.error / size if size else 0.0)
        if off <= room:
            tally.off = max(tally.off, max(0.0, off - best.error) / size if size else 0.0)
            return True
        return False

    def narrowed(self, name: str, yours: Any, way: Any) -> list[int]:
        """The entries because of which a direction departs: halves of it, and halves of these."""
        flat = np.arange(yours.size)
        waiting, found = [flat], list[int]()
        while waiting and len(found) < DOUBTED:
            part = waiting.pop()
            if part.size == 1:
                found.append(int(part[0]))
                continue
            for half in np.array_split(part, 2):
                only = np.zeros(yours.size)
                only[half] = way.reshape(-1)[half]
                only = only.reshape(yours.shape)
                if not self.fits(name, yours, only, self.slopes_along(name, only)):
                    waiting.append(half)
        return sorted(found)

    # Slopes.

    def slopes_of_entry(self, name: str, k: int) -> Slopes:
        way = entry_way(self.point[name], k)
        return slope_of(self.slopes_along(name, way), float(way.reshape(-1)[k]))

    def dust(self, name: str) -> float:
        """What rounding leaves of parts that cancel, beside how large the function is."""
        return DUST * self.start.size / scale_of(np.asarray(self.point[name], float))

    @cached_property
    def start(self) -> Sample:
        return self.function(self.point)

    def line_along(self, name: str, way: Any) -> Callable[[float], Sample]:
        value = np.asarray(self.point[name], float)

        def line(step: float) -> Sample:
            moved = value + step * way
            return self.function({**self.point, name: moved if moved.shape else float(moved)})

        return line

    def slopes_along(self, name: str, way: Any) -> Slopes:
        if name not in self.measured:  # through all entries, since along one it may be flat
            self.measured.add(name)
            found = noise_of(self.line_along(name, self.way(name)), 1.0)
            self.noises[name] = max(self.noises.get(name, 0.0), found)
        line = self.line_along(name, way)
        length = float(np.max(np.abs(way), initial=0.0))
        scales = [1.0] if 1e-3 < length < 1e3 or not length else [1.0, 1.0 / length]
        both = slopes(line, scales, line(0.0), self.noises[name])
        if self.imaginary is not None and not both.kinked:
            return self.sharpened(self.imaginary, name, way, both)
        return both

    def sharpened(
        self, imaginary: Callable[[Mapping[str, Any]], complex], name: str, way: Any, found: Slopes
    ) -> Slopes:
        """The slope by a complex step, if it is what differences say: it has no subtraction."""
        best = found.best
        if not best.known or best.error <= self.rules.rtol * abs(best.value):
            return found
        value = np.asarray(self.point[name], float)
        moved = value + 1j * COMPLEX * way
        stepped = imaginary({**self.point, name: moved if moved.shape else complex(moved)})
        slope = stepped.imag / COMPLEX
        if not np.isfinite(slope) or abs(slope) <= best.error:
            return found  # what is 0 but for rounding, is so in a gradient too
        if abs(slope - best.value) > CAUTION * best.error:
            return found
        return found._replace(both=Slope(slope, 16 * EPSILON * (abs(slope) + abs(best.value))))


def entry_way(value: Any, k: int) -> Any:
    """The direction of one entry, as long as it is large."""
    value = np.asarray(value, float)
    way = np.zeros(value.size)
    own = abs(float(value.reshape(-1)[k]))
    way[k] = own or scale_of(value)
    return way.reshape(value.shape)


def slope_of(found: Slopes, length: float) -> Slopes:
    """Slopes along a way, as those of one entry."""
    return Slopes(*(Slope(one.value / length, one.error / length) for one in found))


def shape_text(shape: Sequence[int]) -> str:
    return "x".join(map(str, shape)) or "a number"
