"""What the tests of grading have in common."""

from __future__ import annotations

from typing import Any

from derivations import Derivation, Mutant, point

from backprop.grading.forward import Forward
from backprop.grading.grade import forward_of, grade
from backprop.grading.results import UNREADABLE, WRONG, Grade
from backprop.language.parser import parse

READY: dict[str, Forward] = {}


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


def misgraded(mutant: Mutant) -> str:
    """What is wrong with the grade of a mutant whose numbers are wrong; empty if nothing is."""
    found = grade(forward_for(mutant.derivation), mutant.backward)
    lines = flagged(found)
    gaps = [gap.variable for gap in found.missing]
    if found.error:
        return found.error.message
    if mutant.mistake in ("missing", "never"):
        here = [mutant.variable]
        return "" if gaps == here and not lines else f"said {gaps}, {lines}"
    return "" if set(lines) == {mutant.line} and not gaps else f"said {lines}, {gaps}"


def diagnosed(mutant: Mutant) -> str:
    """What the mistake is called."""
    found = grade(forward_for(mutant.derivation), mutant.backward)
    if mutant.mistake in ("missing", "never"):
        return found.missing[0].finding if found.missing else ""
    return flagged(found).get(mutant.line) or ""
