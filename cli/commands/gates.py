"""backprop gates: the table of gates, or one of its rows."""

from __future__ import annotations

import shutil
import sys

import click

from backprop.cli.answering import Answering
from backprop.cli.offering import offered
from backprop.cli.options import format_options, output_option
from backprop.cli.output import drawn, print_pieces
from backprop.cli.paging import show
from backprop.errors import UsageError, closest
from backprop.gates import families, find, names
from backprop.program.listing import row_dict

WIDTH = 120  # of a line where nobody looks at a screen
SHORT = 3  # characters of a name that resembles too many others

HELP = """The gate table: every gate, its local derivatives, and how gradient flows through it.

\b
  backprop gates
  backprop gates sigmoid
  backprop gates --json | jq '.gates[].name'
"""


@click.command("gates", cls=Answering, help=HELP)
@click.argument("name", required=False, shell_complete=offered("gates"))
@format_options("table", "json", "markdown", "plain")
@output_option()
def command(name: str | None, kind: str) -> int:
    gates = [gate for rows in families().values() for gate in rows]
    if name is not None:
        gate = find(name) or next((gate for gate in gates if gate.symbol == name), None)
        if gate is None:
            near = closest(name, names()) if len(name) > SHORT else None
            hint = f"did you mean {near}?" if near else "backprop gates lists them all"
            raise UsageError(f"there is no gate called {name[:40]}", hint=hint)
        gates = [gate]
    if kind == "json":
        from backprop.cli.render.json import render_object

        print_pieces(
            [render_object({"schema": "backprop/gates/1", "gates": [*map(row_dict, gates)]})]
        )
    elif kind != "table":
        from backprop.cli.render.gates import FORMS

        print_pieces(FORMS[kind](gates, whole=name is None))
    else:
        from backprop.cli.render.gates import render_all, render_one

        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else WIDTH
        show(drawn(render_all(families(), width) if name is None else render_one(gates[0])))
    return 0
