"""What an option offers to a shell that completes it; nothing is loaded until a shell asks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def offered(what: str) -> Callable[[click.Context, click.Parameter, str], list[Any]]:
    """The offer of that name in `completion`."""

    def offer(ctx: click.Context, param: click.Parameter, typed: str) -> list[Any]:
        from backprop.cli.completion import OFFERS

        return OFFERS[what](ctx, param, typed)

    return offer
