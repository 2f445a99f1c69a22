"""What a page shows of a report, as plain data: its pictures, its steps, and its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from zlib import crc32

from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.drawing import folding
from backprop.drawing.building import MOST, drawn_slots, refuse_many
from backprop.drawing.circuit import Part
from backprop.drawing.numbers import short
from backprop.drawing.page.live import (
    OUTSIDE,
    LiveBuilder,
    LivePicture,
    LivePixels,
    minus,
)
from backprop.drawing.page.ranges import Rooms, range_of
from backprop.drawing.page.steps import Backward, forward, stages
from backprop.emitting.tracing import flow_key
from backprop.errors import visible
from backprop.program.program import Program

SHOWN = 4_096  # entries of an array that the page gets
BOXES = 12  # boxes that a file has a picture for, each opened alone
ALL, NONE = "all", "none"  # the pictures with every box open, and with none


def scene(report: Report, decimals: int = 2) -> dict[str, Any]:
    """What all pictures of a report have in common."""
    program = report.program
    return {
        "title": title(program),
        "program": visible_lines(program.text),
        "output": program.output_name,
        "outputSlot": program.output,
        "decimals": decimals,
        "arrays": program.arrays,
        "gates": program.size,
        "inputs": [given(report, name) for name in program.inputs],
        "uses": [keys(program, slot) for slot in program.inputs.values()],
        "names": list(program.labels),
        "constants": {str(slot): plain_number(value) for slot, value in program.constants.items()},
        "stages": list(stages(program)),
        "structure": structure(program),
    }


def structure(program: Program) -> int:
    """A number that programs of the same gates have in common."""
    return crc32(repr((program.gates, program.operands)).encode())


def title(program: Program) -> str:
    from backprop.drawing.building import title_of

    staged = "\n" in program.text.strip() or "=" in program.text
    if not staged:
        return title_of(program)
    return f"{program.output_name}({', '.join(program.inputs)})"


def visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.strip().splitlines())


def given(report: Report, name: str) -> dict[str, Any]:
    value = report.point[name]
    found: dict[str, Any] = {"name": name, "slot": report.program.inputs[name]}
    if report.program.shapes[report.program.inputs[name]]:
        return found | {"value": entries(value, 2), "array": True}
    return found | dict(zip(("low", "high", "step"), range_of(float(value)), strict=True)) | {
        "value": plain(float(value))
    }  # fmt: skip


def keys(program: Program, slot: int) -> list[str]:
    found = [
        flow_key(stage, place)
        for stage, _, operands in program.forward_steps()
        for place, operand in enumerate(operands)
        if operand == slot
    ]
    return found + [OUTSIDE] * (slot == program.output)


# Pictures.


def rooms_of(report: Report, decimals: int) -> Rooms | None:
    """How wide numbers can get; nobody knows it of arrays."""
    if report.program.arrays:
        return None
    return Rooms(report, lambda number: minus(short(number, decimals)))


def picture(
    report: Report, decimals: int, rooms: Rooms | None, parts: Sequence[Part] | None = None
) -> dict[str, Any]:
    """One picture with its steps."""
    program = report.program
    if parts is None:
        refuse_many(program.size, "collapse draws what repeats as boxes")
        parts = [Part((slot,)) for slot in drawn_slots(program)]
    builder = LiveBuilder(program, report, decimals, parts)
    circuit = builder.circuit()
    drawn = LivePicture(circuit, LivePixels(builder, rooms))
    svg = "".join(f"{line}\n" for line in drawn.lines())
    node_of = {slot: node for node, part in enumerate(parts) for slot in part.slots}
    backward = Backward(program, drawn.gradients, node_of)
    return {
        "svg": svg,
        "nodes": [[box.node, box.x, box.y, box.width, box.height] for box in drawn.placed.boxes],
        "steps": [*forward(program, parts), *backward.steps()],
    }


def opened(parts: Iterable[Part], *which: int) -> list[Part]:
    """The same with some of its boxes open, which are counted from 0."""
    found, number = [], -1
    for part in parts:
        number += bool(part.label)
        if part.label and number in which:
            found += [Part((slot,)) for slot in part.slots]
        else:
            found.append(part)
    return sorted(found, key=lambda part: part.slots[-1])


def labels_of(parts: Iterable[Part]) -> list[str]:
    return [part.label for part in parts if part.label]


def pictures(
    report: Report,
    decimals: int,
    *,
    collapse: bool = False,
    around: tuple[str, int] | None = None,
) -> tuple[dict[str, Any], list[str], str]:
    """The pictures of a file by the boxes that are open, the boxes, and the one to begin with."""
    program, rooms = report.program, rooms_of(report, decimals)
    if around is not None:
        return {ALL: picture(report, decimals, rooms, folding.around(program, *around))}, [], ALL
    fits = program.size <= MOST
    parts = folding.collapse(program) if collapse or fits else []
    labels = labels_of(parts)
    if not labels:
        return {ALL: picture(report, decimals, rooms)}, [], ALL
    found = {NONE: picture(report, decimals, rooms, parts)}
    if fits:
        found[ALL] = picture(report, decimals, rooms)
    for number in range(len(labels) if fits and len(labels) <= BOXES else 0):
        found[str(number)] = picture(report, decimals, rooms, opened(parts, number))
    return found, labels, NONE if collapse or not fits else ALL


# Numbers.


def numbers(report: Report) -> dict[str, Any]:
    """Every value, slope and message of a report."""
    program, every = report.program, report.every
    used = [slot for slot, _ in program.used_constants]
    stages_of = [slot for slot, _, _ in program.forward_steps()]
    slots = [*program.inputs.values(), *used, *stages_of]
    flows, slopes = {}, {}
    for slot, _, operands in program.forward_steps():
        local = every.slopes(slot) or ()
        for place, operand in enumerate(operands):
            if operand in program.constants:
                continue
            flow = every.flow(slot, place)
            if flow is not None:
                flows[flow_key(slot, place)] = data(flow)
                if place < len(local) and local[place] is not None and not program.arrays:
                    slopes[flow_key(slot, place)] = plain(float(local[place]))
    start = every.gradient(program.output)
    return {
        "values": {str(slot): data(report.values[slot]) for slot in slots},
        "flows": flows,
        "slopes": slopes,
        "outside": data(outside_of(report, start)),
        "broken": [],
        "structure": structure(program),
    }


def outside_of(report: Report, gradient: Any) -> Any:
    """What comes to the output from outside, without what comes from stages that use it."""
    program = report.program
    for slot, _, operands in program.forward_steps():
        for place, operand in enumerate(operands):
            flow = report.every.flow(slot, place) if operand == program.output else None
            if flow is not None:
                gradient = gradient - flow
    return gradient


def data(value: Any) -> Any:
    """A number, or an array with its shape and as many entries as the page shows."""
    return entries(value, 2) if getattr(value, "ndim", 0) else plain_number(value)


def plain_number(value: Any) -> Any:
    try:
        return plain(float(value))
    except (TypeError, ValueError):
        return str(value)


def entries(array: Any, decimals: int) -> dict[str, Any]:
    flat = array.ravel()
    found = {"shape": list(array.shape), "text": minus(short(array, decimals))}
    found["entries"] = [plain(float(number)) for number in flat[:SHOWN]]
    return found


def tied(report: Report) -> bool:
    """Do gates tie at the point? A script can't look around a tie."""
    return report.resolved is not None and bool(report.resolved.tied)
