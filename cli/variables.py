"""Commands whose PROGRAM decides which options exist: every variable is an option.

The parser, `--help` and shell completion all ask `get_params`, so the three always agree.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from backprop.cli.answering import Answering
from backprop.cli.files import read_bytes, read_point, read_text
from backprop.cli.mistakes import call_meant, derivative_meant, file_meant, mistyped, no_value
from backprop.cli.offering import offered
from backprop.cli.options import old_spellings, program_params, renewed
from backprop.cli.progress import waiting
from backprop.cli.python import numbers_of, split_values, unit_named
from backprop.cli.saying import note
from backprop.errors import BackpropError, MissingValueError, UsageError, closest, listed
from backprop.language.compared import compared_names, number_of
from backprop.language.parser import parse
from backprop.language.syntax import Tree

if TYPE_CHECKING:
    from backprop.child.process import Child
    from backprop.reading.unit import Unit

LISTED = 8  # missing variables that an error lists
DIGITS = tuple("0123456789.")
SHOWN = 40  # variables that help lists
HELP = {"-h", "--help"}
RESERVED = {"-h", "-o"}  # help and output in every command
VARIABLE = "variable_"  # what click calls the options of variables begins so


class Question(NamedTuple):
    """What the command line asks about: the program's tree, and what its variables are given."""

    tree: Tree
    values: dict[str, Any]
    spare: tuple[str, ...]  # names that only a point file gave
    child: Child | None = None  # a process that has begun to load what a check needs
    first: Mapping[str, float] = MappingProxyType({})  # a row at which a source was read first


class ProgramCommand(Answering):
    """A command on PROGRAM: text, `-` for standard input, or @FILE."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params = [*program_params(), *self.params]

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        return [*ctx.meta.get("variable_options", []), *super().get_params(ctx)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        fixed, old = fixed_options(super().get_params(ctx)), old_spellings(self.params)
        spelled = {name: "=" not in new for name, new in old.items()} | fixed
        place, word = find_program(args, spelled)
        notes: list[str] = []
        if word is not None:
            before = args[: place - 1] if place and args[place - 1] == "--" else args[:place]
            others = [*before, *args[place + 1 :]]
            tree = self.read(ctx, word, others)
            names = tree.names if tree else ()
            others, notes = renewed(others, spelled, old, names, statements(tree))
            self.learn(ctx, tree, others, fixed)
            known = ctx.meta.get("tree")
            names = known.names if known else ()
            others = [as_option(arg, names) for arg in others]
            if not ctx.resilient_parsing and (mistake := mistyped(others, fixed, names)):
                raise mistake
            args = ["PROGRAM", *others]  # a stand-in, since a program may look like an option
        try:
            rest = super().parse_args(ctx, args)
        except click.NoSuchOption as error:
            raise unknown_option(ctx, error, fixed) from None
        except click.UsageError as error:
            error.ctx = error.ctx or ctx
            raise
        ctx.params["program"] = word
        for text in notes if not ctx.resilient_parsing else ():
            note(text)
        return rest

    def read(self, ctx: click.Context, word: str, args: list[str]) -> Any:
        """The program as it is written; None if it doesn't matter that there is none."""
        if ctx.resilient_parsing and word == "-":
            return None  # a shell that completes has nothing to read
        ctx.meta["root"] = last_value(args, "--root")
        try:
            with waiting("reading"):
                tree = self.tree_from(ctx, word)
            list(tree.names)  # a file may lack the function that is meant
        except BackpropError as error:
            if asks_help(ctx, args):
                return None
            error.hint = file_meant(word) or error.hint
            raise
        return tree

    def learn(
        self, ctx: click.Context, tree: Any, args: list[str], fixed: Mapping[str, bool]
    ) -> None:
        """Make options of the program's variables."""
        if tree is None:
            return
        helps = asks_help(ctx, args)
        try:
            tree = self.tree_of(ctx, tree, args)
            names = list(tree.names)
        except BackpropError:
            if helps:
                return
            raise
        ctx.meta["tree"] = tree
        if ctx.resilient_parsing:
            from backprop.cli.completion import inputs_of

            names = inputs_of(tree)
        if not helps and len(names) > SHOWN:
            used = {arg.lstrip("-").partition("=")[0] for arg in args if arg.startswith("-")}
            names = [name for name in names if name in used]
        ctx.meta["variable_options"] = [
            option for name in names if (option := variable_option(name, fixed)) is not None
        ]

    def tree_from(self, ctx: click.Context, word: str) -> Tree | Unit:
        """What PROGRAM says."""
        return read_program(word, ctx.meta["root"])

    def tree_of(self, ctx: click.Context, tree: Any, args: list[str]) -> Any:
        """The program that is asked about, if a command makes another of the one it is given."""
        del ctx, args
        return tree

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        if tree := ctx.meta.get("tree"):
            rows = (
                tree.described()
                if not isinstance(tree, Tree)
                else described(tree, fixed_options(super().get_params(ctx)))
            )
            with formatter.section("Variables of this program"):
                formatter.write_dl(rows)
        from backprop.cli.headings import grouped

        for heading, rows in grouped(super().get_params(ctx), ctx):
            with formatter.section(heading):
                formatter.write_dl(rows)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            ctx.obj = question(ctx)._replace(child=ctx.obj)
            return super().invoke(ctx)
        except MissingValueError as error:
            error.hint = self.how_to_give(ctx, error.names)
            raise
        except BackpropError as error:
            word = ctx.params["program"]
            if word.startswith("@") and error.span and not error.origin:
                error.origin = word[1:]
            raise

    def how_to_give(self, ctx: click.Context, missing: list[str]) -> str:
        """What to write for variables that have no value."""
        tree = ctx.meta["tree"]
        if isinstance(tree, Tree):
            if meant := derivative_meant(missing, {*tree.names, *tree.stored}):
                return f"leave out {meant}: {ctx.info_name} takes the derivative of the last line"
            if meant := call_meant(missing[0], tree.names):
                return f"did you mean {meant}? give --{missing[0]}=... if it is a variable"
        reserved = fixed_options(self.params)
        hint = "give " + " ".join(
            f"--set {name}=..." if f"--{name}" in reserved else f"--{name}=..."
            for name in missing[:LISTED]
        )
        if ctx.params.get("points"):
            hint += f", or --range {missing[0]}=LOW:HIGH"
        return hint


