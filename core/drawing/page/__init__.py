"""A page to play with: the circuit, its inputs as sliders, and the backward pass step by step.

One file without any network: the emitted JavaScript computes every wire anew as an input moves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from html import escape
from importlib.resources import files
from math import isfinite
from typing import Any

from backprop.answer.report import Report
from backprop.drawing.building import circuit
from backprop.drawing.layout import Label, layout
from backprop.drawing.svg import Picture, Pixels, text
from backprop.emitting import at_ties
from backprop.emitting.tracing import flow_key, trace
from backprop.errors import visible
from backprop.explaining.sentences import factor, rule
from backprop.program.program import Program, Stage

READABLE = 40  # characters of a slope that a sentence has room for
OUTSIDE = "outside"  # where the gradient of the output comes from
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:"


def page(report: Report, decimals: int = 2) -> str:
    """The page of a program of numbers at a point."""
    program = report.program
    program.numbers_only(
        "the page is for programs of single numbers", hint="--format svg draws arrays"
    )
    drawn = LivePicture(report, decimals)
    picture = "".join(f"{line}\n" for line in drawn.lines())
    data = {
        "inputs": [{"name": name, "value": report.point[name]} for name in program.inputs],
        "uses": [
            [flow_key(*use) for use in uses(program, slot)] + [OUTSIDE] * (slot == program.output)
            for slot in program.inputs.values()
        ],
        "names": {str(slot): name for slot, name in enumerate(program.labels)},
        "decimals": decimals,
        "steps": list(steps(program, drawn.gradients)),
        "flows": flows_at_ties(report),
    }
    inputs = ", ".join(program.inputs)
    staged = "\n" in program.text.strip() or "=" in program.text
    title = f"{program.output_name}({inputs})" if staged else drawn.circuit.title
    return TEMPLATE.format(
        policy=POLICY,
        title=escape(title),
        program=escape(visible_lines(program.text)) if staged else "",
        ties=escape(" ".join(at_ties(program, "split"))),
        style=asset("page.css"),
        picture=picture,
        data=json.dumps(data, allow_nan=False).replace("<", "\\u003c"),
        trace=trace(program, "split"),
        script=asset("page.js"),
    )


def flows_at_ties(report: Report) -> dict[str, float] | None:
    """What flows at the point itself, where gates tie: a script can't look around a tie."""
    if report.resolved is None or not report.resolved.tied:
        return None
    flows = {
        flow_key(slot, place): report.every.flow(slot, place)
        for slot, _, operands in report.program.forward_steps()
        for place in range(len(operands))
    }
    return {key: flow for key, flow in flows.items() if flow is not None and isfinite(flow)}


def visible_lines(text: str) -> str:
    return "\n".join(visible(line) for line in text.strip().splitlines())


def asset(name: str) -> str:
    return files("backprop.drawing.page").joinpath(name).read_text("utf-8")


class LivePicture(Picture):
    """A picture whose labels say which numbers they show."""

    def __init__(self, report: Report, decimals: int) -> None:
        drawn = circuit(report.program, report, decimals)
        super().__init__(drawn, layout(drawn, Pixels()))
        self.program = report.program
        self.slots = {name: slot for slot, name in enumerate(report.program.labels)}
        self.gradients: list[tuple[str, ...]] = []  # of every label, the flows that it adds up

    def label(self, label: Label) -> Iterator[str]:
        slot = self.slots[self.circuit.nodes[label.node].name]
        flows = tuple(self.flows(label, slot))
        self.gradients.append(flows)
        number = len(self.gradients) - 1
        value = text("value", label.x, label.y - 6, label.numbers.value)
        gradient = text("gradient", label.x, label.y + 16, label.numbers.gradient)
        yield value.replace("<text", f'<text data-slot="{slot}"', 1)
        flowing = f'<text id="gradient-{number}" data-flows="{" ".join(flows)}"'
        yield gradient.replace("<text", flowing, 1)

    def flows(self, label: Label, slot: int) -> Iterator[str]:
        """What comes back on a wire, or on all those of a node."""
        if label.wire < 0:
            if slot == self.program.output:
                yield OUTSIDE
            yield from (flow_key(*use) for use in uses(self.program, slot))
            return
        wire = self.circuit.wires[label.wire]
        stop = self.circuit.nodes[wire.stop]
        if stop.kind == "output":
            yield OUTSIDE
            return
        stage = self.slots[stop.name]
        drawn = [
            place
            for place, operand in enumerate(self.program.operands[stage])
            if operand not in self.program.constants
        ]
        yield flow_key(stage, drawn[wire.place])


