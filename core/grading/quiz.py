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
from backprop.engine.kinds import kind_of
from backprop.errors import MissingValueError, UsageError
from backprop.gates.shapes import Shape, compact
from backprop.language.syntax import Tree
from backprop.program.program import CONSTANT, Program, Stage
from backprop.program.stage import stage

MOST_STAGES = 100  # of a worksheet that anybody would fill in
MOST_ENTRIES = 36  # of an array that anybody would write
TRIES = 600
FEWEST = 20
WORK = 12_000  # stages that are computed while looking for a good point
SHORT = 4  # digits of a number that is worked out by hand
LONG = 12  # what a longer one costs
DULL = 4  # and one that tells nothing: a gradient of 0, two inputs that are equal
PLAIN = tuple(float(number) for number in (-4, -3, -2, -1, 1, 2, 3, 4, 5))
HALVES = (-2.5, -1.5, -0.5, 0.5, 1.5, 2.5)
ENTRIES = (-2.0, -1.0, 1.0, 2.0, 3.0)
DOUBTS = ("tie", "kink", "jump", "corner", "switch", "near")  # where only a convention is right


class Settings(NamedTuple):
    """What makes a program of a text, and a quiz of a program."""

    gates: str = "written"
    share: bool = True
    ties: str = "auto"
    seed: int = 0


class Cell(NamedTuple):
    """What is asked for: the value of a stage, the gradient of a stage or an input; of arrays
    also the shape of a stage, and how a gradient is computed."""

    part: str  # shapes, forward, formulas or backward
    name: str  # q, or dq
    slot: int
    code: str  # how a value is computed
    answer: Any
    given: bool = False  # the gradient of the output, with which everything begins


class Quiz(NamedTuple):
    report: Report
    settings: Settings
    cells: tuple[Cell, ...]

    @property
    def arrays(self) -> bool:
        return self.cells[0].part == "shapes"


def make_quiz(
    tree: Tree, values: Mapping[str, Any], settings: Settings,
    shapes: Mapping[str, Shape] | None = None,
) -> Quiz:  # fmt: skip
    """A quiz on a program; inputs without a value are given one, of their shape in `shapes`."""
    arrays = arrays_in(values, settings.seed)
    values, shapes = {**values, **arrays}, dict(shapes or {})
    sizes = shapes | {name: array.shape for name, array in arrays.items()}
    program = staged(tree, values, settings, sizes)
    check_size(program)
    missing = {name: shapes.get(name, ()) for name in missing_inputs(program, values)}
    tried = [report for report in reports(program, values, missing, settings) if finite(report)]
    if not tried and not missing:
        raise UsageError("not all values and gradients are finite for these inputs")
    if not tried:
        hint = "give some of them a value, as in --x=0.5"
        raise UsageError("no small inputs were found for which all values are finite", hint=hint)
    best = min(tried, key=cost)
    return Quiz(best, settings, tuple(cells(best)))


def staged(
    tree: Tree, values: Mapping[str, Any], settings: Settings, shapes: Mapping[str, Shape]
) -> Program:
    arrays = {name: shape for name, shape in shapes.items() if shape}
    return stage(tree, {*values, *shapes}, settings.gates, settings.share, arrays)


def check_size(program: Program) -> None:
    if not program.size or not program.inputs:
        raise UsageError("there is nothing to ask: the program has no stage or no input")
    if program.size > MOST_STAGES:
        text = f"{program.size:,} stages are too many for a worksheet; {MOST_STAGES} fit"
        raise UsageError(text, hint="--result NAME asks for a part of the program")
    for slot, shape in enumerate(program.shapes):
        if program.gates[slot] != CONSTANT and math.prod(shape) > MOST_ENTRIES:
            text = f"{program.labels[slot]} is {compact(shape)}: a worksheet takes arrays of up to"
            raise UsageError(f"{text} {MOST_ENTRIES} entries", hint="give smaller shapes")


