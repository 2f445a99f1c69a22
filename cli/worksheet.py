"""`check @FILE` where the file is a filled-in worksheet instead of a program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from backprop.cli.output import print_lines_as, print_pieces
from backprop.cli.python import unit_named
from backprop.cli.variables import ProgramCommand, parse_program, program_text
from backprop.errors import BackpropError
from backprop.grading.worksheet import is_worksheet, read_worksheet
from backprop.language.syntax import Tree

if TYPE_CHECKING:
    from backprop.reading.unit import Unit

GOES_ALONG = ("program", "kind", "quiet")


class WorksheetCommand(ProgramCommand):
    """A command on a program, or on a worksheet, which begins with a line that says so."""

    def tree_from(self, ctx: click.Context, word: str) -> Tree | Unit:
        if (found := unit_named(word, ctx.meta["root"])) is not None:
            return found
        text = program_text(word)
        if not is_worksheet(text):
            return parse_program(text, word)
        try:
            ctx.meta["worksheet"] = sheet = read_worksheet(text)
        except BackpropError as error:
            error.origin = error.origin or word.removeprefix("@")
            raise
        return sheet.tree

    def invoke(self, ctx: click.Context) -> Any:
        if "worksheet" not in ctx.meta:
            return super().invoke(ctx)
        options = {param.name: param.opts[0] for param in self.params}
        for name in [*ctx.params, *ctx.meta.get("given", {})]:
            valued = name in ctx.meta.get("given", {})
            given = valued or ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE
            if given and name not in GOES_ALONG:
                option = options.get(name, f"--{name}")
                raise click.UsageError(f"a worksheet has all it needs: leave out {option}", ctx)
        from backprop.cli.render.worksheet import render_marks, render_marks_json
        from backprop.grading.marking import mark

        try:
            result = mark(ctx.meta["worksheet"])
        except BackpropError as error:
            error.origin = error.origin or ctx.params["program"].removeprefix("@")
            raise
        if not ctx.params["quiet"]:
            if ctx.params["kind"] == "json":
                print_pieces(render_marks_json(result))
            else:
                print_lines_as(ctx.params["kind"], render_marks(result))
        return result.exit_code
