"""One random program through the engine and its peers, and what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from differences import SkipError, by_difference, noise
from peers import autograd_lacks, by_autograd
from programs import Sample

import backprop

VALUE = "value"  # compared like a slope; no random program has an input of this name
AGREE = 1e-9  # what differs by more than this part must be explained by rounding
ROUNDINGS = 16  # how many times the noise of random signs the worst signs may add up to
HOPELESS = 1e-3  # where rounding moves the value by more than this part, slopes say nothing
RESOLVED = 1e-120  # the part of value/input below which the difference has no digits
SMALLEST = 1e-290  # below lie subnormal floats, which have few digits

Numbers = Mapping[str, float]


@dataclass(frozen=True)
class Outcome:
    """For each peer: agree, noise (rounding explains it), differ, or why it wasn't compared."""

    sample: Sample
    difference: str
    autograd: str = "not asked"
    found: Numbers = field(default_factory=dict)
    exact: Numbers = field(default_factory=dict)

    @property
    def wrong(self) -> bool:
        return "differ" in (self.difference, self.autograd)


def compare(sample: Sample, gates: str = "written") -> Outcome:
    report = backprop.evaluate(sample.text, sample.point, gates=gates)
    tree, found = report.program.tree, {VALUE: report.value, **report.gradient}
    try:
        precise = by_difference(tree, sample.point)
        exact = {name: float(number) for name, number in precise.items()}
        if not report.finite:
            return Outcome(sample, "nonfinite", "not asked", found, exact)
        least = {VALUE: SMALLEST} | {
            name: SMALLEST + RESOLVED * abs(exact[VALUE] / x) for name, x in sample.point.items()
        }
        other = {} if autograd_lacks(tree) else by_autograd(tree, sample.point)
        verdicts = [judged(found, exact, least), judged(found, other, least)]
        if "differ" in verdicts:
            floor = noise(tree, sample.point, precise)
            least = {name: least[name] + ROUNDINGS * floor[name] for name in least}
            verdicts = [
                again(verdict, found, peer, least)
                for verdict, peer in zip(verdicts, (exact, other), strict=True)
            ]
            # Python's own arithmetic, or a few roundings, may lose the value altogether.
            lost = max(floor[VALUE], abs(sample.value - exact[VALUE]))
            if lost > HOPELESS * abs(exact[VALUE]):
                verdicts = [verdict.replace("differ", "noise") for verdict in verdicts]
    except SkipError as reason:
        return Outcome(sample, str(reason))
    return Outcome(sample, verdicts[0], verdicts[1] if other else "lacks a gate", found, exact)


def judged(found: Numbers, peer: Numbers, least: Numbers) -> str:
    """agree or differ: every number within `AGREE` of the peer's own, or within `least`."""
    if not all(map(math.isfinite, peer.values())):
        return "nonfinite"
    close = [
        abs(found[name] - number) <= AGREE * abs(number) + least[name]
        for name, number in peer.items()
    ]
    return "agree" if all(close) else "differ"


def again(verdict: str, found: Numbers, peer: Numbers, least: Numbers) -> str:
    if verdict != "differ":
        return verdict
    return "noise" if judged(found, peer, least) == "agree" else "differ"


def tally(outcomes: Iterable[Outcome]) -> tuple[Counter[str], Counter[str], list[Outcome]]:
    """How often each came of it, for the difference and for autograd, and what was wrong."""
    difference, autograd, wrong = Counter[str](), Counter[str](), list[Outcome]()
    for outcome in outcomes:
        difference[outcome.difference] += 1
        autograd[outcome.autograd] += 1
        if outcome.wrong:
            wrong.append(outcome)
    return difference, autograd, wrong
