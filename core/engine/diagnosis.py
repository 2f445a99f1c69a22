"""What to say about one run: kinks, near and far, and the first stage to lose finiteness."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from math import inf, isfinite
from typing import Any

from backprop.arithmetic.ieee import IEEE, POLE
from backprop.arithmetic.system import Arithmetic
from backprop.arithmetic.texts import COMPARISONS
from backprop.engine.kinds import resolve
from backprop.engine.numbers import Backward, forward
from backprop.engine.ties.conventions import AUTO, Resolved
from backprop.engine.ties.watch import Watch, is_tied
from backprop.gates import CORNERS, GATES
from backprop.program.program import Notice, Program, written

NEAR = 1e-8  # a gate closer than this to where it switches is said to be


def diagnose(
    program: Program,
    point: Mapping[str, float],
    values: Sequence[float],
    resolved: Resolved,
    wrt: Sequence[str],
    ties: str,
) -> Iterator[Notice]:
    """Everything to say about a run, and a remedy if its answer isn't finite."""
    back = resolved.back
    if program.arrays:
        from backprop.engine.array_diagnosis import notices as of_arrays

        yield from of_arrays(program, values, back, resolved, ties)
        return
    if resolved.kinks:
        from backprop.engine.ties.wording import notices

        yield from notices(program, resolved, ties)
    yield from corners(program, values, back)
    yield from near_kinks(program, values, back)
    yield from faults(program, values, back)
    answer = [values[program.output], *(back.gradient(program.inputs[name]) for name in wrt)]
    if not all(map(isfinite, answer)):
        yield from remedy(program, point, wrt)


def corners(program: Program, values: Sequence[float], back: Backward) -> Iterator[Notice]:
    """Stages at a point where even the value is a convention: 0**0."""
    if CORNERS.isdisjoint(program.gates):
        return
    for slot, name, operands in program.forward_steps():
        fed = [values[operand] for operand in operands]
        if name in CORNERS and back.reached(slot) and is_tied(name, fed, values[slot]):
            kink, label = GATES[name].kink, program.labels[slot]
            assert kink is not None
            code = f"{label} = {program.stage(slot, 0).code}"
            text = f"{code} has a corner here: {kink.convention} by convention; {kink.slopes}"
            yield Notice(kink.what, text, label)


def near_kinks(program: Program, values: Sequence[float], back: Backward) -> Iterator[Notice]:
    """Every stage with a say in the answer that almost has no derivative."""
    near = []
    for slot, name, operands in program.bending:
        fed, out = [values[operand] for operand in operands], values[slot]
        gap = distance(name, fed, out)
        if 0 < gap <= NEAR * max(1.0, *map(abs, fed)) and not is_tied(name, fed, out):
            near.append((slot, gap))
    heard = heard_of(program, back) if near else ()
    for slot, gap in near:
        if back.reached(slot) or slot in heard:
            label = program.labels[slot]
            code = f"{label} = {program.stage(slot, 0).code}"
            yield Notice("near", f"{code} is within {gap:.1g} of switching", label)


def heard_of(program: Program, back: Backward) -> Collection[int]:
    """The operands of all stages that gradient reached."""
    return {
        operand
        for slot, _, operands in program.forward_steps()
        if back.reached(slot)
        for operand in operands
    }


def distance(name: str, fed: Sequence[Any], out: Any, arithmetic: Arithmetic = IEEE) -> Any:
    """How far a gate is from where it has no derivative; inf if it is nowhere near."""
    if GATES[name].ties and len(fed) == 2:
        found = abs(fed[0] - fed[1])
    elif GATES[name].ties:
        found = sorted(abs(value - out) for value in fed)[1]
    elif gap := arithmetic.gap[name]:
        found = gap(*fed, out)
    else:
        test = arithmetic.kink[name]
        found = 0.0 if test and test(*fed, out) else inf
    return found if found == found else inf


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


def remedy(program: Program, point: Mapping[str, float], wrt: Sequence[str]) -> Iterator[Notice]:
    """A stable gate that keeps this very run finite, found by fusing and trying it."""
    from backprop.program.fusing import fuse

    fused = fuse(program)
    values = forward(fused, point)
    back = resolve(Watch(fused, wrt), values, AUTO).back
    answer = [values[fused.output], *(back.gradient(slot) for slot in fused.inputs.values())]
    if fused.gates != program.gates and all(map(isfinite, answer)):
        before = set(program.gates)
        codes = [stage.code for stage in fused.stages() if stage.gate.name not in before]
        yield Notice("remedy", f"{' and '.join(codes[:3])} stays finite here")


def place(program: Program, slot: int) -> str:
    """A stage by number, name and gate: `stage 2 (q2, exp)`."""
    number = sum(1 for _ in filter(None, program.operands[: slot + 1]))
    return f"stage {number} ({program.labels[slot]}, {program.gates[slot]})"
