"""The texts of einsum: a letter for every axis."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.gates.shapes import MismatchError

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
DOTS = "..."


def spelled(text: str, ranks: Sequence[int]) -> tuple[list[str], str]:
    """The letters of each array, which has so many axes, and those of the result. The axes of
    `...` get letters too, the same ones from the last axis on."""
    inputs, arrow, output = text.replace(" ", "").partition("->")
    terms = inputs.split(",")
    if len(terms) != len(ranks):
        raise MismatchError(f"einsum '{text}' is about {len(terms)} arrays, not {len(ranks)}")
    if not arrow:
        letters = "".join(terms).replace(".", "")
        once = sorted(c for c in {*letters} if letters.count(c) == 1)
        output = "".join([DOTS * (DOTS in inputs), *once])
    counts = [
        rank - len(term) + len(DOTS) if DOTS in term else 0
        for term, rank in zip(terms, ranks, strict=True)
    ]
    most = max(counts)
    if most > 0 and DOTS not in output:
        raise MismatchError(f"einsum '{text}': the result lacks the axes of `...`")
    dots = "".join([c for c in LETTERS if c not in text][: max(most, 0)])
    found = [
        term.replace(DOTS, dots[most - count :] if count > 0 else "")
        for term, count in zip(terms, counts, strict=True)
    ]
    return found, output.replace(DOTS, dots)
