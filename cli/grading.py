"""`check --backward`: files with a backward pass in, their grades out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from backprop.cli.files import read_bytes, read_text
from backprop.cli.options import FILE, Decorator, decorating, option
from backprop.cli.output import print_pieces, print_rich
from backprop.cli.progress import Progress, waiting
from backprop.cli.python import file_and_unit
from backprop.cli.saying import say
from backprop.cli.variables import Question
from backprop.cli.worksheet import WorksheetCommand
from backprop.errors import BackpropError

if TYPE_CHECKING:
    from backprop.grading.forward import Forward
    from backprop.grading.results import Grade

FORMATS = ("table", "json", "csv", "markdown", "plain", "junit")
OF_GRADES = ("csv", "junit")  # formats that only grades have
EXIT_CODES = {"right": 0, "wrong": 1, "unreadable": 2}


class CheckCommand(WorksheetCommand):
    """A command whose --backward takes many files, as a shell makes of submissions/*.py."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if any(arg.partition("=")[0] == "--backward" for arg in args):
            args = [*with_files(args)]
            if "-" in args and "--backward=-" in args:
                message = "standard input can be the program or the backward pass, not both"
                raise click.UsageError(message, ctx)
        return super().parse_args(ctx, args)


def with_files(args: list[str]) -> Iterator[str]:
    """`--backward a.py b.py` as `--backward=a.py --backward=b.py`, and the program's file with
    its @, which a word with a dot in it that is a file can do without."""
    takes, first = False, False
    for arg in args:
        if arg == "--backward":
            takes = first = True
        elif takes and (first or (not arg.startswith("-") and os.path.exists(file_in(arg)))):
            yield f"--backward={arg}"
            first = False
        else:
            takes = False
            yield f"@{arg}" if is_text(arg) else arg
    if first:
        raise click.UsageError("--backward needs a file")


def file_in(word: str) -> str:
    """The file of FILE.py:NAME."""
    found = file_and_unit(word)
    return found[0] if found else word


def is_text(word: str) -> bool:
    """Is it a file in the language, given without its @?"""
    return "." in word and file_and_unit(word) is None and os.path.isfile(word)


def grading_options() -> Decorator:
    return decorating(
        option("--backward", multiple=True, type=FILE, metavar="FILE...",
               help="Grade a backward pass: a file of lines, FILE.py:NAME, or - (stdin)."),
        option("--grad-name", metavar="PATTERN",
               help='The names of gradients there, such as "d{}" or "grad_{}".'),
        option("--grad", "places", multiple=True, metavar="NAME=WHERE",
               help="Where a class leaves a gradient: W=self.W_grad."),
        option("--kind", "returns", type=click.Choice(("layer", "derivative", "loss")),
               default="layer",
               help="What the backward pass of a class gives: derivative if it isn't yet times"
               " the gradient of the output."),
    )  # fmt: skip


def graded(
    asked: Question, files: tuple[str, ...], pattern: str | None, kind: str,
    options: dict[str, Any], layer: Mapping[str, Any],
) -> int:  # fmt: skip
    """Grade every file and print what was found; the exit code of the worst."""
    from backprop.grading.backward import gradient_names
    from backprop.grading.grade import forward_of

    names = options["wrt"]
    forward = forward_of(
        asked.tree, asked.values, ties=options["ties"], upstream=options["upstream"],
        seed=options["seed"], allow=asked.spare,
        wrt=None if names is None else [name.strip() for name in names.split(",")],
    )  # fmt: skip
    gradient_names(forward, pattern)  # one that can't be used is said once, not for every file
    codes = [0]
    found = (grade_of(forward, file, pattern, layer) for file in files)
    grades = counted(found, codes, len(files), aloud=kind == "table")
    show(grades, kind, several=len(files) > 1)
    return 1 if 1 in codes else max(codes)


def layer_options(returns: str, places: tuple[str, ...]) -> dict[str, Any]:
    """What is said about the backward pass of a class."""
    told = {}
    for text in places:
        name, equals, where = text.partition("=")
        if not equals or not name.strip() or not where.strip():
            raise click.UsageError(f"--grad wants NAME=WHERE, such as W=self.dW, not {text}")
        told[name.strip()] = where.strip()
    return {"kind": returns, "told": told}


def has_both_passes(asked: Question) -> bool:
    """Is the program a class or a function with its backward pass in it?"""
    if not asked.tree.source:
        return False
    from backprop.grading.layers import has_both

    return has_both(asked.tree)


def grade_of(forward: Forward, word: str, pattern: str | None, layer: Mapping[str, Any]) -> Grade:
    """The grade of one file; one that can't be read is graded as such."""
    from backprop.grading.grade import grade
    from backprop.grading.results import Grade
    from backprop.reading.source import decoded

    file, unit = file_and_unit(word) or ("standard input" if word == "-" else word, "")
    name = f"{file}:{unit}" if unit else file
    try:
        text = decoded(read_bytes(file), file) if unit or notebook(file) else read_text(word)
        with waiting(f"grading {file}"):
            return grade(forward, text, file, pattern, unit, **layer)
    except BackpropError as error:
        return Grade(name, error=error)


def notebook(file: str) -> bool:
    return file.endswith(".ipynb")


def counted(
    grades: Iterator[Grade], codes: list[int], files: int, *, aloud: bool
) -> Iterator[Grade]:
    """Note the exit code of each. `aloud` stderr tells of files that can't be graded, of which
    data formats have a row."""
    progress = Progress()
    for number, one in enumerate(grades, 1):
        progress.end()
        if one.error and aloud:
            one.error.origin = one.file if one.error.span else ""
            say(one.error.render())
        codes.append(EXIT_CODES[one.verdict])
        yield one
        if progress.is_due and files > 1:
            progress.say(f"graded {number:,} of {files:,} files")
    progress.end()


def show(grades: Iterator[Grade], kind: str, *, several: bool) -> None:
    from backprop.cli.render import grade as render

    if kind == "quiet":
        list(grades)
    elif kind == "table":
        for one in grades:
            print_rich(render.render_table(one, several=several))
    else:
        print_pieces(render.FORMS[kind](grades))
