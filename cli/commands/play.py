"""backprop play: the page in the browser, with the library behind it."""

from __future__ import annotations

from typing import Any, NamedTuple

import click

from backprop.cli.files import read_point
from backprop.cli.options import option, quiet_option
from backprop.cli.output import print_pieces
from backprop.cli.saying import note
from backprop.cli.variables import ProgramCommand, array_file, find_program, fixed_options
from backprop.errors import UsageError
from backprop.language.syntax import Tree

PORTS = 65_535

HELP = """The page on which a program is played with: type it, move its inputs, watch both passes.

\b
  backprop play
  backprop play "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop play @staged.bp --x=3 --y=-4
  backprop play loss.py:loss --w=0.5 --no-open --port 8000

It prints its address, which only this machine can reach, and serves until Ctrl-C. The page writes
no file, and reads none. Without PROGRAM it begins with an example.
"""


class Begun(NamedTuple):
    """What the page begins with."""

    text: str
    unit: str
    values: dict[str, Any]


class PlayCommand(ProgramCommand):
    """A command on a program, if there is one."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        _, word = find_program(args, fixed_options(self.params))
        if word is None and not ctx.resilient_parsing and not {"-h", "--help"} & set(args):
            from backprop.serving.examples import EXAMPLES

            _, text, values = EXAMPLES[0]
            args = [text, *[f"--{name}={value}" for name, value in values.items()], *args]
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        ctx.obj = begun(ctx)
        return super(ProgramCommand, self).invoke(ctx)


@click.command(
    "play", cls=PlayCommand, help=HELP, options_metavar="[PROGRAM] [--NAME VALUE]... [OPTIONS]"
)
@option(
    "--port",
    type=click.IntRange(0, PORTS),
    default=0,
    metavar="N",
    help="The port; 0 for any that is free.",
)
@option("--no-open", "closed", is_flag=True, help="Print the address without opening it.")
@quiet_option()
@click.pass_obj
def command(
    asked: Begun, /, program: str, at: str | None, pairs: tuple[str, ...], port: int, closed: bool,
) -> int:  # fmt: skip
    del program, at, pairs
    import sys

    from backprop.serving.serve import play

    def tell(address: str) -> None:
        print_pieces([f"{address}\n"])
        sys.stdout.flush()
        if not closed:
            show(address)

    try:
        play(*asked, port, tell)
    except KeyboardInterrupt:
        return 0
    return 0


def show(address: str) -> None:
    """Open the address in a browser, if there is one."""
    import webbrowser

    try:
        shown = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        shown = False
    if not shown:
        note("no browser was found: open the address in one")


def begun(ctx: click.Context) -> Begun:
    """The text of the program as it stands, and the values that were given."""
    tree = ctx.meta["tree"]
    plain = not isinstance(tree, Tree)
    values = dict(read_point(ctx.params["at"], plain=plain)) if ctx.params.get("at") else {}
    given = [(name, one) for name, every in ctx.meta.get("given", {}).items() for one in every]
    for pair in ctx.params["pairs"]:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes NAME=VALUE, not {pair}")
        given.append((name.strip(), value))
    for name, value in given:
        values[name] = array_file(name, value) if value.startswith("@") else value
    result = ctx.meta.get("output", "")
    if isinstance(tree, Tree):
        return Begun(f"{tree.text}\n{result}" if result else tree.text, "", values)
    if result or ctx.meta.get("init") or ctx.meta.get("before"):
        raise UsageError("the page reads functions and scripts as they are", hint="eval has these")
    return Begun(tree.source.lines.text, tree.source.unit, values)
