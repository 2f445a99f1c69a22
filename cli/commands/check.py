"""backprop check: the verdicts alone, for people in a line and for scripts in an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import click

from backprop.answer.evaluation import arrays_in
from backprop.answer.expectation import (
    Expectation,
    departures,
    expected_text,
    point_of,
    read_expectation,
)
from backprop.answer.report import Report
from backprop.answer.sizes import read_shapes
from backprop.answer.values import unknown_variable
from backprop.answer.verdicts import VERDICTS
from backprop.checking.points import random_points, read_ranges
from backprop.cli.checking import allowed_verdicts, check_options, checked, exit_code
from backprop.cli.claims import answered, claim_options
from backprop.cli.commands.eval import report_of
from backprop.cli.files import read_text, write_whole
from backprop.cli.grading import (
    FORMATS,
    OF_GRADES,
    CheckCommand,
    graded,
    grading_options,
    has_both_passes,
    layer_options,
)
from backprop.cli.offering import offered
from backprop.cli.options import (
    FILE,
    format_options,
    gradient_options,
    option,
    output_option,
    points_option,
    quiet_option,
    range_option,
    shape_option,
)
from backprop.cli.output import print_lines_as, print_pieces
from backprop.cli.progress import Waiting, waiting
from backprop.cli.render.check import render_json, render_lines
from backprop.cli.saying import say
from backprop.cli.variables import Question
from backprop.program.stage import stage

WRONG = 1
MOST_POINTS = 1_000_000
FEWEST = 1.0  # right digits that fewer bits have to keep

HELP = """Can the gradient of PROGRAM be trusted? Three independent opinions answer.

