"""backprop explain: the backward pass in words."""

from __future__ import annotations

from functools import partial
from typing import Any

import click

from backprop.cli.commands.eval import report_of, say_if_not_finite
from backprop.cli.offering import offered
from backprop.cli.options import (
    format_options,
    gradient_options,
    option,
    output_option,
    precision_option,
    quiet_option,
    trace_options,
)
from backprop.cli.output import print_pieces
from backprop.cli.paging import show
from backprop.cli.render.explain import FORMS, render_text
from backprop.cli.variables import ProgramCommand, Question
from backprop.explaining.explanation import explain
from backprop.showing.numbers import spoken

HELP = """The backward pass of PROGRAM in words, stage by stage, and what the gradient means.

\b
  backprop explain "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop explain @staged.bp --x=3 --y=-4 --stage xpy
  backprop explain "sum((W@x - y)**2)" --W='[[1,2],[3,4]]' --x='[1,2]' --y='[0,0]' --format markdown

All numbers are computed, also the small steps at the end.
"""


@click.command(
    "explain", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@gradient_options()
@trace_options()
@option("--stage", metavar="NAME", shell_complete=offered("stages"), help="Explain one stage.")
@format_options("text", "markdown", "plain", "json")
@output_option()
@precision_option(3, "Significant digits shown; those of JSON are exact.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], stage: str | None,
    kind: str, precision: int, **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    report = report_of(asked, **options)
    found = explain(report, partial(spoken, precision=precision), stage)
    if kind == "text":
        show(render_text(found))
    else:
        print_pieces(FORMS[kind](found))
    return say_if_not_finite(report)
