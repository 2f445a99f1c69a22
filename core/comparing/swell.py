"""The child's side of a comparison: how SymPy's expressions grow, row by row.

Pieces go out as soon as they are known, so that whoever waits has all but the last when time
is up. Rows come in order of size: where one fails, so would those after it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from backprop.checking.symbolic import (
    Common,
    Expression,
    Printer,
    Whole,
    common_parts,
    forget,
    in_floats,
    named,
    operations,
    polynomial,
    text_of,
    whole,
)
from backprop.checking.walk import walk
from backprop.comparing.timing import best
from backprop.language.ending import ending
from backprop.language.parser import parse
from backprop.language.syntax import Tree

READABLE = 100  # characters of a derivative that is shown
SMALL = 100  # operations of a gradient whose text is looked for
LARGE = 20_000  # operations of formulas that are still compiled, which takes the longest of all
DEEP = 6_000  # frames of Python that SymPy may nest

Piece = dict[str, Any]
Gradient = dict[str, Expression]


def answer(request: Mapping[str, Any]) -> Iterator[Piece]:
    """Counts and times of every row, and its derivatives if they are short enough to read."""
    tree = parse(request["text"])
    tree = ending(tree, request["output"]) if request.get("output") else tree
    point = {name: float.fromhex(value) for name, value in request["point"].items()}
    sys.setrecursionlimit(DEEP)
    try:
        for number, row in enumerate(request["compare"]):
            start = replace(tree, body=tree.body[: row["statements"]])
            for piece in measured(start, point, row["wrt"]):
                yield {"row": number, **piece}
    except RecursionError:
        yield {"failed": "nested too deeply for SymPy"}
    yield {"done": True}


def measured(tree: Tree, point: Mapping[str, float], wrt: Sequence[str]) -> Iterator[Piece]:
    """One row: as differentiation leaves it, and after common parts are computed once."""
    (found, gradient), took = best(partial(derived, tree, list(point), wrt))
    everything = [found.value, *gradient.values()]
    size = sum(map(operations, everything[1:]))
    counts = {"value": operations(found.value), "gradient": size}
    yield {"symbolic": counts, "seconds": {"derive": took}}
    (parts, rest), took = best(partial(common_of, everything))
    shared = sum(map(operations, [part for _, part in parts] + rest))
    yield {"symbolic": {"cse": shared}, "seconds": {"cse": took}}
    yield from evaluated(found, everything, None, size + counts["value"], point)
    yield from evaluated(found, everything, (parts, rest), shared, point)
    if size <= SMALL:
        yield {"symbolic": {"derivative": readable(found, gradient)}}


def evaluated(
    found: Whole, formulas: Sequence[Expression], common: Common | None, size: int,
    point: Mapping[str, float],
) -> Iterator[Piece]:  # fmt: skip
    """How long the formulas take at a point, compiled to Python with or without common parts."""
    name = "evaluate_cse" if common else "evaluate"
    if size > LARGE:
        yield {"symbolic": {"reason": f"of more than {LARGE:,} operations, so not evaluated"}}
        return
    try:
        function = in_floats(found, formulas, common)
        yield {"seconds": {name: best(partial(function, point))[1]}}
    except (ArithmeticError, ValueError, TypeError, NameError, SyntaxError) as error:
        reason = f"SymPy's formula can't be evaluated in floats: {type(error).__name__}"
        yield {"symbolic": {"reason": reason}}


def derived(tree: Tree, inputs: Sequence[str], wrt: Sequence[str]) -> tuple[Whole, Gradient]:
    """A program as one expression and its derivatives, made as if for the first time."""
    forget()
    found = whole(partial(walk, tree), inputs)
    return found, found.gradient(wrt)


def common_of(expressions: Sequence[Expression]) -> Common:
    forget()
    return common_parts(expressions)


def readable(found: Whole, gradient: Gradient) -> dict[str, str]:
    texts = {name: written(found, formula) for name, formula in gradient.items()}
    return {name: text for name, text in texts.items() if len(text) <= READABLE}


class Ascending(Printer):
    """SymPy's expressions in our own language, powers in ascending order."""

    def __init__(self, names: Mapping[Expression, str]) -> None:
        super().__init__(names)
        self._settings["order"] = "rev-lex"


def written(found: Whole, formula: Expression) -> str:
    """A derivative as people write it: a polynomial of one input is multiplied out, and from
    three terms on its common factor stands in front."""
    expanded = polynomial(formula)
    if expanded is None:
        return text_of(found, formula)
    factor, rest, terms = expanded
    writer = Ascending(named(found))
    if factor == 1 or terms < 3:
        return str(writer.doprint(factor * rest))
    return f"{factor}*({writer.doprint(rest)})"
