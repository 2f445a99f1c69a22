"""backprop batch: value and gradient for every row of a table, or the sums of all."""

from __future__ import annotations

import os
from typing import Any

import click
from click.core import ParameterSource

from backprop.answer.verdicts import TIMEOUT
from backprop.cli.offering import offered
from backprop.cli.staging import staging_options
from backprop.cli.tables import engine_options, table_options
from backprop.cli.variables import FILE, ProgramCommand, Question

HELP = """Value and gradient of PROGRAM for every row of a table, whose columns are its variables.

\b
  backprop batch "(x+y)*z" --data points.csv -o answers.csv
  backprop batch "(x+y)*z" --data in.parquet --z=-4 --keep id -o out.parquet
  backprop batch "tanh(w*x)" --data '2026-*.csv' --map x=height --w=2 | jq .dx
  backprop batch "(w*x - y)**2" --data in.csv --w=1 --wrt w --reduce mean
  backprop batch "(y - x)**2" --data in.csv --reduce sum --by label --to csv
  backprop batch @model.bp --data big.csv --at point.json -o out.csv --resume
  zcat log.gz | backprop batch "log(x)" --data - --on-error skip

\b
A row's answer is its value and, for each variable, d and its name, as in dx.
Files are CSV, TSV, JSON lines or Parquet, also as .gz, .bz2, .xz and .zst.

The exit code is 0 if all rows have an answer or --on-error lets them pass, 1 if the check of a
sample of rows finds a difference, 2 for a row that can't be read, 3 for one without a finite
answer.
"""
ROWS_CHECKED = 10


@click.command(
    "batch", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@table_options("A table", required=True)
@click.option("--wrt", metavar="NAMES", shell_complete=offered("variables"),
    help="The variables to differentiate by; default columns "
              "and values alike.")  # fmt: skip
@click.option("--only", type=click.Choice(["value"]), help="Leave the gradient out.")
@click.option(
    "--keep", metavar="COLUMNS", help="Columns to copy, as they are or as new=old; * is all."
)
@click.option(
    "-o", "file", type=FILE, metavar="FILE", help="Write a file: .csv, .tsv, .jsonl or .parquet."
)
@click.option(
    "--cluster", metavar="ADDRESS",
    help="Work on a Dask cluster, such as tcp://host:8786, or on processes here: local. "
         "-o is a folder then, and has a file for each task.",
)  # fmt: skip
@click.option(
    "--to", metavar="FORMAT",
    help="What to write: csv, tsv, jsonl or parquet; jsonl to stdout by default.",
)  # fmt: skip
@click.option(
    "--reduce", type=click.Choice(["sum", "mean"]), help="One answer for all rows: sum or mean."
)
@click.option("--by", metavar="COLUMN", help="With --reduce: an answer for each of its values.")
@click.option(
    "--on-error", type=click.Choice(["fail", "skip", "null"]), default="fail",
    help="A row that can't be read or has no finite answer ends the run, is left out, or has null.",
)  # fmt: skip
@click.option("--allow-nonfinite", is_flag=True, help="Let inf and nan be values and answers.")
@click.option("--resume", is_flag=True, help="Go on with the -o FILE of an interrupted run.")
@click.option(
    "--check-rows", type=click.IntRange(0, 10_000), default=ROWS_CHECKED, metavar="N",
    help=f"Rows, drawn at random, that SymPy and others check; default {ROWS_CHECKED}.",
)  # fmt: skip
@click.option(
    "--check-timeout", type=click.FloatRange(0, min_open=True), default=TIMEOUT,
    metavar="SECONDS", help=f"For all these checks; default {TIMEOUT:g}.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(0), default=0, metavar="N", help="Which rows are drawn."
)
@engine_options()
@click.option(
    "--fast-trigonometry", is_flag=True,
    help="sin and cos within 3 units in the last place, if that is faster here.",
)  # fmt: skip
@staging_options()
@click.option(
    "--summary", type=FILE, metavar="FILE", help="Write what there is to say of the run, as JSON."
)
@click.option("--quiet", is_flag=True, help="Say nothing if all is well.")
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], **options: Any
) -> int:
    del program, at, pairs
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # or NumPy starts threads for nothing
    given = click.get_current_context().get_parameter_source("threads")
    if options["cluster"] and given is ParameterSource.DEFAULT:
        options["threads"] = 1  # a task is one of many
    from backprop.cli.batching import batch

    return batch(asked, **options)
