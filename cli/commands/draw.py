"""backprop draw: the circuit as a picture."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import PurePath
from typing import Any

import click

from backprop.answer.report import Report
from backprop.cli.commands.eval import (
    program_choices,
    report_of,
    say_if_not_finite,
)
from backprop.cli.files import write_whole
from backprop.cli.options import (
    along_option,
    around_option,
    file_option,
    gradient_options,
    open_format_option,
    option,
    precision_option,
    quiet_option,
    shape_option,
)
from backprop.cli.output import print_bytes, print_pieces, wants_colour
from backprop.cli.variables import ProgramCommand, Question
from backprop.drawing.building import circuit
from backprop.drawing.circuit import Circuit, Part
from backprop.errors import UsageError
from backprop.program.program import Program

SUFFIXES = {
    "svg": "svg", "png": "png", "dot": "dot", "gv": "dot", "mmd": "mermaid", "mermaid": "mermaid",
    "tex": "tikz", "tikz": "tikz", "txt": "text", "html": "html", "htm": "html",
}  # fmt: skip
FORMATS = ("text", "svg", "html", "dot", "mermaid", "tikz", "png")
WIDTH = 120  # columns where no terminal says how many there are
NARROWEST = 20
RADIUS = 2

HELP = """The circuit of PROGRAM as a picture: values above the wires, gradients below.

\b
  backprop draw "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop draw "1/(1+exp(-(w*x+b)))" --w=2 --x=-1 --b=3 -o neuron.svg
  backprop draw @staged.bp --x=3 --y=-4 --gates fine --open
  backprop draw "(x+y)*z" --x=-2 --y=5 --z=-4 -o play.html --open
  backprop draw "(x+y)*z" --format mermaid
  backprop draw @large.bp --at point.json --around loss --radius 3
  backprop draw @large.bp --at point.json --collapse

Without values only the circuit is drawn. A dot is a fork: the gradients of its branches add up.
"""


@click.command("draw", cls=ProgramCommand, help=HELP, options_metavar="[--NAME VALUE]... [OPTIONS]")
@gradient_options()
@along_option()
@open_format_option(
    "The format; by default the one that the suffix of -o names, or text.",
    type=click.Choice(FORMATS),
)
@file_option("Write the picture to a file: .svg, .png, ...")
@option("--open", "opened", is_flag=True, help="Show the picture in the system's viewer.")
@precision_option(2, "Decimals shown; small numbers have more.", low=0)
@around_option("Draw only what is near a stage or an input.")
@option(
    "--radius",
    type=click.IntRange(1),
    metavar="K",
    help=f"How many steps away --around goes, {RADIUS} if not given.",
)
@option(
    "--collapse", is_flag=True, help="Draw calls of functions, and what repeats, as one box each."
)
@shape_option("A shape instead of a value, such as W=5x10.")
@quiet_option()
@click.pass_obj
def command(
    asked: Question, /, program: str, at: str | None, pairs: tuple[str, ...], kind: str | None,
    file: str | None, opened: bool, precision: int, around: str | None, radius: int | None,
    collapse: bool, shapes: tuple[str, ...], **options: Any,
) -> int:  # fmt: skip
    del program, at, pairs
    if options["jacobian"]:
        raise click.UsageError("a picture has no room for --jacobian; use --upstream")
    if around is not None and collapse:
        raise click.UsageError("--around and --collapse ask for different things")
    if radius is not None and around is None:
        raise click.UsageError("--radius goes with --around NAME")
    kind = kind or kind_of(file, opened)
    subject, report = subject_of(asked, shapes, options)
    if kind == "html" and options["along"] is not None:
        raise click.UsageError("a page has no tangents: --along goes with the other formats")
    if kind == "html":
        near = None if around is None else (around, radius or RADIUS)
        show(playable(report, precision, near, collapse=collapse), kind, file, opened)
    else:
        parts = parts_of(subject, around, radius or RADIUS, collapse)
        show(circuit(subject, report, precision, parts), kind, file, opened)
    return 0 if report is None else say_if_not_finite(report)


def subject_of(
    asked: Question, shapes: tuple[str, ...], options: dict[str, Any]
) -> tuple[Program, Report | None]:
    """The program, and its numbers if there are values."""
    if shapes:
        from backprop.answer.dimensions import dimensions
        from backprop.answer.sizes import read_shapes

        chosen = program_choices(asked, **options)
        found = dimensions(asked.tree, asked.values, read_shapes(shapes), **chosen)
        if not found.valued:
            return found.program, None
    elif not asked.values:
        from backprop.program.stage import stage

        program = stage(asked.tree, (), options["gates"], not options["no_share"])
        if program.inputs.keys() - program.defaults.keys():
            return program, None
    report = report_of(asked, **options)
    return report.program, report


def playable(
    report: Report | None, precision: int, around: tuple[str, int] | None, *, collapse: bool
) -> str:
    """The page of a circuit at a point."""
    from backprop.drawing.page import page

    if report is None:
        raise UsageError("a page needs values to begin with", hint="--x=1, or --at point.json")
    return page(report, precision, collapse=collapse, around=around)


def parts_of(
    program: Program, around: str | None, radius: int, collapse: bool
) -> list[Part] | None:
    """The part of the program that is drawn; None for all of it."""
    if around is None and not collapse:
        return None
    from backprop.drawing import folding

    if around is not None:
        return folding.around(program, around, radius)
    return folding.collapse(program)


def kind_of(file: str | None, opened: bool) -> str:
    """The format that a file's name asks for."""
    if file in (None, "-"):
        return "svg" if opened else "text"
    suffix = PurePath(str(file)).suffix.lower().removeprefix(".")
    if suffix not in SUFFIXES:
        known = ", ".join(f".{name}" for name in SUFFIXES)
        raise UsageError(
            f"the name {file} doesn't say which format to draw with",
            hint=f"use {known}, or --format",
        )
    return SUFFIXES[suffix]


