"""backprop improve: a form of a program that keeps more digits."""

from __future__ import annotations

from typing import Any

import click

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import number
from backprop.checking.points import read_ranges
from backprop.cli.files import write_whole
from backprop.cli.options import (
    file_option,
    format_options,
    points_option,
    quiet_option,
    range_option,
    seed_option,
    timeout_option,
)
from backprop.cli.output import print_pieces
from backprop.cli.progress import waiting
from backprop.cli.variables import ProgramCommand, Question
from backprop.errors import UsageError
from backprop.improving.improve import POINTS, SECONDS, improve
from backprop.program.stage import stage
from backprop.showing.text import text

MOST_POINTS = 10_000

HELP = """A form of PROGRAM that keeps the digits of its value and of every gradient.

\b
  backprop improve "sqrt(x+1) - sqrt(x)" --range x=1:1e100
  backprop improve @loss.bp --range p=0:1 -o better.bp
  backprop improve "(x+1)**(1/n) - x**(1/n)" --range x=1:1e6 --n=3 --json

--range says where an input comes from: every float between its ends is as likely as any other.
An input with a value keeps it. The new program is written in the names of the old one. It was
looked at in intervals of many digits, at points that the search has not seen.
"""


@click.command(
    "improve", cls=ProgramCommand, help=HELP, options_metavar="[--range NAME=LOW:HIGH]... [OPTIONS]"
)
@range_option("Where an input comes from. Any float, if not given.")
@points_option(
    "Points that the search learns from, and as many others that judge.", 8, MOST_POINTS, POINTS
)
@seed_option("The seed of the points.")
@timeout_option("How long the search may go on.", SECONDS)
@format_options("text", "json")
@file_option("Write the new program to a file as well.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...],
    ranges: tuple[str, ...], points: int, seed: int, timeout: float, kind: str, file: str | None,
) -> int:  # fmt: skip
    del program, at, pairs
    staged = stage(asked.tree, asked.values)
    if arrays := arrays_in(asked.values, seed):
        raise UsageError(
            f"a form is looked for among numbers, and {next(iter(arrays))} is an array",
            hint="write out one entry of what the program computes",
        )
    where: dict[str, Any] = dict(read_ranges(ranges, staged))
    for name, value in asked.values.items():
        if name in staged.inputs:
            where.setdefault(name, (number(name, value),) * 2)
    with waiting("improving"):
        found = improve(staged, where, points=points, seed=seed, seconds=timeout)
    print_pieces([(found.to_json() if kind == "json" else text(found)) + "\n"])
    if file is not None:
        write_whole(file, found.text + "\n")
    return 0
