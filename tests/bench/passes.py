"""The backward pass in terms of the forward pass, on a program that is read already."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from time import process_time

from arena import pairs
from table import Row, at_most
from texts import Problem, mixed

TITLE = "One evaluation"
SIZES = (1_000, 100_000)


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    for size in SIZES:
        yield ratio(mixed(size, size), size, max(9, (100_000 if quick else 2_000_000) // size))


def ratio(problem: Problem, size: int, rounds: int) -> Row:
    from backprop import parse
    from backprop.engine.numbers import backward, forward

    program = parse(problem.text)
    forwards, boths = [], []
    backward(program, forward(program, problem.point))  # compiles the gates
    for _ in range(rounds):
        start = process_time()
        values = forward(program, problem.point)
        middle = process_time()
        backward(program, values)
        stop = process_time()
        forwards.append(middle - start)
        boths.append(stop - start)
    row = at_most(f"{size:,} stages, (forward + backward) : forward", pairs(forwards, boths), 3)
    best = min(forwards) / program.size * 1e9, min(boths) / program.size * 1e9
    return row._replace(measured=f"{row.measured}, {best[0]:.0f} and {best[1]:.0f} ns a stage")
