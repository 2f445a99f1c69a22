"""Sums over the axes that arrays have in common, as products of matrices: einsum and tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from backprop.gates.shapes import MismatchError, words
from backprop.gates.subscripts import spelled
from backprop.program.making import Maker

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def tensordot_text(left: int, right: int, axes: Any) -> str | None:
    """What einsum calls it; None if the axes don't fit."""
    if isinstance(axes, int):
        axes = ([*range(left - axes, left)], [*range(axes)]) if axes <= min(left, right) else ()
    if len(axes) != 2:
        return None
    mine, theirs = ([one] if isinstance(one, int) else [*one] for one in axes)
    fits = all(-left <= k < left for k in mine) and all(-right <= k < right for k in theirs)
    if len(mine) != len(theirs) or not fits:
        return None
    first, second = [*LETTERS[:left]], [*LETTERS[left : left + right]]
    for one, other in zip(mine, theirs, strict=True):
        second[other] = first[one]
    rest = [c for c in (*first, *second) if (c in first) != (c in second)]
    return f"{''.join(first)},{''.join(second)}->{''.join(rest)}"


def einsum_steps(m: Maker, text: str, slots: Sequence[int]) -> int:
    terms, output = spelled(text, [len(m.shape(slot)) for slot in slots])
    sizes = checked(m, text, terms, output, slots)
    parts = [
        diagonal(m, *stretching(m, term, slot, sizes))
        for term, slot in zip(terms, slots, strict=True)
    ]
    (term, found), *others = parts
    for k, (other, slot) in enumerate(others, 1):
        later = {*output}.union(*terms[k + 1 :])
        term, found = pair(m, term, found, other, slot, later)
    term, found = without(m, term, found, {*term} - {*output})
    return m.permuted(found, [term.index(c) for c in output])


def checked(
    m: Maker, text: str, terms: list[str], output: str, slots: Sequence[int]
) -> dict[str, int]:
    """How many entries each letter has; in some arrays it may have 1 only."""
    sizes: dict[str, int] = {}
    for term, slot in zip(terms, slots, strict=True):
        shape = m.shape(slot)
        if len(term) != len(shape) or not all(c in LETTERS + LETTERS.upper() for c in term):
            raise MismatchError(f"einsum: '{term}' has a letter for each axis of"
                                f" {m.called(slot)}, which is {words(shape)}")  # fmt: skip
        for letter, side in zip(term, shape, strict=True):
            if sizes.setdefault(letter, side) == 1:
                sizes[letter] = side
            if side not in (1, sizes[letter]):
                both = f"{sizes[letter]} and {side}"
                raise MismatchError(f"einsum: the axes {letter} have {both} entries")
    if any(c not in sizes for c in output) or len({*output}) < len(output):
        raise MismatchError(f"einsum '{text}': the result names an axis twice, or that isn't there")
    return sizes


def stretching(m: Maker, term: str, slot: int, sizes: dict[str, int]) -> tuple[str, int]:
    """An array without the axes of 1 that stretch in others."""
    shape = m.shape(slot)
    kept = [k for k, c in enumerate(term) if shape[k] == sizes[c]]
    return "".join(term[k] for k in kept), m.reshaped(slot, [shape[k] for k in kept])


def diagonal(m: Maker, term: str, slot: int) -> tuple[str, int]:
    """An array whose letters are all different: of a letter twice, the diagonal."""
    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first, second = [k for k, c in enumerate(term) if c == letter][:2]
            rest = [k for k in range(len(term)) if k not in (first, second)]
            moved = m.permuted(slot, [first, second, *rest])
            side, other = m.shape(moved)[0], m.shape(moved)[2:]
            flat = m.reshaped(moved, (side * side, *other))
            slot = m.taken(flat, 0, [k * (side + 1) for k in range(side)])
            term = letter + "".join(term[k] for k in rest)
    return term, slot


def pair(m: Maker, term: str, a: int, other: str, b: int, later: set[str]) -> tuple[str, int]:
    """Two arrays as one: a product of stacks of matrices, summed over what nobody wants later."""
    term, a = without(m, term, a, {c for c in term if c not in other and c not in later})
    other, b = without(m, other, b, {c for c in other if c not in term and c not in later})
    shared = [c for c in term if c in other]
    stacked = [c for c in shared if c in later]
    inner = [c for c in shared if c not in later]
    rows = [c for c in term if c not in shared]
    columns = [c for c in other if c not in shared]
    sizes = dict(zip(term, m.shape(a), strict=True)) | dict(zip(other, m.shape(b), strict=True))
    front = [stacked] if stacked or not inner else []
    left = grouped(m, term, a, [*front, rows, inner], sizes)
    right = grouped(m, other, b, [*front, inner, columns], sizes)
    if not inner:
        found = m.gate("mul", left, right)  # an axis of 1 in both, which stretches
    else:
        found = m.gate("batched" if stacked else "matmul", left, right)
    letters = [*stacked, *rows, *columns]
    return "".join(letters), m.reshaped(found, [sizes[c] for c in letters])


def without(m: Maker, term: str, a: int, gone: set[str]) -> tuple[str, int]:
    if not gone:
        return term, a
    axes = tuple([k for k, c in enumerate(term) if c in gone])
    return "".join(c for c in term if c not in gone), m.reduced("sum", a, axes)


def grouped(
    m: Maker, term: str, a: int, groups: Sequence[Sequence[str]], sizes: dict[str, int]
) -> int:
    """An array with an axis for each group of letters."""
    order = [term.index(c) for group in groups for c in group]
    return m.reshaped(m.permuted(a, order), [prod(sizes[c] for c in group) for group in groups])
