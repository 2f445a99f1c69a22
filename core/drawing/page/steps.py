"""Both passes as steps: each gate of the forward pass, then each gradient of the backward one.

A sentence has places for numbers, which the page fills in as they are at the moment: `ξ3ξ` is
the value of the third operand.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backprop.drawing.circuit import Part
from backprop.drawing.page.live import OUTSIDE
from backprop.emitting.tracing import flow_key
from backprop.explaining.sentences import factor, rule
from backprop.program.program import Program, Stage, written

READABLE = 40  # characters of a slope that a sentence has room for
Flows = tuple[str, ...]


def stages(program: Program) -> Iterator[dict[str, Any]]:
    """What the page knows of every stage."""
    for stage in program.stages():
        fed = [place for place in range(len(stage.operands)) if place not in stage.constants]
        yield {
            "slot": stage.slot,
            "name": stage.name,
            "code": stage.code,
            "gate": stage.gate.name,
            "numbers": with_places(stage),
            "routes": stage.gate.routes,
            "operands": list(stage.operands),
            "places": fed,
            "local": {place: stage.local(place) for place in fed},
            "pull": {place: passing(stage, place) for place in fed if stage.passes_to(place)},
        }


def with_places(stage: Stage) -> str:
    """The stage as it is written, with places for the values of its operands."""
    names = [
        name if place in stage.constants else f"ξ{place}ξ"
        for place, name in enumerate(stage.operand_names)
    ]
    return written(stage.gate.name, names)


def passing(stage: Stage, place: int) -> str | None:
    """What a stage passes back, as a formula: `z * df`."""
    name, formula = f"d{stage.name}", stage.local(place)
    if stage.gate.array or (stage.broadcast and any(stage.broadcast)):
        return stage.pull(place)
    if stage.gate.routes:
        return None
    if formula in ("1", "-1"):
        return name if formula == "1" else f"-{name}"
    if not formula or len(formula) > READABLE or ";" in formula:
        return None
    return f"{factor(formula)} * {name}"


def forward(program: Program, parts: Sequence[Part]) -> Iterator[dict[str, Any]]:
    """A step for each gate and each box."""
    numbers = {slot: number for number, slot in enumerate(program.stage_slots, 1)}
    for node, part in enumerate(parts):
        slots = [slot for slot in part.slots if program.operands[slot]]
        if not slots:
            continue
        stage = program.stage(slots[-1], numbers[slots[-1]])
        said = f"{part.label}." if part.label else f"{stage.name} = {stage.code}."
        yield {"pass": "forward", "node": node, "slots": slots, "slot": slots[-1], "said": said}


class Backward:
    """In which order gradients appear, and what is said of each."""

    def __init__(
        self, program: Program, gradients: Sequence[Flows], node_of: Mapping[int, int]
    ) -> None:
        self.program = program
        self.node_of = node_of
        self.waiting: dict[Flows, list[int]] = {}
        for number, flows in enumerate(gradients):
            if flows:
                self.waiting.setdefault(flows, []).append(number)
        self.arrived: set[str] = set()

    def steps(self) -> Iterator[dict[str, Any]]:
        program = self.program
        output = program.output_name
        start = f"{output} is the output. Its own gradient is 1: it moves as much as itself."
        yield from self.shown(OUTSIDE, program.output, program.output, -1, start)
        numbers = {slot: number for number, slot in enumerate(program.stage_slots, 1)}
        for slot, _, operands in program.backward_steps():
            stage = program.stage(slot, numbers[slot])
            for place, operand in enumerate(operands):
                if operand not in program.constants:
                    said = f"{stage.name} = {stage.code}. {rule(stage.gate)}"
                    yield from self.shown(flow_key(slot, place), operand, slot, place, said)

    def shown(
        self, key: str, into: int, slot: int, place: int, said: str
    ) -> Iterator[dict[str, Any]]:
        """The labels that a message completes: its own, and that of a fork where all is there."""
        self.arrived.add(key)
        complete = [flows for flows in self.waiting if self.arrived.issuperset(flows)]
        for flows in sorted(complete, key=len):
            labels = self.waiting.pop(flows)
            alone = flows == (key,)
            yield {
                "pass": "backward",
                "labels": labels,
                "node": self.node_of.get(slot, -1),
                "slot": None if key == OUTSIDE else slot,
                "place": place,
                "into": into,
                "said": said if alone else "Gradients add up at a fork.",
                "flows": list(flows),
            }
