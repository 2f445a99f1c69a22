"""What the commands that check have in common: their options, and the wait for a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from backprop.answer.report import Report
from backprop.answer.verdicts import METHODS, VERDICTS
from backprop.cli.offering import offered
from backprop.cli.options import Decorator, decorating, option, timeout_option
from backprop.cli.progress import waiting

if TYPE_CHECKING:
    from backprop.child.process import Child

MOST_DIGITS = 4000

EXIT_CODES = {"agree": 0, "rounding": 0, "differ": 1}
UNDECIDED = 3


def check_options() -> Decorator:
    """--methods, --timeout and --digits."""
    return decorating(
        option("--methods", default=",".join(METHODS), metavar="NAMES",
               shell_complete=offered("methods"), help="The opinions that are asked for."),
        timeout_option("How long the check may take."),
        option("--digits", type=click.IntRange(1, MOST_DIGITS), metavar="N",
               help="Show value and gradient with N exact digits as well."),
    )  # fmt: skip


def checked(
    report: Report,
    child: Child | None,
    methods: str,
    timeout: float,
    digits: int | None,
    *,
    formula: bool = True,
) -> Report:
    """The report with its check."""
    from backprop.checking.check import checked_methods
    from backprop.checking.checker import check
    from backprop.child.process import Child

    names = checked_methods(name.strip() for name in methods.split(","))
    worker = child if child and child.alive else Child()
    try:
        with waiting("checking"):
            found = check(
                report, worker, methods=names, timeout=timeout, digits=digits or 0,
                formula=formula,
            )  # fmt: skip
    finally:
        if worker is not child:
            worker.close()
    return replace(report, check=found)


def exit_code(verdicts: Iterable[tuple[str, int]], allowed: Iterable[str], min_digits: int) -> int:
    """What a shell is told: wrong counts more than undecided, and that more than right.

    Each verdict comes with the fewest digits that float64 keeps under it.
    """
    codes = [0]
    for verdict, digits in verdicts:
        code = EXIT_CODES.get(verdict, UNDECIDED)
        if verdict == "rounding" and digits < min_digits:
            code = UNDECIDED
        codes.append(0 if verdict in allowed else code)
    return 1 if 1 in codes else max(codes)


def allowed_verdicts(text: str) -> list[str]:
    """The verdicts that --allow lets pass."""
    names = [name.strip() for name in text.split(",") if name.strip()]
    for name in names:
        if name not in VERDICTS or name == "differ":
            choices = ", ".join(v for v in VERDICTS if v not in ("agree", "differ"))
            raise click.UsageError(f"--allow takes {choices}; not {name}")
    return names
