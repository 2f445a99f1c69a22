"""Commands with an answer: which format it has, and the file that it goes to with -o."""

from __future__ import annotations

from typing import Any

import click

from backprop.cli.options import TARGET, Format


class Answering(click.Command):
    """A command that prints an answer. With -o FILE the answer is written there instead."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        rest = super().parse_args(ctx, args)
        if not ctx.resilient_parsing:
            for param in self.params:
                if isinstance(param, Format):
                    ctx.params[str(param.name)] = param.settled(ctx)
        return rest

    def invoke(self, ctx: click.Context) -> Any:
        path = ctx.meta.get(TARGET)
        if path in (None, "-"):
            return super().invoke(ctx)
        from backprop.cli.files import answer_in

        with answer_in(path):
            return super().invoke(ctx)
