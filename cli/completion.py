"""What a shell offers while a command line is typed: names of the program, files, and words that
an option knows. Nothing here may fail or print: whoever types wants no errors in the prompt."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
)

if TYPE_CHECKING:
    from backprop.language.syntax import Tree

Offer = Callable[[click.Context, click.Parameter, str], list[Any]]
BREAKS = re.compile(r"[=:@]+")  # what bash takes for a word of its own
CUTS = re.compile(r"[=:]")  # what it keeps when it completes the word after it
AS_TEXT = (".py", ".ipynb")  # files that are a PROGRAM without an @


def words(names: Callable[[click.Context], Iterable[str]], *, several: bool = False) -> Offer:
    """An offer of names; of `several` with commas between them, the last is completed."""

    def offer(ctx: click.Context, param: click.Parameter, typed: str) -> list[str]:
        del param
        before, comma, last = typed.rpartition(",") if several else ("", "", typed)
        return [before + comma + name for name in names(ctx) if name.startswith(last)]

    return offer


def inputs_of(tree: Any) -> list[str]:
    """The variables that may have a value, and no stages, as far as that is known yet."""
    from backprop.errors import BackpropError
    from backprop.language.syntax import Tree
    from backprop.program.stage import stage

    if not isinstance(tree, Tree):
        return list(tree.names)
    try:
        return list(stage(tree).inputs)
    except BackpropError:  # it needs shapes
        return [name for name in tree.names if name not in tree.stored]


def variables_of(ctx: click.Context) -> list[str]:
    tree = ctx.meta.get("tree")
    return inputs_of(tree) if tree else []


def statements_of(ctx: click.Context) -> list[str]:
    tree = ctx.meta.get("tree")
    return sorted(getattr(tree, "stored", ()))


def stages_of(ctx: click.Context) -> list[str]:
    """The names of stages and inputs; without shapes of arrays only those that the text gives."""
    from backprop.errors import BackpropError
    from backprop.language.syntax import Tree

    tree = ctx.meta.get("tree")
    if not isinstance(tree, Tree):
        return []
    try:
        return names_of_stages(tree)
    except BackpropError:
        return [*tree.names, *tree.stored]


def names_of_stages(tree: Tree) -> list[str]:
    from backprop.program.stage import stage

    program = stage(tree)
    return [*program.inputs, *(stage.name for stage in program.stages())]


def gates_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.gates import families

    return [gate.name for rows in families().values() for gate in rows]


def topics_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.cli.pages import topics

    return topics()


def languages_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.emitting import LANGUAGES

    return list(LANGUAGES)


def schedules_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.descending.schedule import SCHEDULES

    return list(SCHEDULES)


def methods_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.answer.verdicts import METHODS

    return list(METHODS)


def verdicts_of(ctx: click.Context) -> list[str]:
    del ctx
    from backprop.answer.verdicts import VERDICTS

    return [verdict for verdict in VERDICTS if verdict not in ("agree", "differ")]


def program(ctx: click.Context, param: click.Parameter, typed: str) -> list[Any]:
    """`@FILE`, `FILE.py:NAME`, or the name of a file of Python."""
    del ctx, param
    if typed.startswith("@"):
        return listed_files("@", typed[1:])
    file, colon, name = typed.partition(":")
    if colon and file.endswith(AS_TEXT):
        return [f"{file}:{found}" for found in functions_in(file) if found.startswith(name)]
    return listed_files("", typed, AS_TEXT)


def value(ctx: click.Context, param: click.Parameter, typed: str) -> list[Any]:
    """A value is typed, or it is the array in a file: @FILE."""
    del ctx, param
    return listed_files("@", typed[1:]) if typed.startswith("@") else []


def functions_in(file: str) -> list[str]:
    from backprop.cli.files import read_bytes
    from backprop.reading.source import classes_in, decoded, names_in, parsed

    source = parsed(decoded(read_bytes(file), file), file)
    return [*names_in(source), *classes_in(source)]


def listed_files(
    mark: str, typed: str, suffixes: tuple[str, ...] = ("",)
) -> list[CompletionItem[str]]:
    """Files and folders whose path begins so, after a mark that no shell knows."""
    name = typed.rpartition("/")[2]
    start = typed[: len(typed) - len(name)]
    found = []
    for entry in sorted(os.scandir(start or "."), key=lambda entry: entry.name):
        if not entry.name.startswith(name) or (entry.name.startswith(".") and not name):
            continue
        if entry.is_dir():
            found.append(CompletionItem(f"{mark}{start}{entry.name}/"))
        elif entry.name.endswith(suffixes):
            found.append(CompletionItem(f"{mark}{start}{entry.name}"))
    return found


OFFERS: dict[str, Offer] = {
    "program": program,
    "value": value,
    "variables": words(variables_of, several=True),
    "statements": words(statements_of),
    "stages": words(stages_of),
    "gates": words(gates_of),
    "topics": words(topics_of),
    "languages": words(languages_of),
    "schedules": words(schedules_of),
    "methods": words(methods_of, several=True),
    "verdicts": words(verdicts_of, several=True),
}


class Bash(BashComplete):
    """Bash cuts words at = : and @, and replaces only what comes after the last = or :."""

    cut = ""

    def get_completion_args(self) -> tuple[list[str], str]:
        args, last = super().get_completion_args()
        whole: list[str] = []
        joins = False
        for word in [*args, last]:
            breaks = bool(BREAKS.fullmatch(word))
            if whole and (joins or (breaks and word[0] != "@")):
                whole[-1] += word
            else:
                whole.append(word)
            joins = breaks
        typed = whole.pop()
        given = typed.partition("=")[2] if typed.startswith("-") else typed
        self.cut = given[: max((found.end() for found in CUTS.finditer(given)), default=0)]
        return whole, typed

    def format_completion(self, item: CompletionItem[Any]) -> str:
        return f"{item.type},{str(item.value).removeprefix(self.cut)}"


class WholeWords(ShellComplete):
    """A shell that replaces the whole word, --format=js as well."""

    option = ""

    def get_completions(self, args: list[str], incomplete: str) -> list[CompletionItem[str]]:
        found = super().get_completions(args, incomplete)
        if not self.option:
            return found
        return [
            other
            for item in found
            for other in (listed_files("", item.value) if item.type == "file" else [item])
        ]

    def named(self, args: list[str], typed: str) -> tuple[list[str], str]:
        option, equals, _ = typed.partition("=")
        self.option = option + equals if typed.startswith("-") and equals else ""
        return args, typed

    def whole(self, item: CompletionItem[str]) -> CompletionItem[str]:
        return CompletionItem(self.option + item.value, item.type, item.help)


class Zsh(WholeWords, ZshComplete):
    def get_completion_args(self) -> tuple[list[str], str]:
        return self.named(*super().get_completion_args())

    def format_completion(self, item: CompletionItem[str]) -> str:
        return super().format_completion(self.whole(item))


class Fish(WholeWords, FishComplete):
    # Click's script drops what comes after a second comma: --wrt x,y and half of a help text.
    source_template = FishComplete.source_template.replace(
        'string split ","', 'string split --max 1 ","'
    )

    def get_completion_args(self) -> tuple[list[str], str]:
        return self.named(*super().get_completion_args())

    def format_completion(self, item: CompletionItem[str]) -> str:
        return super().format_completion(self.whole(item))


SHELLS = {"bash": Bash, "zsh": Zsh, "fish": Fish}


def register() -> None:
    for name, shell in SHELLS.items():
        add_completion_class(shell, name)