def reports(
    program: Program, values: Mapping[str, Any], missing: Mapping[str, Shape], settings: Settings
) -> Iterator[Report]:
    """The program at random small numbers for what has no value, as often as time allows."""
    random = Random(settings.seed)
    for _ in range(max(FEWEST, min(TRIES, WORK // program.size)) if missing else 1):
        choices = random.choice((PLAIN, PLAIN, PLAIN + HALVES))
        drawn = {
            name: listed(shape, random) if shape else random.choice(choices)
            for name, shape in missing.items()
        }
        yield evaluate(
            program, {**values, **drawn}, ties=settings.ties, upstream=after(program, settings.seed)
        )


def after(program: Program, seed: int) -> Any:
    """The gradient of an output that is an array, which the seed decides alone."""
    shape = program.shapes[program.output]
    return listed(shape, Random(f"after {seed}")) if shape else None


def listed(shape: Shape, random: Random) -> Any:
    """An array of small numbers."""
    found: list[Any] = [random.choice(ENTRIES) for _ in range(math.prod(shape))]
    for side in reversed(shape[1:]):
        found = [found[k : k + side] for k in range(0, len(found), side)]
    return found


def missing_inputs(program: Program, values: Mapping[str, Any]) -> list[str]:
    """The inputs that nobody gave a value; what else is wrong with the values is an error."""
    try:
        point(program, values)
    except MissingValueError as error:
        return error.names
    return []


def finite(report: Report) -> bool:
    """Are all numbers of both passes finite?"""
    program, known = report.program, kind_of(report.program)
    slots = [slot for slot, gate in enumerate(program.gates) if gate != CONSTANT]
    return all(
        known.finite(report.values[slot]) and known.finite(report.back.gradient(slot))
        for slot in slots
    )


# What a point costs.


def cost(report: Report) -> float:
    """How much work a point is: long numbers, and such as hide a mistake."""
    program = report.program
    found = sum(5.0 * DULL for notice in report.notices if notice.kind in DOUBTS)
    for slot, gate in enumerate(program.gates):
        if gate == CONSTANT:
            continue
        for number in (*entries(report.values[slot]), *entries(report.back.gradient(slot))):
            found += length(number) + DULL * (number == 0)
    values = [number for value in report.point.values() for number in entries(value)]
    slopes = [number for value in report.gradient.values() for number in entries(value)]
    found += DULL * (len(values) - len(set(values)))
    found += DULL * (len(slopes) - len(set(slopes))) / 2
    return found + sum(abs(value) == 1 for value in values) / 2


def entries(value: Any) -> list[float]:
    return value.ravel().tolist() if getattr(value, "ndim", 0) else [float(value)]


def length(number: float) -> float:
    """The digits of a number, as far as anybody would write them."""
    text = f"{abs(number):.9g}"
    digits = text.replace(".", "").strip("0") if "e" not in text else text
    size = 2 if abs(number) >= 1000 else 0
    return LONG if len(digits) > SHORT else len(digits) + size + ("." in text) / 2


# What is asked.


def cells(report: Report) -> Iterator[Cell]:
    """The stages forwards, then the gradients from the output to the inputs; of arrays first the
    shapes and the formulas of these."""
    program = report.program
    stages = list(program.stages())
    slots = [one.slot for one in reversed(stages)] + list(program.inputs.values())
    shapes, uses = (program.shapes, uses_of(report)) if program.arrays else ((), {})
    for one in stages[: len(shapes)]:
        yield Cell("shapes", one.name, one.slot, one.code, compact(shapes[one.slot]))
    for one in stages:
        yield Cell("forward", one.name, one.slot, one.code, report.values[one.slot])
    for slot in slots[: len(shapes)]:
        if slot != program.output:
            yield Cell("formulas", f"d{program.labels[slot]}", slot, "", rule(uses, slot))
    for slot in slots:
        name, gradient = f"d{program.labels[slot]}", report.back.gradient(slot)
        yield Cell("backward", name, slot, "", gradient, given=slot == program.output)


Uses = Mapping[int, Sequence[tuple[Stage, int]]]


def uses_of(report: Report) -> dict[int, list[tuple[Stage, int]]]:
    """For every slot, the stages that pass it a gradient, and at which of their operands."""
    found: dict[int, list[tuple[Stage, int]]] = {}
    for one in report.program.stages():
        for place, operand in enumerate(one.operands):
            if report.back.flow(one.slot, place) is not None:
                found.setdefault(operand, []).append((one, place))
    return found


def rule(uses: Uses, slot: int) -> str:
    """How a gradient comes about, in letters."""
    return " + ".join(stage.pull(place) for stage, place in uses.get(slot, [])) or "0"
