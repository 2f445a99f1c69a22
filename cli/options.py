"""Every option that more than one command has, declared once: its spelling, its kind, its words.

A command says what an option does there, where that isn't the same everywhere. A spelling of
before still works, and a note on stderr names the new one: `renewed`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Any

import click

from backprop.answer.verdicts import TIMEOUT
from backprop.cli.offering import offered
from backprop.cli.saying import QUIET
from backprop.engine.ties.conventions import AUTO, CHOICES
from backprop.program.stager import GRANULARITIES

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

FILE = click.Path(readable=False)  # any text, but a shell completes it as a file's name
LONGEST = 86_400  # seconds
JSON, TARGET = "backprop.json", "backprop.target"  # where a context keeps --json and -o
SUFFIXES = {".json": "json", ".csv": "csv", ".md": "markdown", ".txt": "plain", ".xml": "junit"}


class Option(click.Option):
    """An option whose help shows its default, and that may have had other spellings.

    `old` says what is written now for each of them.
    """

    def __init__(self, *args: Any, old: Mapping[str, str] | None = None, **kwargs: Any) -> None:
        default = kwargs.get("default")
        if isinstance(default, float) and default.is_integer():
            kwargs["default"] = int(default)  # help shows 10, not 10.0
        kwargs.setdefault("show_default", bool(default or default == 0) and default is not False)
        super().__init__(*args, **kwargs)
        self.old = dict(old or {})

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        extra.pop("range", None)  # an error says it in words
        return extra


class Format(Option):
    """--format: the command gets a format's name, whatever of --format, --json and -o says it."""

    def __init__(self, *args: Any, usual: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.usual = usual

    def get_help_extra(self, ctx: click.Context) -> Any:
        extra = super().get_help_extra(ctx)
        return extra | ({"default": self.usual} if self.usual else {})

    def settled(self, ctx: click.Context) -> str | None:
        """The format that is meant."""
        kind: str | None = ctx.params[str(self.name)]
        if json := ctx.meta.get(JSON):
            if kind not in (None, json):
                raise click.UsageError(f"--json and --format {kind} ask for different things", ctx)
            return str(json)
        if kind is None and self.usual is not None:
            suffix = str(ctx.meta.get(TARGET) or "").rpartition(".")[1:]
            named = SUFFIXES.get("".join(suffix).lower())
            known = self.type.choices if isinstance(self.type, click.Choice) else ()
            return named if named in known else self.usual
        return kind


def option(*names: str, **kwargs: Any) -> Decorator:
    return click.option(*names, **{"cls": Option} | kwargs)


def decorating(*options: Decorator) -> Decorator:
    """One decorator of several."""

    def decorated(function: Callable[..., Any]) -> Callable[..., Any]:
        for one in reversed(options):
            function = one(function)
        return function

    return decorated


# The program and its values.


def program_params() -> list[click.Parameter]:
    """PROGRAM, the values of its variables, and which statement is the result."""
    return [
        click.Argument(["program"], metavar="PROGRAM", shell_complete=offered("program")),
        Option(["--at"], type=FILE, metavar="POINT",
               help="Values as JSON: a file, or the text itself."),
        Option(["--set", "pairs"], multiple=True, metavar="NAME=VALUE",
               help="The value of a variable whose name is an option here, such as json."),
        Option(["--result"], metavar="NAME", shell_complete=offered("statements"),
               expose_value=False, callback=keeping("output"),
               help="The statement that is the result. The last one, if not given."),
        Option(["--init"], metavar="ARGUMENTS", expose_value=False, callback=keeping("init"),
               help="What FILE.py:CLASS makes its object of: 'n_in=4, n_out=3'."),
        Option(["--before"], metavar="CALLS", expose_value=False, callback=keeping("before"),
               help="What the object does first, such as 'initialize()'."),
        Option(["--root"], metavar="FOLDER", expose_value=False, type=FILE,
               help="Where FILE.py finds what it imports, beside its own folder."),
    ]  # fmt: skip


def keeping(key: str, kept: Any = None) -> Callable[..., None]:
    """A callback that leaves what an option is given, or `kept`, in the context."""

    def keep(ctx: click.Context, param: click.Parameter, value: Any) -> None:
        del param
        if value:
            ctx.meta[key] = value if kept is None else kept

    return keep


def seed_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    return option("--seed", type=click.IntRange(0), default=0, metavar="N", help=help)


def shape_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    return option("--shape", "shapes", multiple=True, metavar="NAME=SHAPE", help=help)


def range_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    return option("--range", "ranges", multiple=True, metavar="NAME=LOW:HIGH", help=help)


def points_option(help: str, least: int, most: int, usual: int | None = None) -> Decorator:  # noqa: A002  click calls it so
    kind = click.IntRange(least, most)
    return option("--points", type=kind, default=usual, metavar="N", help=help)


def nonfinite_option(help: str = "Accept inf and nan as values.") -> Decorator:  # noqa: A002  click calls it so
    return option("--allow-nonfinite", is_flag=True, help=help)


# Long runs.


def on_error_option(*choices: str, help: str) -> Decorator:  # noqa: A002  click calls it so
    """What happens at a row that can't be read, or has no answer."""
    return option("--on-error", type=click.Choice(choices), default=choices[0], help=help)


def resume_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    return option("--resume", is_flag=True, help=help)


def summary_option() -> Decorator:
    return option("--summary", type=FILE, metavar="FILE",
                  help="Write a summary of the run, as JSON.")  # fmt: skip


# The gradient and the gates.


def wrt_option(help: str, metavar: str = "NAMES") -> Decorator:  # noqa: A002  click calls it so
    return option("--wrt", metavar=metavar, shell_complete=offered("variables"), help=help)


def ties_option(ties: str = AUTO) -> Decorator:
    return option(
        "--ties", type=click.Choice(CHOICES), default=ties,
        help="The slope where max, abs and their like have none: the function's own, or a"
        " convention.",
    )  # fmt: skip


def gates_option(gates: str = "written") -> Decorator:
    return option("--gates", type=click.Choice(GRANULARITIES), default=gates,
                  help="Gates as written, all opened up, or known patterns fused.")  # fmt: skip


def staging_options(gates: str = "written", ties: str = AUTO) -> Decorator:
    """--gates, --no-share and --ties, with these if none is asked for."""
    return decorating(
        gates_option(gates),
        option("--no-share", is_flag=True, help="Keep equal subexpressions apart."),
        ties_option(ties),
    )


def lower_options() -> Decorator:
    """--dtype and what goes with it."""
    return decorating(
        option("--dtype", type=click.Choice(("float32", "float16", "bfloat16")),
               help="Round every value and message to this format, and say what that costs."),
        option("--accumulate", type=click.Choice(("float32", "float16", "bfloat16")),
               help="The format in which sums and products of matrices add up."),
        option("--loss-scale", type=float, default=1.0, metavar="N",
               help="The gradient that the backward pass begins with; divided out at its end."),
    )  # fmt: skip


def gradient_options() -> Decorator:
    """What decides how a text becomes a program, and which gradient of it is asked for."""
    return decorating(
        staging_options(),
        lower_options(),
        wrt_option("Only these inputs, separated by commas."),
        nonfinite_option(),
        option("--upstream", metavar="ARRAY",
               help="The gradient that comes back to an output that is an array; or ones."),
        option("--jacobian", is_flag=True,
               help="The derivative of every entry of an output that is an array."),
        seed_option("The seed of values such as randn(5,10)."),
    )  # fmt: skip


def along_option() -> Decorator:
    return option("--along", metavar="DIRECTION",
                  help="Tangents along a direction, such as x=1,y=-0.5.")  # fmt: skip


class ChoiceOrValue(click.Choice[str]):
    """A choice; any other word is the value of the program's variable of that name, if it has one:
    layers are told mode="train"."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        name = param.name if param is not None else None
        tree = ctx.meta.get("tree") if ctx is not None else None
        if value in self.choices or ctx is None or tree is None or name not in tree.names:
            return super().convert(value, param, ctx)
        ctx.meta.setdefault("given", {})[name] = (value,)
        return self.choices[0]


def trace_options() -> Decorator:
    """Tangents beside values and gradients."""
    return decorating(
        option("--mode", type=ChoiceOrValue(("reverse", "forward", "both")), default="reverse",
               help="Which passes are shown: gradients, tangents along each input, or both."),
        along_option(),
    )  # fmt: skip


def motion_options() -> Decorator:
    """Tangents, and second derivatives."""
    return decorating(
        trace_options(),
        option("--jvp", metavar="DIRECTION", help="The derivative of the output along one."),
        option("--hvp", metavar="DIRECTION", help="The Hessian times a direction."),
        option("--hessian", is_flag=True, help="All second derivatives."),
    )  # fmt: skip


def around_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    return option("--around", metavar="NAME", shell_complete=offered("stages"), help=help)


# The check.


def timeout_option(help: str, default: float = TIMEOUT) -> Decorator:  # noqa: A002  click calls it so
    return option(
        "--timeout", type=click.FloatRange(0, LONGEST, min_open=True), default=default,
        metavar="SECONDS", old={"--check-timeout": "--timeout"}, help=help,
    )  # fmt: skip


# The answer.


def format_options(*names: str, help: str = "How to print the answer.") -> Decorator:  # noqa: A002  click calls it so
    """--format, whose first name is the usual one, and --json."""
    return decorating(
        option("--format", "kind", cls=Format, usual=names[0], type=click.Choice(names),
               old={"--markdown": "--format=markdown"}, help=help),
        json_option(),
    )  # fmt: skip


def open_format_option(help: str, **kwargs: Any) -> Decorator:  # noqa: A002  click calls it so
    """--format, where the command itself sees to what is usual."""
    return option("--format", "kind", cls=Format, help=help, **kwargs)


def json_option(meant: str = "json") -> Decorator:
    return option("--json", is_flag=True, expose_value=False, callback=keeping(JSON, meant),
                  help=f"The same as --format {meant}.")  # fmt: skip


def output_option(help: str = "Write the answer to a file.") -> Decorator:  # noqa: A002  click calls it so
    """-o, for a command whose answer is what it prints."""
    return option("-o", "--output", type=FILE, metavar="FILE", expose_value=False,
                  callback=keeping(TARGET), help=help)  # fmt: skip


def file_option(help: str) -> Decorator:  # noqa: A002  click calls it so
    """-o, for a command that writes files itself."""
    return option("-o", "--output", "file", type=FILE, metavar="FILE", help=help)


def precision_option(
    default: int, help: str = "Significant digits shown; JSON and CSV are exact.", low: int = 1  # noqa: A002  click calls it so
) -> Decorator:  # fmt: skip
    return option("--precision", type=click.IntRange(low, 17), default=default, metavar="N",
                  help=help)  # fmt: skip


def quiet_option(
    help: str = "Leave out notes and progress on stderr.", *, asked: bool = False  # noqa: A002  click calls it so
) -> Decorator:  # fmt: skip
    """--quiet; `asked` if the command itself does something about it."""
    return option("--quiet", is_flag=True, expose_value=asked, callback=quietened, help=help)


def quietened(ctx: click.Context, param: click.Parameter, value: bool) -> bool:
    del param
    if value:
        ctx.meta[QUIET] = True
    return value


# Spellings of before.


def old_spellings(params: Iterable[click.Parameter]) -> dict[str, str]:
    """What is written now for an option of before."""
    return {
        old: new for param in params if isinstance(param, Option) for old, new in param.old.items()
    }


def renewed(
    args: Sequence[str], known: Mapping[str, bool], old: Mapping[str, str],
    names: Collection[str], statements: Collection[str],
) -> tuple[list[str], list[str]]:  # fmt: skip
    """The words of a command line with the options of today, and a note for each that is an old
    one. A variable of the program is none, and `--output NAME` is one where the program has a
    statement NAME."""
    found: list[str] = []
    notes: list[str] = []
    place = 0
    while place < len(args):
        word = args[place]
        name, equals, value = word.partition("=")
        takes = word.startswith("-") and not equals and known.get(name, True)
        follows = list(args[place + 1 : place + 2]) if takes else []
        place += 1 + len(follows)
        if name == "--output" and (value if equals else "".join(follows)) in statements:
            new = "--result"
        elif name in old and name[2:] not in names:
            new = old[name]
        else:
            found += [word, *follows]
            continue
        notes.append(f"{name} is now {new.replace('=', ' ')}")
        found += [f"{new}={value}" if equals else new, *follows]
    return found, notes
