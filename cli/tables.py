"""The options of commands that work on the rows of tables: which files, how they are read, and
what computes. Polars is loaded when there is a table to read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from backprop.cli.options import FILE, Decorator, decorating, option
from backprop.kernel import ENGINES
from backprop.language.syntax import Tree

if TYPE_CHECKING:
    from backprop.tables.blocks import Table

TABLE_OPTIONS = (
    "data",
    "mapped",
    "source",
    "separator",
    "no_header",
    "decimal",
    "skip_lines",
    "comment",
    "nulls",
    "where",
    "limit",
)  # what --data brings along


def table_options(data: str, *, required: bool) -> Decorator:
    """--data, with this help, and what goes with it."""
    return decorating(
        option("--data", "data", type=FILE, metavar="FILE", multiple=True, required=required,
               help=f"{data}, or a pattern such as 'data/*.csv'; - is stdin. Can be repeated."),
        option("--map", "mapped", metavar="NAME=COLUMN", multiple=True,
               help="The column of a variable, or its columns: x=p0..p63, x=pixel_*, X=img:28x28."),
        option("--from", "source", metavar="FORMAT",
               help="The format to read, if names don't tell: csv, tsv, jsonl or parquet."),
        option("--separator", metavar="CHAR", help="The character between the fields of CSV."),
        option("--no-header", is_flag=True, help="The columns are column_1, column_2, ..."),
        option("--decimal", type=click.Choice([".", ","]), default=".", show_default=False,
               metavar="CHAR", help="The decimal sign: a comma, if fields end at semicolons."),
        option("--skip-lines", type=click.IntRange(0), default=0, show_default=False, metavar="N",
               help="Lines before the first of CSV that counts."),
        option("--comment", metavar="TEXT", help="How lines of CSV begin that are comments."),
        option("--null", "nulls", metavar="TEXT", multiple=True,
               help="A text that stands for nothing, such as NA. Can be repeated."),
        option("--where", metavar="CONDITION",
               help="Only rows where this holds: an expression of columns, such as 'x > 0'."),
        option("--limit", type=click.IntRange(1), metavar="N", help="Only so many rows."),
    )  # fmt: skip


def engine_options() -> Decorator:
    """--engine and --threads."""
    return decorating(
        option("--engine", type=click.Choice(ENGINES), default="numpy",
               help="NumPy, C by the system's compiler, or whatever is faster."),
        option("--threads", type=click.IntRange(1), metavar="N", default=processors,
               show_default=False, help="All processors, if not given."),
    )  # fmt: skip


def processors() -> int:
    """How many this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def named(tree: Tree, table: Table, mapped: Mapping[str, str]) -> set[str]:
    """The variables that have a column of their name, or are given one."""
    return {name for name in (*table.columns, *mapped) if name in tree.names}
