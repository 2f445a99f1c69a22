"""An answer as lines and tables, which text and HTML are made of: a function for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from typing import Any, NamedTuple

HEAD, PLAIN, NOTE, GOOD, BAD, DOUBT = "head", "", "note", "good", "bad", "doubt"
VALUE, GRADIENT = "value", "gradient"  # what the numbers of a column are

HOMES = {
    "report": "reports", "grade": "grades", "comparison": "comparisons", "descent": "descents",
    "check of claims": "verdicts", "comparison of two programs": "verdicts",
    "gradient check": "gradient_checks", "explanation": "explanations",
    "improvement": "improvements",
}  # fmt: skip


class Line(NamedTuple):
    """A line, or a few of them, and how they are meant."""

    text: str
    kind: str = PLAIN


class Column(NamedTuple):
    heading: str
    right: bool = False
    kind: str = PLAIN
    code: bool = False


class Row(NamedTuple):
    cells: Sequence[str]
    kind: str = PLAIN
    last: bool = False  # of a group


class Table(NamedTuple):
    columns: Sequence[Column]
    rows: Sequence[Row]


class Picture(NamedTuple):
    """A circuit or a curve, which text has no room for, drawn where it is shown."""

    svg: Callable[[], str]


Part = Line | Table | Picture


def sheet(answer: Any, *, pictures: bool = False) -> Iterator[Part]:
    """The parts of an answer, one below the other."""
    home = import_module(f"backprop.showing.{HOMES[answer.what]}")
    found: Iterator[Part] = home.parts(answer)
    for part in found:
        if pictures or not isinstance(part, Picture):
            yield part
