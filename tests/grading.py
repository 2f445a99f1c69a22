"""What the tests of grading have in common."""

from __future__ import annotations

from typing import Any

from derivations import Derivation, Mutant, point

from backprop.grading.forward import Forward
from backprop.grading.grade import forward_of, grade
from backprop.grading.results import MISSING, UNREADABLE, WRONG, Grade
from backprop.language.parser import parse

READY: dict[str, Forward] = {}
LACKS = ("missing-part", "term", "missing-line")  # how a line that is gone shows elsewhere


def forward_for(derivation: Derivation) -> Forward:
    if derivation.name not in READY:
        READY[derivation.name] = made(derivation)
    return READY[derivation.name]


def made(derivation: Derivation) -> Forward:
    wanted = [name for name in derivation.inputs if name not in derivation.fixed]
    return forward_of(parse(derivation.forward), point(derivation), wrt=wanted or None)


def graded(forward: str, backward: str, **values: Any) -> Grade:
    """The grade of a backward pass at a point."""
    return grade(forward_of(parse(forward), values), backward)


def flagged(found: Grade) -> dict[int, str | None]:
    """The wrong lines and what is said of them."""
    return {one.line: one.finding for one in found.lines if one.verdict in (WRONG, UNREADABLE)}


def hinted(found: Grade) -> bool:
    """Does a wrong line say what to write, or what it lacks?"""
    said = (*LACKS, "too-early", "extra", "not-started", "other-gradient")
    return any(one.fix or one.finding in said for one in found.lines if one.verdict == WRONG)


GRADES: dict[tuple[str, str], Grade] = {}


def mutant_grade(mutant: Mutant) -> Grade:
    key = mutant.derivation.name, mutant.backward
    if key not in GRADES:
        GRADES[key] = grade(forward_for(mutant.derivation), mutant.backward)
    return GRADES[key]


def misgraded(mutant: Mutant) -> str:
    """What is wrong with the grade of a mutant whose numbers are wrong; empty if nothing is."""
    found = mutant_grade(mutant)
    lines = flagged(found)
    gaps = [one.name for one in found.gradients if one.verdict == MISSING]
    if found.error:
        return found.error.message
    if mutant.mistake in ("missing", "never"):
        fine = gaps == [mutant.variable] or [*lines.values()] in [[one] for one in LACKS]
        return "" if fine else f"said {gaps}, {lines}"
    return "" if set(lines) == {mutant.line} and not gaps else f"said {lines}, {gaps}"
