"""Two mistakes at once: a line whose repair shows only if another line is repaired as well."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from backprop.errors import BackpropError
from backprop.grading.backward import Pass, Reading
from backprop.grading.judging import Judgement
from backprop.grading.probing import Probe, WhatIf, alike_everywhere
from backprop.grading.replay import Step
from backprop.grading.slips import Repair
from backprop.grading.targets import Series
from backprop.grading.tracing import Event, Tracer

MOST_LINES = 12
MOST_REPAIRS = 40  # of a line, the simple ones first
RARE = ("name", "function", "term", "missing-factor", "index", "transpose")


class Pair(NamedTuple):
    """A repair of a line that makes results right together with one of a later line."""

    event: Event
    repair: Repair
    other: Event
    with_repair: Repair


class Line(NamedTuple):
    """A line, what its repairs come to, and what follows from it."""

    event: Event
    now: Event  # the same line in the reading in which its repairs were looked at
    repairs: list[tuple[Repair, str]]
    what: WhatIf


class Probes:
    """The repairs of several lines, looked at in one reading."""

    def __init__(self, probes: Sequence[Probe]) -> None:
        self.probes = probes

    def __call__(self, tracer: Tracer, node: ast.stmt) -> None:
        for probe in self.probes:
            probe(tracer, node)


def pairs(
    reading: Reading, found: Pass, candidates: Sequence[Event], late: Callable[[], bool]
) -> Iterator[Pair]:
    """Two lines of those that are run once."""
    once = [
        event for event in candidates
        if [one.node for one in found.events].count(event.node) == 1
        and not (event.masked or event.after or event.alias or event.problem)
    ]  # fmt: skip
    chosen = sorted(once[:MOST_LINES], key=lambda event: event.number)
    probes = [Probe(event, reading.names) for event in chosen]
    try:
        again = reading.read(Probes(probes))
    except BackpropError:
        return
    judged = Judgement(again)
    lines = [one for one in map(lambda e, p: line_of(judged, e, p), chosen, probes) if one]
    for place, first in enumerate(lines):
        yield from with_later(judged, first, lines[place + 1 :], late)


def line_of(judged: Judgement, event: Event, probe: Probe) -> Line | None:
    again = judged.found
    now = [one for one in again.events if one.node is event.node and one.target == event.target]
    if len(now) != 1:
        return None
    kept: list[tuple[Repair, str]] = []
    seen = [again.replay.series(now[0].part or now[0].leaf)]
    numbers = sorted(probe.values, key=lambda k: probe.repairs[k].finding in RARE)
    for number in numbers:
        series = again.replay.series(probe.values[number][0])
        if not any(alike_everywhere(series, one) for one in seen):
            seen.append(series)
            kept.append((probe.repairs[number], probe.values[number][0]))
        if len(kept) == MOST_REPAIRS:
            break
    return Line(event, now[0], kept, WhatIf(judged, now[0]))


def with_later(
    judged: Judgement, first: Line, later: Sequence[Line], late: Callable[[], bool]
) -> Iterator[Pair]:
    replay = judged.found.replay
    results = [judged.found.found[name].leaf for name in judged.wrong]
    wanted = [leaf for line in later for _, leaf in line.repairs]
    wanted += [leaf for line in later for leaf in (line.now.leaf, line.now.part) if leaf]
    steps = replay.downstream(first.now.leaf, [*results, *wanted])
    for repair, leaf in first.repairs:
        if late():
            return
        series = replay.series(leaf)
        changed = moved(first, series[:1], {}, steps)
        if changed is None:
            continue
        alone = {name for name in judged.wrong if agrees(judged, name, changed)}
        for line in later:
            left = set(judged.wrong) - alone
            if not left or not left <= set(line.what.wrong):
                continue
            for other, there in line.repairs:
                if not fits(judged, line, there, changed, 1):
                    continue
                everywhere = moved(first, series, {}, steps)
                if everywhere is not None and fits(judged, line, there, everywhere, len(series)):
                    yield Pair(first.event, repair, line.event, other)


def moved(
    line: Line, value: Series, changed: Mapping[str, Series], steps: Sequence[Step]
) -> dict[str, Series] | None:
    """What else changes, if a line has another value."""
    replay = line.what.replay
    try:
        other = line.what.assigned(value, changed)
        return replay.with_other(line.now.leaf, other, steps, changed)
    except (ValueError, TypeError, IndexError):
        return None


def agrees(judged: Judgement, name: str, *changed: Mapping[str, Series]) -> bool:
    leaf = judged.found.found[name].leaf
    series = next((one[leaf] for one in changed if leaf in one), None)
    return series is not None and judged.agrees(name, series)


def fits(
    judged: Judgement, line: Line, leaf: str, changed: Mapping[str, Series], count: int
) -> bool:
    """Are all results right, if a line has the value of a leaf?"""
    value = changed.get(leaf) or line.what.replay.series(leaf)[:count]
    found = moved(line, value, changed, line.what.steps)
    if found is None:
        return False
    with np.errstate(all="ignore"):
        return all(agrees(judged, name, found, changed) for name in judged.wrong)
