"""backprop eval: value and gradient of a program at a point, stage by stage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click

from backprop.arithmetic.system import TIES
from backprop.cli.checking import check_options, checked
from backprop.cli.main import say
from backprop.cli.output import print_pieces, print_rich
from backprop.cli.render import FORMATS, render_text
from backprop.cli.render.numbers import View
from backprop.cli.variables import ProgramCommand, Question
from backprop.evaluation import evaluate
from backprop.report import Report
from backprop.staging import GRANULARITIES

WRONG = 1
NO_ANSWER = 3

HELP = """Value and gradient of PROGRAM, forward and backward through every stage.

\b
  backprop eval "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop eval "1/(1+exp(-(w*x+b)))" --w 2 --x=-1 --b=pi/3 --json
  backprop eval @staged.bp --at '{"x": 3, "y": -4}' --wrt x
  cat staged.bp | backprop eval - --x=3 --y=-4 --format markdown

PROGRAM is an expression or a staged program; - reads standard input, @FILE a file.
Every variable of PROGRAM is an option.
"""


def program_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """What decides how a text becomes a program."""
    options = [
        click.option("--gates", type=click.Choice(GRANULARITIES), default="written",
                     help="Gates as written, all opened up, or known patterns fused."),
        click.option("--no-share", is_flag=True, help="Keep equal subexpressions apart."),
        click.option("--ties", type=click.Choice(TIES), default="notes",
                     help="Who gets the gradient of max and min where inputs are equal."),
        click.option("--wrt", metavar="NAMES", help="Only these inputs, separated by commas."),
        click.option("--allow-nonfinite", is_flag=True, help="Take inf and nan as values."),
        click.option("--upstream", metavar="ARRAY",
                     help="The gradient of what comes after an output that is an array; or ones."),
        click.option("--jacobian", is_flag=True,
                     help="The derivative of every entry of an output that is an array."),
        click.option("--seed", type=int, default=0, help="For values such as randn(5,10)."),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def report_of(asked: Question, gates: str, no_share: bool, **options: Any) -> Report:
    wrt = options.pop("wrt")
    names = None if wrt is None else [name.strip() for name in wrt.split(",")]
    return evaluate(
        asked.tree, asked.values, gates=gates, share=not no_share, wrt=names, spare=asked.spare,
        **options,
    )  # fmt: skip


@click.command("eval", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@program_options
@click.option("--format", "kind", type=click.Choice(FORMATS), help="How to print the answer.")
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--precision",
    type=click.IntRange(1, 17),
    default=6,
    metavar="N",
    help="Significant digits shown; JSON and CSV are always exact.",
)
@click.option("--full", is_flag=True, help="Show arrays in full, however large.")
@click.option("--shapes", is_flag=True, help="Show the shape of every stage beside its numbers.")
@click.option("--no-check", is_flag=True, help="Leave out the independent check.")
@check_options
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], kind: str | None,
    as_json: bool, precision: int, full: bool, shapes: bool, no_check: bool, methods: str,
    check_timeout: float, digits: int | None, **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if as_json and kind not in (None, "json"):
        raise click.UsageError(f"--json and --format {kind} ask for different things")
    if no_check and digits:
        raise click.UsageError("--digits come from the check, which --no-check leaves out")

    def judged(report: Report) -> Report:
        return report if no_check else checked(report, asked.child, methods, check_timeout, digits)

    report = report_of(asked, **options)
    report = show(
        report, judged, "json" if as_json else kind or "table", View(precision, full, shapes)
    )
    return say_if_wrong(report) or say_if_not_finite(report)


def show(report: Report, judged: Callable[[Report], Report], kind: str, view: View) -> Report:
    """Print the answer; a person sees the stages while the check still works."""
    if kind == "table":
        from backprop.cli.render.table import render_answers, render_stages

        print_rich(render_stages(report, view))
        sys.stdout.flush()
        report = judged(report)
        print_rich(render_answers(report, view))
    else:
        report = judged(report)
        print_pieces(render_text(report, kind, view))
    return report


def say_if_wrong(report: Report) -> int:
    """Exit code 1 for a gradient that others differ on."""
    if report.check.verdict != "differ":
        return 0
    return say(f"error: the gradient is in doubt: {report.check.reason}", WRONG)


def say_if_not_finite(report: Report) -> int:
    """Exit code 3, with what and why on stderr, for an answer with inf or nan in it."""
    if report.finite:
        return 0
    said = report.faults
    lines = [f"error: no finite answer: {notice.message}" for notice in said[:1]]
    lines += [f"  then {notice.message}" for notice in said[1:] if notice.kind != "remedy"]
    lines += [f"help: {notice.message}" for notice in said if notice.kind == "remedy"]
    return say("\n".join(lines) or "error: no finite answer", NO_ANSWER)
