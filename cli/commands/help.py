"""backprop help: the manual, a page a topic; what has no page of its own is searched for."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import click

from backprop.cli.commands import COMMANDS, group
from backprop.cli.offering import offered
from backprop.cli.output import print_pieces, show_any_character, wants_colour
from backprop.cli.pages import INDEX, Hit, Page, found, page, pages, topics, vocabulary
from backprop.cli.paging import paged
from backprop.cli.render.page import render_page, wrapped
from backprop.errors import UsageError, closest, visible
from backprop.version import __version__

WIDEST = 88  # columns of a paragraph
USUAL = 80  # columns where there is no terminal
NARROW = 60  # columns below which a page that was found has a line of its own
MOST = 12  # pages that a search lists

HELP = """The manual: a page for each topic and each command.

\b
  backprop help
  backprop help quickstart
  backprop help check
  backprop help saturated sigmoid
  backprop help --man > backprop.1

TOPIC is a topic, a command, or any words: help lists the pages that have them.
"""


@click.command("help", help=HELP, context_settings={"ignore_unknown_options": True})
@click.argument("topic", nargs=-1, type=click.UNPROCESSED, shell_complete=offered("topics"))
@click.option("--man", is_flag=True, help="Print a page for man.")
def command(topic: tuple[str, ...], man: bool) -> int:
    words = [word for text in topic for word in text.split()]
    asked = "-".join(words).lower()
    if man:
        from backprop.cli.render.roff import render_roff

        chosen = [known_page(asked)] if words else pages()
        print_pieces(render_roff(chosen, __version__))
        return 0
    width, colour = width_of_screen(), wants_colour(sys.stdout)
    if not words or asked == "help":
        show(render_page(page(INDEX), width, colour))
    elif asked in topics():
        show([*render_page(page(asked), width, colour), *options_of(asked)])
    else:
        show(listing(words, found(words), width))
    return 0


def show(lines: list[str] | Iterator[str]) -> None:
    if sys.stdout is not None:
        show_any_character(sys.stdout)
    with paged("".join(lines)):
        pass


def known_page(topic: str) -> Page:
    if topic in topics():
        return page(topic)
    raise UsageError(
        f"there is no topic called {visible(topic)}", hint="backprop help lists the topics"
    )


def options_of(name: str) -> Iterator[str]:
    """What a command's own help says of its options; nothing for other topics."""
    if name not in COMMANDS:
        return
    context = click.get_current_context()
    made = group.get_command(context, name)
    assert made is not None
    with made.make_context(name, ["--help"], resilient_parsing=True) as inner:
        formatter = inner.make_formatter()
        made.format_options(inner, formatter)
    yield f"\n{formatter.getvalue()}"


def listing(words: list[str], hits: list[Hit], width: int) -> Iterator[str]:
    """The pages that have the words, each with a line."""
    text = " ".join(words)
    if not hits:
        near = closest(text, vocabulary())
        hint = (
            f"did you mean {near}? backprop help {near}"
            if near
            else "backprop help lists the topics"
        )
        raise UsageError(f"no page of the manual has {text[:40]}", hint=hint)
    yield f"There is no page called {visible(text)}. These pages have it:\n\n"
    size = max(len(hit.page.topic) for hit in hits)
    for hit in hits[:MOST]:
        narrow = width < NARROW
        room = width - 4 if narrow else width - size - 5
        line = wrapped(hit.line.strip("|- "), max(20, room - 4), colour=False)
        before = f"{hit.page.topic}\n    " if narrow else f"{hit.page.topic:<{size}}   "
        yield f"  {before}{line[0]}{' ...' if line[1:] else ''}\n"
    yield f"\nbackprop help {hits[0].page.topic} shows the first.\n"


def width_of_screen() -> int:
    stream = sys.stdout
    if os.environ.get("COLUMNS", "").isdigit():
        columns = int(os.environ["COLUMNS"])
    elif stream is not None and stream.isatty():
        columns = os.get_terminal_size(stream.fileno()).columns
    else:
        columns = USUAL
    return max(20, min(WIDEST, columns))
