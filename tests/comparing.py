"""One random program through the engine and its peers, and what came of it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import backprop
from peers import SkipError, autograd_lacks, by_autograd, by_difference, noise
from programs import Sample

AGREE = 1e-9  # of the slope; what differs by more must be explained by rounding
ROUNDINGS = 16  # how many times the noise of random signs the worst signs may add up to
SMALLEST = 1e-290  # below lie subnormal floats, which have few digits


@dataclass(frozen=True)
class Outcome:
    """`difference` and `autograd` are each agree, noise, differ, or why it wasn't compared."""

    sample: Sample
    difference: str
    autograd: str
    detail: str = ""

    @property
    def wrong(self) -> bool:
        return "differ" in (self.difference, self.autograd)


def compare(sample: Sample) -> Outcome:
    report = backprop.evaluate(sample.text, sample.point)
    tree, found = report.program.tree, report.gradient
    try:
        exact = by_difference(tree, sample.point)
    except SkipError as reason:
        return Outcome(sample, str(reason), "not asked")
    if not report.finite:
        return Outcome(sample, "nonfinite", "not asked", f"{found}")
    truth = {name: float(slope) for name, slope in exact.items()}
    verdict = judged(found, truth)
    peer = "lacks a gate" if autograd_lacks(tree) else ""
    other = {} if peer else by_autograd(tree, sample.point)
    peer = peer or judged(found, other)
    if "differ" in (verdict, peer):
        try:
            floor = noise(tree, sample.point, exact)
        except SkipError as reason:
            return Outcome(sample, str(reason), "not asked")
        verdict = judged(found, truth, floor)
        peer = judged(found, other, floor) if other else peer
    return Outcome(sample, verdict, peer, f"engine {found}, difference {truth}, autograd {other}")


def judged(
    found: Mapping[str, float], other: Mapping[str, float], floor: Mapping[str, float] | None = None
) -> str:
    """agree, or noise where only the noise floor explains the difference, or differ."""
    if not all(map(math.isfinite, other.values())):
        return "nonfinite"
    apart = {name: abs(found[name] - slope) for name, slope in other.items()}
    if all(apart[name] <= AGREE * abs(slope) + SMALLEST for name, slope in other.items()):
        return "agree"
    if floor and all(apart[name] <= ROUNDINGS * floor[name] + AGREE * abs(other[name]) + SMALLEST for name in apart):
        return "noise"
    return "differ"


def tally(outcomes: Iterable[Outcome]) -> tuple[Counter[str], Counter[str], list[Outcome]]:
    """How often each came of it, for the difference and for autograd, and what was wrong."""
    difference, autograd, wrong = Counter[str](), Counter[str](), []
    for outcome in outcomes:
        difference[outcome.difference] += 1
        autograd[outcome.autograd] += 1
        if outcome.wrong:
            wrong.append(outcome)
    return difference, autograd, wrong
