"""The options that decide how a text becomes gates, which most commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from backprop.arithmetic.system import TIES
from backprop.staging import GRANULARITIES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def staging_options(gates: str = "written") -> Decorator:
    """--gates, --no-share and --ties, with this granularity if none is asked for."""
    return decorating(
        click.option("--gates", type=click.Choice(GRANULARITIES), default=gates, show_default=True,
                     help="Gates as written, all opened up, or known patterns fused."),
        click.option("--no-share", is_flag=True, help="Keep equal subexpressions apart."),
        click.option("--ties", type=click.Choice(TIES), default="notes",
                     help="Who gets the gradient of max and min where inputs are equal."),
    )  # fmt: skip


def decorating(*options: Decorator) -> Decorator:
    """One decorator of several."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorated
