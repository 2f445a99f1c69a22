"""The options that decide how a text becomes gates, and which stages an answer shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from backprop.cli.offering import offered
from backprop.engine.ties.conventions import AUTO, CHOICES
from backprop.program.stager import GRANULARITIES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def staging_options(gates: str = "written", ties: str = AUTO) -> Decorator:
    """--gates, --no-share and --ties, with these if none is asked for."""
    return decorating(
        click.option("--gates", type=click.Choice(GRANULARITIES), default=gates, show_default=True,
                     help="Gates as written, all opened up, or known patterns fused."),
        click.option("--no-share", is_flag=True, help="Keep equal subexpressions apart."),
        ties_option(ties),
    )  # fmt: skip


def ties_option(ties: str = AUTO) -> Decorator:
    return click.option(
        "--ties", type=click.Choice(CHOICES), default=ties, show_default=True,
        help="The slope where max, abs and their like have none: the function's own, or a"
        " convention.",
    )  # fmt: skip


def selection_options() -> Decorator:
    """--stages, --around and --order, which choose the stages that an answer shows."""
    return decorating(
        click.option("--stages", metavar="FIRST:LAST", help="Show only these stages, such as 3:9."),
        click.option("--around", metavar="NAME", shell_complete=offered("stages"),
                     help="Show only the stages near a stage or an input."),
        click.option("--order", type=click.Choice(("forward", "backward")), default="forward",
                     help="List the stages from the inputs on, or from the output back."),
    )  # fmt: skip


def decorating(*options: Decorator) -> Decorator:
    """One decorator of several."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated
