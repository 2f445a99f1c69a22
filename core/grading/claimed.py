"""The slip in a wrong claim: what `--backward` tries on a line is tried on the claim."""

from __future__ import annotations

import ast
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace

from backprop.claims.claim_texts import Claim, read_claim
from backprop.claims.claims import Claims, Verdict
from backprop.claims.instances import Asked
from backprop.claims.kinds import kind_of
from backprop.claims.sampling import Names, Spot
from backprop.errors import BackpropError
from backprop.grading.slips import Repair, Site, repairs, text
from backprop.grading.text import text_of

PATIENCE = 2.0  # seconds of work for a claim
FIRST = 2  # points at which a repair is looked at before all others


def with_slips(found: Claims, asked: Asked) -> Claims:
    """The same verdicts; a wrong formula says which slip explains it, if one does."""
    verdicts = [explained(one, found, asked) for one in found.verdicts]
    return replace(found, verdicts=verdicts)


def explained(verdict: Verdict, found: Claims, asked: Asked) -> Verdict:
    claim = verdict.claim
    if verdict.state not in ("wrong", "point") or claim.number or verdict.slip:
        return verdict
    names = Names(found.program)
    spots = kind_of(found.program).spots(found.program, found.point, [claim.slot], asked)
    for repair in tried(claim, names):
        written = text(repair.node)
        if fits(f"{claim.name}={written}", names, spots):
            return verdict._replace(slip=f"{repair.words}: {written}")
    return verdict


def tried(claim: Claim, names: Names) -> Iterator[Repair]:
    """What may have been meant, as long as there is patience."""
    deadline = time.process_time() + PATIENCE
    read = text_of(f"claimed = {claim.text}", "", "", plain=True)
    for node in read.source.tree.body:
        if isinstance(node, ast.Assign):
            site = Site(node.value, list(names.slots), (), names.program.arrays)
            for repair in repairs(site):
                if time.process_time() > deadline:
                    return
                yield repair


def fits(written: str, names: Names, spots: Sequence[Spot]) -> bool:
    """Is a claim right at all points?"""
    try:
        claim = read_claim(written, names)
        if claim.number:
            return False
        return all(
            one.fits
            for some in (spots[:FIRST], spots[FIRST:])
            for one in kind_of(names.program).instances(claim, some, names)
        ) and bool(spots)
    except (BackpropError, ArithmeticError, ValueError, TypeError):
        return False
