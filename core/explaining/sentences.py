"""One stage in words: what it computes, what has come back to it, and what it hands back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from backprop.answer.report import Computed, Report
from backprop.engine.ties.wording import winners
from backprop.explaining.remarks import remarks
from backprop.gates.row import Gate
from backprop.program.program import CONSTANT, Stage, bracketed, written

READABLE = 40  # characters of a slope that is shown as a formula
VOWELS = "aeio"

Number = Callable[[Any], str]


class Told(NamedTuple):
    """One stage: what it computes, and what it hands back."""

    id: int
    name: str
    code: str
    forward: str
    gradient: str
    rule: str
    passes: tuple[str, ...]
    remarks: tuple[str, ...]


class Teller:
    """Tells the stages of one report."""

    def __init__(self, report: Report, number: Number) -> None:
        self.report = report
        self.number = number
        self.paths = paths(report)

    def told(self, computed: Computed) -> Told:
        stage = computed.stage
        return Told(
            stage.id,
            stage.name,
            stage.code,
            self.forward(computed),
            self.gradient(computed),
            self.rule(stage) + self.broadcast(stage),
            tuple(self.passes(computed)),
            tuple(self.striking(computed)),
        )

    def rule(self, stage: Stage) -> str:
        """What its gate does with a gradient, also where several inputs are the largest."""
        found, resolved = rule(stage.gate), self.report.resolved
        if not stage.gate.ties or resolved is None or stage.slot not in resolved.tied:
            return found
        whom = winners(self.report.program, resolved, stage.slot)
        return f"{found.partition(';')[0]}; here several are equal, and {whom}."

    def broadcast(self, stage: Stage) -> str:
        """That an operand which was broadcast gets the sum of what belongs to it."""
        names = [
            name
            for name, axes in zip(stage.operand_names, stage.broadcast, strict=False)
            if axes and name not in self.report.program.literals.values()
        ]
        if not names:
            return ""
        verb = "was" if len(names) == 1 else "were"
        return f" {' and '.join(names)} {verb} broadcast, so the gradients of all copies add up."

    def forward(self, computed: Computed) -> str:
        """`q = x + y = -2 + 5 = 3`."""
        stage, value = computed.stage, self.number(computed.value)
        numbers = self.with_numbers(computed)
        between = f" = {numbers}" if numbers not in ("", stage.code, value) else ""
        return f"{stage.name} = {stage.code}{between} = {value}{self.moved(stage)}"

    def moved(self, stage: Stage) -> str:
        """`; moves by 5 with x1, 2 with x2`: its tangents, if they were asked for."""
        motion = self.report.motion
        if motion is None or not motion.tangents:
            return ""
        parts = []
        for name, tangents in motion.tangents.items():
            tangent = tangents[stage.slot]
            number = self.number(0.0 if tangent is None else tangent)
            parts.append(f"{number} with {name}" if name else number)
        return f"; moves by {', '.join(parts)}"

    def with_numbers(self, computed: Computed) -> str:
        """`-2 + 5`."""
        stage, program = computed.stage, self.report.program
        fed = [
            program.literals[slot]
            if program.gates[slot] == CONSTANT
            else self.number(self.report.values[slot])
            for slot in stage.operands
        ]
        return written(stage.gate.name, fed)

    def gradient(self, computed: Computed) -> str:
        """What has come back to a stage, and what that asks of it."""
        stage, program = computed.stage, self.report.program
        if stage.slot == program.output:
            return f"It is the output, so its own gradient is {self.number(computed.gradient)}."
        if not self.report.every.reached(stage.slot):
            return "No gradient reaches it, so it passes none on."
        total = self.sum(stage.slot, stage.name)
        return f"Its gradient is {total}{self.wish(computed)}."

    def sum(self, slot: int, name: str) -> str:
        """`dx = 0.512 through num - 0.035 through sigx = 0.477`."""
        gradient = self.number(self.report.every.gradient(slot))
        parts = self.paths.get(slot, [])
        if len(parts) < 2:
            return f"d{name} = {gradient}"
        shares = added([(label, self.number(part)) for label, part in parts])
        return f"d{name} = {shares} = {gradient} (used {len(parts)} times, so gradients add up)"

    def wish(self, computed: Computed) -> str:
        """What would raise the output: `: to raise f, q should go down, 4 times as strongly`."""
        output, name = self.report.program.output_name, computed.stage.name
        if not computed.gradient or computed.gradient != computed.gradient:
            return f": a small change of {name} does not change {output}"
        side, size = "up" if computed.gradient > 0 else "down", computed.gradient
        return f": to raise {output}, {name} should go {side}, {times(size, self.number)}"

    def striking(self, computed: Computed) -> Iterator[str]:
        yield from remarks(self.report, computed, self.number)

    def passes(self, computed: Computed) -> Iterator[str]:
        """`dq = z * df = -4 * 1 = -4`, a line an operand."""
        stage = computed.stage
        if not self.report.every.reached(stage.slot):
            return
        for place, name in enumerate(stage.operand_names):
            flow = computed.flows[place]
            if not stage.passes_to(place):
                continue
            if flow is None:
                yield f"d{name}: nothing passes"
            else:
                yield from self.passed(computed, place)

    def passed(self, computed: Computed, place: int) -> Iterator[str]:
        yield self.product(computed, place)

    def product(self, computed: Computed, place: int) -> str:
        stage = computed.stage
        sign = "+=" if len(self.paths.get(stage.operands[place], [])) > 1 else "="
        slope, flow = self.number(computed.slopes[place]), self.number(computed.flows[place])
        formula = self.report.local(stage, place)
        head = f"d{stage.operand_names[place]} {sign} "
        gradient, name = self.number(computed.gradient), f"d{stage.name}"
        if formula == "1" or (stage.gate.routes and computed.slopes[place] == 1.0):
            return f"{head}{name} = {flow}"
        if formula == "-1":
            return f"{head}-{name} = {flow}"
        product = f"{bracketed(slope)} * {bracketed(gradient)} = {flow}"
        if not formula or len(formula) > READABLE or ";" in formula:
            return f"{head}{product}"
        return f"{head}{factor(formula)} * {name} = {product}"


def rule(gate: Gate) -> str:
    """`A mul gate swaps its inputs and multiplies: ...`."""
    article = "An" if gate.name[0] in VOWELS else "A"
    return f"{article} {gate.name} gate {gate.flow}."


def factor(formula: str) -> str:
    """A slope as a factor of a product: a sum needs brackets."""
    return (
        f"({formula})" if any(sign in formula for sign in (" + ", " - ", " < ", " > ")) else formula
    )


def times(gradient: float, number: Number) -> str:
    size = number(abs(gradient))
    if size == "1":
        return "just as strongly"
    return {"0.5": "half as strongly", "2": "twice as strongly"}.get(
        size, f"{size} times as strongly"
    )


def added(shares: Sequence[tuple[str, str]]) -> str:
    """Contributions as a sum, a minus for those that are negative."""
    (first, number), *others = shares
    text = f"{number} through {first}"
    for label, part in others:
        sign = "-" if part.startswith("-") else "+"
        text += f" {sign} {part.removeprefix('-')} through {label}"
    return text


def paths(report: Report) -> dict[int, list[tuple[str, Any]]]:
    """For every slot, through which stages gradient came, and how much through each."""
    found: dict[int, list[tuple[str, Any]]] = {}
    for slot, _, operands in report.program.forward_steps():
        for place, operand in enumerate(operands):
            flow = report.every.flow(slot, place)
            if flow is not None and operand not in report.program.constants:
                found.setdefault(operand, []).append((report.program.labels[slot], flow))
    return found
