"""Code that is in no language yet: pieces of expressions, lines, and the function they make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from backprop.answer.report import Report

# How tightly a piece of code holds together.
CHOICE, OR, AND, COMPARISON, SUM, PRODUCT, SIGN, ATOM = range(8)
WORD = re.compile(r"[^\W\d]\w*")


class Truth(NamedTuple):
    """A condition."""

    text: str
    level: int


class Piece(NamedTuple):
    """An expression, and what is known of its value before any number is."""

    text: str
    level: int = ATOM
    value: float | None = None  # a constant
    least: float = -inf  # it is never smaller, though perhaps nan
    truth: Truth | None = None  # the same as a condition, if that is what it is
    shape: tuple[int, ...] | None = None  # of an array, where that is known
    fixed: Any = None  # no number but what a gate on arrays is told: an axis, an index, a shape
    plain: Piece | None = None  # a shorter form, where the place allows it

    @property
    def never_zero(self) -> bool:
        return self.least > 0 or self.value not in (None, 0)


class Line(NamedTuple):
    """A line of a function, in no language yet.

    let and vary bring a name in, vary for one that changes; set, add and take change it; raise
    makes a flag true; if opens a block and end closes it; refuse leaves the function with an error;
    code stands as it is; note is a comment.
    """

    kind: str
    name: str = ""
    text: str = ""
    number: int = 0  # of the stage that it belongs to


class Wish(NamedTuple):
    """What is asked for of a program."""

    name: str | None  # what the function is called; None: like the output
    wrt: Sequence[str]
    ties: str = "split"
    forward_only: bool = False
    header: Sequence[str] = ()  # lines of comment on top
    report: Report | None = None  # the numbers at a point


class Input(NamedTuple):
    name: str  # the user's
    code: str  # in the target language
    default: Any = None


class Routine(NamedTuple):
    """Everything about the function that is to be written."""

    name: str
    output: str  # the user's name of what it computes
    inputs: Sequence[Input]
    lines: Sequence[Line]
    result: str
    gradient: Sequence[tuple[str, str]] | None  # the user's name and its derivative, in order
    used: frozenset[str]  # the words that the lines are made of
    about: str = ""  # what more is to be said of it


def words_in(text: str) -> set[str]:
    return set(WORD.findall(text))
