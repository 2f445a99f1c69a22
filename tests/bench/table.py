"""What a benchmark yields, and how the rows are printed: a Markdown table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Row(NamedTuple):
    what: str
    measured: str
    goal: str = ""
    met: bool | None = None  # nothing to meet, or nothing measured


def at_most(what: str, ratio: float, limit: float, unit: str = "times") -> Row:
    return Row(what, f"{ratio:.2f} {unit}", f"at most {limit:g}", ratio <= limit)


def at_least(what: str, ratio: float, limit: float) -> Row:
    shown = f"{ratio:.1f}" if ratio < 100 else f"{ratio:,.0f}"
    return Row(what, f"{shown} times faster", f"at least {limit:g}", ratio >= limit)


def heading(title: str) -> str:
    return f"\n{title}\n\n| what | measured | goal | |\n|:--|:--|:--|:--|"


def line(row: Row) -> str:
    verdict = {True: "met", False: "not met", None: ""}[row.met]
    return f"| {row.what} | {row.measured} | {row.goal} | {verdict} |"


def print_rows(title: str, rows: Iterable[Row]) -> list[Row]:
    """Print each row as soon as it is measured."""
    print(heading(title), flush=True)
    shown = []
    for row in rows:
        print(line(row), flush=True)
        shown.append(row)
    return shown
