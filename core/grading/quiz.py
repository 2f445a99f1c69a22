"""A program as a quiz: inputs chosen so that the numbers of both passes stay short enough to be
worked out by hand, and a cell for every number that is asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from backprop.answer.evaluation import arrays_in, evaluate
from backprop.answer.report import Report
from backprop.answer.values import point
from backprop.errors import MissingValueError, UsageError
from backprop.language.syntax import Tree
from backprop.program.program import CONSTANT, Program
from backprop.program.stage import stage

MOST_STAGES = 100  # of a worksheet that anybody would fill in
TRIES = 600
FEWEST = 20
WORK = 12_000  # stages that are computed while looking for a good point
SHORT = 4  # digits of a number that is worked out by hand
LONG = 12  # what a longer one costs
DULL = 4  # and one that tells nothing: a gradient of 0, two inputs that are equal
PLAIN = tuple(float(number) for number in (-4, -3, -2, -1, 1, 2, 3, 4, 5))
HALVES = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)
DOUBTS = ("tie", "kink", "jump", "corner", "switch", "near")  # where only a convention is right


class Settings(NamedTuple):
    """What makes a program of a text, and a quiz of a program."""

    gates: str = "written"
    share: bool = True
    ties: str = "auto"
    seed: int = 0


class Cell(NamedTuple):
    """A number that is asked for: the value of a stage, or the gradient of a stage or an input."""

    part: str  # forward or backward
    name: str  # q, or dq
    slot: int
    code: str  # how a value is computed
    answer: float
    given: bool = False  # the gradient of the output, with which everything begins


class Quiz(NamedTuple):
    report: Report
    settings: Settings
    cells: tuple[Cell, ...]


def make_quiz(tree: Tree, values: Mapping[str, Any], settings: Settings) -> Quiz:
    """A quiz on a program; inputs without a value are given one."""
    program = stage(tree, values, settings.gates, settings.share)
    check_size(program, values)
    missing = missing_inputs(program, values)
    tried = [report for report in reports(program, values, missing, settings) if finite(report)]
    if not tried and not missing:
        raise UsageError("not all values and gradients are finite for these inputs")
    if not tried:
        hint = "give some of them a value, as in --x=0.5"
        raise UsageError("no small inputs were found for which all values are finite", hint=hint)
    best = min(tried, key=cost)
    return Quiz(best, settings, tuple(cells(best)))


def check_size(program: Program, values: Mapping[str, Any]) -> None:
    if program.arrays or arrays_in(values, 0):
        raise UsageError("a quiz is about numbers, and this program is about arrays")
    if not program.size or not program.inputs:
        raise UsageError("there is nothing to ask: the program has no stage or no input")
    if program.size > MOST_STAGES:
        text = f"{program.size:,} stages are too many for a worksheet; {MOST_STAGES} fit"
        raise UsageError(text, hint="--result NAME asks for a part of the program")


def reports(
    program: Program, values: Mapping[str, Any], missing: Sequence[str], settings: Settings
) -> Iterator[Report]:
    """The program at random small numbers for what has no value, as often as time allows."""
    random = Random(settings.seed)
    for _ in range(max(FEWEST, min(TRIES, WORK // program.size)) if missing else 1):
        choices = random.choice((PLAIN, PLAIN, PLAIN + HALVES))
        drawn = {name: random.choice(choices) for name in missing}
        yield evaluate(program, {**values, **drawn}, ties=settings.ties)


def missing_inputs(program: Program, values: Mapping[str, Any]) -> list[str]:
    """The inputs that nobody gave a value; what else is wrong with the values is an error."""
    try:
        point(program, values)
    except MissingValueError as error:
        return error.names
    return []


def finite(report: Report) -> bool:
    """Are all numbers of both passes finite?"""
    gradients = map(report.back.gradient, range(len(report.values)))
    return all(map(math.isfinite, (*report.values, *gradients)))


# What a point costs.


def cost(report: Report) -> float:
    """How much work a point is: long numbers, and such as hide a mistake."""
    program = report.program
    found = sum(5.0 * DULL for notice in report.notices if notice.kind in DOUBTS)
    for slot, gate in enumerate(program.gates):
        if gate == CONSTANT:
            continue
        value, gradient = report.values[slot], report.back.gradient(slot)
        found += length(value) + length(gradient)
        found += DULL * (gradient == 0) + DULL * (value == 0)
    values = list(report.point.values())
    slopes = list(report.gradient.values())
    found += DULL * (len(values) - len(set(values)))
    found += DULL * (len(slopes) - len(set(slopes))) / 2
    return found + sum(abs(value) == 1 for value in values) / 2


def length(number: float) -> float:
    """The digits of a number, as far as anybody would write them."""
    text = f"{abs(number):.9g}"
    digits = text.replace(".", "").strip("0") if "e" not in text else text
    size = 2 if abs(number) >= 1000 else 0
    return LONG if len(digits) > SHORT else len(digits) + size + ("." in text) / 2


# What is asked.


def cells(report: Report) -> Iterator[Cell]:
    """The stages forwards, then the gradients from the output to the inputs."""
    program = report.program
    stages = list(program.stages())
    for one in stages:
        yield Cell("forward", one.name, one.slot, one.code, report.values[one.slot])
    slots = [one.slot for one in reversed(stages)] + list(program.inputs.values())
    for slot in slots:
        name, gradient = f"d{program.labels[slot]}", report.back.gradient(slot)
        yield Cell("backward", name, slot, "", gradient, given=slot == program.output)