def show(drawing: Circuit | str, kind: str, file: str | None, opened: bool) -> None:
    """Draw, and put it where it is wanted."""
    if opened and file in (None, "-"):
        from backprop.cli.pictures import fresh_file

        file = fresh_file(kind)
    if file in (None, "-"):
        print_drawing(drawing, kind)
        return
    write_whole(str(file), content(drawing, kind))
    if opened:
        from backprop.cli.pictures import open_file

        open_file(str(file))


def content(drawing: Circuit | str, kind: str) -> str | bytes:
    """A picture as a file holds it."""
    if isinstance(drawing, str):
        return drawing  # a page
    if kind == "png":
        from backprop.cli.pictures import png

        return png(str(content(drawing, "svg")))
    if kind == "text":
        from backprop.drawing.text import draw as draw_text

        rows = draw_text(drawing, width())
        return "".join("".join(piece.text for piece in row) + "\n" for row in rows)
    return str(import_module(f"backprop.drawing.{kind}").draw(drawing))


def print_drawing(drawing: Circuit | str, kind: str) -> None:
    if not isinstance(drawing, str) and kind == "text" and sys.stdout and wants_colour(sys.stdout):
        from backprop.cli.render.drawing import print_coloured

        print_coloured(drawing, width())
        return
    if kind == "png" and sys.stdout and sys.stdout.isatty():
        raise UsageError("a PNG can't be shown in a terminal", hint="-o circuit.png, or --open")
    found = content(drawing, kind)
    if isinstance(found, bytes):
        print_bytes(found)
    else:
        print_pieces([found])


def width() -> int:
    """Columns of the terminal, or those that COLUMNS says."""
    wish = os.environ.get("COLUMNS", "")
    if wish.isdecimal() and int(wish):
        return max(NARROWEST, int(wish))
    try:
        return max(NARROWEST, os.get_terminal_size(sys.stdout.fileno()).columns)
    except (AttributeError, OSError, ValueError):
        return WIDTH
