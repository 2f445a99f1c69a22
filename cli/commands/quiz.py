"""backprop quiz: a worksheet with blank cells for both passes, or its key."""

from __future__ import annotations

from typing import Any

import click

from backprop.cli.output import print_pieces
from backprop.cli.render.worksheet import render_json
from backprop.cli.staging import staging_options
from backprop.cli.variables import ProgramCommand, Question
from backprop.errors import visible
from backprop.grading.quiz import Settings, make_quiz
from backprop.grading.worksheet import written

HELP = """A worksheet on PROGRAM: every value and every gradient is a blank to be filled in.

\b
  backprop quiz "(x+y)*z" --seed 7 > sheet.txt
  backprop check @sheet.txt
  backprop quiz "(x+y)*z" --seed 7 --key
  backprop quiz @staged.bp --x=3

Inputs without a value get one such that the numbers stay short; another --seed, other ones.
"""


@click.command("quiz", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@click.option(
    "--seed", type=click.IntRange(0), default=0, help="Another seed, other numbers; 0 by default."
)
@click.option("--key", is_flag=True, help="Fill in the answers.")
@staging_options()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], seed: int, key: bool,
    gates: str, no_share: bool, ties: str, as_json: bool, **_options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    spare = {name for name in asked.spare if name not in asked.tree.names}
    values = {name: value for name, value in asked.values.items() if name not in spare}
    quiz = make_quiz(asked.tree, values, Settings(gates, not no_share, ties, seed))
    if as_json:
        print_pieces(render_json(quiz, key=key))
    else:
        print_pieces(f"{visible(line)}\n" for line in written(quiz, key=key))
    return 0
