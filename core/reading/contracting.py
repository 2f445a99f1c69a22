"""Sums over axes that two arrays or more have in common: einsum and tensordot."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from backprop.gates.shapes import MismatchError
from backprop.gates.subscripts import spelled
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import described, plain_number


def tensordot(m: Machine, a: Any, b: Any, axes: Any) -> Any:
    """The sum over some axes of both, the other axes of one before those of the other."""
    left, right = m.array(a), m.array(b)
    asked = plain_number(axes)
    if isinstance(asked, int):
        mine, theirs = list(range(len(left.shape) - asked, len(left.shape))), list(range(asked))
    else:
        mine, theirs = (list(m.shape([one])) if isinstance(one, (list, tuple)) else
                        [m.whole_number(one, "an axis")] for one in asked)  # fmt: skip
    letters = iter("abcdefghijklmnopqrstuvwxyz")
    first = [next(letters) for _ in left.shape]
    second = [next(letters) for _ in right.shape]
    for one, other in zip(mine, theirs, strict=True):
        second[other] = first[one]
    rest = [letter for letter in (*first, *second) if (letter in first) != (letter in second)]
    return einsum(m, f"{''.join(first)},{''.join(second)}->{''.join(rest)}", [left, right])


def einsum(m: Machine, text: Any, arrays: Sequence[Any]) -> Any:
    """Products of entries with the same letters, summed over the letters that the result lacks."""
    if not isinstance(text, str):
        raise UnreadError(f"einsum begins with a text such as 'ij,jk->ik', not {described(text)}")
    parts = [m.array(array) for array in arrays]
    try:
        terms, output = spelled(text, [len(part.shape) for part in parts])
    except MismatchError as misfit:
        raise UnreadError(str(misfit)) from None
    sizes: dict[str, int] = {}
    for term, part in zip(terms, parts, strict=True):
        if len(term) != len(part.shape) or (not term.isalpha() * bool(term) and term):
            raise MisfitError(f"einsum: {term!r} doesn't fit {described(part)}")
        for letter, side in zip(term, part.shape, strict=True):
            if sizes.setdefault(letter, side) == 1:
                sizes[letter] = side
            if side not in (1, sizes[letter]):
                raise UnreadError(
                    f"einsum: the axes {letter} have {sizes[letter]} and {side} entries"
                )
    if any(letter not in sizes for letter in output) or len(set(output)) < len(output):
        raise UnreadError(f"einsum {text!r}: the result names an axis that isn't there")
    (term, found), *others = (
        single(m, *stretching(m, term, part, sizes))
        for term, part in zip(terms, parts, strict=True)
    )
    for k, (other, part) in enumerate(others, 1):
        later = set(output).union(*terms[k + 1 :])
        term, found = pair(m, term, found, other, part, later)
    return ordered(m, term, found, output)


def stretching(m: Machine, term: str, part: Array, sizes: dict[str, int]) -> tuple[str, Array]:
    """An array without the axes of 1 that stretch in others."""
    kept = [k for k, c in enumerate(term) if part.shape[k] == sizes[c]]
    if len(kept) == len(term):
        return term, part
    shape = tuple([part.shape[k] for k in kept])
    return "".join(term[k] for k in kept), m.array(m.reshaped(part, shape))


def single(m: Machine, term: str, part: Array) -> tuple[str, Array]:
    """An array whose letters are all different: of a letter twice, the diagonal."""
    import numpy as np

    from backprop.reading.indexing import taken

    for letter in dict.fromkeys(term):
        while term.count(letter) > 1:
            first, second = [k for k, c in enumerate(term) if c == letter][:2]
            rest = [k for k in range(len(term)) if k not in (first, second)]
            moved = m.permuted(part, (first, second, *rest))
            places = Array.new(np.arange(moved.shape[0]))
            found = taken(m, moved, (places, places))
            part, term = m.array(found), letter + "".join(term[k] for k in rest)
    return term, part


def pair(
    m: Machine, term: str, a: Array, other: str, b: Array, later: set[str]
) -> tuple[str, Array]:
    """Two arrays as one: a product of stacks of matrices, summed over what nobody wants later."""
    shared = [c for c in term if c in other]
    stacked = [c for c in shared if c in later]
    inner = [c for c in shared if c not in later]
    term, a = without(m, term, a, {c for c in term if c not in other and c not in later})
    other, b = without(m, other, b, {c for c in other if c not in term and c not in later})
    rows = [c for c in term if c not in shared]
    columns = [c for c in other if c not in shared]
    sizes = dict(zip(term, a.shape, strict=True)) | dict(zip(other, b.shape, strict=True))
    left = shaped(m, term, a, [stacked, rows, inner], sizes)
    right = shaped(m, other, b, [stacked, inner, columns], sizes)
    if not stacked:
        left, right = m.reshaped(left, left.shape[1:]), m.reshaped(right, right.shape[1:])
        found = m.array(m.apply("matmul", left, right))
    else:
        found = m.array(m.apply("batched", left, right))
    letters = [*stacked, *rows, *columns]
    return "".join(letters), m.reshaped(found, tuple([sizes[c] for c in letters]))


def without(m: Machine, term: str, a: Array, gone: set[str]) -> tuple[str, Array]:
    if not gone:
        return term, a
    axes = tuple([k for k, c in enumerate(term) if c in gone])
    return "".join(c for c in term if c not in gone), m.array(m.reduce("sum", a, axes))


def shaped(
    m: Machine, term: str, a: Array, groups: Sequence[Sequence[str]], sizes: dict[str, int]
) -> Array:
    """An array with an axis for each group of letters."""
    order = [c for group in groups for c in group]
    moved = m.permuted(a, tuple([term.index(c) for c in order]))
    return m.reshaped(moved, tuple([prod(sizes[c] for c in group) for group in groups]))


def ordered(m: Machine, term: str, a: Array, output: str) -> Any:
    term, a = without(m, term, a, set(term) - set(output))
    if not term:
        return m.element(a)
    return m.permuted(a, tuple([term.index(c) for c in output]))