def asks_help(ctx: click.Context, args: list[str]) -> bool:
    return ctx.resilient_parsing or not HELP.isdisjoint(args)


def statements(tree: Any) -> set[str]:
    """The names that a program assigns."""
    return set() if tree is None else set(tree.stored)


def fixed_options(params: Iterable[click.Parameter]) -> dict[str, bool]:
    """Every option that the command has for itself, and whether it takes a value."""
    return {
        option: not (param.is_flag or param.count)
        for param in params
        if isinstance(param, click.Option)
        for option in (*param.opts, *param.secondary_opts)
    }


def find_program(args: list[str], fixed: Mapping[str, bool]) -> tuple[int, str | None]:
    """The first word that is neither an option nor an option's value."""
    place = 0
    while place < len(args):
        word = args[place]
        if word == "--":
            place += 1
            break
        if not is_option(word, fixed):
            break
        place += 1 if "=" in word or not fixed.get(word, True) else 2
    return place, args[place] if place < len(args) else None


def is_option(word: str, fixed: Mapping[str, bool]) -> bool:
    """`--x`, `--x=3` and `-x` are options; `-x*y` and `-` are programs."""
    name, equals, value = word.partition("=")
    if name in fixed:
        return True
    if word.startswith("--"):
        return name[2:].isidentifier()
    letter, rest = word[1:2], word[2:].removeprefix("-")
    if not word.startswith("-") or not letter.isidentifier():
        return False
    assigns = bool(equals) and name[1:].isidentifier() and not value.startswith("=")
    return not word[2:] or rest[:1] in DIGITS or assigns


def as_option(word: str, names: Container[str]) -> str:
    """`-w0=2` and `-w0` with two dashes, so that it isn't read as `-w 0`."""
    if word in RESERVED:
        return word
    if word.startswith("-o="):
        return f"--output{word[2:]}"
    name = word.lstrip("-").partition("=")[0]
    return f"-{word}" if word[:2] != "--" and word[:1] == "-" and name in names else word


def last_value(args: list[str], option: str) -> str:
    """What an option is given, before everything is parsed; empty if it isn't there."""
    found = ""
    for place, arg in enumerate(args):
        if arg == option and place + 1 < len(args):
            found = args[place + 1]
        elif arg.startswith(f"{option}="):
            found = arg.partition("=")[2]
    return found


def read_program(word: str, root: str = "") -> Tree | Unit:
    if (found := unit_named(word, root)) is not None:
        return found
    return parse_program(program_text(word), word)


def program_text(word: str) -> str:
    """What PROGRAM stands for: itself, a file or standard input."""
    return read_text(word.removeprefix("@")) if word == "-" or word.startswith("@") else word


def parse_program(text: str, word: str) -> Tree:
    try:
        return parse(text)
    except BackpropError as error:
        if word.startswith("@"):
            error.origin = word[1:]
        raise


def variable_option(name: str, fixed: Mapping[str, bool]) -> click.Option | None:
    if f"--{name}" in fixed:
        return None
    letter = f"-{name}"
    short = [letter] if len(name) == 1 and letter not in RESERVED and letter not in fixed else []
    return click.Option([f"--{name}", *short, VARIABLE + name], metavar="VALUE", multiple=True,
                        expose_value=False, callback=keep,
                        shell_complete=offered("value"))  # fmt: skip


