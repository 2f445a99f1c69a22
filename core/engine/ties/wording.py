"""What a user hears of ties: of stages after which an input has two slopes, or jumps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import Any

from backprop.engine.kinds import kind_of
from backprop.engine.ties.conventions import AUTO, Resolved
from backprop.engine.ties.sides import Slopes
from backprop.gates import GATES
from backprop.program.program import Notice, Program

SHARING = {
    "notes": "every tied input gets the whole gradient",
    "split": "tied inputs share the gradient",
    "first": "the first tied input gets the whole gradient",
}
LISTED = 2  # inputs of which the slopes are told


def notices(program: Program, resolved: Resolved, ties: str) -> Iterator[Notice]:
    """A notice for each stage that makes an input's two slopes differ."""
    stages: dict[int, list[Slopes]] = {}
    for found in resolved.kinks:
        stages.setdefault(parting(program, resolved, found), []).append(found)
    for slot, kinks in sorted(stages.items()):
        kink = GATES[program.gates[slot]].kink
        assert kink is not None
        text = f"{happening(program, resolved, slot)}; {told(program, kinks, ties)}"
        yield Notice(kink.what, text, program.labels[slot])


def parting(program: Program, resolved: Resolved, found: Slopes) -> int:
    """The first stage that takes one branch on the left and another one on the right."""
    left, right = found.left.at, found.right.at
    for slot in sorted({*left, *right}):
        if slot not in left or slot not in right:
            return slot
        both = (decision(program, slot, side[slot]) for side in (left, right))
        if not same(*both):
            return slot
    return resolved.tied[0]


def decision(program: Program, slot: int, at: tuple[Any, ...]) -> Sequence[Any]:
    """What a stage passes on where its operands and value are these."""
    gate = program.gates[slot]
    if not any(GATES[gate].partials):
        return at[-1:]
    return kind_of(program).slopes(gate, at)


def same(one: Sequence[Any], other: Sequence[Any]) -> bool:
    return all(bool((a == b) if not hasattr(a == b, "all") else (a == b).all())
               for a, b in zip(one, other, strict=True))  # fmt: skip


def happening(program: Program, resolved: Resolved, slot: int) -> str:
    """What a stage does here, and what is taken."""
    gate = program.gates[slot]
    kink = GATES[gate].kink
    assert kink is not None
    code = f"{program.labels[slot]} = {program.stage(slot, 0).code}"
    where = entries(program, resolved, slot)
    by_convention = not resolved.branches.at
    elsewhere = f" ({kink.elsewhere})" if kink.elsewhere and by_convention else ""
    if kink.what == "tie":
        where = where or f" at {resolved.values[slot]:.6g}"
        return f"{code} is tied{where}: {winners(program, resolved, slot)}{elsewhere}"
    if kink.what == "switch":
        return f"{code} is just where it switches{where}"
    if kink.what == "jump":
        return f"{code} jumps{where or ' here'}"
    taken = kink.convention if by_convention else chosen(resolved, slot)
    return f"{code} has a kink{where or ' here'}: {taken} is taken as its slope{elsewhere}"


def entries(program: Program, resolved: Resolved, slot: int) -> str:
    """At how many of its entries a stage ties, if it is an array."""
    if not program.shapes[slot]:
        return ""
    from backprop.engine.ties.arrays import ties_at

    fed = [resolved.values[operand] for operand in program.operands[slot]]
    at = ties_at(program.gates[slot], fed, resolved.values[slot])
    return f" at {int(at.sum()):,} of its {at.size:,} entries"


def winners(program: Program, resolved: Resolved, slot: int) -> str:
    """Who gets the gradient at max or min."""
    branches = resolved.branches
    if slot not in branches.at:
        return SHARING[branches.convention]
    slopes = resolved.back.slopes(slot)
    if slopes is None:
        return "nothing flows back to it" if not resolved.back.reached(slot) else "one of them wins"
    names = program.stage(slot, 0).operand_names
    takers = [name for name, slope in zip(names, slopes, strict=True) if slope]
    return f"{' and '.join(dict.fromkeys(takers)) or 'nobody'} gets the gradient"


def chosen(resolved: Resolved, slot: int) -> str:
    """The slope that a gate at its kink has in the answer."""
    slopes = resolved.back.slopes(slot)
    return "that of one side" if slopes is None else f"{slopes[0] or 0.0:.6g}"


def told(program: Program, kinks: Sequence[Slopes], ties: str) -> str:
    """The slopes of the inputs that a kink is about."""
    texts = [sentence(program, found, ties) for found in kinks[:LISTED]]
    more = len(kinks) - LISTED
    unit = "directions" if any(program.shapes) else "inputs"
    return "; ".join(texts) + (f" (and {more:,} more {unit})" if more > 0 else "")


def sentence(program: Program, found: Slopes, ties: str) -> str:
    output, name = program.output_name, moved(program, found)
    what = f"d{output}/d{name}"
    left, right = number(found.left.slope), number(found.right.slope)
    if found.jumps and not found.name:
        return f"{output} jumps as {found.movers} move together"
    if found.jumps:
        both = found.left.jumps and found.right.jumps
        where = "" if both else " down" if found.left.jumps else " up"
        return f"{output} jumps as {name} moves{where}"
    if found.single and ties != AUTO:
        return f"{what} is {left} on both sides, which this convention does not give"
    if found.single:
        return f"{what} is {left} on both sides, which no choice of branches gives"
    return f"{what} is {left} on the left and {right} on the right"


def moved(program: Program, found: Slopes) -> str:
    """The input, or the entry of it, that moves."""
    if not found.name:
        return "inputs together"
    way = found.way[found.name]
    if not getattr(way, "shape", ()):
        return found.name
    places = [tuple(map(int, place)) for place in zip(*way.nonzero(), strict=True)]
    if len(places) == 1:
        return f"{found.name}[{', '.join(map(str, places[0]))}]"
    return f"{found.name} in a direction"


def number(slope: float | None) -> str:
    if slope is None:
        return "unknown"
    if slope in (inf, -inf):
        return "inf" if slope > 0 else "-inf"
    return f"{slope:.6g}"
