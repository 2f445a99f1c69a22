"""The group of commands. Each is a file beside this one, imported when it is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from backprop.cli.output import wants_colour
from backprop.version import __version__

NARROWEST, WIDEST = 30, 80  # columns of help
NO_PAGER, OFF = "--no-pager", "backprop.no_pager"

COMMANDS = {
    "eval": "value and gradient, stage by stage",
    "check": "can the gradient be trusted? verdicts and an exit code",
    "compare": "symbolic against staged: operations and times",
    "derive": "the gradient as a program, which is a PROGRAM again",
    "draw": "the circuit as a picture, or as a page to play with",
    "play": "the same page in the browser, where programs can be typed",
    "explain": "the backward pass in words",
    "code": "the backward pass as code: Python, NumPy, C, JavaScript, LaTeX",
    "improve": "a form that keeps more digits of value and gradient",
    "quiz": "a worksheet on both passes, to be filled in and checked",
    "batch": "value and gradient for every row of a table, or their sum",
    "descend": "the parameter update: gradient descent, momentum, Adam, L-BFGS",
    "gates": "the gate table",
    "help": "the manual: topics, commands, search by word",
    "completion": "completion for bash, zsh and fish",
}


class Painted(click.HelpFormatter):
    """Help with its headings in bold on a terminal, and in a narrow one with short columns."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        from shutil import get_terminal_size

        columns = get_terminal_size().columns
        kwargs["width"] = max(NARROWEST, min(columns, kwargs.get("max_width") or WIDEST) - 2)
        super().__init__(*args, **kwargs)

    def write_dl(self, rows: Any, col_max: int = 30, col_spacing: int = 2) -> None:
        super().write_dl(rows, min(col_max, self.width // 3), col_spacing)

    def write_heading(self, heading: str) -> None:
        from backprop.cli.colour import painted

        super().write_heading(painted(heading, "bold") if wants_colour(sys.stdout) else heading)


class Context(click.Context):
    formatter_class = Painted

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["color"] = wants_colour(sys.stdout)
        kwargs["help_option_names"] = ["-h", "--help"]
        super().__init__(*args, **kwargs)


class Commands(click.Group):
    context_class = Context

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if NO_PAGER in args:  # wherever it stands: no variable is called so
            ctx.meta[OFF] = True
            args = [arg for arg in args if arg != NO_PAGER]
        return super().parse_args(ctx, args)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command = import_module(f"backprop.cli.commands.{name}").command
        assert isinstance(command, click.Command)
        command.context_class = Context
        if name != "help":
            command.epilog = f"The manual has a page: backprop help {name}"
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(self.unknown(args[0]), ctx)
        return super().resolve_command(ctx, args)

    def unknown(self, word: str) -> str:
        from backprop.errors import closest

        near = closest(word, list(COMMANDS))
        if near:
            return f"there is no command called {word}; did you mean {near}?"
        how = "to evaluate an expression: backprop eval EXPRESSION"
        return f"there is no command called {word[:40]}; {how}"


HELP = """Symbolic and staged gradients, side by side.

\b
  backprop eval "(x+y)*z" --x=-2 --y=5 --z=-4
  backprop eval @model.bp --at point.json --json
  backprop gates sigmoid
"""

group = Commands(
    name="backprop",
    help=HELP,
    params=[click.Option([NO_PAGER], is_flag=True, expose_value=False,
                         help="Print long answers directly, not through a pager.")],
)  # fmt: skip
group = click.version_option(__version__, "-V", "--version", prog_name="backprop")(group)
