"""What an option offers to a shell that completes it; nothing is loaded until a shell asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from backprop.cli.completion import Offer


def offered(what: str) -> Offer:
    """The offer of that name in `completion`."""

    def offer(ctx: click.Context, param: click.Parameter, typed: str) -> list[Any]:
        from backprop.cli.completion import OFFERS

        return OFFERS[what](ctx, param, typed)

    return offer
