"""What all tables of stages have in common: colours, columns, and how many rows."""

from __future__ import annotations

from rich import box
from rich.table import Table

FORWARD = "green"
BACKWARD = "red"
WIDEST = 60  # columns of a stage's code before it is folded
INPUTS = 100  # inputs listed in the table; the gradient below it has all


def new_table() -> Table:
    return Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")


def left_out(count: int) -> str:
    return f"... {count:,} more stages, in --json and --format csv"
