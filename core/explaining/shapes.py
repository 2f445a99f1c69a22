"""Dimension analysis: which products of a gradient and an operand have the shape that fits."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.gates.shapes import words
from backprop.program.program import Program, Stage

Shape = tuple[int, ...]


def dimensions(program: Program, stage: Stage, place: int) -> Iterator[str]:
    """Why a matrix product passes back what it does: by shapes alone, as in the notes."""
    if stage.gate.name != "matmul" or len(program.shapes[stage.slot]) != 2:
        return
    name, other = stage.operand_names[place], stage.operand_names[1 - place]
    wanted = program.shapes[stage.operands[place]]
    gradient = program.shapes[stage.slot]
    beside = program.shapes[stage.operands[1 - place]]
    if len(beside) != 2:
        return
    fits = list(fitting(f"d{stage.name}", gradient, other, beside, wanted))
    text = (
        f"d{name} must be {words(wanted)}, as {name} is; of the products of d{stage.name},"
        f" {words(gradient)}, and {other}, {words(beside)},"
    )
    if len(fits) == 1:
        yield f"{text} only {fits[0]} fits"
    else:
        yield f"{text} these fit by shape alone: {', '.join(fits)}"


def fitting(gradient: str, first: Shape, other: str, second: Shape, wanted: Shape) -> Iterator[str]:
    """The products of two matrices, each as it is or transposed, that have a shape."""
    ways = [
        ((gradient, first), (other, second)),
        ((other, second), (gradient, first)),
    ]
    for left, right in ways:
        for name, (rows, inner) in as_it_is_or_transposed(*left):
            for beside, (depth, columns) in as_it_is_or_transposed(*right):
                if inner == depth and (rows, columns) == wanted:
                    yield f"{name} @ {beside}"


def as_it_is_or_transposed(name: str, shape: Shape) -> Iterator[tuple[str, Shape]]:
    yield name, shape
    yield f"{name}.T", shape[::-1]
