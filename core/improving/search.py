"""The search: rules everywhere in a form, the best and the most different ones once more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from backprop.improving.forms import Forms
from backprop.improving.proving import Prover
from backprop.improving.rational import Rationals
from backprop.improving.regimes import Chooser, Part, shortlisted
from backprop.improving.rewriting import rewritten
from backprop.improving.scoring import FULL, Scorer
from backprop.improving.series import expansions

ROUNDS = 6
BEAM = 14
MOST_FORMS = 6_000  # that are tried in a round
LARGEST = 72  # parts of a form
ENOUGH = 0.25  # digits that may be missing
ALIKE = 1  # forms of the same digits that are followed
NEAR = 0.6  # digits within which a form is as good as the best at a point
SUMS = ("add", "sub", "sqrt", "div")  # of which the series is looked at alone
SIMPLIFIED = ("add", "sub", "mul", "div", "neg")


class Found(NamedTuple):
    """What a search came to: a form, or several by parts of an input's range."""

    chooser: Chooser
    tried: int
    seconds: float

    def choices(self, count: int) -> Iterator[list[Part]]:
        """The best parts; if they turn out not to be the program, the next best ones."""
        for _ in range(count):
            parts = self.chooser.settled()
            yield parts
            self.chooser.forget(parts)


class Search:
    def __init__(
        self, forms: Forms, scorer: Scorer, start: int, prover: Prover, seconds: float
    ) -> None:
        self.forms = forms
        self.scorer = scorer
        self.start = start
        self.prover = prover
        self.rationals = Rationals(forms)
        self.begun = time.monotonic()
        self.ends = self.begun + seconds
        self.steps: dict[int, tuple[int, ...]] = {}
        self.cut_off: dict[tuple[int, int], list[int]] = {}

    @property
    def late(self) -> bool:
        return time.monotonic() > self.ends

    def run(self) -> Found:
        forms, scorer = self.forms, self.scorer
        variables = [forms.name(name) for name in scorer.names if name in forms.inputs(self.start)]
        pool: dict[int, None] = {self.start: None}
        series = [one for x in variables for one in self.series(self.start, x)]
        pool.update(dict.fromkeys(series))
        for one in pool:
            scorer.score(one)
        front = [self.start]
        for number in range(ROUNDS):
            if number == 1:
                front += sorted(series, key=lambda one: -scorer.mean(one))[:3]
            new: dict[int, None] = {}
            for form in front:
                for one in self.neighbours(form, variables if number else []):
                    if one not in pool and len(forms.parts(one)) <= LARGEST:
                        new[one] = None
                if len(new) > MOST_FORMS or self.late:
                    break
            for one in new:
                scorer.score(one)
                if self.late:
                    break
            tried = [one for one in new if one in scorer.means]
            pool.update(dict.fromkeys(tried))
            if not tried or self.late:
                break
            front, best = self.chosen(tried)
            if scorer.mean(best) > FULL - ENOUGH:
                break
        known = [one for one in pool if one in scorer.means] or [self.start]
        known.sort(key=lambda one: (-round(scorer.mean(one), 1), forms.sizes[one]))
        known = [*[one for one in known if one != self.start], self.start]
        chooser = Chooser(forms, scorer, shortlisted(scorer, known), self.prover)
        return Found(chooser, len(pool), time.monotonic() - self.begun)

    def neighbours(self, form: int, variables: list[int]) -> Iterator[int]:
        """What one rule makes of a form, anywhere in it; and a part's series in its place."""
        forms = self.forms
        for part in forms.parts(form):
            if forms.is_leaf(part):
                continue
            for new in self.steps_at(part):
                if new != part:
                    yield forms.replaced(form, part, new)
        for x in variables:
            for part in forms.parts(form)[:-1]:
                if forms.ops[part] in SUMS and 4 < forms.sizes[part] < 16:
                    for new in self.series(part, x)[:4]:
                        yield forms.replaced(form, part, new)

    def steps_at(self, part: int) -> tuple[int, ...]:
        """What rules make of a part as a whole, also with its operands simplified."""
        found = self.steps.get(part)
        if found is None:
            forms, simplified = self.forms, self.rationals.simplified
            made: dict[int, None] = {}
            for new, _ in rewritten(forms, part):
                made[new] = None
                if not forms.is_leaf(new):
                    fed = [simplified(one) for one in forms.operands[new]]
                    made[forms.make(forms.ops[new], *fed)] = None
            if forms.ops[part] in SIMPLIFIED:
                made[simplified(part)] = None
            found = self.steps[part] = tuple(made)
        return found

    def series(self, form: int, variable: int) -> list[int]:
        key = (form, variable)
        if key not in self.cut_off:
            inside = variable in self.forms.parts(form)
            self.cut_off[key] = [*expansions(self.rationals, form, variable)] if inside else []
        return self.cut_off[key]

    def chosen(self, tried: list[int]) -> tuple[list[int], int]:
        """Where to go on: the best by their mean, those that are best somewhere, the shortest."""
        scorer, sizes = self.scorer, self.forms.sizes
        ranked = sorted(tried, key=lambda one: (-scorer.mean(one), sizes[one]))
        kinds: dict[float, list[int]] = {}
        for one in ranked:
            kinds.setdefault(round(scorer.mean(one), 2), []).append(one)
        front = [one for alike in kinds.values() for one in alike[:ALIKE]][:BEAM]
        scores = np.array([scorer.score(one) for one in ranked[:1500]])
        close = scores >= scores.max(0) - NEAR
        open_points = np.ones(scores.shape[1], bool)
        for _ in range(BEAM):
            gains = (close & open_points).sum(1)
            place = int(gains.argmax())
            if not gains[place]:
                break
            front.append(ranked[place])
            open_points &= ~close[place]
        front += sorted(tried, key=lambda one: (sizes[one], -scorer.mean(one)))[: BEAM // 2]
        return [*dict.fromkeys(front)], ranked[0]
