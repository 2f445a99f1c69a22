"""One random program through the engine and its peers, and what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from differences import by_difference, noise
from peers import SkipError, peer
from programs import Sample

import backprop
from backprop.language.syntax import Tree

VALUE = "value"  # compared like a slope; no random program has an input of this name
DIFFERENCE = "difference"  # the peer that is always asked, and knows which points to skip
AGREE = 1e-9  # what differs by more than this part must be explained by rounding
ROUNDINGS = 16  # how many times the noise of random signs the worst signs may add up to
HOPELESS = 1e-3  # where rounding moves the value by more than this part, slopes say nothing
RESOLVED = 1e-120  # the part of value/input below which the difference has no digits
SMALLEST = 1e-290  # below lie subnormal floats, which have few digits

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """For each peer its answer, and agree, noise (rounding explains it), differ, or why it
    wasn't compared."""

    sample: Sample
    verdicts: Mapping[str, str]
    found: Numbers = field(default_factory=dict)
    answers: Mapping[str, Numbers] = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return "differ" in self.verdicts.values()


def compare(
    sample: Sample, gates: str = "written", peers: Sequence[str] = ("autograd",)
) -> Outcome:
    report = backprop.evaluate(sample.text, sample.point, gates=gates)
    tree, found = report.program.tree, {VALUE: report.value, **report.gradient}
    try:
        precise = by_difference(tree, sample.point)
    except SkipError as reason:
        return Outcome(sample, dict.fromkeys((DIFFERENCE, *peers), str(reason)))
    exact = {name: float(number) for name, number in precise.items()}
    if not report.finite:
        reasons = dict.fromkeys((DIFFERENCE, *peers), "nonfinite")
        return Outcome(sample, reasons, found, {DIFFERENCE: exact})
    answers, reasons = asked(peers, tree, sample.point)
    answers[DIFFERENCE] = exact
    least = {VALUE: SMALLEST} | {
        name: SMALLEST + RESOLVED * abs(exact[VALUE] / x) for name, x in sample.point.items()
    }
    verdicts = {name: judged(found, answer, least) for name, answer in answers.items()}
    if doubtful := [name for name, verdict in verdicts.items() if verdict == "differ"]:
        try:
            allowed = allowance(sample, tree, precise, least)
            excused = [
                name for name in doubtful if judged(found, answers[name], allowed) == "agree"
            ]
            verdicts |= dict.fromkeys(excused, "noise")
        except SkipError as reason:
            verdicts |= dict.fromkeys(doubtful, str(reason))
    return Outcome(sample, verdicts | reasons, found, answers)


def asked(
    peers: Sequence[str], tree: Tree, point: Numbers
) -> tuple[dict[str, Numbers], dict[str, str]]:
    """Each peer's gradient, or why it has none."""
    answers, reasons = dict[str, Numbers](), dict[str, str]()
    for name in peers:
        try:
            answers[name] = peer(name).gradient(tree, point)
        except SkipError as reason:
            reasons[name] = str(reason)
    return answers, reasons


def judged(found: Numbers, answer: Numbers, least: Numbers) -> str:
    """agree or differ: every number within `AGREE` of the peer's own, or within `least`."""
    if not all(map(math.isfinite, answer.values())):
        return "nonfinite"
    close = [
        abs(found[name] - number) <= AGREE * abs(number) + least[name]
        for name, number in answer.items()
    ]
    return "agree" if all(close) else "differ"


def allowance(
    sample: Sample, tree: Tree, precise: Mapping[str, Any], least: Numbers
) -> dict[str, float]:
    """How far off rounding may put each number; any distance where it loses the value altogether."""
    floor = noise(tree, sample.point, precise)
    exact = float(precise[VALUE])
    lost = max(floor[VALUE], abs(sample.value - exact))  # by a few roundings, or Python's own
    if lost > HOPELESS * abs(exact):
        return dict.fromkeys(least, math.inf)
    return {name: least[name] + ROUNDINGS * floor[name] for name in least}


def tally(outcomes: Iterable[Outcome]) -> tuple[dict[str, Counter[str]], list[Outcome]]:
    """For each peer how often each came of it, and what was wrong."""
    counts: dict[str, Counter[str]] = {}
    wrong = list[Outcome]()
    for outcome in outcomes:
        for name, verdict in outcome.verdicts.items():
            counts.setdefault(name, Counter())[verdict] += 1
        if outcome.wrong:
            wrong.append(outcome)
    return counts, wrong