def uses(program: Program, slot: int) -> Iterator[tuple[int, int]]:
    for stage, _, operands in program.forward_steps():
        for place, operand in enumerate(operands):
            if operand == slot:
                yield stage, place


# The steps of the backward pass, each of which shows one gradient more.


def steps(program: Program, gradients: list[tuple[str, ...]]) -> Iterator[dict[str, Any]]:
    """In which order gradients appear, and what is said of each."""
    label_of = {flows: number for number, flows in enumerate(gradients)}
    output = program.output_name
    arrived: set[str] = set()
    start = f"{output} is the output. Its own gradient is 1: it moves as much as itself."
    yield from shown(label_of, arrived, program, [(OUTSIDE, start, f"d{output}", None)])
    numbers = {slot: number for number, slot in enumerate(program.stage_slots, 1)}
    for slot, _, operands in program.backward_steps():
        stage = program.stage(slot, numbers[slot])
        told = []
        for place, operand in enumerate(operands):
            if operand not in program.constants:
                key = flow_key(slot, place)
                said = f"{stage.name} = {stage.code}. {rule(stage.gate)}"
                told.append((key, said, f"d{program.labels[operand]}", passing(stage, place)))
        yield from shown(label_of, arrived, program, told)


def shown(
    label_of: dict[tuple[str, ...], int],
    arrived: set[str],
    program: Program,
    told: list[tuple[str, str, str, str | None]],
) -> Iterator[dict[str, Any]]:
    """The labels that these flows bring, and those of forks where all has arrived with them."""
    for key, said, name, formula in told:
        before = {flows for flows in label_of if arrived >= set(flows)}
        arrived.add(key)
        after = [flows for flows in label_of if arrived >= set(flows) and flows not in before]
        for flows in sorted(after, key=len):
            alone = flows == (key,)
            yield {
                "label": label_of[flows],
                "stage": None if key == OUTSIDE else int(key.split(".")[0]),
                "said": said if alone else "Gradients add up at a fork.",
                "name": name,
                "formula": formula if alone else None,
                "flows": list(flows),
            }


def passing(stage: Stage, place: int) -> str | None:
    """What a stage passes back, as a formula: `z * df`."""
    name, formula = f"d{stage.name}", stage.local(place)
    if stage.gate.routes:
        return None
    if formula in ("1", "-1"):
        return name if formula == "1" else f"-{name}"
    if not formula or len(formula) > READABLE or ";" in formula:
        return None
    return f"{factor(formula)} * {name}"


TEMPLATE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<pre id="program">{program}</pre>
<form id="inputs" aria-label="Inputs"></form>
<div id="picture" tabindex="0" role="region" aria-label="Circuit">
{picture}</div>
<div id="steps" role="group" aria-label="Backward pass">
<button type="button" id="first" title="Home">Start over</button>
<button type="button" id="back" title="Left arrow">Back</button>
<button type="button" id="next" title="Right arrow">Step back through the circuit</button>
<button type="button" id="all" title="End">Show all</button>
<output id="count"></output>
</div>
<p id="said" role="status" aria-live="polite"></p>
<p id="guard" role="alert"></p>
<p id="ties">{ties}</p>
<table id="answers"><caption>What the gradient says</caption><tbody></tbody></table>
</main>
<script id="data" type="application/json">{data}</script>
<script>
"use strict";
{trace}
{script}</script>
</body>
</html>
"""
