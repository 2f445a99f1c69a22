"""backprop descend: the parameter update, again and again."""

from __future__ import annotations

from typing import Any

import click

from backprop.cli.commands.eval import NO_ANSWER
from backprop.cli.descending import listener, rows_in
from backprop.cli.files import write_whole
from backprop.cli.offering import offered
from backprop.cli.output import print_pieces, print_rich
from backprop.cli.render.json import render_object
from backprop.cli.render.numbers import View
from backprop.cli.saying import say
from backprop.cli.staging import ties_option
from backprop.cli.tables import TABLE_OPTIONS, engine_options, table_options
from backprop.cli.variables import FILE, ProgramCommand, Question
from backprop.descending.descend import (
    RATE,
    STEPS,
    TOL,
    Descent,
    descend,
    plain_point,
)
from backprop.descending.methods import NAMES, USUAL
from backprop.descending.schedule import SCHEDULES
from backprop.errors import UsageError, visible
from backprop.program.stager import GRANULARITIES

HELP = f"""Move parameters against the gradient of PROGRAM, step by step: w -= lr * dw.

\b
  backprop descend "(w*2 - 6)**2" --w=0 --lr 0.1
  backprop descend @network.bp --at start.json --wrt w1,w2 --lr 0.5
  backprop descend "(1-x)**2 + (y-x**2)**2" --x=-1.2 --y=1 --method lbfgs
  backprop descend "(w*x - y)**2" --data in.csv --w=0 --method adam --batch 16
  backprop descend "(w*x - y)**2" --data 'in/*.parquet' --map x=height --w=0
  backprop descend "x - log(x)" --x=5 --bounds x=0.1: --schedule cosine
  backprop descend @f.bp --at start.json --point | backprop eval @f.bp --at -

Methods: {", ".join(NAMES)}; the last two are SciPy's.

Schedules: a formula of lr, t (the step) and steps, such as "lr/(1 + t)", or
{", ".join(SCHEDULES)}.

With --data it is the mean over the rows of tables that is descended, whose columns are variables:
CSV, TSV, JSON lines or Parquet, also as .gz, .bz2, .xz and .zst. 25 million numbers stay in
memory; where there are more, the files are read again at every step, Parquet fastest, and a
--batch is drawn from a stretch of 6 million numbers, one stretch after the other.

The exit code is 0 if the slopes became as small as --tol or all steps are done, and 3 if the
run diverged, left the domain, stalled, or its gradient vanished; stderr says at which stage.
"""


@click.command(
    "descend", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@click.option(
    "--wrt",
    metavar="NAMES",
    shell_complete=offered("variables"),
    help="The parameters, separated by commas; default all.",
)
@click.option("--method", type=click.Choice(NAMES), default="descent", help="How to move.")
@click.option("--lr", type=float, metavar="RATE", help=f"The rate; default {RATE:g}.")
@click.option(
    "--schedule",
    metavar="FORMULA",
    shell_complete=offered("schedules"),
    default="constant",
    help="How the rate changes.",
)
@click.option(
    "--steps", type=int, default=STEPS, metavar="N", help=f"At most so many; default {STEPS:,}."
)
@click.option(
    "--tol", type=float, default=TOL, metavar="SLOPE",
    help=f"Slopes as small as this are the end; default {TOL:g}.",
)  # fmt: skip
@click.option(
    "--momentum", type=float, default=USUAL.momentum, metavar="SHARE",
    help="What momentum and nesterov keep of their speed; default 0.9.",
)  # fmt: skip
@click.option(
    "--betas", default="0.9,0.999", metavar="B1,B2", help="What adam keeps of slopes and squares."
)
@click.option(
    "--bounds", multiple=True, metavar="NAME=LOW:HIGH", help="Where a parameter has to stay."
)
@table_options("A table, for the mean over its rows", required=False)
@click.option("--batch", type=int, metavar="N", help="Rows of data for each step; default all.")
@engine_options()
@click.option(
    "--seed", type=click.IntRange(0), default=0, help="For batches, and values such as randn(3,2)."
)
@click.option(
    "--gates", type=click.Choice(GRANULARITIES), default="written",
    help="Gates as written, all opened up, or known patterns fused.",
)  # fmt: skip
@ties_option()
@click.option("--plot", type=FILE, metavar="FILE.svg", help="Draw the loss over the steps.")
@click.option(
    "--trace", type=FILE, metavar="FILE", help="Write every step to a file, as JSON lines."
)
@click.option("--point", is_flag=True, help="Print only the last point, as --at reads it.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.option(
    "--precision", type=click.IntRange(1, 17), default=6, metavar="N",
    help="Significant digits shown; JSON is always exact.",
)  # fmt: skip
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], wrt: str | None,
    plot: str | None, trace: str | None, point: bool, as_json: bool, precision: int, betas: str,
    **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if point and as_json:
        raise click.UsageError("--point and --json ask for different things")
    if plot is not None and not plot.lower().endswith(".svg"):
        raise UsageError(f"--plot draws .svg files, not {plot}", hint="--plot loss.svg")
    names = None if wrt is None else [name.strip() for name in wrt.split(",")]
    with listener(trace, options["steps"]) as hears:
        rows = rows_in(asked, names, hears, options)
        choices = {name: value for name, value in options.items() if name not in TABLE_OPTIONS}
        found = descend(
            asked.tree, asked.values, wrt=names, columns=rows, spare=asked.spare,
            tell=hears.step, tell_rows=hears.rows, betas=pair_of(betas), **choices,
        )  # fmt: skip
    if found.note:
        say(f"note: {visible(found.note)}")
    if plot is not None:
        write_whole(plot, picture(found))
    show(found, point=point, as_json=as_json, view=View(precision))
    return say_if_lost(found)


def pair_of(betas: str) -> tuple[float, float]:
    try:
        first, second = map(float, betas.split(","))
    except ValueError:
        raise UsageError(f"--betas wants two numbers, such as 0.9,0.999; not {betas}") from None
    return first, second


def picture(found: Descent) -> str:
    from backprop.cli.render.descend import loss_name, manner
    from backprop.descending.picture import draw

    return draw(found.course.values, manner(found), loss_name(found))


def show(found: Descent, *, point: bool, as_json: bool, view: View) -> None:
    if point:
        print_pieces([render_object(plain_point(found.point))])
    elif as_json:
        print_pieces([render_object(found.to_dict())])
    else:
        from backprop.cli.render.descend import render

        print_rich(render(found, view))


def say_if_lost(found: Descent) -> int:
    """Exit code 3, with what happened at which stage, for a run that came to nothing."""
    if found.fine:
        return 0
    hint = f"\nhelp: {found.verdict.hint}" if found.verdict.hint else ""
    return say(f"error: {found.status}: {found.verdict.reason}{hint}", NO_ANSWER)
