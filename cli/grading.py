"""What `check` does with claims, and with programs that are said to be the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from backprop.cli.files import read_text
from backprop.cli.output import print_pieces
from backprop.errors import BackpropError
from backprop.evaluation import arrays_in, staged
from backprop.language.parser import parse

if TYPE_CHECKING:
    from backprop.cli.variables import Question
    from backprop.grading.claims import Asked
    from backprop.language.syntax import Tree

ALONE = (
    "expect",
    "write_expect",
    "digits",
    "jacobian",
    "allow",
    "wrt",
)  # say nothing beside a claim


def grading_options(function: Callable[..., Any]) -> Callable[..., Any]:
    options = [
        click.option("--claim", "claims", multiple=True, metavar="NAME=EXPRESSION",
                     help="Is this the derivative by NAME? An input or a stage; or a number."),
        click.option("--same-as", metavar="PROGRAM",
                     help="Does this text, or @FILE, compute the same?"),
    ]  # fmt: skip
    for option in reversed(options):
        function = option(function)
    return function


def graded(asked: Question, chosen: Mapping[str, Any]) -> int:
    """The answer to --claim or --same-as: printed, and as an exit code."""
    if chosen["claims"] and chosen["same_as"] is not None:
        raise click.UsageError("--claim and --same-as ask for different things")
    option = "--claim" if chosen["claims"] else "--same-as"
    for other in ALONE:
        if chosen.get(other):
            raise click.UsageError(f"--{other.replace('_', '-')} doesn't go with {option}")
    pieces, code = (
        about_claims(asked, chosen) if chosen["claims"] else about_sameness(asked, chosen)
    )
    if not chosen["quiet"]:
        print_pieces(pieces)
    return code


Answer = tuple[Iterator[str], int]


def about_claims(asked: Question, chosen: Mapping[str, Any]) -> Answer:
    from backprop.cli.render.claims import render_json, render_lines
    from backprop.grading.claims import check_claims

    values = asked.values | (arrays := arrays_in(asked.values, chosen["seed"]))
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(asked.tree, values, chosen["gates"], not chosen["no_share"], shapes)
    values = {n: v for n, v in values.items() if n in program.inputs or n not in asked.spare}
    found = check_claims(program, values, chosen["claims"], how(chosen), asked.child)
    return (render_json if chosen["as_json"] else render_lines)(found), found.exit_code


def about_sameness(asked: Question, chosen: Mapping[str, Any]) -> Answer:
    from backprop.cli.render.sameness import render_json, render_lines
    from backprop.grading.sameness import check_sameness

    values = asked.values | (arrays := arrays_in(asked.values, chosen["seed"]))
    shapes = {name: array.shape for name, array in arrays.items()}
    other = other_tree(chosen["same_as"])
    share = not chosen["no_share"]
    programs = [
        staged(tree, values, chosen["gates"], share, shapes) for tree in (asked.tree, other)
    ]
    used = {name for program in programs for name in program.inputs}
    values = {name: v for name, v in values.items() if name in used or name not in asked.spare}
    found = check_sameness(programs[0], programs[1], values, how(chosen), asked.child)
    return (render_json if chosen["as_json"] else render_lines)(found), found.exit_code


def other_tree(word: str) -> Tree:
    """The program of --same-as: a text, or @FILE."""
    file = word.startswith("@")
    text = read_text(word[1:]) if file else word
    try:
        return parse(text)
    except BackpropError as error:
        error.origin = word[1:] if file else "--same-as"
        raise


def how(chosen: Mapping[str, Any]) -> Asked:
    from backprop.grading.claims import Asked

    return Asked(
        chosen["points"], chosen["ranges"], chosen["seed"], chosen["ties"], chosen["upstream"],
        chosen["check_timeout"], "symbolic" in chosen["methods"],
    )  # fmt: skip
