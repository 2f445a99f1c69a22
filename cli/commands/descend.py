"""backprop descend: the parameter update, again and again."""

from __future__ import annotations

from time import monotonic
from typing import Any

import click
from click.core import ParameterSource

from backprop.cli.commands.eval import NO_ANSWER
from backprop.cli.descending import keeper_of, listener, rows_in, skipping
from backprop.cli.files import write_whole
from backprop.cli.offering import offered
from backprop.cli.options import (
    FILE,
    format_options,
    gates_option,
    on_error_option,
    option,
    output_option,
    precision_option,
    quiet_option,
    resume_option,
    seed_option,
    summary_option,
    ties_option,
    wrt_option,
)
from backprop.cli.output import print_pieces, print_rich
from backprop.cli.render.json import render_object
from backprop.cli.saying import say
from backprop.cli.tables import TABLE_OPTIONS, engine_options, table_options
from backprop.cli.variables import ProgramCommand, Question
from backprop.descending.descend import (
    RATE,
    STEPS,
    SUMMARY_SCHEMA,
    TOL,
    Descent,
    descend,
    epoch_of,
    plain_point,
)
from backprop.descending.methods import NAMES, USUAL
from backprop.descending.schedule import SCHEDULES
from backprop.errors import UsageError, visible
from backprop.kernel.keeping import keep_freed
from backprop.showing.numbers import View

INTERRUPTED = 130

HELP = f"""Move parameters against the gradient of PROGRAM, step by step: w -= lr * dw.

\b
  backprop descend "(w*2 - 6)**2" --w=0 --lr 0.1
  backprop descend @network.bp --at start.json --wrt w1,w2 --lr 0.5
  backprop descend "(1-x)**2 + (y-x**2)**2" --x=-1.2 --y=1 --method lbfgs
  backprop descend "(w*x - y)**2" --data in.csv --w=0 --method adam --batch 16
  backprop descend "(w*x - y)**2" --data 'in/*.parquet' --map x=height --w=0
  backprop descend @net.bp --at start.json --data train.parquet --map 'x=pixel_*' --batch 64 \
      --epochs 10 --valid test.parquet --patience 2 --checkpoint net.json --resume
  backprop descend "x - log(x)" --x=5 --bounds x=0.1: --schedule cosine
  backprop descend @f.bp --at start.json --point | backprop eval @f.bp --at -

Methods: {", ".join(NAMES)}; the last two are SciPy's.

Schedules: a formula of lr, t (the step) and steps, such as "lr/(1 + t)", or
{", ".join(SCHEDULES)}.

With --data the loss is the mean over the rows of tables, whose columns are variables: CSV, TSV,
JSON lines or Parquet, also as .gz, .bz2, .xz and .zst. 25 million numbers stay in memory. If
there are more, the files are read again at every step, Parquet fastest, and a --batch comes from
a stretch of 6 million numbers, one stretch after the other.

The exit code is 0 if the slopes became as small as --tol or all steps are done, and 3 if the
run diverged, left the domain, stalled, or its gradient vanished; stderr says at which stage.
"""


