"""The line that most would follow from, if it gave a gradient: where no repair is known, it tells
a mistake from the lines that only use one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from backprop.grading.judging import Judgement
from backprop.grading.replay import Step
from backprop.grading.targets import Series, same
from backprop.grading.tracing import Event

MOST_GOALS = 40
RESULT = 10.0  # what a right result counts, of which a right line is one


class Supposed(NamedTuple):
    event: Event
    gain: float
    goal: Series  # what the line should come to
    all: bool  # would every result be right then?


def supposed(
    judged: Judgement, events: Sequence[Event], late: Callable[[], bool]
) -> Supposed | None:
    """The first of the lines from which most would follow."""
    best: Supposed | None = None
    for event in events:
        if event.problem or event.masked or event.update != "=":
            continue
        if event.leaf not in judged.found.replay.made:
            continue
        after = Following(judged, event)
        for goal in goals(judged, event):
            if late():
                return best
            gain = after.gain(goal)
            if gain >= 1 and (best is None or gain > best.gain):
                best = Supposed(event, gain, goal, after.mended >= {*judged.wrong})
    return best


def goals(judged: Judgement, event: Event) -> Iterator[Series]:
    """The gradients that fit a line's shape, or the entries that it writes."""
    targets = judged.found.targets
    now = judged.found.replay.series(event.leaf)
    shape = np.shape(now[0])
    group = targets.groups.get(int(np.prod(event.shape or shape)))
    seen: list[Series] = []
    for target in group.targets if group else ():
        try:
            if event.key is None:
                series = [np.reshape(value, shape)[()] for value in target.series]
            else:
                whole = [np.reshape(value, event.shape) for value in target.series]
                series = [np.reshape(value[event.key], shape)[()] for value in whole]
        except (ValueError, IndexError):
            continue
        if not any(same(series, one, target.sizes) for one in [now, *seen]):
            seen.append(series)
            yield series
        if len(seen) == MOST_GOALS:
            return


class Following:
    """What follows from a line."""

    def __init__(self, judged: Judgement, event: Event) -> None:
        self.judged = judged
        self.event = event
        replay = judged.found.replay
        self.results = {name: row.leaf for name, row in judged.found.found.items()}
        later = [one for one in judged.found.events if one.number > event.number and not one.role]
        leaves = [leaf for one in later for leaf in (one.leaf, one.part) if leaf]
        self.steps: list[Step] = replay.downstream(event.leaf, [*leaves, *self.results.values()])
        self.later = later
        self.mended: set[str] = set()  # the results that were right the last time

    def gain(self, goal: Series) -> float:
        """How much more is right, if the line has a value."""
        judged, replay = self.judged, self.judged.found.replay
        try:
            found = replay.with_other(self.event.leaf, goal, self.steps)
        except (ValueError, TypeError, IndexError):
            return 0.0
        gain = 0.0
        now = {name: found[leaf] for name, leaf in self.results.items() if leaf in found}
        self.mended = {name for name, series in now.items() if judged.agrees(name, series)}
        gain += RESULT * (len(self.mended) - len(judged.fine & now.keys()))
        return gain + sum(self.difference(one, found) for one in self.later)

    def difference(self, event: Event, found: Mapping[str, Series]) -> int:
        """Is a line right now that was not, or the other way round?"""
        leaf = event.part if event.part and event.update in ("+=", "-=") else event.leaf
        if leaf not in found:
            return 0
        judged, series = self.judged, found[leaf]
        if event.update == "-=":
            series = [-np.asarray(value) for value in series]
        now = judged.of(series, event, judged.namesakes(event), narrow=True)
        promised = judged.wanted(event) is not None
        return (now.exact and (now.own or not promised)) - judged.fits(event)
