"""What `check` does with claims, and with programs that are said to be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from backprop.answer.evaluation import arrays_in, staged
from backprop.cli.files import read_text
from backprop.cli.options import Decorator, decorating, option
from backprop.cli.output import print_lines_as, print_pieces
from backprop.cli.progress import waiting
from backprop.errors import BackpropError
from backprop.language.parser import parse

if TYPE_CHECKING:
    from backprop.claims.claims import Claims
    from backprop.claims.instances import Asked
    from backprop.claims.sameness import Sameness
    from backprop.cli.variables import Question
    from backprop.language.syntax import Tree
    from backprop.program.program import Program

ALONE = ("expect", "write_expect", "digits", "jacobian", "allow", "wrt")  # not for claims


def claim_options() -> Decorator:
    return decorating(
        option("--claim", "claims", multiple=True, metavar="NAME=EXPRESSION",
               help="Is this the derivative by NAME? An input or a stage; or a number."),
        option("--same-as", metavar="PROGRAM",
               help="Does this text, or @FILE, compute the same?"),
    )  # fmt: skip


def answered(asked: Question) -> int:
    """The answer to --claim or --same-as: printed, and as an exit code."""
    chosen = click.get_current_context().params
    if chosen["claims"] and chosen["same_as"] is not None:
        raise click.UsageError("--claim and --same-as ask for different things")
    option = "--claim" if chosen["claims"] else "--same-as"
    for other in ALONE:
        if chosen.get(other):
            raise click.UsageError(f"--{other.replace('_', '-')} doesn't go with {option}")
    answer = about_claims if chosen["claims"] else about_sameness
    pieces, code = answer(asked, chosen)
    if not chosen["quiet"]:
        if chosen["kind"] == "json":
            print_pieces(pieces)
        else:
            print_lines_as(chosen["kind"], pieces)
    return code


Answer = tuple[Iterator[str], int]


def about_claims(asked: Question, chosen: Mapping[str, Any]) -> Answer:
    from backprop.claims.claims import check_claims
    from backprop.showing.claims import render_lines

    values = asked.values | arrays_in(asked.values, chosen["seed"])
    program = staged_for(asked.tree, values, chosen)
    known = wanted(values, asked, program)
    with waiting("checking"):
        found = check_claims(program, known, chosen["claims"], how(chosen), asked.child)
    if found.exit_code == 1:
        from backprop.grading.claimed import with_slips

        found = with_slips(found, how(chosen))
    return pieces(found, render_lines, chosen["kind"]), found.exit_code


def about_sameness(asked: Question, chosen: Mapping[str, Any]) -> Answer:
    from backprop.claims.sameness import check_sameness
    from backprop.showing.sameness import render_lines

    values = asked.values | arrays_in(asked.values, chosen["seed"])
    program = staged_for(asked.tree, values, chosen)
    other = other_program(chosen["same_as"], values, chosen)
    known = wanted(values, asked, program, other)
    with waiting("comparing"):
        found = check_sameness(program, other, known, how(chosen), asked.child)
    return pieces(found, render_lines, chosen["kind"]), found.exit_code


def pieces(
    found: Claims | Sameness, lines: Callable[[Any], Iterator[str]], kind: str
) -> Iterator[str]:
    """The answer as lines, or as JSON."""
    from backprop.cli.render.json import render_object

    return iter([render_object(found.to_dict())]) if kind == "json" else lines(found)


def staged_for(tree: Tree, values: Mapping[str, Any], chosen: Mapping[str, Any]) -> Program:
    """A program for values of these shapes."""
    shapes = {name: value.shape for name, value in values.items() if hasattr(value, "shape")}
    return staged(tree, values, chosen["gates"], not chosen["no_share"], shapes)


def wanted(values: Mapping[str, Any], asked: Question, *programs: Program) -> dict[str, Any]:
    """The values without those that a point file has beside what the programs need."""
    used = {name for program in programs for name in program.inputs}
    return {name: v for name, v in values.items() if name in used or name not in asked.spare}


def other_program(word: str, values: Mapping[str, Any], chosen: Mapping[str, Any]) -> Program:
    """The program of --same-as: a text, or @FILE."""
    file = word.startswith("@")
    text = read_text(word[1:]) if file else word
    try:
        return staged_for(parse(text), values, chosen)
    except BackpropError as error:
        error.origin = word[1:] if file else "--same-as"
        raise


def how(chosen: Mapping[str, Any]) -> Asked:
    from backprop.claims.instances import Asked

    return Asked(
        chosen["points"], chosen["ranges"], chosen["seed"], chosen["ties"], chosen["upstream"],
        chosen["timeout"], "symbolic" in chosen["methods"],
    )  # fmt: skip
