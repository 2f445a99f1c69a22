"""The calls of the library that take texts, sources and plain values: a grade, claims, programs
that are the same, stored results, pictures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

from backprop.answer.evaluation import arrays_in, checked_values, evaluate, staged
from backprop.answer.expectation import departures, expected_text, read_expectation
from backprop.answer.report import Report
from backprop.answer.values import Value
from backprop.answer.verdicts import TIMEOUT
from backprop.claims.claims import Claims
from backprop.claims.claims import check_claims as judged_claims
from backprop.claims.instances import Asked
from backprop.claims.sameness import Sameness, check_sameness
from backprop.errors import UsageError, closest
from backprop.grading.claimed import with_slips
from backprop.grading.grade import forward_of
from backprop.grading.grade import grade as graded
from backprop.grading.results import Grade
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.reading.unit import Unit

PICTURES = ("text", "svg", "dot", "mermaid", "tikz", "html")
WIDTH = 100


def check_claims(
    program: str | Tree | Program,
    claimed: Mapping[str, str | float],
    values: Mapping[str, Value] | None = None,
    /,
    *,
    points: int | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    seed: int = 0,
    timeout: float = TIMEOUT,
    **named: Value,
) -> Claims:
    """Are these the derivatives? `claimed` has formulas by the inputs and stages that they are
    for; without values they are judged at random points alone."""
    tree = tree_of(program)
    given = with_arrays({**checked_values(values), **named}, seed)
    if not isinstance(claimed, Mapping) or not claimed:
        raise UsageError("claims are a dict of formulas by name", hint='{"x": "y + cos(x)"}')
    texts = [f"{name}={text}" for name, text in claimed.items()]
    asked = Asked(points, ranges_of(ranges), seed, timeout=timeout)
    found = judged_claims(staged_for(tree, given), given, texts, asked)
    return with_slips(found, asked) if found.exit_code == 1 else found


def check_same(
    program: str | Tree | Program,
    other: str | Tree | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    points: int | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    seed: int = 0,
    timeout: float = TIMEOUT,
    **named: Value,
) -> Sameness:
    """Do two programs compute the same?"""
    trees = tree_of(program), tree_of(other)
    given = with_arrays({**checked_values(values), **named}, seed)
    one, two = (staged_for(tree, given) for tree in trees)
    asked = Asked(points, ranges_of(ranges), seed, timeout=timeout)
    return check_sameness(one, two, given, asked)


def grade(
    program: str | Tree | Unit,
    backward: str,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    seed: int = 0,
    wrt: Sequence[str] | None = None,
    **named: Value,
) -> Grade:
    """Grade a backward pass line by line: a text in Python or in the language. The forward pass is
    a text, or what `read` gives."""
    if not isinstance(backward, str):
        raise UsageError(f"a backward pass is a text, not {type(backward).__name__}")
    given = {**checked_values(values), **named}
    if isinstance(program, Unit):
        tree, given = program.at(with_arrays(given, seed), seed=seed)
        given = {name: value for name, value in given.items() if name in tree.names}
    else:
        tree = tree_of(program)
    return graded(forward_of(tree, given, wrt=wrt, seed=seed), backward, "the backward pass")


def draw(
    program: str | Tree | Program | Report,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    kind: str = "svg",
    precision: int = 2,
    width: int = WIDTH,
    **named: Value,
) -> str:
    """The circuit as text, SVG, DOT, Mermaid, TikZ, or as a page to play with; with the numbers of
    a report, or of values."""
    from backprop.drawing.building import circuit

    if kind not in PICTURES:
        near = closest(str(kind), [*PICTURES])
        raise UsageError(
            f"there is no picture called {kind!r}; there are {', '.join(PICTURES)}",
            hint=f"did you mean {near}?" if near else "",
        )
    report: Report | None = None
    given = {**checked_values(values), **named}
    if isinstance(program, Report):
        report = program
    elif given:
        report = evaluate(program, given)
    subject = report.program if report is not None else stage(tree_of(program))
    if kind == "html":
        from backprop.drawing.page import page

        if report is None:
            raise UsageError("a page needs values to begin with")
        return page(report, precision)
    drawn = circuit(subject, report, precision)
    if kind == "text":
        from backprop.drawing.text import draw as in_text

        return "".join("".join(one.text for one in row) + "\n" for row in in_text(drawn, width))
    return str(import_module(f"backprop.drawing.{kind}").draw(drawn))


def expectation(report: Report) -> str:
    """What a report gives, as JSON to be stored and compared with later."""
    if not isinstance(report, Report):
        raise UsageError(f"an expectation is made of a Report, not of {type(report).__name__}")
    return expected_text(report)


def unexpected(report: Report, stored: str, tolerance: float = 1e-9) -> list[str]:
    """Every number of a report that is not what was stored, as a sentence."""
    if not isinstance(stored, str):
        raise UsageError(f"a stored result is a text, not {type(stored).__name__}")
    return list(departures(report, read_expectation(stored, "the stored result"), tolerance))


def tree_of(program: Any) -> Tree:
    if isinstance(program, Program):
        return program.tree
    if isinstance(program, Tree):
        return program
    if not isinstance(program, str):
        raise UsageError(f"a program is a text or a Program, not {type(program).__name__}")
    return parse(program)


def with_arrays(given: Mapping[str, Value], seed: int) -> dict[str, Any]:
    return {**given, **arrays_in(given, seed)}


def staged_for(tree: Tree, given: Mapping[str, Any]) -> Program:
    shapes = {name: value.shape for name, value in given.items() if getattr(value, "ndim", 0)}
    return staged(tree, given, "written", True, shapes)


def ranges_of(ranges: Mapping[str, tuple[float, float]] | None) -> list[str]:
    return [f"{name}={low}:{high}" for name, (low, high) in (ranges or {}).items()]
