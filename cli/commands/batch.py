"""backprop batch: value and gradient for every row of a table, or the sums of all."""

from __future__ import annotations

import os
from typing import Any

import click
from click.core import ParameterSource

from backprop.cli.options import (
    file_option,
    json_option,
    nonfinite_option,
    on_error_option,
    open_format_option,
    option,
    quiet_option,
    resume_option,
    seed_option,
    staging_options,
    summary_option,
    timeout_option,
    wrt_option,
)
from backprop.cli.tables import engine_options, table_options
from backprop.cli.variables import ProgramCommand, Question

HELP = """Value and gradient of PROGRAM for every row of a table, whose columns are its variables.

\b
  backprop batch "(x+y)*z" --data points.csv -o answers.csv
  backprop batch "(x+y)*z" --data in.parquet --z=-4 --keep id -o out.parquet
  backprop batch "tanh(w*x)" --data '2026-*.csv' --map x=height --w=2 | jq .dx
  backprop batch "(w*x - y)**2" --data in.csv --w=1 --wrt w --reduce mean
  backprop batch "(y - x)**2" --data in.csv --reduce sum --by label --format csv
  backprop batch @model.bp --data big.csv --at point.json -o out.csv --resume
  zcat log.gz | backprop batch "log(x)" --data - --on-error skip

\b
The answer for a row is its value and, for each variable, its gradient: dx for x.
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
@wrt_option("The variables to differentiate by; all columns and values, if not given.")
@option("--only", type=click.Choice(["value"]), help="Leave the gradient out.")
@option("--keep", metavar="COLUMNS", help="Columns to copy, as they are or as new=old; * is all.")
@file_option("Write a file: .csv, .tsv, .jsonl or .parquet.")
@option(
    "--cluster", metavar="ADDRESS",
    help="Work on a Dask cluster, such as tcp://host:8786, or on processes here: local. "
         "-o is a folder then, and has a file for each task.",
)  # fmt: skip
@open_format_option(
    "What to write: csv, tsv, jsonl or parquet; jsonl on stdout, if not given.",
    metavar="FORMAT", old={"--to": "--format"},
)  # fmt: skip
@json_option("jsonl")
@option(
    "--reduce",
    metavar="HOW",
    help="One answer for all rows: sum, mean, min, max, count, or several as sum,max.",
)
@option(
    "--by",
    metavar="COLUMNS",
    help="With --reduce: an answer for each value of this column, or of several.",
)
@on_error_option(
    "fail", "skip", "null",
    help="A row that can't be read or has no finite answer ends the run, is left out, or has null.",
)  # fmt: skip
@nonfinite_option("Accept inf and nan as values and as answers.")
@option("--force", is_flag=True, help="Write the -o FILE anew, if it is there already.")
@resume_option("Continue an interrupted run with its -o FILE.")
@option(
    "--check-rows", type=click.IntRange(0, 10_000), default=ROWS_CHECKED, metavar="N",
    help="Random rows that SymPy and the other opinions check.",
)  # fmt: skip
@timeout_option("How long all these checks may take together.")
@seed_option("The seed that draws the rows to check.")
@engine_options()
@option(
    "--fast-trigonometry", is_flag=True,
    help="sin and cos within 3 units in the last place, if that is faster here.",
)  # fmt: skip
@staging_options()
@summary_option()
@quiet_option("Print nothing on stderr if all is well.", asked=True)
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
