"""Program and Report in, Circuit out: which nodes there are, and what each wire carries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from backprop.answer.report import Report
from backprop.drawing.circuit import Circuit, Node, Numbers, Part, Wire, apart, clipped
from backprop.drawing.numbers import exact, short
from backprop.errors import LimitError, visible
from backprop.gates import GATES
from backprop.program.program import Program, Stage

MOST = 300  # stages that a picture can show readably
TITLE = 200  # characters of a title
SMALLER = "--around STAGE draws what is near a stage, --collapse folds what repeats"


def circuit(program: Program, report: Report | None = None, decimals: int = 2,
            parts: Sequence[Part] | None = None) -> Circuit:  # fmt: skip
    """The nodes and wires of a program; with `parts` of these alone, and what they are cut from."""
    if parts is None:
        refuse_many(program.size, SMALLER)
        parts = [Part((slot,)) for slot in drawn_slots(program)]
    return Builder(program, report, decimals, parts).circuit()


def refuse_many(count: int, hint: str) -> None:
    if count > MOST:
        raise LimitError(
            f"{count:,} gates are too many for a picture: {MOST} can be read", hint=hint
        )


def drawn_slots(program: Program) -> Iterable[int]:
    """Inputs and stages; constants stand inside gates, unless one is the answer."""
    return (
        slot
        for slot in range(len(program.gates))
        if slot not in program.constants or slot == program.output
    )


class Builder:
    def __init__(
        self, program: Program, report: Report | None, decimals: int, parts: Sequence[Part]
    ) -> None:
        self.program = program
        self.report = report
        self.decimals = decimals
        self.parts = parts
        self.part_of = {slot: k for k, part in enumerate(parts) for slot in part.slots}
        self.stage_numbers = {slot: k for k, slot in enumerate(program.stage_slots, 1)}
        self.users: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for slot, _, operands in program.forward_steps():
            for place, operand in enumerate(operands):
                self.users[operand].append((slot, place))
        self.shown = apart([*program.labels, program.output_name])
        self.nodes: list[Node] = []
        self.wires: list[Wire] = []
        self.cuts: dict[int, int] = {}  # the stubs of slots that are not drawn

    def circuit(self) -> Circuit:
        self.nodes = [self.node(part) for part in self.parts]
        for number, part in enumerate(self.parts):
            if part.label:
                self.feed_box(number, part)
            else:
                self.feed_gate(number, part.slots[0])
        for number, part in enumerate(self.parts):
            self.cut_off(number, part)
        if self.program.output in self.part_of:
            self.lead_out()
        evaluated = self.report is not None
        return Circuit(tuple(self.nodes), tuple(self.wires), title_of(self.program), evaluated)

    # Nodes.

    def node(self, part: Part) -> Node:
        if part.label:
            return self.box(part)
        (slot,) = part.slots
        label = self.program.labels[slot]
        numbers = self.numbers_of(slot)
        if slot in self.program.constants:
            return Node("constant", label, self.shown[label], numbers=numbers)
        if not self.program.operands[slot]:
            return Node("input", label, self.shown[label], numbers=numbers)
        stage = self.program.stage(slot, self.stage_numbers[slot])
        fed = len(stage.operands) - len(stage.constants)
        given = label in self.program.names
        says = f"{stage.name} = {stage.code}"
        symbol, free = symbol_of(stage), symmetric(stage)
        shown = self.shown[label]
        return Node("gate", label, symbol, given, True, says, numbers, fed, free, shown)

    def box(self, part: Part) -> Node:
        """Several stages as one, or several inputs."""
        labels, slots = self.program.labels, part.slots
        outputs = [slot for slot in slots if self.leaves(slot)]
        name = labels[outputs[-1] if outputs else slots[-1]]
        single = len(outputs) == 1
        numbers = self.numbers_of(outputs[0]) if single else Numbers()
        says = f"{labels[slots[0]]} to {labels[slots[-1]]}"
        given = name in self.program.names
        shown = self.shown[name]
        return Node("box", name, part.label, given, single, says, numbers, free=True, shown=shown)

    def leaves(self, slot: int) -> bool:
        """Is this slot's value wanted outside of its part?"""
        home = self.part_of[slot]
        outside = any(self.part_of.get(user) != home for user, _ in self.users[slot])
        return outside or slot == self.program.output

    # Wires.

    def feed_gate(self, number: int, slot: int) -> None:
        """A wire for each operand that isn't a constant."""
        operands = self.program.operands[slot]
        fed = [place for place, slot in enumerate(operands) if slot not in self.program.constants]
        for port, place in enumerate(fed):
            numbers = self.numbers(operands[place], [(slot, place)])
            self.wires.append(Wire(self.source(operands[place]), number, port, numbers))

    def feed_box(self, number: int, part: Part) -> None:
        """A wire for each slot that feeds the box; one for all those that come from one box."""
        uses: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for slot in part.slots:
            for place, operand in enumerate(self.program.operands[slot]):
                if operand not in self.program.constants and self.part_of.get(operand) != number:
                    uses[operand].append((slot, place))
        sources: defaultdict[int, list[int]] = defaultdict(list)
        for operand in uses:
            sources[self.source(operand)].append(operand)
        for port, (source, slots) in enumerate(sources.items()):
            single = len(slots) == 1
            bundle = Numbers(f"{len(slots):,} wires")
            numbers = self.numbers(slots[0], uses[slots[0]]) if single else bundle
            self.wires.append(Wire(source, number, port, numbers))
        self.nodes[number] = self.nodes[number]._replace(ports=len(sources))

    def source(self, slot: int) -> int:
        """The node that a slot's wire starts from: a stub, if the slot isn't drawn."""
        if slot in self.part_of:
            return self.part_of[slot]
        if slot not in self.cuts:
            self.cuts[slot] = len(self.nodes)
            name = self.program.labels[slot]
            self.nodes.append(Node("cut", name, f"… {self.shown[name]}"))
        return self.cuts[slot]

    def cut_off(self, number: int, part: Part) -> None:
        """A stub for all that a part feeds outside of the picture."""
        uses = [
            use for slot in part.slots for use in self.users[slot] if use[0] not in self.part_of
        ]
        if uses:
            name = self.nodes[number].name
            target = len(self.nodes)
            self.nodes.append(Node("cut", f"after-{name}", f"… {len(uses):,} more", ports=1))
            self.wires.append(Wire(number, target, 0, self.numbers(part.slots[-1], uses)))

    def lead_out(self) -> None:
        """The wire of the answer, whose gradient comes from outside."""
        output, name = self.program.output, self.program.output_name
        numbers = self.numbers_of(output)._replace(uses=())
        wire = Wire(self.part_of[output], len(self.nodes), 0, numbers)
        self.wires.append(wire)
        self.nodes.append(Node("output", name, self.shown[name], ports=1))

    # Numbers.

    def numbers_of(self, slot: int) -> Numbers:
        """What leaves a slot, and the sum of what comes back to it."""
        gradient = None if self.report is None else self.report.every.gradient(slot)
        outside = slot == self.program.output
        found = self.texts(slot, gradient)
        return found._replace(slot=slot, uses=tuple(self.users[slot]), outside=outside)

    def numbers(self, slot: int, uses: Sequence[tuple[int, int]]) -> Numbers:
        """What a slot hands to these operands, and what they pass back."""
        gradient = None
        if self.report is not None:
            flows = self.flows(uses)
            gradient = sum(flows[1:], flows[0]) if flows else 0.0
        return self.texts(slot, gradient)._replace(slot=slot, uses=tuple(uses))

    def flows(self, uses: Sequence[tuple[int, int]]) -> list[Any]:
        assert self.report is not None
        found = [self.report.every.flow(slot, place) for slot, place in uses]
        return [flow for flow in found if flow is not None]

    def texts(self, slot: int, gradient: Any) -> Numbers:
        if self.report is None:
            shapes = self.program.shapes
            return Numbers(shape_text(shapes[slot]) if shapes[slot] else "")
        value = self.report.values[slot]
        return Numbers(
            short(value, self.decimals) + self.moved(slot), short(gradient, self.decimals),
            exact(value), exact(gradient),
        )  # fmt: skip

    def moved(self, slot: int) -> str:
        """` + 0.5ε`: the tangent along a direction, as a dual number has it."""
        motion = None if self.report is None else self.report.motion
        if motion is None or motion.along is None:
            return ""
        (tangents,) = motion.tangents.values()
        tangent = 0.0 if tangents[slot] is None else tangents[slot]
        if getattr(tangent, "ndim", 0):
            return ""
        text = short(tangent, self.decimals)
        return f" - {text[1:]}ε" if text.startswith("-") else f" + {text}ε"


