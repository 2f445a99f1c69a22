"""The right local derivative of a statement, as a formula in the names of its program."""

from __future__ import annotations

from backprop.arithmetic.texts import partial_text
from backprop.gates import GATES
from backprop.grading.worlds import Statement
from backprop.program.program import CONSTANT, INPUT, Program, bracketed, written

LONGEST = 72  # characters of a formula that helps


def right_line(statement: Statement, variable: str, gradient: str) -> str:
    """What a statement passes back, `2 * xpy * dxpysqr`; empty if it would be long."""
    program = statement.closed()
    if not program.arrays:
        slope = slope_text(program, variable, statement.name)
        return joined(slope, gradient) if slope else ""
    return array_text(program, variable, statement.name, gradient)


def slope_text(program: Program, variable: str, name: str) -> str:
    """The sum over all ways from the variable to the statement of the slopes on the way."""
    into = program.inputs[variable]
    if into == program.output:
        return "1"
    texts = texts_of(program, name)
    slopes: dict[int, list[str]] = {into: ["1"]}
    for slot, gate, operands in program.forward_steps():
        for place, operand in enumerate(operands):
            partial = GATES[gate].partial(place)
            if operand in program.constants or not partial or operand not in slopes:
                continue
            if GATES[gate].ties or GATES[gate].variadic or ";" in partial:
                return ""
            fed = [bracketed(texts[one]) for one in operands]
            local = partial_text(gate, place, fed, bracketed(texts[slot]))
            before = slopes[operand]
            inner = before[0] if len(before) == 1 else f"({' + '.join(before)})"
            slopes.setdefault(slot, []).append(joined(local, inner))
            if sum(map(len, slopes[slot])) > LONGEST:
                return ""
    found = slopes.get(program.output, [])
    return found[0] if len(found) == 1 else f"({' + '.join(found)})" if found else ""


def texts_of(program: Program, name: str) -> list[str]:
    """Every slot in the names of the program: inputs, constants, or the code of a stage."""
    texts = [""] * len(program.gates)
    names = {slot: label for label, slot in program.inputs.items()}
    for slot, gate in enumerate(program.gates):
        if gate == INPUT:
            texts[slot] = names[slot]
        elif gate == CONSTANT:
            texts[slot] = program.literals[slot]
        else:
            fed = [texts[one] for one in program.operands[slot]]
            text = written(gate, fed) if sum(map(len, fed)) < LONGEST else "?" * LONGEST
            texts[slot] = text
    texts[program.output] = name
    return texts


def joined(slope: str, factor: str) -> str:
    """A product without ones."""
    if slope == "1":
        return factor
    if factor == "1":
        return slope
    if slope == "-1":
        return f"-{factor}"
    return f"{as_factor(slope)} * {as_factor(factor)}"


def as_factor(text: str) -> str:
    """A formula as a factor: a sum, a quotient or a comparison needs brackets."""
    signs = (" + ", " - ", " < ", " > ", " >= ", " <= ", " == ", " != ", "/")
    return f"({text})" if any(sign in text for sign in signs) else text


def array_text(program: Program, variable: str, name: str, gradient: str) -> str:
    """What the only gate of a statement on arrays passes back."""
    stages = list(program.stages())
    if len(stages) != 1:
        return ""
    place = next((k for k, one in enumerate(stages[0].operand_names) if one == variable), None)
    if place is None or stages[0].operand_names.count(variable) > 1:
        return ""
    text = stages[0].pull(place)
    own = f"d{stages[0].name}"
    text = text.replace(own, gradient) if own in text else text
    helpers = ("spread(", "routed(", "scattered(", "piece(", "total(", "like(", "where(")
    return "" if len(text) > LONGEST or any(one in text for one in helpers) else text
