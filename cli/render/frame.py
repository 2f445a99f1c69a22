"""What all tables of stages have in common: colours, headings, and how many rows."""

from __future__ import annotations

from typing import NamedTuple

from rich import box
from rich.table import Table

FORWARD = "green"
BACKWARD = "red"
WIDEST = 60  # columns of a stage's code before it is folded
INPUTS = 100  # inputs listed in the table; the gradient below it has all


class Headings(NamedTuple):
    value: str = "value ↓"
    gradient: str = "gradient ↑"


def headings(*, ascii_only: bool) -> Headings:
    return Headings("value", "gradient") if ascii_only else Headings()


def new_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")


def numbered(number: int | None, code: str, most: int) -> str:
    """`(3) q = x + y`, with room for the largest number. An input has no number."""
    head = f"({number}) " if number else ""
    return head.rjust(room(most)) + code


def folded(title: str, most: int) -> str:
    """The same on several lines, if it is long."""
    margin = room(most)
    head, code = title[:margin], title[margin:]
    lines = [code[start : start + WIDEST] for start in range(0, len(code), WIDEST)] or [""]
    return head + f"\n{' ' * margin}".join(lines)


def room(most: int) -> int:
    """Columns that the largest number of a stage takes."""
    return len(str(most)) + 3 if most else 0
