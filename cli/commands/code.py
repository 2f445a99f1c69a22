"""backprop code: the staged forward and backward passes as a function in another language."""

from __future__ import annotations

from typing import Any

import click

from backprop.answer.evaluation import arrays_in, evaluate
from backprop.answer.report import Report
from backprop.answer.values import checked_wrt
from backprop.answer.verdicts import METHODS
from backprop.cli.checking import checked
from backprop.cli.commands.eval import say_if_wrong
from backprop.cli.offering import offered
from backprop.cli.options import (
    option,
    output_option,
    quiet_option,
    shape_option,
    staging_options,
    timeout_option,
    wrt_option,
)
from backprop.cli.paging import show
from backprop.cli.progress import waiting
from backprop.cli.render.code import highlighted
from backprop.cli.variables import ProgramCommand, Question
from backprop.emitting import LANGUAGES, about_arrays, emit, language
from backprop.emitting.language import Language
from backprop.errors import UsageError
from backprop.program.program import Program
from backprop.program.stage import stage, stage_numbers

HELP = """PROGRAM and its gradient as a function, staged as people write it by hand.

\b
  backprop code "(x+y)*z" --lang python
  backprop code @staged.bp --lang c -o staged.c
  backprop code @loss.bp --lang js --name loss --wrt w,b
  backprop code "log(1+x)*y" --lang py --checked --x=0.5 --y=2
  backprop code "D = W @ X" --lang numpy --shape W=5x10,X=10x3
  backprop code "(x+y)*z" --lang latex --x=-2 --y=5 --z=-4 -o staged.tex

Every line has the number of its stage, as in the table of eval. The code needs no library, and
its numbers are those of eval: 1/0 is inf, log(-1) is nan, and an operand that max, min, where,
relu or clip didn't choose gets no gradient. NumPy and LaTeX also write programs about arrays,
which need values or a --shape. Otherwise only --checked and the numbers in LaTeX need values.
"""


@click.command("code", cls=ProgramCommand, help=HELP, options_metavar="--lang LANG [OPTIONS]")
@option(
    "--lang",
    metavar="LANG",
    shell_complete=offered("languages"),
    help=f"The language: {', '.join(LANGUAGES)}; or py, np, js, tex.",
)
@staging_options("fused", ties="split")
@wrt_option("The gradient of these inputs alone, separated by commas.")
@option("--forward-only", is_flag=True, help="The value alone.")
@option("--name", metavar="NAME", help="The name of the function; by default that of the output.")
@option("--checked", "with_check", is_flag=True, help="Write what the check finds above the code.")
@timeout_option("How long the check of --checked may take.")
@shape_option("The shape of an array that has no value, such as W=5x10.")
@output_option("Write a file instead of printing.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], lang: str | None,
    gates: str, no_share: bool, ties: str, wrt: str | None, forward_only: bool, name: str | None,
    with_check: bool, timeout: float, shapes: tuple[str, ...],
) -> int:  # fmt: skip
    del program, at, pairs
    if lang is None:
        raise UsageError("the language is missing", hint=f"give --lang {', '.join(LANGUAGES)}")
    with waiting("staging"):
        staged = program_of(asked, language(lang), gates, shapes, not no_share)
    names = None if wrt is None else checked_wrt(staged, [n.strip() for n in wrt.split(",")])
    report = None
    if with_check or (language(lang).numbers and not shapes and has_values(asked, staged)):
        report = evaluate(
            asked.tree, asked.values, gates=gates, share=not no_share, ties=ties, wrt=names,
            spare=asked.spare, upstream=upstream_for(staged),
        )  # fmt: skip
    if report is not None and with_check:
        report = checked(report, asked.child, ",".join(METHODS), timeout, None, formula=False)
    with waiting("writing"):
        text = emit(
            staged if report is None else report.program, lang, name=name, wrt=names, ties=ties,
            forward_only=forward_only, report=report,
            header=verdict(report) if report is not None and with_check else (),
        )  # fmt: skip
    show([highlighted(text, language(lang).name)])
    return say_if_wrong(report) if report is not None and with_check else 0


def program_of(
    asked: Question, target: Language, gates: str, shapes: tuple[str, ...], share: bool
) -> Program:
    """The staged program. Where there are arrays, each has a value or a --shape."""
    arrays = shapes or arrays_in(asked.values, 0)
    if not arrays and stage_numbers(asked.tree, asked.values, gates == "fine", share) is not None:
        return stage(asked.tree, asked.values, gates, share)
    if not target.arrays:
        raise about_arrays(target)
    from backprop.answer.dimensions import dimensions
    from backprop.answer.sizes import read_shapes

    return dimensions(
        asked.tree, asked.values, read_shapes(shapes), gates=gates, share=share, spare=asked.spare
    ).program


def has_values(asked: Question, program: Program) -> bool:
    """Did somebody give values, or has the program one for each input?"""
    return bool(asked.values) or program.inputs.keys() <= program.defaults.keys()


def upstream_for(program: Program) -> str | None:
    """What comes after an output that is an array, where somebody has to say: ones."""
    return "ones" if program.shapes[program.output] else None


def verdict(report: Report) -> list[str]:
    """What the check says, and where it looked: a line of the point, and one of the verdict."""
    point: dict[str, Any] = dict(report.point)
    at = ", ".join(f"{name} = {shown(value)}" for name, value in point.items())
    where = f" at {at}" if at else ""
    return [f"Checked{where}:", f"{report.check.verdict}: {report.check.reason}"]


def shown(value: Any) -> str:
    """A number in full; of an array the shape."""
    if not getattr(value, "shape", ()):
        return repr(float(value))
    return f"[{'x'.join(map(str, value.shape))}]"
