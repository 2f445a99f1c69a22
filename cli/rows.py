"""The rows of tables: how files are read, and the first row, at which Python source is read."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

import click

from backprop.errors import UsageError

if TYPE_CHECKING:
    from backprop.tables.opening import Reading


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
    if options["decimal"] == "," and separator == ",":
        raise click.UsageError("a comma can't be the decimal sign and the separator")
    return Reading(
        source, separator, not options["no_header"], options["decimal"], options["skip_lines"],
        options["comment"] or "", tuple(options["nulls"]),
    )  # fmt: skip


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
