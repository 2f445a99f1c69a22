"""Regimes: one form below a threshold of an input, another above it, at most three in all."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from backprop.improving.exact import Point, float_at, place_of
from backprop.improving.forms import Forms
from backprop.improving.proving import CLOSE, EVERYWHERE, NOWHERE, Coordinate, Prover, Reach
from backprop.improving.scoring import Scorer

Array = Any
MOST = 3
TRIES = 60  # ways to cut that are looked at
CLEAR = 14.8  # digits of a form that may be trusted
EDGES = 5  # points on either side of a threshold, beside those with the largest inputs
MARGIN = 100  # how much closer a form of several inputs has to be at a threshold
SIMPLER = 0.1  # digits that a shorter form may have less
PRICE = 0.15  # digits that another regime has to gain
BEST, SOMEWHERE = 40, 12  # forms that are looked at: the best ones, and those best somewhere
POOL = 4_000
NEAR = 0.5


class Part(NamedTuple):
    """A form, and the threshold below which it is taken; the last one has none."""

    form: int
    below: float | None = None
    along: Coordinate | None = None


class Chooser:
    """Chooses parts by their scores, and learns where forms may not be taken: none is taken where
    it isn't the program. The last candidate is the program itself."""

    def __init__(self, forms: Forms, scorer: Scorer, candidates: list[int], prover: Prover) -> None:
        self.forms = forms
        self.scorer = scorer
        self.candidates = candidates
        self.prover = prover
        self.scores = np.array([scorer.score(one) for one in candidates])
        self.doubtful: set[int] = set()  # candidates that aren't the program everywhere
        self.wrong: dict[tuple[int, Coordinate], list[float]] = {}  # and places where they aren't
        self.reaches: dict[tuple[int, Coordinate], Reach] = {}
        self.coordinates = [
            Coordinate(name, absolute) for name in scorer.names for absolute in (False, True)
        ]

    def settled(self) -> list[Part]:
        """One form, or several by a threshold."""
        for _ in range(TRIES):
            parts = self.best()
            if self.proved(parts):
                return parts
        return next(
            [Part(form)]
            for k, form in enumerate(self.candidates)
            if k not in self.doubtful and self.scores[k].mean() >= 0
            if form == self.candidates[-1] or self.prover.close_everywhere(form)
        )

    def forget(self, parts: list[Part]) -> None:
        """These forms are not to be taken again."""
        for k, form in enumerate(self.candidates[:-1]):
            if any(form == part.form for part in parts):
                self.scores[k] = -1.0

    def best(self) -> list[Part]:
        """The best parts, as far as is known which forms may be taken where."""
        whole = [k for k in range(len(self.candidates)) if k not in self.doubtful]
        best_mean, best = -1.0, [Part(self.candidates[-1])]
        if whole:
            means = self.scores[whole].mean(1)
            top = float(means.max())
            first = next(k for k, mean in zip(whole, means, strict=True) if mean > top - SIMPLER)
            best_mean, best = top, [Part(self.candidates[first])]
        for along in self.coordinates:
            places = self.places(along)
            scores, reaches = self.masked(along, places)
            for mean, cuts, chosen in cut_along(places, scores):
                if mean > best_mean + 1e-9:
                    best_mean = mean
                    best = self.parts(along, cuts, chosen, reaches)
        return merged(best)

    def places(self, along: Coordinate) -> Array:
        found = self.scorer.at[along.name][: self.scorer.inside]
        return np.abs(found) if along.absolute else found

    def masked(self, along: Coordinate, places: Array) -> tuple[Array, dict[int, Reach]]:
        """The scores, none where a form may not be taken along a coordinate."""
        scores, reaches = self.scores.copy(), {}
        for k in self.doubtful:
            reach = reaches[k] = self.reach(k, along)
            scores[k][(places <= reach.low) | (places >= reach.high)] = -1.0
        return scores, reaches

    def reach(self, k: int, along: Coordinate) -> Reach:
        found = self.reaches.get((k, along))
        if found is None:
            found = self.reaches[k, along] = self.new_reach(k, along, self.places(along))
        return found

    def new_reach(self, k: int, along: Coordinate, places: Array) -> Reach:
        """The longest run of points at which a form keeps about all digits, as far as no proof
        said otherwise."""
        order = np.argsort(places, kind="stable")
        ordered = places[order]
        wrong = sorted(self.wrong.get((k, along), []))
        best, most, low, count = NOWHERE, 0, -np.inf, 0
        for number, place in enumerate(map(float, ordered)):
            before = float(ordered[number - 1]) if number else -np.inf
            between = [w for w in wrong if before <= w <= place]
            if between:
                low, count = between[-1], 0
            if self.scores[k][order[number]] < CLEAR:
                low, count = place, 0
                continue
            count += 1
            if count > most:
                after = float(ordered[number + 1]) if number + 1 < len(ordered) else np.inf
                high = next((w for w in wrong if place <= w <= after), after)
                best, most = Reach(low, high), count
        return best

    def parts(
        self, along: Coordinate, cuts: list[tuple[float, float]], chosen: list[int],
        reaches: dict[int, Reach],
    ) -> list[Part]:  # fmt: skip
        """The parts, with thresholds between the points on either side, in reach of both forms."""
        found = []
        for place, k in enumerate(chosen):
            below = None
            if place < len(cuts):
                low, high = cuts[place]
                high = min(high, reaches.get(k, EVERYWHERE).high)
                low = max(low, reaches.get(chosen[place + 1], EVERYWHERE).low)
                below = threshold(low, high)
            found.append(Part(self.candidates[k], below, along))
        return found

    def proved(self, parts: list[Part]) -> bool:
        """Is every part the program where it is taken? If not, more is known for the next try."""
        number = {form: k for k, form in enumerate(self.candidates)}
        fine = True
        low = -np.inf
        for part in parts:
            high = np.inf if part.below is None else part.below
            k = number[part.form]
            if part.form == self.candidates[-1]:
                pass
            elif k not in self.doubtful:
                if not self.prover.close_everywhere(part.form):
                    self.doubt(k)
                    fine = False
            elif part.along is not None:
                wrong = self.wrong_places(part.form, part.along, low, high)
                if wrong:
                    self.learn(k, part.along, wrong)
                    fine = False
            low = high
        return fine

    def doubt(self, k: int) -> None:
        """A form isn't the program everywhere: others may not be so at the same point."""
        self.doubtful.add(k)
        for one, form in enumerate(self.candidates[:-1]):
            if one not in self.doubtful and self.prover.far_at_first(form):
                self.doubtful.add(one)

    def extremes(self, along: Coordinate) -> list[Point]:
        """Some points, and those at which another input is largest or smallest in size."""
        points = self.scorer.points
        found = points[:: max(1, len(points) // EDGES)]
        for name in self.scorer.names:
            if name != along.name:
                order = np.argsort(np.abs(self.scorer.at[name][: len(points)]))
                found = [*found, *[points[k] for k in (order[0], *order[-2:])]]
        return found

    def learn(self, k: int, along: Coordinate, wrong: list[float]) -> None:
        """A form may not be taken at these places, nor may those with the same reach."""
        same = self.reach(k, along)
        alike = [one for one in self.doubtful if self.reach(one, along) == same]
        for one in alike:
            self.wrong.setdefault((one, along), []).extend(wrong)
            self.reaches.pop((one, along), None)

    def wrong_places(self, form: int, along: Coordinate, low: float, high: float) -> list[float]:
        """Where a form isn't the program between two thresholds, and right at them."""
        found = []
        for probe, far in zip(self.prover.probes, self.prover.distances(form), strict=True):
            place = along.of(probe.point)
            if low <= place < high and far > CLOSE:
                found.append(place)
        places = np.sort(self.places(along))
        inside = places[(low <= places) & (places < high)]
        ends = {low: 0, float(np.nextafter(high, -np.inf)): -1}
        points = self.extremes(along)
        room = CLOSE / (MARGIN if len(self.scorer.names) > 1 else 1)
        for edge, nearest in ends.items():
            if np.isfinite(edge) and not all(
                self.prover.close_at(form, {**point, along.name: side}, room) is not False
                for point in points
                for side in ((edge, -edge) if along.absolute else (edge,))
            ):  # the threshold comes to lie beyond the next point, where there is more room
                found.append(float(inside[nearest]) if len(inside) else edge)
        return found


def threshold(low: float, high: float) -> float:
    """A number above `low` and no more than `high`, with as few digits as will do."""
    if not low < high:
        return high
    middle = float_at((place_of(low) + place_of(high)) // 2)
    middle = middle if low < middle <= high else high
    for digits in range(1, 18):
        rounded = float(f"{middle:.{digits - 1}e}")
        if low < rounded <= high:
            return rounded
    return middle


def merged(parts: list[Part]) -> list[Part]:
    """Neighbours with the same form are one."""
    found: list[Part] = []
    for part in parts:
        if found and found[-1].form == part.form:
            found.pop()
        found.append(part)
    return found if len(found) > 1 else [Part(found[0].form)]


def shortlisted(scorer: Scorer, pool: list[int]) -> list[int]:
    """The best forms, those that are best somewhere, and the last one; of those that keep the same
    digits everywhere only the shortest."""
    wanted = pool[:POOL]
    scores = np.array([scorer.score(one) for one in wanted])
    rough = np.round(scores)
    kinds = {row.tobytes(): k for k, row in reversed([*enumerate(rough)])}
    different = sorted(kinds.values())
    scores = scores[different]
    found = [wanted[k] for k in different[:BEST]]
    best = scores.max(0)
    close = scores >= best - NEAR
    left = np.ones(scores.shape[1], bool)
    for _ in range(SOMEWHERE):
        gains = (np.maximum(scores - 3, 0) * left).sum(1) + 5 * (close & left).sum(1)
        place = int(gains.argmax())
        found.append(wanted[different[place]])
        left &= ~close[place]
        if not left.any():
            break
    return [*dict.fromkeys([one for one in found if one != pool[-1]]), pool[-1]]


Cut = tuple[float, list[tuple[float, float]], list[int]]  # the mean; thresholds between; forms


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
) -> tuple[list[tuple[float, float]], list[int]]:
    """Between which numbers the thresholds of a way to cut are, and the forms."""
    stop, starts, forms = len(along), [], []
    for run in range(runs, -1, -1):
        start, form = choices[run][stop]
        forms.append(form)
        if run:
            starts.append(start)
        stop = start
    between = [(float(along[max(k - 1, 0)]), float(along[k])) for k in reversed(starts)]
    return between, forms[::-1]


def joined(forms: Forms, parts: list[Part]) -> int:
    """The parts as one form: where(x < threshold, one, other)."""
    found = parts[-1].form
    for part in reversed(parts[:-1]):
        if part.form == found:
            continue
        assert part.below is not None
        assert part.along is not None
        x = forms.name(part.along.name)
        x = forms.make("abs", x) if part.along.absolute else x
        test = forms.make("lt", x, forms.number(Fraction(part.below)))
        found = forms.make("where", test, part.form, found)
    return found