\b
  backprop check "(x+y)*z" --x=-2 --y=5 --z=-4 && echo fine
  backprop check "log(1+x)" --x=1e-10
  backprop check @loss.bp --points 100 --range w=-2:2 --range b=0:1
  backprop check "sum((W@x)**2)" --points 5 --shape W=3x4,x=4 --range W=-1:1 --range x=0:1
  backprop check @loss.bp --at point.json --write-expect loss.json
  backprop check @loss.bp --expect loss.json --quiet
  backprop check "x*y + sin(x)" --claim x="y + cos(x)" --claim y=x
  backprop check @staged.bp --same-as "(x+y)*z"
  backprop check @worksheet.txt
  backprop check forward.bp --backward backward.py --x=3 --y=-4
  backprop check forward.bp --at point.json --backward submissions/*.py --format csv

The exit code is 0 for agree and rounding, 1 if opinions differ or an expectation fails, and 3
if nothing was decided: kink, overflow, undefined, unchecked. --allow lets these pass. A wrong
claim or equality exits 1, an undecided one 3; they need no values.

--backward grades a backward pass that was written by hand, line by line: 0 if it is right, 1 if
a line is wrong or missing, 2 if something can't be read. Nothing in such a file is executed.
"""


class Settings(NamedTuple):
    """What decides how a report is checked and judged."""

    methods: str
    timeout: float
    digits: int | None
    allowed: list[str]
    min_digits: int

    def code(self, report: Report) -> int:
        judged = [report.check.value, *report.check.inputs.values()]
        verdicts = [(one.verdict, one.digits or 0) for one in judged if one]
        if report.lowered is not None and report.lowered.least(report.wrt) < FEWEST:
            verdicts.append(("rounding", 0))
        return exit_code(verdicts or [(report.check.verdict, 0)], self.allowed, self.min_digits)


@click.command("check", cls=CheckCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@gradient_options()
@check_options()
@claim_options()
@grading_options()
@format_options(*FORMATS, help="How to print the answer; csv and junit are for --backward.")
@output_option()
@points_option("Check at N random points of the domain instead.", 1, MOST_POINTS)
@range_option("Where --points draws an input from.")
@shape_option("The shape of an array that --points draws, such as W=5x10.")
@option(
    "--min-digits",
    type=click.IntRange(0, 16),
    default=3,
    metavar="N",
    help="Right digits that rounding has to leave.",
)
@option(
    "--allow",
    default="",
    shell_complete=offered("verdicts"),
    metavar="VERDICTS",
    help="Verdicts that are as good as agree, such as kink,overflow.",
)
@option("--expect", type=FILE, metavar="FILE", help="Compare with a stored result as well.")
@option(
    "--tolerance",
    type=click.FloatRange(0),
    default=1e-9,
    metavar="T",
    help="Relative difference from a stored number that passes.",
)
@option("--write-expect", type=FILE, metavar="FILE", help="Store the result, if its check passes.")
@quiet_option("Print nothing: the exit code is the answer.", asked=True)
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], methods: str,
    timeout: float, digits: int | None, points: int | None, ranges: tuple[str, ...],
    shapes: tuple[str, ...],
    min_digits: int, allow: str, expect: str | None, tolerance: float,
    write_expect: str | None, quiet: bool, claims: tuple[str, ...],
    same_as: str | None, backward: tuple[str, ...], grad_name: str | None, kind: str,
    places: tuple[str, ...], returns: str, **options: Any,
) -> int:  # fmt: skip
    asks = bool(claims or same_as is not None)
    if not (backward or asks or points or expect or write_expect) and has_both_passes(asked):
        backward = (program,)
    if backward and asks:
        raise click.UsageError("--backward goes with neither --claim nor --same-as")
    if kind in OF_GRADES and not backward:
        raise click.UsageError(f"--format {kind} goes with --backward")
    if asks:
        return answered(asked)
    if backward:
        layer = layer_options(returns, places)
        return graded(asked, backward, grad_name, "quiet" if quiet else kind, options, layer)
    del program, at, pairs
    settings = Settings(methods, timeout, digits, allowed_verdicts(allow), min_digits)
    if points and (expect or write_expect):
        raise click.UsageError("--expect and --write-expect are about one point, not --points")
    if (ranges or shapes) and not points:
        raise click.UsageError(f"{'--range' if ranges else '--shape'} goes with --points N")
    stored = read_expectation(read_text(expect), expect) if expect else None
    if points:
        seed = options["seed"]
        reports = at_points(asked, settings, ranges, shapes, points, seed, options)
    else:
        reports = iter([at_point(asked, settings, stored, options)])
    with waiting("checking") as wait:
        code, count, kept = first_failing(counted(reports, wait, points), settings)
    said = list(departures(kept, stored, tolerance)) if stored else []
    code = WRONG if said else code
    if not quiet:
        render = render_json if kind == "json" else render_lines
        pieces = render(kept, code, said, count if points else None)
        if kind == "json":
            print_pieces(pieces)
        else:
            print_lines_as(kind, pieces)
    if write_expect and not code:
        write_whole(write_expect, expected_text(kept))
    elif write_expect:
        say(f"error: {write_expect} was not written, since the check failed")
    return code


def counted(reports: Iterator[Report], wait: Waiting, points: int | None) -> Iterator[Report]:
    """The reports, and at which point of many the next one is."""
    for number, report in enumerate(reports, 1):
        yield report
        if points:
            wait.what = f"checking point {number + 1:,} of {points:,}"


def at_point(
    asked: Question, settings: Settings, stored: Expectation | None, options: dict[str, Any]
) -> Report:
    if stored:
        asked = asked._replace(values=point_of(stored, asked.values))
    return settled(report_of(asked, **options), asked, settings)


def at_points(
    asked: Question, settings: Settings, ranges: tuple[str, ...], shapes: tuple[str, ...],
    count: int, seed: int, options: dict[str, Any],
) -> Iterator[Report]:  # fmt: skip
    sizes = read_shapes(shapes)
    given = {name: array.shape for name, array in arrays_in(asked.values, seed).items()}
    program = stage(asked.tree, {*asked.values, *sizes}, shapes={**given, **sizes})
    for name in sizes:
        if name not in program.inputs:
            raise unknown_variable(name, program)
    drawn = read_ranges(ranges, program)
    known = {name: value for name, value in asked.values.items() if name not in asked.spare}
    known |= {name: asked.values[name] for name in asked.spare if name in program.inputs}
    for point in random_points(program, known, drawn, count, seed):
        here = asked._replace(values=point)
        if asked.tree.guards:
            from backprop.reading.reader import read_again

            here = here._replace(tree=read_again(asked.tree, point))
        yield settled(report_of(here, **options), asked, settings)


def settled(report: Report, asked: Question, settings: Settings) -> Report:
    return checked(report, asked.child, settings.methods, settings.timeout, settings.digits)


def first_failing(reports: Iterator[Report], settings: Settings) -> tuple[int, int, Report]:
    """The first report that fails, or the worst of those that pass; how many were looked at."""
    kept: Report | None = None
    for count, report in enumerate(reports, 1):
        code = settings.code(report)
        if code:
            return code, count, report
        if kept is None or certainty(report) < certainty(kept):
            kept = report
    assert kept is not None
    return 0, count, kept


def certainty(report: Report) -> tuple[int, int]:
    """How sure a report is: its verdict first, then the fewest digits that float64 keeps."""
    judged = [report.check.value, *report.check.inputs.values()]
    digits = [one.digits or 0 for one in judged if one]
    return -VERDICTS.index(report.check.verdict), min(digits, default=0)
