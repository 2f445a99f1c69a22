"""The backward pass as data: who passes what back to whom, before any number is known.

    dx += slope * dout      one Passing: a stage, the operand it feeds, a text of the table

A slope is a text in our own language over the stage's operands and `out`. A gate that routes
has no slope but a condition: it hands its gradient on where that holds, and elsewhere nothing,
not even 0 * inf. Emitters write these steps down; the engine runs the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple, TypeVar

from backprop.arithmetic.texts import template
from backprop.gates import GATES
from backprop.program.program import Program

T = TypeVar("T")


class Passing(NamedTuple):
    """What one stage passes back to one of its operands."""

    stage: int  # the slot whose gradient is passed on
    place: int  # which of its operands gets something
    into: int  # that operand's slot
    slope: str  # by which it is multiplied: "1", "b", "-out*out"; for arrays the whole message
    when: str  # under which condition; empty if always
    domain: str  # where the slope is a number, nan elsewhere; empty if everywhere
    first: bool  # is it the first that this slot gets: `=`, not `+=`?


def passings(
    program: Program, ties: str = "notes", wrt: Iterable[str] | None = None
) -> Iterator[Passing]:
    """Every step of the backward pass, in the order of the engine's."""
    reached: set[int] = {program.output}
    for slot, name, operands in program.backward_steps(wrt):
        if slot not in reached:
            continue
        gate = GATES[name]
        for place, operand in enumerate(operands):
            if operand in program.constants or not gate.partial(place):
                continue
            slope, when, domain = slope_and_conditions(name, place, len(operands), ties)
            first = operand not in reached
            yield Passing(slot, place, operand, slope, when, domain, first)
            reached.add(operand)


@cache
def slope_and_conditions(name: str, place: int, count: int, ties: str) -> tuple[str, str, str]:
    """The slope of a stage for one operand, where it passes anything at all, and where the
    slope is a number. What routes by its own value can't choose if that is nan: all get nan."""
    gate = GATES[name]
    text = gate.partial(place)
    if not gate.routes:
        slope, when = text, ""
    elif gate.ties and not gate.array:
        slope, when = tied(text, place, count, ties)
    else:
        slope, when = "1", text
    if gate.routes and not gate.array and all(gate.partials):
        return slope, f"({when}) + (out != out)", "out == out"
    return slope, when, gate.domain


def tied(text: str, place: int, count: int, ties: str) -> tuple[str, str]:
    """max and min: everybody who is as large as the result, a share each, or the first.

    Of two, the notes compare one with the other: 1(x >= y), 1(y >= x).
    """
    rival = f"a{1 - place}" if count == 2 else "out"
    here = template(text, ("a", "out")).format(f"a{place}", rival)
    if ties == "split" and count == 2:
        return "where(a0 == a1, 0.5, 1)", here
    if ties == "split":
        return "1/(" + " + ".join(f"(a{k} == out)" for k in range(count)) + ")", here
    if ties == "first" and place:
        return "1", f"({here})" + "".join(f"*(a{k} != out)" for k in range(place))
    return "1", here


def meaning(program: Program, step: Passing) -> dict[str, int]:
    """The slots that the names in a step's texts stand for."""
    operands = program.operands[step.stage]
    return named(program.gates[step.stage], step.place, (*operands, step.stage))


def named(name: str, place: int, fed: Sequence[T]) -> dict[str, T]:
    """What the names in the texts of a gate stand for, given its operands and its value.

    A gate of any number of operands has `a` for the one that is passed to, and a0, a1, ...
    """
    gate, (*operands, out) = GATES[name], fed
    if gate.variadic:
        every = {f"a{k}": operand for k, operand in enumerate(operands)}
        return {"a": operands[place], **every, "out": out}
    return {**dict(zip(gate.operands, operands, strict=True)), "out": out}


def always_reached(program: Program, steps: Iterable[Passing]) -> set[int]:
    """The slots that get a gradient at every point. Others do only where a gate routes to them,
    and where nothing arrives, nothing is passed on."""
    found = {program.output}
    for step in steps:
        if step.stage in found and not step.when:
            found.add(step.into)
    return found
