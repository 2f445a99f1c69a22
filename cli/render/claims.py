"""Verdicts on claims: a line for each, and below a wrong one what is right."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backprop.answer.plain import plain
from backprop.claims.claims import Claims, Verdict
from backprop.claims.instances import Instance
from backprop.cli.render.json import render_object
from backprop.cli.render.numbers import spoken
from backprop.errors import visible

SCHEMA = "backprop/claims/1"
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


def render_json(found: Claims) -> Iterator[str]:
    point = found.point and {name: plain(value) for name, value in found.point.items()}
    yield render_object(
        {
            "schema": SCHEMA,
            "expression": found.program.text,
            "passed": found.exit_code == 0,
            "point": point or None,
            "aside": found.aside or None,
            "claims": [verdict_dict(verdict) for verdict in found.verdicts],
        }
    )


def verdict_dict(verdict: Verdict) -> dict[str, Any]:
    bad, proof = verdict.counterexample, verdict.proof
    return {
        "name": verdict.claim.name,
        "of": verdict.claim.of,
        "claim": verdict.claim.text,
        "verdict": verdict.state,
        "here": verdict.here and instance_dict(verdict.here),
        "counterexample": bad and instance_dict(bad),
        "points": verdict.points,
        "proved": proof.equal,
        "formula": proof.formula or None,
        "latex": proof.latex or None,
        "slip": verdict.slip or None,
        "reason": verdict.reason or proof.reason or None,
    }


def instance_dict(one: Instance) -> dict[str, Any]:
    return {
        "point": {name: plain(value) for name, value in one.spot.point.items()},
        "claimed": floats(one.claimed),
        "right": floats(one.right),
    }


def floats(value: Any) -> Any:
    """An exact number, or an array of them, as JSON has it."""
    if getattr(value, "ndim", None) is None:
        return plain(float(value))
    return plain(value.astype(float)[()])
