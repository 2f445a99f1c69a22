"""A backward pass graded: every line, what is missing, and the totals that the code would give."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from backprop.answer.evaluation import arrays_in, staged
from backprop.answer.values import Value, checked_wrt, point
from backprop.engine.kinds import kind_of
from backprop.errors import BackpropError, LimitError
from backprop.grading.forward import Forward, worlds_of
from backprop.grading.grader import Grader
from backprop.grading.results import Grade
from backprop.grading.worlds import precisely
from backprop.language.syntax import Tree


def forward_of(
    tree: Tree,
    values: Mapping[str, Value],
    *,
    wrt: Collection[str] | None = None,
    ties: str = "auto",
    upstream: Any = None,
    seed: int = 0,
    allow: Collection[str] = (),
) -> Forward:
    """The program to grade against, at a point and at random ones around it."""
    given = {**values, **(arrays := arrays_in(values, seed))}
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(tree, given, "written", True, shapes)
    used = {n: v for n, v in given.items() if n in program.inputs or n not in allow}
    at = point(program, used)
    wanted = None if wrt is None else checked_wrt(program, wrt)
    with kind_of(program).quietly():
        return worlds_of(tree, at, program, ties=ties, wrt=wanted, upstream=upstream, seed=seed)


def grade(forward: Forward, text: str, file: str = "", pattern: str | None = None) -> Grade:
    """The grade of one file; whatever is wrong with it ends here."""
    found = Grade(file)
    try:
        with precisely(), kind_of(forward.program).quietly():
            Grader(forward, text, found, pattern).run()
    except BackpropError as error:
        found.lines, found.missing, found.error = [], [], error
    except (MemoryError, RecursionError):
        found.lines, found.missing = [], []
        found.error = LimitError("the file is too large to be graded")
    return found
