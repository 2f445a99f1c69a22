"""JavaScript that computes every wire: the value of each slot, and for each operand the local
derivative and what flows back.

It is what `backprop code` emits, with a note taken of every message on its way.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from backprop.emitting.code import Line
from backprop.emitting.javascript import JavaScript
from backprop.emitting.steps import Walk
from backprop.program.adjoint import Passing, passings
from backprop.program.program import Program


def trace(program: Program, ties: str) -> str:
    """`trace([...])` takes the inputs in their order, and gives values, flows and slopes."""
    return Tracer(program, Tracing(), ties, tuple(program.inputs)).script()


def flow_key(stage: int, place: int) -> str:
    """The name of what a stage passes back to one of its operands."""
    return f"{stage}.{place}"


class Tracing(JavaScript):
    reserved = JavaScript.reserved | {"trace", "values", "flows", "slopes", "inputs", "broken"}

    def statement(self, line: Line) -> str:
        if line.kind == "flow":
            return f'flows["{line.name}"] = {line.text};'
        if line.kind == "slope":
            return f'slopes["{line.name}"] = {line.text};'
        if line.kind == "slot":
            return f"values[{line.name}] = {line.text};"
        if line.kind == "refuse":
            return f"broken.push({json.dumps(line.text)});".replace("<", "\\u003c")
        return super().statement(line)


class Tracer(Walk):
    """The walk of an emitted program that also says what it passes on."""

    def script(self) -> str:
        lines = [*self.begin(), *self.forward(), *self.values(), *self.backward()]
        called = "\n".join(line.text for line in lines)
        helpers = self.helpers.definitions(called)
        body = [
            "function trace(inputs) {",
            "    const values = {}, flows = {}, slopes = {}, broken = [];",
        ]
        body += [*self.language.block(lines), "    return { values, flows, slopes, broken };", "}"]
        return "\n\n".join([*helpers, "\n".join(body)]) + "\n"

    def begin(self) -> Iterator[Line]:
        for place, slot in enumerate(self.program.inputs.values()):
            yield Line("let", self.variables[slot], f"inputs[{place}]")

    def values(self) -> Iterator[Line]:
        program = self.program
        constants = [slot for slot, _ in program.used_constants]
        stages = [slot for slot, _, _ in program.forward_steps()]
        for slot in sorted([*program.inputs.values(), *constants, *stages]):
            yield Line("slot", str(slot), self.pieces[slot].text)

    def steps(self) -> list[Passing]:
        return list(passings(self.program, self.ties))

    def backward(self) -> Iterator[Line]:
        """Each message has its line; before it, a note of what it is."""
        self.noted: list[Line] = []
        for line in super().backward():
            yield from self.noted
            self.noted.clear()
            yield line

    def line(self, step: Passing, late: bool, alone: bool) -> Line:
        found = super().line(step, late, alone)
        text = f"-({found.text})" if found.kind == "take" else found.text
        key = flow_key(step.stage, step.place)
        slope = self.slope(step, self.meaning(step)).text
        self.noted += [Line("flow", key, text), Line("slope", key, slope)]
        return found
