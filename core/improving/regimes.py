"""Regimes: one form below a threshold of an input, another above it, at most three in all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from backprop.improving.exact import float_at, place_of
from backprop.improving.forms import Forms
from backprop.improving.scoring import Scorer

MOST = 3
PRICE = 0.15  # digits that another regime has to gain
BEST, SOMEWHERE = 40, 12  # forms that are looked at: the best ones, and those best somewhere
POOL = 4_000
NEAR = 0.5


class Part(NamedTuple):
    """A form, and the threshold below which it is taken; the last one has none."""

    form: int
    below: float | None
    variable: str
    absolute: bool


def split(forms: Forms, scorer: Scorer, pool: list[int]) -> list[Part]:
    """The best way to take one form, or several by a threshold. `pool` has the best form first."""
    candidates = shortlisted(scorer, pool)
    scores = np.array([scorer.score(one) for one in candidates])
    means = scores.mean(1)
    first = int(means.argmax())
    best_mean, best = float(means[first]), [Part(pool[0], None, "", False)]
    if scorer.mean(pool[0]) < best_mean - 0.1:
        best = [Part(candidates[first], None, "", False)]
    for name in scorer.names:
        for absolute in (False, True):
            along = scorer.at[name][: scorer.inside]
            along = np.abs(along) if absolute else along
            found = cut_along(along, scores)
            for mean, cuts, chosen in found:
                if mean > best_mean + 1e-9:
                    best_mean = mean
                    best = [
                        Part(candidates[one], below, name, absolute)
                        for one, below in zip(chosen, [*cuts, None], strict=True)
                    ]
    return merged(best)


def merged(parts: list[Part]) -> list[Part]:
    """Neighbours with the same form are one."""
    found: list[Part] = []
    for part in parts:
        if found and found[-1].form == part.form:
            found.pop()
        found.append(part)
    return found


def shortlisted(scorer: Scorer, pool: list[int]) -> list[int]:
    found = pool[:BEST]
    scores = np.array([scorer.score(one) for one in pool[:POOL]])
    best = scores.max(0)
    close = scores >= best - NEAR
    left = np.ones(scores.shape[1], bool)
    for _ in range(SOMEWHERE):
        gains = (np.maximum(scores - 3, 0) * left).sum(1) + 5 * (close & left).sum(1)
        place = int(gains.argmax())
        found.append(pool[place])
        left &= ~close[place]
        if not left.any():
            break
    return [*dict.fromkeys(found)]


Array = Any
Cut = tuple[float, list[float], list[int]]  # the mean, less its price; thresholds; candidates


def cut_along(along: Array, scores: Array) -> list[Cut]:
    """The best ways to cut the points, in the order of a coordinate, into two and three runs."""
    order = np.argsort(along, kind="stable")
    sorted_along = along[order]
    count = len(along)
    sums = np.concatenate([np.zeros((len(scores), 1)), np.cumsum(scores[:, order], 1)], 1)
    totals = [sums.max(0)]
    choices = [[(0, int(k)) for k in sums.argmax(0)]]
    found: list[Cut] = []
    for runs in range(1, MOST):
        row = np.full(count + 1, -np.inf)
        chosen: list[tuple[int, int]] = [(0, 0)] * (count + 1)
        for stop in range(1, count + 1):
            gains = sums[:, [stop]] - sums[:, :stop]
            total = totals[runs - 1][:stop] + gains.max(0)
            start = int(total.argmax())
            row[stop], chosen[stop] = total[start], (start, int(gains[:, start].argmax()))
        totals.append(row)
        choices.append(chosen)
        found.append((row[count] / count - PRICE * runs, *traced(choices, sorted_along, runs)))
    return found


def traced(
    choices: list[list[tuple[int, int]]], along: Array, runs: int
) -> tuple[list[float], list[int]]:
    """The thresholds of a way to cut, halfway between the floats on either side, and the forms."""
    stop, starts, forms = len(along), [], []
    for run in range(runs, -1, -1):
        start, form = choices[run][stop]
        forms.append(form)
        if run:
            starts.append(start)
        stop = start
    thresholds = [
        float_at((place_of(float(along[max(start - 1, 0)])) + place_of(float(along[start]))) // 2)
        for start in reversed(starts)
    ]
    return thresholds, forms[::-1]


def joined(forms: Forms, parts: list[Part]) -> int:
    """The parts as one form: where(x < threshold, one, other)."""
    found = parts[-1].form
    for part in reversed(parts[:-1]):
        if part.form == found:
            continue
        assert part.below is not None
        x = forms.name(part.variable)
        x = forms.make("abs", x) if part.absolute else x
        test = forms.make("lt", x, forms.number(Fraction(part.below)))
        found = forms.make("where", test, part.form, found)
    return found