@click.command(
    "descend", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@wrt_option("The parameters, separated by commas; all inputs, if not given.")
@option("--method", type=click.Choice(NAMES), default="descent", help="How to move.")
@option("--lr", type=float, metavar="RATE", help=f"The rate; {RATE:g} if not given.")
@option(
    "--schedule",
    metavar="FORMULA",
    shell_complete=offered("schedules"),
    default="constant",
    help="How the rate changes.",
)
@option("--steps", type=int, default=STEPS, metavar="N", help="The most steps.")
@option("--tol", type=float, default=TOL, metavar="SLOPE",
    help="The run ends when all slopes are as small as this.")  # fmt: skip
@option("--momentum", type=float, default=USUAL.momentum, metavar="SHARE",
    help="How much of their speed momentum and nesterov keep.")  # fmt: skip
@option("--betas", default="0.9,0.999", metavar="B1,B2",
    help="How much adam keeps of slopes and of their squares.")  # fmt: skip
@option("--bounds", multiple=True, metavar="NAME=LOW:HIGH", help="Where a parameter has to stay.")
@table_options("A table, for the mean over its rows", required=False)
@option("--batch", type=int, metavar="N", help="Rows of data for each step; all, if not given.")
@option("--epochs", type=int, metavar="N", help="How often all rows are seen; instead of --steps.")
@on_error_option("fail", "skip", help="A row that can't be read ends the run, or is left out.")
@option("--valid", type=FILE, multiple=True, metavar="FILE",
    help="Other rows, whose mean is looked at after each epoch. Can be repeated.")  # fmt: skip
@option("--patience", type=int, metavar="N",
    help="End after so many epochs without a lower mean of --valid, at the lowest.")  # fmt: skip
@option("--weight-decay", "decay", type=float, default=0.0, show_default=False, metavar="SHARE",
    help="Add this share of each parameter to its slope.")  # fmt: skip
@option("--checkpoint", type=FILE, metavar="FILE", help="Keep in a file how far the run has come.")
@resume_option("Go on from the --checkpoint, if it is there.")
@engine_options()
@seed_option("The seed of batches, and of values such as randn(3,2).")
@gates_option()
@ties_option()
@option("--plot", type=FILE, metavar="FILE.svg", help="Draw the loss over the steps.")
@option("--trace", type=FILE, metavar="FILE", help="Write every step to a file, as JSON lines.")
@summary_option()
@option("--point", is_flag=True, help="Print only the last point, as --at reads it.")
@format_options("table", "json", "markdown", "plain")
@output_option()
@precision_option(6, "Significant digits shown; JSON is exact.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], wrt: str | None,
    plot: str | None, trace: str | None, point: bool, kind: str, precision: int, betas: str,
    valid: tuple[str, ...], checkpoint: str | None, resume: bool, summary: str | None,
    on_error: str, **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if point and kind != "table":
        raise click.UsageError(f"--point and --format {kind} ask for different things")
    if plot is not None and not plot.lower().endswith(".svg"):
        raise UsageError(f"--plot draws .svg files, not {plot}", hint="--plot loss.svg")
    if options["epochs"] is not None and given("steps"):
        raise click.UsageError("--steps and --epochs ask for different things")
    if trace is not None and resume:
        raise click.UsageError("--trace writes every step of a run, and --resume leaves some out")
    names = None if wrt is None else [name.strip() for name in wrt.split(",")]
    begun = monotonic()
    skipped = skipping(on_error)
    keeper = keeper_of(checkpoint, resume=resume)
    keep_freed()
    with listener(trace, options["steps"]) as hears:
        rows, others = rows_in(asked, names, hears, options, valid, skipped)
        if rows and options["epochs"]:
            hears.steps = options["epochs"] * epoch_of(rows.count, options["batch"])
        choices = {name: value for name, value in options.items() if name not in TABLE_OPTIONS}
        found = descend(
            asked.tree, asked.values, wrt=names, columns=rows, spare=asked.spare,
            tell=hears.step, tell_rows=hears.rows, tell_note=hears.note, betas=pair_of(betas),
            valid=others, keeper=keeper, **choices,
        )  # fmt: skip
    for place, line in enumerate(skipped.lines() if skipped else ()):
        say(f"{'' if place else 'warning: '}{visible(line)}")
    if summary is not None:
        write_whole(summary, render_object(summary_dict(found, monotonic() - begun)))
    if plot is not None:
        write_whole(plot, picture(found))
    show(found, "point" if point else kind, View(precision))
    return say_if_lost(found)


def given(name: str) -> bool:
    source = click.get_current_context().get_parameter_source(name)
    return source is not ParameterSource.DEFAULT


def summary_dict(found: Descent, seconds: float) -> dict[str, Any]:
    """What there is to say of a run, but for its points and the values of all steps."""
    left_out = ("shown", "values", "gradient", "point")
    told = {name: value for name, value in found.to_dict().items() if name not in left_out}
    return {**told, "schema": SUMMARY_SCHEMA, "seconds": round(seconds, 3)}


def pair_of(betas: str) -> tuple[float, float]:
    try:
        first, second = map(float, betas.split(","))
    except ValueError:
        raise UsageError(f"--betas takes two numbers, such as 0.9,0.999; not {betas}") from None
    return first, second


def picture(found: Descent) -> str:
    from backprop.descending.picture import draw
    from backprop.showing.descents import loss_name, manner

    return draw(found.course.values, manner(found), loss_name(found))


def show(found: Descent, kind: str, view: View) -> None:
    if kind == "point":
        print_pieces([render_object(plain_point(found.point))])
    elif kind == "json":
        print_pieces([render_object(found.to_dict())])
    elif kind == "table":
        from backprop.cli.render.descend import render

        print_rich(render(found, view))
    else:
        from backprop.cli.render.descend import FORMS

        print_pieces(FORMS[kind](found, view))


def say_if_lost(found: Descent) -> int:
    """Exit code 3, with what happened at which stage, for a run that came to nothing."""
    if found.fine:
        return 0
    if found.status == "interrupted":
        return say(f"interrupted: {found.verdict.reason}", INTERRUPTED)
    hint = f"\nhelp: {found.verdict.hint}" if found.verdict.hint else ""
    return say(f"error: {found.status}: {found.verdict.reason}{hint}", NO_ANSWER)
