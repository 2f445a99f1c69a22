"""The rows of tables: how files are read, and the first row, at which Python source is read."""

from __future__ import annotations

from collections.abc import Mapping
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


def first_row(options: Mapping[str, Any], names: Mapping[str, str | None]) -> dict[str, Any]:
    """The first row that can be read, for variables that have a column, or several: a source is
    read there first. Standard input can't be read twice: ones stand for variables without a
    default."""
    import numpy as np

    from backprop.batching.columns import Columns, vectors_for
    from backprop.batching.job import pairs_of
    from backprop.tables.opening import files_of, open_table
    from backprop.tables.streams import is_pipe

    files = files_of(options["data"])
    mapped = pairs_of(options["mapped"], "--map")
    if is_pipe(files[0]):
        return {name: 1.0 for name, default in names.items() if default is None}
    table = open_table(files[0], reading_of(options))
    try:
        vectors = vectors_for(names, (), mapped, table)
        numbers = {name: mapped.get(name, name) for name in names if name not in vectors}
        columns = Columns({n: one for n, one in numbers.items() if one in table.columns}, vectors)
        for block in table.blocks(columns.wanted({})):
            found, bad = columns.taken(block)
            for row in range(len(block.lines)):
                if row not in bad and all(
                    np.isfinite(column[row]).all() for column in found.values()
                ):
                    return {name: entry_of(column[row]) for name, column in found.items()}
    finally:
        table.close()
    return {
        name: np.ones(vectors[name].shape) if name in vectors else 1.0 for name in columns.names
    }


def entry_of(value: Any) -> Any:
    return value if value.ndim else float(value)
