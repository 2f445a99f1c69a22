"""backprop completion: the script that lets a shell complete commands, options and names."""

from __future__ import annotations

import os

import click

from backprop.cli.commands import group
from backprop.cli.completion import SHELLS
from backprop.cli.files import write_whole
from backprop.cli.main import COMPLETING
from backprop.cli.output import print_pieces
from backprop.cli.saying import say
from backprop.errors import UsageError

HELP = """Completion for a shell: commands, options, variables, stages, gates, files.

\b
  backprop completion bash --install
  eval "$(backprop completion bash)"
  backprop completion zsh > ~/.zfunc/_backprop
  backprop completion fish | source

--install writes the script where the shell looks for it.
"""


@click.command("completion", help=HELP)
@click.argument("shell", type=click.Choice(list(SHELLS)))
@click.option("--install", is_flag=True, help="Write the script where the shell looks for it.")
def command(shell: str, install: bool) -> int:
    source = SHELLS[shell](group, {}, "backprop", COMPLETING).source()
    if not install:
        print_pieces([source])
        return 0
    path = place_of(shell)
    try:
        os.makedirs(os.path.dirname(path), exist_ok=True)
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
    write_whole(path, source)
    say(f"{path} is written; a new {shell} reads it")
    if shell == "zsh":
        say(f"if it doesn't: put fpath+=({os.path.dirname(path)}) before compinit in ~/.zshrc")
    return 0


def place_of(shell: str) -> str:
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")
    return {
        "bash": f"{data}/bash-completion/completions/backprop",
        "zsh": f"{data}/zsh/site-functions/_backprop",
        "fish": f"{config}/fish/completions/backprop.fish",
    }[shell]
