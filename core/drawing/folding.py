"""Large programs made small enough to draw: the neighbourhood of a stage, or boxes for what
repeats.

Only stages that follow each other directly go into one box, so no box feeds itself.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby
from typing import NamedTuple

from backprop.drawing.building import drawn_slots, refuse_many, symbol_of
from backprop.drawing.circuit import Part
from backprop.errors import UsageError, closest
from backprop.language.syntax import Op
from backprop.program.program import Program

PERIOD = 40  # the longest pattern that is looked for
OFTEN = 3  # times that a pattern has to be there in a row
WORTH = 0.9  # of the length is what a round has to leave, for another to be made
SHOWN = 3  # gates of a pattern that a box names
FEW = 3  # inputs of one box that are still drawn one by one


def around(program: Program, name: str, radius: int) -> list[Part]:
    """The neighbourhood of a stage or input as parts of a picture."""
    found = neighbours(program, name, radius)
    nearer = "--radius 1 draws less" if radius > 1 else "--around one of its neighbours draws less"
    refuse_many(sum(1 for slot in found if program.operands[slot]), nearer)
    return [Part((slot,)) for slot in sorted(found)]


def neighbours(program: Program, name: str, radius: int) -> set[int]:
    """What feeds a stage or input and what it feeds, as many steps away as `radius`."""
    slot = slot_called(program, name)
    users: defaultdict[int, list[int]] = defaultdict(list)
    for user, _, operands in program.forward_steps():
        for operand in operands:
            users[operand].append(user)
    found = {slot} | reach(slot, program.operands, radius) | reach(slot, users, radius)
    return found - (program.constants.keys() - {program.output})


def reach(
    slot: int, following: Sequence[Sequence[int]] | defaultdict[int, list[int]], radius: int
) -> set[int]:
    found: set[int] = set()
    edge = {slot}
    for _ in range(radius):
        edge = {after for before in edge for after in following[before]} - found
        found |= edge
    return found


def slot_called(program: Program, name: str) -> int:
    """The slot with a name that the text gave or that the table shows."""
    if name in program.names:
        return program.names[name]
    named = {
        label: slot for slot, label in enumerate(program.labels) if slot not in program.constants
    }
    if name not in named:
        near = closest(name, list(named))
        hint = f"did you mean {near}?" if near else "backprop eval lists the stages"
        raise UsageError(f"there is no stage called {name}", hint=hint)
    return named[name]


class Unit(NamedTuple):
    """Stages in a row that are one thing: a gate, a call of a function, or repeats of these."""

    slots: tuple[int, ...]
    pattern: str  # what makes it equal to others
    label: str = ""  # of a box


def collapse(program: Program) -> list[Part]:
    """Boxes for calls of functions, then for patterns of stages that repeat."""
    units = calls(program)
    while True:
        before, units = len(units), repeats(units)
        if len(units) >= WORTH * before:
            break
    refuse_many(len(units), "--around STAGE draws what is near a stage")
    boxes = [Part(unit.slots, unit.label) for unit in units]
    return [*inputs(program, boxes), *boxes]


def calls(program: Program) -> list[Unit]:
    """Every stage, those of one call of a function of the text as one."""
    tree, found = program.tree, []
    for _, run in groupby(program.stages(), key=lambda stage: call_of(program, stage.slot)):
        stages = list(run)
        item = tree.code[program.nodes[stages[0].slot]]
        slots = tuple([stage.slot for stage in stages])
        if len(stages) > 1 and isinstance(item, Op):
            found.append(Unit(slots, item.name, f"{item.name}: {len(stages)} gates"))
        else:
            found += [Unit((stage.slot,), symbol_of(stage)) for stage in stages]
    return found


def call_of(program: Program, slot: int) -> int:
    """The node of the call that a stage was made in, or one that no other stage has."""
    node = program.nodes[slot]
    item = program.tree.code[node]
    called = isinstance(item, Op) and item.kind == "call" and item.name in program.tree.functions
    return node if called else -slot - 1


def repeats(units: Sequence[Unit]) -> list[Unit]:
    """The same with each pattern that follows itself directly as one unit."""
    covered, periods = coverage([unit.pattern for unit in units])
    found: list[Unit] = []
    place = 0
    while place < len(units):
        many = covered[place]
        if many > 1:
            found.append(repeated(units[place : place + many], periods[place]))
        else:
            found.append(units[place])
        place += many
    return found


def coverage(patterns: Sequence[str]) -> tuple[list[int], list[int]]:
    """For each place: how many from there on are repeats of one pattern, and how long that is."""
    numbers = {pattern: number for number, pattern in enumerate(dict.fromkeys(patterns))}
    row = [numbers[pattern] for pattern in patterns]
    covered, periods = [1] * len(row), [1] * len(row)
    for period in range(1, min(PERIOD, len(row) // OFTEN) + 1):
        same = 0
        for place in range(len(row) - period - 1, -1, -1):
            same = same + 1 if row[place] == row[place + period] else 0
            if same >= (OFTEN - 1) * period:
                whole = (same // period + 1) * period
                if whole > covered[place]:
                    covered[place], periods[place] = whole, period
    return covered, periods


def repeated(units: Sequence[Unit], period: int) -> Unit:
    slots = tuple([slot for unit in units for slot in unit.slots])
    names = [unit.label.partition(":")[0] or unit.pattern for unit in units[:period]]
    shown = " ".join(names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
    times = len(units) // period
    pattern = f"({' '.join(unit.pattern for unit in units[:period])})x{times}"
    return Unit(slots, pattern, f"{shown} × {times}: {len(slots)} gates")


def inputs(program: Program, boxes: Sequence[Part]) -> list[Part]:
    """Inputs; many that feed the same box and nothing else are drawn as one."""
    home = {slot: number for number, part in enumerate(boxes) for slot in part.slots}
    users: defaultdict[int, set[int]] = defaultdict(set)
    for slot, _, operands in program.forward_steps():
        for operand in operands:
            users[operand].add(home[slot])
    found = []
    together: defaultdict[int, list[int]] = defaultdict(list)
    for slot in drawn_slots(program):
        if program.operands[slot]:
            continue
        only = next(iter(users[slot])) if len(users[slot]) == 1 else -1
        if only >= 0 and boxes[only].label and slot != program.output:
            together[only].append(slot)
        else:
            found.append(Part((slot,)))
    for slots in together.values():
        if len(slots) > FEW:
            label = f"{program.labels[slots[0]]} … {program.labels[slots[-1]]}"
            found.append(Part(tuple(slots), f"{label}: {len(slots)} inputs"))
        else:
            found += [Part((slot,)) for slot in slots]
    return found