def keep(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> None:
    if values:
        ctx.meta.setdefault("given", {})[str(param.name).removeprefix(VARIABLE)] = values


def question(ctx: click.Context) -> Question:
    """The tree, and one value for each name, wherever it was given."""
    tree, output = ctx.meta["tree"], ctx.meta.get("output")
    plain = not isinstance(tree, Tree)
    at = read_point(ctx.params["at"], plain=plain) if ctx.params.get("at") else {}
    explicit: dict[str, Any] = {}
    given = [
        (name, value) for name, values in ctx.meta.get("given", {}).items() for value in values
    ]
    for pair in ctx.params["pairs"]:
        name, equals, value = pair.partition("=")
        if not equals or not name.strip():
            raise UsageError(f"--set takes NAME=VALUE, not {pair}")
        given.append((name.strip(), value))
    for name, value in given:
        if name in explicit:
            raise UsageError(f"the value of {name} is given twice: {explicit[name]} and {value}")
        if mistake := no_value(name, value):
            raise mistake
        explicit[name] = array_file(name, value) if value.startswith("@") else value
    spare = tuple(name for name in at if name not in explicit)
    if isinstance(tree, Tree):
        for name in compared_names(tree):
            for values_of in (at, explicit):
                if isinstance(values_of.get(name), str):
                    values_of[name] = number_of(tree, values_of[name])
    if not isinstance(tree, Tree):
        wanted = [name.strip() for name in (ctx.params.get("wrt") or "").split(",") if name]
        seed = ctx.params.get("seed") or 0
        drawn = middles(ctx.params.get("ranges") or ())
        making = {name: ctx.meta[name] for name in ("init", "before") if ctx.meta.get(name)}
        tree.making |= making
        given_numbers, texts = split_values(tree.parameters, at | explicit, seed)
        values = numbers_of(given_numbers, seed)
        if ctx.params.get("data"):
            from backprop.cli.rows import first_row

            known = {*values, *texts}
            free = {name: default for name, default in tree.parameters if name not in known}
            drawn |= first_row(ctx.params, free)
        tree, found = tree.at(
            values | drawn, seed=seed, result=output or "", wanted=wanted, texts=texts
        )
        values |= {name: value for name, value in found.items() if name not in drawn}
        spare = tuple(name for name in spare if name not in texts)
        return Question(tree, values, spare, first=drawn)
    if output is not None and "iterated" not in ctx.meta:
        from backprop.language.ending import ending, unneeded

        spare += tuple(name for name in unneeded(tree) if name in explicit)
        tree = ending(tree, output)
    return Question(tree, at | explicit, spare)


def middles(ranges: Iterable[str]) -> dict[str, float]:
    """A value for every name with a range, at which a source is read first."""
    if not ranges:
        return {}
    from backprop.checking.points import read_range

    return {name: (low + high) / 2 for name, (low, high) in map(read_range, ranges)}


def array_file(name: str, value: str) -> Any:
    """The array in a file that a value names: @weights.npy."""
    from backprop.answer.array_files import array_from

    return array_from(name, value[1:], read_bytes(value[1:]))


def described(tree: Tree, fixed: Mapping[str, bool]) -> list[tuple[str, str]]:
    """A line of help for each variable."""
    from backprop.program.stage import stage

    program = stage(tree)
    rows = []
    for name in list(program.inputs)[:SHOWN]:
        option = f"--set {name}=VALUE" if f"--{name}" in fixed else f"--{name} VALUE"
        default = program.defaults.get(name)
        rows.append(
            (option, "a number" if default is None else f"a number, {default:g} if not given")
        )
    if len(program.inputs) > SHOWN:
        rows.append(("...", f"{len(program.inputs) - SHOWN:,} more"))
    return rows or [("none", "the program is a constant")]


def unknown_option(
    ctx: click.Context, error: click.NoSuchOption, fixed: Mapping[str, bool]
) -> UsageError:
    name = error.option_name.lstrip("-")
    tree = ctx.meta.get("tree")
    names = list(tree.names) if tree else []
    has = listed(names, SHOWN) or "no variables"
    near = closest(name, [*names, *(option.lstrip("-") for option in fixed)])
    calls = [(other, call) for other in names if (call := call_meant(other, [name]))]
    if calls:
        hint = f"did you mean {calls[0][1]} where the program has {calls[0][0]}?"
    else:
        hint = f"did you mean --{near}?" if near else ""
    message = f"{error.option_name} is neither an option nor a variable; the program has {has}"
    return UsageError(message, hint=hint)