def title_of(program: Program) -> str:
    """The text of a program on one line, without what can't be seen; of a long one its start."""
    lines = program.text[: 2 * TITLE].splitlines()
    text = visible("; ".join(filter(None, (" ".join(line.split()) for line in lines))))
    title = text if "=" in text else f"{program.output_name} = {text}"
    return clipped(title, TITLE)


def shape_text(shape: tuple[int, ...]) -> str:
    from backprop.gates.shapes import words

    return words(shape).removeprefix("a ")


def symbol_of(stage: Stage) -> str:
    """What stands in a gate: its symbol, with the constants that it has, `max(0, ·)`."""
    symbol = stage.symbol
    if stage.gate.form.endswith("[...]"):
        symbol = stage.code.removeprefix(stage.operand_names[0])
    elif stage.constants and not stage.gate.form:
        holes = enumerate(stage.operand_names)
        shown = [name if place in stage.constants else "·" for place, name in holes]
        symbol += f"({', '.join(filter(None, shown))})".replace("(·)", "")
    return clipped(symbol)


@cache
def swaps(name: str) -> bool:
    """Is a gate the same with its two operands swapped? It is if its slopes are: their
    difference then is constant, and 0 where the operands are equal."""
    gate = GATES[name]
    if gate.array or not gate.partials[0]:
        return False
    if gate.variadic:
        return True
    if len(gate.operands) != 2:
        return False
    a, b = gate.operands
    turned = gate.partials[0].translate(str.maketrans(a + b, b + a))
    return turned == gate.partials[1]


def symmetric(stage: Stage) -> bool:
    return not stage.constants and swaps(stage.gate.name)
