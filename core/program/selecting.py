"""Indices that are more than places: None, `...`, and conditions.

How many entries a condition selects depends on values, and shapes don't. So what it selects stays
the whole array beside its mask, until a gate takes all entries that there are: then it becomes a
`where`, with what changes nothing for the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from types import EllipsisType
from typing import Any, NamedTuple, NoReturn

from backprop.gates.row import Gate
from backprop.gates.shapes import Axis, MismatchError, Shape, words
from backprop.program.stager import Stager

WHOLE = slice(None)
# What changes nothing for a gate that takes all entries.
NEUTRAL = {"sum": 0.0, "mean": 0.0, "norm": 0.0, "prod": 1.0}
TAKERS = "sum, mean, prod and norm"


def laid_out(sides: Shape, given: Sequence[Any], called: str) -> tuple[Shape, list[Any]]:
    """The shape that an array gets first, an axis of 1 for every None, and the index that is left:
    of `...` as many whole axes as it stands for."""
    if sum(isinstance(one, EllipsisType) for one in given) > 1:
        raise MismatchError("an index has one `...` at most")
    used = sum(one is not None and not isinstance(one, EllipsisType) for one in given)
    if used > len(sides):
        times = f" {used} times" if used > 1 else ""
        raise MismatchError(f"{called} is {words(sides)}: it can't be indexed{times}")
    shape: list[int] = []
    index: list[Any] = []
    left = [*sides]
    for one in given:
        if one is None:
            shape.append(1)
            index.append(WHOLE)
            continue
        whole = isinstance(one, EllipsisType)
        count = len(sides) - used if whole else 1
        shape += left[:count]
        del left[:count]
        index += [WHOLE] * count if whole else [one]
    while index and index[-1] is WHOLE:
        index.pop()
    return (*shape, *left), index


class Selected(NamedTuple):
    """The entries of an array for which a condition holds."""

    slot: int
    mask: int

    @staticmethod
    def of(stager: Stager, slot: int, mask: int) -> Selected:
        shape, other = stager.shapes[slot], stager.shapes[mask]
        if shape != other:
            message = f"the array is {words(shape)} and the condition {words(other)}"
            stager.fail(message, "a condition selects entries of an array of its own shape")
        return Selected(slot, mask)


def together(stager: Stager, operands: Sequence[int | Selected]) -> tuple[tuple[int, ...], int]:
    """Whole arrays and numbers, for a gate on entries that one condition selects; and its mask."""
    masks = {one.mask for one in operands if isinstance(one, Selected)}
    if len(masks) > 1:
        stager.fail(
            "what two conditions select doesn't fit together, entry by entry",
            "give the condition a name, and select by that",
        )
    for one in operands:
        if not isinstance(one, Selected) and stager.shapes[one]:
            shape = words(stager.shapes[one])
            stager.fail(f"what a condition selects doesn't fit together with {shape}",
                        "select its entries by the same condition")  # fmt: skip
    slots = tuple([one.slot if isinstance(one, Selected) else one for one in operands])
    return slots, masks.pop()


def taken(stager: Stager, gate: Gate, selected: Selected) -> int:
    """A gate that takes all selected entries."""
    if gate.name not in NEUTRAL:
        refuse(stager)
    neutral = stager.literal(f"{NEUTRAL[gate.name]:g}", NEUTRAL[gate.name])
    kept = applied(stager, "where", (selected.mask, selected.slot, neutral))
    if gate.name == "mean":
        return applied(stager, "div", (along_all(stager, "sum", kept), counted(stager, selected)))
    return along_all(stager, gate.name, kept)


def counted(stager: Stager, selected: Selected) -> int:
    return along_all(stager, "sum", selected.mask)


def along_all(stager: Stager, gate: str, slot: int) -> int:
    return applied(stager, gate, (slot, stager.literal("", Axis())))


def applied(stager: Stager, gate: str, operands: Sequence[int]) -> int:
    return stager.place(*stager.as_one_gate(gate, tuple(operands)))


def refuse(stager: Stager) -> NoReturn:
    stager.fail(
        f"a condition in square brackets selects entries, which only {TAKERS} take",
        "where(condition, a, 0) keeps the shape, with 0 for the others",
    )
