"""backprop derive: the gradient as a program in the tool's own language."""

from __future__ import annotations

import click

from backprop.answer.deriving import derive
from backprop.cli.options import (
    output_option,
    quiet_option,
    shape_option,
    ties_option,
    wrt_option,
)
from backprop.cli.output import print_pieces
from backprop.cli.progress import waiting
from backprop.cli.saying import note
from backprop.cli.variables import ProgramCommand, Question

HELP = """The derivatives of PROGRAM as a program of their own, which is a PROGRAM again.

\b
  backprop derive "x**3*y" --wrt x
  backprop derive "x**3*y" --wrt x | backprop eval - --x=2 --y=3
  backprop derive "x**3*y" --wrt x | backprop derive - --wrt x
  backprop derive @staged.bp --wrt w,b | backprop draw - -o backward.svg
  backprop derive "sum((W @ x - y)**2)" --wrt W --shape W=3x4,x=4,y=3

The names are the author's, with d before them for gradients. What the derivatives don't need is
left out, equal parts are computed once, and numbers are folded. Programs on arrays need values or
a --shape.
"""


@click.command("derive", cls=ProgramCommand, help=HELP, options_metavar="[--wrt NAMES] [OPTIONS]")
@wrt_option("The derivatives by these inputs, separated by commas. By all, if not given.")
@ties_option("split")
@shape_option("The shape of an array that has no value, such as W=5x10.")
@output_option("Write a file instead of printing.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...],
    wrt: str | None, ties: str, shapes: tuple[str, ...],
) -> int:  # fmt: skip
    del program, at, pairs
    names = None if wrt is None else [name.strip() for name in wrt.split(",")]
    with waiting("deriving"):
        found = derive(asked.tree, asked.values, wrt=names, ties=ties, shapes=shapes,
                       spare=asked.spare)  # fmt: skip
    print_pieces([f"{found.text}\n"])
    if len(found.results) > 1 and "[" not in found.text.rpartition("\n")[2]:
        last = [*found.results.values()]
        note(f"the result is {last[-1]}; --result chooses {', '.join(last[:-1])}")
    return 0
