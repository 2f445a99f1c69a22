"""backprop eval: value and gradient of a program at a point, stage by stage."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import click

from backprop.answer.evaluation import evaluate
from backprop.answer.report import Report
from backprop.cli.checking import check_options, checked
from backprop.cli.files import write_whole
from backprop.cli.options import (
    FILE,
    around_option,
    format_options,
    gradient_options,
    motion_options,
    option,
    output_option,
    precision_option,
    quiet_option,
    shape_option,
)
from backprop.cli.output import drawn, print_pieces, print_rich
from backprop.cli.progress import waiting
from backprop.cli.render import FORMATS, stages_as
from backprop.cli.saying import note, say
from backprop.cli.variables import ProgramCommand, Question
from backprop.errors import UsageError
from backprop.showing.numbers import View

if TYPE_CHECKING:
    from backprop.answer.dimensions import Dimensions

WRONG = 1
NO_ANSWER = 3
MOTION = ("mode", "along", "jvp", "hvp", "hessian")
BACKWARD = "backward"  # the order of --order that isn't the usual one
ANSWERS = 3  # lines below a table besides the gradient

HELP = """Value and gradient of PROGRAM, forward and backward through every stage.

\b
  backprop eval "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop eval "1/(1+exp(-(w*x+b)))" --w 2 --x=-1 --b=pi/3 --json
  backprop eval @staged.bp --at '{"x": 3, "y": -4}' --wrt x
  cat staged.bp | backprop eval - --x=3 --y=-4 --format markdown
  backprop eval @staged.bp --x=3 --y=-4 --stages 3:9 --order backward
  backprop eval "log(x1) + x1*x2 - sin(x2)" --x1=2 --x2=5 --mode both
  backprop eval "x**3*y" --x=2 --y=3 --hessian
  backprop eval "D = W @ X" --shape W=5x10,X=10x3
  backprop eval "D = W @ X" --W=@w.npy --X="randn(10,3)" --upstream ones --save run.npz

PROGRAM is an expression or a staged program; - reads standard input, @FILE a file.
Every variable of PROGRAM is an option.
"""


def program_choices(asked: Question, gates: str, no_share: bool, **options: Any) -> dict[str, Any]:
    """The options that make a program of a text, as the library calls them."""
    names = None if options["wrt"] is None else [n.strip() for n in options["wrt"].split(",")]
    others = {name: options[name] for name in ("upstream", "seed")}
    return {**others, "gates": gates, "share": not no_share, "wrt": names, "spare": asked.spare}


def report_of(asked: Question, **options: Any) -> Report:
    motion = {name: options[name] for name in MOTION if name in options}
    with waiting("evaluating"):
        return evaluate(
            asked.tree, asked.values, ties=options["ties"], jacobian=options["jacobian"],
            allow_nonfinite=options["allow_nonfinite"], dtype=options["dtype"],
            accumulate=options["accumulate"], loss_scale=options["loss_scale"], **motion,
            **program_choices(asked, **options),
        )  # fmt: skip


@click.command("eval", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@gradient_options()
@format_options(*FORMATS)
@output_option()
@precision_option(6)
@motion_options()
@option("--full", is_flag=True, help="Show arrays in full, however large.")
@option("--stages", metavar="FIRST:LAST", help="Show only these stages, such as 3:9.")
@around_option("Show only the stages near a stage or an input.")
@option(
    "--order",
    type=click.Choice(("forward", "backward")),
    default="forward",
    help="List the stages from the inputs on, or from the output back.",
)
@option("--shapes", "with_shapes", is_flag=True, help="Show the shape of every stage as well.")
@shape_option("A shape instead of a value, such as W=5x10. Only shapes are shown then.")
@option(
    "--save",
    type=FILE,
    metavar="FILE.npz",
    help="Write value, inputs, stages and gradients (dW) to a file for NumPy.",
)
@option("--no-check", is_flag=True, help="Leave out the independent check.")
@check_options()
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], kind: str,
    precision: int, full: bool, with_shapes: bool, no_check: bool, methods: str, timeout: float,
    digits: int | None, shapes: tuple[str, ...], save: str | None, stages: str | None,
    around: str | None, order: str, **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if no_check and digits:
        raise click.UsageError("--digits come from the check, which --no-check leaves out")

    def judged(report: Report) -> Report:
        return report if no_check else checked(report, asked.child, methods, timeout, digits)

    if save is not None:
        checked_suffix(save)
    if shapes and (sizes := sizes_of(asked, shapes, save, options)):
        show_sizes(sizes, kind)
        return 0
    report = report_of(asked, **options)
    if save is not None:
        keep(report, save)
    view = View(precision, full, with_shapes)
    if stages or around or order == BACKWARD:
        from backprop.showing.selection import selection

        view = view._replace(selection=selection(report, kind, stages, around, order))
    report = show(report, judged, kind, view)
    return say_if_wrong(report) or say_if_not_finite(report)


def show(report: Report, judged: Callable[[Report], Report], kind: str, view: View) -> Report:
    """Print the answer; a person sees the stages while the check still works."""
    if kind == "table":
        from backprop.cli.paging import paged
        from backprop.cli.render.table import render_answers, render_stages

        with paged(drawn(render_stages(report, view)), ANSWERS + len(report.gradient)) as write:
            sys.stdout.flush()
            report = judged(report)
            write(drawn(render_answers(report, view)))
    elif kind == "json":
        from backprop.cli.render.json import render

        report = judged(report)
        with waiting("printing") if sys.stdout and not sys.stdout.isatty() else nullcontext():
            print_pieces(render(report))
    else:
        stages, answers = stages_as(kind)
        print_pieces(stages(report, view))
        sys.stdout.flush()
        report = judged(report)
        print_pieces(answers(report, view))
    return report


def sizes_of(
    asked: Question, texts: tuple[str, ...], save: str | None, options: dict[str, Any]
) -> Dimensions | None:
    """Shapes alone; None if there are values for everything, which agree with the shapes."""
    from backprop.answer.dimensions import dimensions
    from backprop.answer.sizes import read_shapes

    chosen = program_choices(asked, **options)
    found = dimensions(asked.tree, asked.values, read_shapes(texts), **chosen)
    if found.valued:
        return None
    for name, wanted in (("--jacobian", options["jacobian"]), ("--save", save)):
        if wanted:
            raise click.UsageError(f"{name} needs numbers, and --shape gives only shapes")
    return found


def show_sizes(sizes: Dimensions, kind: str) -> None:
    if kind == "table":
        from backprop.cli.render.dimensions import render_table

        print_rich(render_table(sizes))
    else:
        from backprop.cli.render.dimensions import FORMS

        print_pieces(FORMS[kind](sizes))


def checked_suffix(path: str) -> None:
    if not path.lower().endswith(".npz"):
        name = path.rpartition("/")[2].partition(".")[0] or "answer"
        raise UsageError(f"--save writes .npz files, not {path}", hint=f"--save {name}.npz")


def keep(report: Report, path: str) -> None:
    """Write the arrays of a report; a gradient whose name is taken is said."""
    from backprop.answer.saving import named_arrays, npz

    arrays, renamed = named_arrays(report)
    write_whole(path, npz(arrays))
    for wanted, name in renamed.items():
        note(f"the program has a {wanted} of its own: the gradient is saved as {name}")


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
