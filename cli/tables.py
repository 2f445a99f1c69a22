"""The options of commands that work on the rows of tables: which files, how they are read, and
what computes. Polars is loaded when there is a table to read."""

from __future__ import annotations

import os
from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from backprop.cli.options import FILE, Decorator, decorating, option
from backprop.errors import UsageError
from backprop.kernel import ENGINES
from backprop.language.syntax import Tree

if TYPE_CHECKING:
    from backprop.tables.blocks import Table
    from backprop.tables.opening import Reading

TABLE_OPTIONS = ("data", "mapped", "source", "separator", "no_header")  # what --data brings along


def table_options(data: str, *, required: bool) -> Decorator:
    """--data, with this help, and what goes with it."""
    return decorating(
        option("--data", "data", type=FILE, metavar="FILE", multiple=True, required=required,
               help=f"{data}, or a pattern such as 'data/*.csv'; - is stdin. Can be repeated."),
        option("--map", "mapped", metavar="NAME=COLUMN", multiple=True,
               help="The column of a variable, if it has another name. Can be repeated."),
        option("--from", "source", metavar="FORMAT",
               help="The format to read, if names don't tell: csv, tsv, jsonl or parquet."),
        option("--separator", metavar="CHAR", help="The character between the fields of CSV."),
        option("--no-header", is_flag=True, help="The columns are column_1, column_2, ..."),
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


def reading_of(options: Mapping[str, Any]) -> Reading:
    from backprop.tables.formats import checked_format
    from backprop.tables.opening import Reading

    separator = options["separator"]
    if separator is not None:
        separator = {"\\t": "\t", "tab": "\t"}.get(separator, separator)
        if len(separator) != 1 or not separator.isascii() or separator in '"\r\n':
            raise UsageError(f"--separator is one character, not {separator}")
        if separator.isalnum() or separator in "+-.":
            raise UsageError(f"--separator can't be {separator}, which is part of numbers")
    source = options["source"] and checked_format(options["source"])
    if source in ("jsonl", "parquet") and (separator or options["no_header"]):
        raise click.UsageError(f"--separator and --no-header are for CSV, not {source}")
    if separator and source is None:
        source = "csv"
    return Reading(source, separator, not options["no_header"])


def named(tree: Tree, table: Table, mapped: Mapping[str, str]) -> set[str]:
    """The variables that have a column of their name, or are given one."""
    return {name for name in (*table.columns, *mapped) if name in tree.names}


def first_row(options: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, float]:
    """The first row that can be read, for variables that have a column: a source is read there
    first. Standard input can't be read twice: ones stand for variables without a default."""
    from backprop.batching.job import pairs_of
    from backprop.tables.blocks import Wanted
    from backprop.tables.opening import files_of, open_table
    from backprop.tables.streams import is_pipe

    files = files_of(options["data"])
    mapped = pairs_of(options["mapped"], "--map")
    if is_pipe(files[0]):
        return {name: 1.0 for name, default in names.items() if default is None}
    table = open_table(files[0], reading_of(options))
    try:
        columns = {name: mapped.get(name, name) for name in names}
        columns = {name: column for name, column in columns.items() if column in table.columns}
        for block in table.blocks(Wanted(columns, {})):
            for row in range(len(block.lines)):
                found = {name: float(block.numbers[name][row]) for name in columns}
                if row not in block.bad and all(map(isfinite, found.values())):
                    return found
    finally:
        table.close()
    return dict.fromkeys(columns, 1.0)
