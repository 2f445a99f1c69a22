"""Whether two programs compute the same, in a few lines or as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop.claims.instances import Pair
from backprop.claims.sameness import Sameness
from backprop.errors import visible
from backprop.showing.claims import counted, number_text, point_text


def render_lines(found: Sameness) -> Iterator[str]:
    for line in lines(found):
        yield f"{visible(line)}\n"


def lines(found: Sameness) -> Iterator[str]:
    match found.state:
        case "everywhere":
            yield "the same everywhere"
        case "sampled":
            why = found.proof.reason or "SymPy found no proof"
            yield f"the same at {counted(found.points)}; {why}"
        case "undecided":
            yield "undecided: no point was found where both have a value"
        case _:
            yield "the same here, but not everywhere" if found.state == "point" else "not the same"
            assert found.counterexample is not None
            yield f"  {difference(found, found.counterexample)}"
            yield from departure(found)


def difference(found: Sameness, bad: Pair) -> str:
    ours, theirs = found.values(bad)
    name = found.program.output_name
    if getattr(ours, "ndim", 0) or getattr(theirs, "ndim", 0):
        return array_difference(name, ours, theirs, given=bad.given)
    where = "here" if bad.given else f"at {point_text(bad.point)}"
    return f"{where} {name} {number_text(ours)}, and the other {number_text(theirs)}"


def array_difference(name: str, ours: Any, theirs: Any, *, given: bool) -> str:
    import numpy as np

    from backprop.claims.arrays import furthest
    from backprop.gates.shapes import words

    ours, theirs = np.asarray(ours), np.asarray(theirs)
    if ours.shape != theirs.shape:
        return f"{name} is {words(ours.shape)}, and the other is {words(theirs.shape)}"
    entry, mine, other = furthest(name, ours, theirs)
    where = "here" if given else "near the given point"
    return f"{where} {entry} {number_text(mine)}, and the other {number_text(other)}"


def departure(found: Sameness) -> Iterator[str]:
    """The first stage that is another one."""
    first = found.departure
    if first is None:
        return
    stage = f"{first.name} = {first.code}"
    if not first.named:
        yield f"  the first stage that the other doesn't have is {stage}"
    elif getattr(first.value, "ndim", 0) or getattr(first.other, "ndim", 0):
        yield f"  the first stage that differs is {stage}"
    else:
        numbers = f"it {number_text(first.value)}, and the other's {number_text(first.other)}"
        yield f"  the first stage that differs is {stage}: {numbers}"
