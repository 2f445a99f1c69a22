"""backprop explain: the backward pass in words."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from backprop.cli.commands.eval import program_options, report_of, say_if_not_finite
from backprop.cli.offering import offered
from backprop.cli.output import print_pieces
from backprop.cli.paging import show
from backprop.cli.render.explain import render_json, render_markdown, render_text
from backprop.cli.render.numbers import spoken
from backprop.cli.variables import ProgramCommand, Question
from backprop.explaining.explanation import explain

HELP = """The backward pass of PROGRAM in words, stage by stage, and what the gradient means.

\b
  backprop explain "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop explain @staged.bp --x=3 --y=-4 --stage xpy
  backprop explain "sum((W@x - y)**2)" --W='[[1,2],[3,4]]' --x='[1,2]' --y='[0,0]' --markdown

Every number is computed, the nudges at the end too.
"""


@click.command(
    "explain", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@program_options
@click.option(
    "--stage", metavar="NAME", shell_complete=offered("stages"), help="Tell this stage alone."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option("--markdown", is_flag=True, help="Print Markdown.")
@click.option(
    "--precision",
    type=click.IntRange(1, 17),
    default=3,
    metavar="N",
    help="Significant digits shown; 3 by default.",
)
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], stage: str | None,
    as_json: bool, markdown: bool, precision: int, **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if as_json and markdown:
        raise click.UsageError("--json and --markdown ask for different things")
    report = report_of(asked, **options)
    found = explain(report, partial(spoken, precision=precision), stage)
    render = render_json if as_json else render_markdown if markdown else render_text
    if as_json or markdown:
        print_pieces(render(found))
    else:
        show(render(found))
    return say_if_not_finite(report)
