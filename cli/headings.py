"""The options of a command under headings; what only one command has comes first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import click

OWN, HELP = "Options", "Help"
HEADINGS = {
    "Values": ("--at", "--set", "--seed", "--allow-nonfinite", "--shape"),
    "Python": ("--init", "--before", "--root", "--kind", "--grad"),
    "Tables": (
        "--data", "--map", "--from", "--separator", "--no-header", "--engine", "--threads",
        "--fast-trigonometry",
    ),
    "Answer": (
        "-o", "--format", "--json", "--precision", "--quiet", "--full",
        "--stages", "--around", "--order", "--shapes", "--save", "--summary",
    ),
    "Gradient": (
        "--wrt", "--result", "--upstream", "--jacobian", "--ties", "--mode", "--along", "--jvp",
        "--hvp", "--hessian",
    ),
    "Gates": ("--gates", "--no-share"),
    "Fewer bits": ("--dtype", "--accumulate", "--loss-scale"),
    "Check": (
        "--no-check", "--methods", "--timeout", "--digits", "--check-rows", "--min-digits",
        "--allow", "--points", "--range", "--tolerance", "--expect", "--write-expect",
    ),
    HELP: ("--help",),
}  # fmt: skip
HEADING_OF = {option: heading for heading, options in HEADINGS.items() for option in options}


def grouped(
    params: Iterable[click.Parameter], ctx: click.Context
) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Every heading with its options and what they do."""
    rows: dict[str, list[tuple[str, str]]] = {heading: [] for heading in (OWN, *HEADINGS)}
    for param in params:
        record = param.get_help_record(ctx) if isinstance(param, click.Option) else None
        if record is not None:
            rows[heading_of(param)].append(record)
    yield from ((heading, found) for heading, found in rows.items() if found)


def heading_of(param: click.Parameter) -> str:
    return next((HEADING_OF[name] for name in param.opts if name in HEADING_OF), OWN)
