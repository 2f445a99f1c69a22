"""What the values of a backward pass are: its results first, then each of its lines."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backprop.grading.backward import ENOUGH, Pass
from backprop.grading.targets import Match, Series, Target, gaps, same, sizes_of, squeezed
from backprop.grading.tracing import MARK, Event, made_of

MOST_SLICES = 60  # gradients whose entries a write is compared with

VERSION = re.compile(r"_\d+$")
ZERO, SOUND, UNSOUND = "zero", "sound", "unsound"


class Status(NamedTuple):
    kind: str
    match: Match | None = None
    own: bool = False  # is it what its name says?

    @property
    def exact(self) -> bool:
        return self.match is not None and self.match.factor == 1

    @property
    def slot(self) -> int:
        return -1 if self.match is None else self.match.target.slot

    @property
    def through(self) -> tuple[int, ...]:
        return () if self.match is None else self.match.target.through

    @property
    def whole(self) -> bool:
        return self.match is not None and not self.match.target.through


class Outcome(NamedTuple):
    """The gradient of an input, as a pass gives it."""

    variable: str
    verdict: str  # right wrong missing not-returned not-graded
    yours: Series | None
    expected: Series

    @property
    def wrong(self) -> bool:
        return self.verdict == "wrong"


class Judgement:
    """A pass, judged."""

    def __init__(self, found: Pass) -> None:
        self.found = found
        self.slots = found.forward.slots
        self.marks = {event.leaf: event for event in found.events}
        self.seen: dict[int, bool] = {}
        self.outcomes = list(self.results())

    # Results.

    def expected(self, variable: str) -> Series:
        target = self.target(variable)
        if target is not None:
            return target.series
        return [np.zeros(np.shape(spot.point[variable]))[()] for spot in self.found.spots]

    def target(self, variable: str) -> Target | None:
        return self.found.targets.whole.get(self.found.forward.program.inputs[variable])

    def results(self) -> list[Outcome]:
        found = self.found
        rows = []
        wanted = [
            *found.forward.required,
            *(n for n in found.found if n not in found.forward.required),
        ]
        for name in wanted:
            expected = self.expected(name)
            if name in found.unusable:
                rows.append(Outcome(name, "not-graded", None, expected))
                continue
            if name not in found.found:
                rows.append(Outcome(name, self.absent(), None, expected))
                continue
            yours = broadcast(found.result(name), expected)
            verdict = "wrong"
            if fitting(yours, expected):
                target = self.target(name)
                sizes = target.sizes if target else sizes_of(expected)
                off = [
                    k for k, row in enumerate(zip(yours, expected, sizes, strict=True))
                    if gaps(*row).max(initial=0.0) > 0
                ]  # fmt: skip
                verdict = self.settled(name, yours, expected, off) if off else "right"
            rows.append(Outcome(name, verdict, yours, expected))
        return rows

    def agrees(self, name: str, yours: Series) -> bool:
        """Would a gradient be right that has these values, at as many points as there are?"""
        expected, target = self.expected(name), self.target(name)
        sizes = target.sizes if target else sizes_of(expected)
        some = len(yours)
        return fitting(yours, expected) and same(yours, expected[:some], sizes[:some])

    def settled(self, name: str, yours: Series, expected: Series, off: Sequence[int]) -> str:
        """The verdict on a gradient that is off at some points in floats: many digits decide where
        the difference may be due to rounding."""
        found = self.found
        leaf = found.found[name].leaf
        rounding = found.replay.rounding(leaf)
        if any(not np.max(np.abs(np.subtract(yours[k], expected[k]))) <= rounding[k] for k in off):
            return "wrong"
        if 0 not in off and len(yours) - len(off) >= ENOUGH:
            return "right"
        return found.exact_verdict(name, off)

    def absent(self) -> str:
        if self.found.tracer.troubles or self.found.text.unparsed:
            return "not-graded"
        if self.found.forward.demanded:
            return "missing"
        return "not-returned"

    @cached_property
    def wrong(self) -> list[str]:
        return [one.variable for one in self.outcomes if one.wrong]

    @property
    def fine(self) -> frozenset[str]:
        """The inputs whose gradients are right."""
        return frozenset(one.variable for one in self.outcomes if one.verdict == "right")

    # Lines.

    def namesakes(self, event: Event) -> frozenset[int]:
        """The slots that the name of an event may be the gradient of: a name that the forward pass
        assigns several times has several."""
        variable = self.found.names.get(event.name)
        return frozenset() if variable is None else self.versions.get(variable, frozenset())

    @cached_property
    def versions(self) -> dict[str, frozenset[int]]:
        found: dict[str, set[int]] = {}
        for name, slot in self.slots.items():
            found.setdefault(name, set()).add(slot)
            base = VERSION.sub("", name)
            if base in self.slots:
                found.setdefault(base, set()).add(slot)
        return {name: frozenset(slots) for name, slots in found.items()}

    def wanted(self, event: Event) -> int | None:
        """The slot whose gradient a line has to give: not one of a helper, nor one whose name is
        used again for something else."""
        variable = self.found.names.get(event.name)
        if variable is None or event.function != self.found.main:
            return None
        if event.number < self.last_start.get(event.name, -1) or event.number in self.changed_later:
            return None
        return self.slots.get(variable)

    @cached_property
    def changed_later(self) -> frozenset[int]:
        """The events whose values a later write to the same name changes, other than by adding."""
        return frozenset(
            one.number
            for event in self.found.events
            if event.masked or event.after or event.update not in ("+=", "-=")
            for one in self.inputs[event.number]
            if one.name == event.name and one.function == event.function
        )

    @cached_property
    def last_start(self) -> dict[str, int]:
        """The last event of each name that begins anew."""
        found: dict[str, int] = {}
        for event in self.found.events:
            if event.update == "=" and not event.shape and not self.continues(event):
                found[event.name] = event.number
        return found

    @cached_property
    def statuses(self) -> dict[int, Status]:
        return {event.number: self.status(event) for event in self.found.events}

    def value(self, event: Event) -> Series:
        """What an event is judged by: what it adds, or what it assigns."""
        if event.update in ("+=", "-=") and event.part and not event.masked:
            series = self.found.replay.series(event.part)
            if not event.shape:
                whole = self.found.replay.series(event.leaf)
                series = [spread(a, np.shape(b)) for a, b in zip(series, whole, strict=True)]
            return [-np.asarray(value) for value in series] if event.update == "-=" else series
        return self.found.replay.series(event.leaf)

    def status(self, event: Event) -> Status:
        wanted = self.namesakes(event)
        series = self.value(event)
        for slot in wanted & self.found.targets.whole.keys():
            series = broadcast(series, self.found.targets.whole[slot].series)
        found = self.of(series, event, wanted)
        if found.kind == UNSOUND and event.after:
            after = self.of(self.found.replay.series(event.after), None, wanted)
            return after if after.kind != ZERO else found
        return found

    def of(
        self, series: Series, event: Event | None, wanted: Collection[int], *, narrow: bool = False
    ) -> Status:
        """What a series is. `narrow`: of a write to some entries, is it what its name says?"""
        try:
            series = [np.asarray(value, dtype=float) for value in series]
        except (TypeError, ValueError):
            return Status(UNSOUND)
        if not all(np.any(value) for value in series) and not any(
            np.any(value) for value in series
        ):
            return Status(ZERO)
        match = self.found.targets.match(series, wanted)
        if (
            event is not None
            and event.key is not None
            and (match is None or match.target.slot not in wanted)
        ):
            match = self.sliced(series, event, wanted, narrow=narrow) or match
        if match is None and event is not None and (not self.wrong or self.goes_on(event)):
            match = self.times_a_value(series, wanted)
        if match is None:
            return Status(UNSOUND)
        return Status(SOUND, match, match.target.slot in wanted)

    @cached_property
    def last_of_name(self) -> dict[str, int]:
        return {event.name: event.number for event in self.found.events}

    def goes_on(self, event: Event) -> bool:
        """Does a later line change what this one assigns?"""
        return self.last_of_name[event.name] > event.number

    def times_a_value(self, series: Series, wanted: Collection[int]) -> Match | None:
        """The gradient that a name promises, times or divided by a number of the forward pass."""
        targets = self.found.targets
        found = [targets.whole[slot] for slot in wanted if slot in targets.whole]
        found += [part for slot in wanted for part in targets.parts.get(slot, ())]
        for target in found:
            if not fitting(series, target.series):
                continue
            factors = [ratio([a], [b]) for a, b in zip(series, target.series, strict=True)]
            scaled = [f * np.asarray(b) for f, b in zip(factors, target.series, strict=True)]
            if not all(factors) or not same(series, scaled, target.sizes):
                continue
            if self.is_value(factors) or self.is_value([1 / one for one in factors]):
                return Match(target, factors[0])
        return None

    def is_value(self, factors: Sequence[float]) -> bool:
        """Is there a variable that is a number and has these values?"""
        program = self.found.forward.program
        for slot in {*program.names.values(), *program.inputs.values()}:
            if not program.shapes[slot]:
                values = [float(spot.values[slot]) for spot in self.found.spots]
                if np.allclose(values, factors, rtol=1e-9, atol=0):
                    return True
        return False

    def sliced(
        self, series: Series, event: Event, wanted: Collection[int], *, narrow: bool
    ) -> Match | None:
        """A write to some entries, compared with these entries of gradients."""
        group = self.found.targets.groups.get(int(np.prod(event.shape)))
        if group is None:
            return None
        own_shape = [
            one for one in group.targets
            if not one.spread and (not narrow or not wanted or one.slot in wanted)
        ]  # fmt: skip
        targets = sorted(own_shape, key=lambda one: (one.slot not in wanted, bool(one.through)))
        for target in targets[:MOST_SLICES]:
            try:
                if not one_fits(series[0], target, event):
                    continue
                parts = [np.reshape(value, event.shape)[event.key] for value in target.series]
                own = [
                    np.broadcast_to(value, np.shape(part))
                    for value, part in zip(series, parts, strict=True)
                ]
            except (IndexError, ValueError):
                continue
            factor = ratio(own, parts)
            if factor and same(own, [factor * part for part in parts], target.sizes):
                return Match(target, 1.0 if abs(factor - 1) < 1e-8 else factor)
        return None

    # Lines that belong together.

    @cached_property
    def twice(self) -> frozenset[int]:
        """The events that add what an earlier one holds already."""
        found: set[int] = set()
        held: dict[str, set[tuple[int, int]]] = {}
        for event in self.found.events:
            status = self.statuses[event.number]
            if event.update == "=" and not event.shape:
                held[event.name] = set()
            if not status.exact or event.shape:
                continue
            parts = self.held_parts(status)
            mine = held.setdefault(event.name, set())
            if event.update != "=" and parts & mine:
                found.add(event.number)
            mine |= parts
        return frozenset(found)

    def held_parts(self, status: Status) -> set[tuple[int, int]]:
        """The variable, and the stages through which what a line holds comes back to it."""
        assert status.match is not None
        slot, through = status.match.target.slot, status.match.target.through
        if not through:
            parts = self.found.targets.parts.get(slot, ())
            through = tuple([stage for part in parts for stage in part.through]) or (-1,)
        return {(slot, stage) for stage in through}

    @cached_property
    def finished(self) -> frozenset[int]:
        """The events that later writes to the same name go on from, and end in what it says."""
        fine: set[int] = set()
        for event in reversed(self.found.events):
            if event.update == "=" and not self.continues(event):
                continue
            for one in self.inputs[event.number]:
                same_name = one.name == event.name and one.target == event.target
                whole = event.masked or event.update != "=" or bool(event.after)
                if (same_name or (whole and one.name == event.name)) and (
                    event.number in fine or self.ends_well(event)
                ):
                    fine.add(one.number)
        return frozenset(fine)

    def continues(self, event: Event) -> bool:
        return event.masked or any(one.name == event.name for one in self.inputs[event.number])

    def ends_well(self, event: Event) -> bool:
        """Is the whole of a name what it says, after a write to it?"""
        total = self.of(
            self.found.replay.series(event.after or event.leaf), None, self.namesakes(event)
        )
        return total.exact and total.own and total.whole

    # What depends on what.

    @cached_property
    def inputs(self) -> dict[int, list[Event]]:
        """The events that each event uses directly."""
        return {event.number: self.nearest(event) for event in self.found.events}

    def nearest(self, event: Event) -> list[Event]:
        made, found = self.found.replay.made, []
        step = made.get(event.leaf)
        waiting = list(made_of(step)) if step is not None and step[0] == MARK else [event.leaf]
        seen = set(waiting)
        while waiting:
            leaf = waiting.pop()
            other = self.marks.get(leaf)
            if other is not None and other is not event:
                found.append(other)
                continue
            for one in made_of(made.get(leaf)):
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return found

    @cached_property
    def alike(self) -> frozenset[int]:
        """The events that are about gradients: by their name, or by what they are made of."""
        found: set[int] = set()
        made = self.found.replay.made
        for event in self.found.events:
            if event.role:
                continue
            by_name = event.name in self.found.names
            status = self.statuses[event.number]
            by_input = any(one.number in found for one in self.inputs[event.number])
            if (
                by_name
                or by_input
                or (status.exact and status.whole)
                or self.takes_upstream(event, made)
            ):
                found.add(event.number)
        return frozenset(found)

    def takes_upstream(self, event: Event, made: Any) -> bool:
        seen, waiting = set(), [event.leaf]
        while waiting:
            leaf = waiting.pop()
            if leaf == "upstream":
                return True
            if leaf in seen or (leaf in self.marks and self.marks[leaf] is not event):
                continue
            seen.add(leaf)
            waiting += made_of(made.get(leaf))
        return False

    def way(self, variables: Sequence[str]) -> list[Event]:
        """The events on the way to some results, in their order."""
        leaves: set[str] = set()
        for name in variables:
            leaves |= self.found.replay.reached(self.found.found[name].leaf)
        return [
            event for event in self.found.events
            if not event.role and (event.leaf in leaves or (event.after and event.after in leaves))
        ]  # fmt: skip

    def reaches(self, event: Event) -> list[str]:
        """The wrong results that an event is on the way to."""
        return [
            name for name in self.wrong
            if event.leaf in self.found.replay.reached(self.found.found[name].leaf)
        ]  # fmt: skip

    def off_by(self, names: Sequence[str]) -> list[float] | None:
        """What all of these results are at every point, times what they should be; None if that is
        not one number."""
        factors: set[tuple[float, ...]] = set()
        for name in names:
            yours, expected, target = (
                self.found.result(name),
                self.expected(name),
                self.target(name),
            )
            if target is None or not fitting(yours, expected):
                return None
            found = [ratio([a], [b]) for a, b in zip(yours, expected, strict=True)]
            scaled = [one * np.asarray(b) for one, b in zip(found, expected, strict=True)]
            if not all(found) or not same(yours, scaled, target.sizes):
                return None
            factors.add(tuple(float(f"{one:.9g}") for one in found))
        return [*factors.pop()] if len(factors) == 1 else None

    def fits(self, event: Event) -> bool:
        """Is a line what its name says, or part of a gradient if its name says nothing?"""
        status, promised = self.statuses[event.number], self.wanted(event) is not None
        if promised and status.match and status.match.target.spread:
            return event.number in self.finished
        return status.exact and (status.own or not promised)

    def score(self) -> float:
        """How much of the pass is right: results and lines, and values of the forward pass."""
        lines = sum(self.fits(event) or self.known(event) for event in self.found.events)
        rest = sum(
            one.own and not one.exact and one.match is not None and one.match.factor > 0
            for one in self.statuses.values()
        )
        return 10 * len(self.fine) + lines + 0.1 * rest

    def known(self, event: Event) -> bool:
        """Is what a line gives a value of the forward pass, or the slope of a gate?"""
        if event.number not in self.seen:
            try:
                series = [np.asarray(one, float)[()] for one in self.value(event)]
                self.seen[event.number] = self.found.targets.known(series)
            except (TypeError, ValueError):
                self.seen[event.number] = False
        return self.seen[event.number]

    @cached_property
    def perfect(self) -> bool:
        """Are all results right, and all lines about gradients?"""
        lines = (event for event in self.found.events if event.number in self.alike)
        return not self.wrong and all(map(self.fits, lines))


def broadcast(yours: Series, expected: Series) -> Series:
    """Numbers that stand for arrays of equal entries."""
    if np.size(yours[0]) == 1 and not np.ndim(yours[0]) and np.ndim(expected[0]):
        return [np.broadcast_to(a, np.shape(b)) for a, b in zip(yours, expected, strict=True)]
    return yours


def spread(value: Any, shape: tuple[int, ...]) -> Any:
    """A value in the shape of what it is added to."""
    try:
        return value if np.shape(value) == shape else np.broadcast_to(value, shape)
    except ValueError:
        return value


def one_fits(value: Any, target: Target, event: Event) -> bool:
    """May a write be the entries of a gradient, by what they are at the first point?"""
    part = np.reshape(target.series[0], event.shape)[event.key]
    own = np.broadcast_to(value, np.shape(part))
    factor = ratio([own], [part])
    if not factor:
        return not np.any(own) and not np.any(part)
    return bool(gaps(own, factor * part, target.sizes[0]).max(initial=0.0) <= 0)


def fitting(yours: Series, expected: Series) -> bool:
    """Shapes that are the same but for axes of length 1."""
    return squeezed(yours) == squeezed(expected)


def ratio(series: Series, others: Series) -> float:
    """What one series is, of another, where the other is largest."""
    best, found = 0.0, 0.0
    for value, other in zip(series, others, strict=True):
        flat = np.ravel(other)
        if not flat.size:
            continue
        k = int(np.argmax(np.abs(flat)))
        if abs(flat[k]) > best:
            best, found = float(abs(flat[k])), float(np.ravel(value)[k] / flat[k])
    return found if np.isfinite(found) else 0.0


def wrong_entries(yours: Any, expected: Any) -> list[tuple[int, ...]] | None:
    """The entries that are wrong, if others are right."""
    yours, expected = np.asarray(yours, float), np.asarray(expected, float)
    if yours.shape != expected.shape or not yours.ndim:
        return None
    bad = gaps(yours, expected, 0.0).reshape(yours.shape) > 0
    if not bad.any() or 2 * bad.sum() > bad.size:
        return None
    return [tuple(int(k) for k in place) for place in np.argwhere(bad)[:8]]
