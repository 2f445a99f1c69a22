"""What deserves a word about one run: kinks, ties, and the first stage to lose finiteness."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import inf, isfinite

from backprop.arithmetic.ieee import KINK, POLE
from backprop.engine import Backward, backward, forward
from backprop.gates import GATES
from backprop.gates.rules import COMPARISONS
from backprop.program import Notice, Program, written

SHARING = {
    "notes": "every tied input gets the whole gradient",
    "split": "tied inputs share the gradient",
    "first": "the first tied input gets the whole gradient",
}


def diagnose(
    program: Program,
    point: Mapping[str, float],
    values: Sequence[float],
    back: Backward,
    wrt: Iterable[str],
    ties: str,
) -> Iterator[Notice]:
    """Everything to say about a run, and a remedy if its answer isn't finite."""
    yield from kinks(program, values, back, ties)
    yield from faults(program, values, back)
    answer = [values[program.output], *(back.gradient(program.inputs[name]) for name in wrt)]
    if not all(map(isfinite, answer)):
        yield from remedy(program, point, ties)


def kinks(program: Program, values: Sequence[float], back: Backward, ties: str) -> Iterator[Notice]:
    """Every stage that gradient reached at a point where it has no derivative."""
    suspects = {
        name
        for name in set(program.gates)
        if name in GATES and (GATES[name].ties or GATES[name].kink)
    }
    if not suspects:
        return
    for slot, name, operands in program.forward_steps():
        if name not in suspects or not back.reached(slot):
            continue
        gate, fed, out = GATES[name], [values[operand] for operand in operands], values[slot]
        code = f"{program.labels[slot]} = {program.stage(slot, 0).code}"
        if gate.ties:
            tied = sum(value == out for value in fed)
            if tied > 1:
                message = (
                    f"{code} is tied at {out:.6g}: {SHARING[ties]}; one-sided slopes are 0 and 1"
                )
                yield Notice("tie", message, program.labels[slot])
        elif gate.kink and (test := KINK[name]) and test(*fed, out):
            kink = gate.kink
            message = (
                f"{code} has a {kink.what} here: {kink.convention} by convention; {kink.slopes}"
            )
            yield Notice(kink.what, message, program.labels[slot])


def faults(program: Program, values: Sequence[float], back: Backward) -> Iterator[Notice]:
    """The first stage forward, and the first one backward, that made something infinite or nan."""
    if not all(map(isfinite, values)):
        yield from forward_fault(program, values, back)
    if not all(map(isfinite, back.gradients)):
        yield from backward_fault(program, values, back)


def forward_fault(program: Program, values: Sequence[float], back: Backward) -> Iterator[Notice]:
    """What lies in a branch that was not taken is no fault, unless a comparison looks at it."""
    judged = {
        operand
        for _, name, operands in program.forward_steps()
        if name in COMPARISONS
        for operand in operands
    }
    for name, slot in program.inputs.items():
        if not isfinite(values[slot]):
            yield Notice("nonfinite", f"the input {name} is {values[slot]}", name)
            return
    for slot, name, operands in program.forward_steps():
        out = values[slot]
        fed = [values[operand] for operand in operands]
        if isfinite(out) or not all(map(isfinite, fed)):
            continue
        if not back.reached(slot) and slot not in judged:
            continue
        code = written(name, [f"{value:.6g}" for value in fed])
        kind, reason = fault_of(name, fed, out)
        yield Notice(
            kind, f"{place(program, slot)}: {code} is {out}, {reason}", program.labels[slot]
        )
        return


def fault_of(name: str, fed: list[float], out: float) -> tuple[str, str]:
    gate = GATES[name]
    if out != out:
        return "undefined", gate.remedy or f"outside the domain of {name}"
    if (pole := POLE[name]) and pole(*fed, out):
        return "pole", "a pole"
    return "overflow", "larger than any float"


def backward_fault(program: Program, values: Sequence[float], back: Backward) -> Iterator[Notice]:
    for slot, name, operands in program.backward_steps():
        gradient, slopes = back.gradients[slot], back.locals[slot]
        for position in range(len(operands)):
            slope = slopes[position] if slopes else None
            flow = back.flow(slot, position)
            if slope is None or flow is None or isfinite(flow):
                continue
            label, where = program.labels[operands[position]], place(program, slot)
            if label in program.literals.values() and operands[position] in program.constants:
                continue
            if abs(slope) == inf and isfinite(gradient) and gradient != 0:
                at = f"{values[operands[position]]:.6g}"
                yield Notice(
                    "infinite-slope",
                    f"{where}: the slope is {slope} at {label} = {at}",
                    program.labels[slot],
                )
            elif slope != slope:
                remedy = GATES[name].remedy
                text = f"{where}: the slope for {label} is undefined" + (
                    f" ({remedy})" if remedy else ""
                )
                yield Notice("undefined", text, program.labels[slot])
            else:
                text = f"{where}: {gradient:.6g} * {slope:.6g} is {flow} on the way back to {label}"
                yield Notice("nonfinite", text, program.labels[slot])
            return
        if gradient != gradient:
            text = f"contributions of inf and -inf meet at {program.labels[slot]}"
            yield Notice("nonfinite", text, program.labels[slot])
            return


def remedy(program: Program, point: Mapping[str, float], ties: str) -> Iterator[Notice]:
    """A stable gate that keeps this very run finite, found by fusing and trying it."""
    from backprop.fusing import fuse

    fused = fuse(program)
    values = forward(fused, point)
    back = backward(fused, values, ties)
    answer = [values[fused.output], *(back.gradient(slot) for slot in fused.inputs.values())]
    if fused.gates != program.gates and all(map(isfinite, answer)):
        before = set(program.gates)
        codes = [stage.code for stage in fused.stages() if stage.gate.name not in before]
        yield Notice("remedy", f"{' and '.join(codes[:3])} stays finite here")


def place(program: Program, slot: int) -> str:
    """A stage by number, name and gate: `stage 2 (q2, exp)`."""
    number = sum(1 for _ in filter(None, program.operands[: slot + 1]))
    return f"stage {number} ({program.labels[slot]}, {program.gates[slot]})"
