"""Verdicts on claims: a line for each, and below a wrong one what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backprop.answer.plain import plain
from backprop.claims.claims import Claims, Verdict
from backprop.claims.instances import Instance
from backprop.errors import visible
from backprop.showing.numbers import spoken

DIGITS = 6
SHOWN = 8  # inputs of a point that are named


def render_lines(found: Claims) -> Iterator[str]:
    for verdict in found.verdicts:
        for line in lines(verdict):
            yield f"{visible(line)}\n"
    if found.aside:
        yield f"note: {found.aside}, so only random points were looked at\n"


def lines(verdict: Verdict) -> Iterator[str]:
    claim = verdict.claim
    head = f"{claim.of} = {claim.text}:"
    bad = verdict.counterexample
    match verdict.state:
        case "everywhere":
            yield f"{head} right everywhere"
        case "sampled":
            why = verdict.proof.reason or "SymPy found no proof"
            here = "here and " if verdict.here else ""
            yield f"{head} right {here}at {counted(verdict.points)}; {why}"
        case "here":
            yield f"{head} right here"
        case "undecided":
            yield f"{head} undecided: {verdict.reason}"
        case _:
            head += " wrong" if verdict.state == "wrong" else " right here, but not everywhere"
            yield f"{head}: {verdict.slip}" if verdict.slip else head
            assert bad is not None
            yield f"  {difference(claim.of, bad)}"
            if verdict.proof.formula:
                yield f"  {claim.of} is {verdict.proof.formula}"


def counted(points: int) -> str:
    return f"{points} random point{'' if points == 1 else 's'}"


def difference(of: str, bad: Instance) -> str:
    """At which point a claim is what, and what is right."""
    if bad.spot.program.arrays:
        return array_difference(of, bad)
    where = "here" if bad.spot.given else f"at {point_text(bad.spot.point)}"
    claimed, right = apart(bad.claimed, bad.right)
    return f"{where} it {claimed}; right is {right}"


def array_difference(of: str, bad: Instance) -> str:
    from backprop.claims.arrays import furthest
    from backprop.gates.shapes import words

    if bad.claimed.shape != bad.right.shape:
        return f"it is {words(bad.claimed.shape)}, and {of} is {words(bad.right.shape)}"
    entry, claimed, right = furthest(of, bad.claimed, bad.right)
    where = "here" if bad.spot.given else "near the given point"
    said, wanted = apart(claimed, right)
    return f"{where} {entry} {said}; right is {wanted}"


def point_text(point: Mapping[str, Any]) -> str:
    some = [f"{name}={plain(float(value))}" for name, value in point.items()][:SHOWN]
    more = f" and {len(point) - SHOWN} more" if len(point) > SHOWN else ""
    return ", ".join(some) + more


def number_text(number: Any, digits: int = DIGITS) -> str:
    found = float(number)
    return "has no value" if found != found else f"is {spoken(found, digits)}"


def apart(claimed: Any, right: Any) -> tuple[str, str]:
    """Two numbers with as many digits as it takes to tell them from each other."""
    for digits in range(DIGITS, 18):
        said, wanted = number_text(claimed, digits), number_text(right, digits)
        if said != wanted:
            break
    return said, wanted.removeprefix("is ")
