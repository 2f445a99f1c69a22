"""backprop quiz: a worksheet with blank cells for both passes, or its key."""

from __future__ import annotations

import click

from backprop.answer.sizes import read_shapes
from backprop.cli.options import (
    format_options,
    option,
    output_option,
    quiet_option,
    seed_option,
    shape_option,
    staging_options,
)
from backprop.cli.output import print_pieces
from backprop.cli.render.worksheet import FORMS
from backprop.cli.variables import ProgramCommand, Question
from backprop.grading.quiz import Settings, make_quiz

HELP = """A worksheet on PROGRAM: every value and every gradient is a blank to be filled in.

\b
  backprop quiz "(x+y)*z" --seed 7 -o sheet.txt
  backprop check @sheet.txt
  backprop quiz "(x+y)*z" --seed 7 --key
  backprop quiz @staged.bp --x=3
  backprop quiz "h = W@x + b; sum(h**2)" --shape W=2x3,x=3,b=2

An input without a value gets one that keeps the numbers short. Another --seed gives others.
"""


@click.command("quiz", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@seed_option("Another seed chooses other numbers.")
@shape_option("The shape of an array without a value, such as W=2x3.")
@option("--key", is_flag=True, help="Fill in the answers.")
@staging_options()
@format_options("plain", "markdown", "json")
@output_option("Write the worksheet to a file.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], seed: int, key: bool,
    gates: str, no_share: bool, ties: str, kind: str, shapes: tuple[str, ...],
) -> int:  # fmt: skip
    del program, at, pairs
    spare = {name for name in asked.spare if name not in asked.tree.names}
    values = {name: value for name, value in asked.values.items() if name not in spare}
    settings = Settings(gates, not no_share, ties, seed)
    quiz = make_quiz(asked.tree, values, settings, read_shapes(shapes))
    print_pieces(FORMS[kind](quiz, key=key))
    return 0
