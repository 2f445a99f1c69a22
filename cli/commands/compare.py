"""backprop compare: symbolic against staged, in operations and in time."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import click

from backprop.cli.commands.eval import NO_ANSWER
from backprop.cli.options import (
    format_options,
    gates_option,
    option,
    output_option,
    quiet_option,
    timeout_option,
    wrt_option,
)
from backprop.cli.output import print_pieces, print_rich
from backprop.cli.progress import waiting
from backprop.cli.saying import say
from backprop.cli.variables import ProgramCommand
from backprop.comparing.compare import TIMEOUT, Comparison, compare
from backprop.comparing.iterating import MOST, TIMES, iterated
from backprop.language.ending import ending
from backprop.language.syntax import Tree

HELP = """Symbolic against staged: what a gradient costs as a formula, and as two passes.

\b
  backprop compare "(x+y)*z"
  backprop compare @staged.bp --x=3 --y=-4
  backprop compare "4*l*(1-l)" --iterate l=x --times 8
  backprop compare "4*l*(1-l)" --iterate l=x --times 4 --x=0.2

A staged program has a row for each statement, an iterated one for each step. The columns count
operations: of SymPy's value; of its derivatives as differentiation leaves them; of both, with
common subexpressions computed once (cse); and of the staged passes. With values, a plot shows
the error of finite differences.
"""


class CompareCommand(ProgramCommand):
    """A command whose program may be iterated, which changes what its variables are."""

    def tree_of(self, ctx: click.Context, tree: Tree, args: list[str]) -> Tree:
        wanted, times = value_of(args, "--iterate"), value_of(args, "--times")
        output = value_of(args, "--result")
        if wanted is None and times is None:
            return tree
        tree = tree if output is None else ending(tree, output)
        count = int(times) if times and times.lstrip("-").isdecimal() else TIMES
        ctx.meta["iterated"] = found = iterated(tree, wanted, count)
        return found.tree


def value_of(args: Sequence[str], option: str) -> str | None:
    """What an option is given, before the command line as a whole can be read."""
    found = None
    for word, following in zip_longest(args, args[1:]):
        name, equals, value = word.partition("=")
        if name == option:
            found = value if equals else following
    return found


@click.command(
    "compare", cls=CompareCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]"
)
@option(
    "--iterate",
    metavar="NAME[=START]",
    help="Apply PROGRAM to its own result: NAME gets the result of the step before. It begins as"
    " START.",
)
@option(
    "--times",
    type=int,
    metavar="N",
    help=f"Steps of --iterate, of which START is the first: 1 to {MOST}, {TIMES} if not given.",
)
@wrt_option("The input that the differences move; the first, if not given.", "NAME")
@gates_option()
@timeout_option("How long SymPy may take in all.", TIMEOUT)
@option("--no-times", is_flag=True, help="Leave out times, which differ in every run.")
@format_options("table", "json", "markdown", "plain")
@output_option()
@quiet_option()
@click.pass_context
def command(
    ctx: click.Context, /, kind: str, no_times: bool, wrt: str | None, gates: str,
    timeout: float, **options: Any,
) -> int:  # fmt: skip
    del options
    asked = ctx.obj
    with waiting("comparing"):
        found = compare(
            ctx.meta.get("iterated", asked.tree), asked.values, wrt=wrt, gates=gates,
            timeout=timeout, spare=asked.spare, child=asked.child,
        )  # fmt: skip
    if kind == "json":
        from backprop.cli.render.json import render_object

        print_pieces([render_object(found.to_dict(times=not no_times))])
    elif kind == "table":
        from backprop.cli.render.compare import render

        print_rich(render(found, times=not no_times))
    else:
        from backprop.cli.render.compare import FORMS

        print_pieces(FORMS[kind](found, times=not no_times))
    return say_if_undecided(found)


def say_if_undecided(found: Comparison) -> int:
    """Exit code 3, with why on stderr, if there is no finite slope or SymPy has no result."""
    if found.report is not None and not found.report.finite:
        faults = found.report.faults
        why = f": {faults[0].message}" if faults else ""
        return say(f"error: no finite slope to compare differences with{why}", NO_ANSWER)
    if not found.decided:
        return say(f"error: SymPy has no result: {found.rows[-1].symbolic.reason}", NO_ANSWER)
    return 0
