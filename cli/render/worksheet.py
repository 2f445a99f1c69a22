"""A quiz as JSON, and a marked worksheet as text or JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop.answer.plain import plain
from backprop.cli.render.forms import code, markdown_table
from backprop.cli.render.json import render_object
from backprop.errors import visible
from backprop.grading.marker import Marked
from backprop.grading.marking import Result
from backprop.grading.quiz import Cell, Quiz
from backprop.grading.worksheet import BLANK, PARTS, exact, rounded, written

STATES = ("wrong", "carried", "coarse", "unreadable", "unknown", "empty")
WIDE = 10
LONGEST = 60  # characters of an answer that are shown
ASKED = {"shapes": "shape", "formulas": "formula"}


def render_json(quiz: Quiz, *, key: bool) -> Iterator[str]:
    yield render_object(
        {
            "schema": "backprop/quiz/1",
            **about(quiz),
            "seed": quiz.settings.seed,
            "cells": [
                {
                    "part": cell.part,
                    "name": cell.name,
                    "code": cell.code or None,
                    "given": cell.given,
                    "answer": answer(cell) if key or cell.given else None,
                }
                for cell in quiz.cells
            ],
        }
    )


def answer(cell: Cell) -> Any:
    return cell.answer if isinstance(cell.answer, str) else plain(cell.answer)


def render_plain(quiz: Quiz, *, key: bool) -> Iterator[str]:
    """The worksheet as `check` reads it again."""
    return (f"{visible(line)}\n" for line in written(quiz, key=key))


def render_markdown(quiz: Quiz, *, key: bool) -> Iterator[str]:
    """The worksheet for a page that is printed."""
    report = quiz.report
    yield f"# {'Key' if key else 'Worksheet'}\n\n```text\n{report.program.text.strip()}\n```\n\n"
    point = ", ".join(code(f"{name} = {exact(value)}") for name, value in report.point.items())
    yield f"Inputs: {point}\n" if point else ""
    for part in PARTS:
        cells = [cell for cell in quiz.cells if cell.part == part]
        if not cells:
            continue
        yield f"\n## {part.capitalize()}\n\n"
        yield from markdown_table(("name", "is", ASKED.get(part, "number")), (
            [code(cell.name), code(cell.code), rounded(cell.answer) if key or cell.given else BLANK]
            for cell in cells
        ), numbers=range(2, 3))  # fmt: skip


def about(quiz: Quiz) -> dict[str, Any]:
    report = quiz.report
    return {
        "expression": report.program.text.strip(),
        "inputs": {name: plain(value) for name, value in report.point.items()},
    }


def render_marks(result: Result) -> Iterator[str]:
    for cell in result.cells:
        yield f"{visible(line(cell))}\n"
    yield f"{summary(result)}\n"


def line(cell: Marked) -> str:
    head = f"{cell.name} = {cell.code}" if cell.code else cell.name
    answer = cell.answer if len(cell.answer) <= LONGEST else f"{cell.answer[:LONGEST]}..."
    hint = f"   {cell.hint}" if cell.hint else ""
    return f"{cell.state:<{WIDE}} {head} = {answer or BLANK}{hint}"


def summary(result: Result) -> str:
    """How many are right, and what the others are."""
    asked = len(result.cells) - result.count("unknown")
    others = [f"{count} {state}" for state in STATES if (count := result.count(state))]
    return ", ".join([f"{result.count('right')} of {asked} right", *others])


def render_marks_json(result: Result) -> Iterator[str]:
    yield render_object(
        {
            "schema": "backprop/worksheet/1",
            **about(result.quiz),
            "passed": result.exit_code == 0,
            "right": result.count("right"),
            "asked": len(result.cells) - result.count("unknown"),
            "cells": [cell._asdict() for cell in result.cells],
        }
    )


FORMS = {"plain": render_plain, "markdown": render_markdown, "json": render_json}
