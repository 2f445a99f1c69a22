"""A question of the page in, an answer out, both plain data. Nothing is read from a file, nothing
is written to one, and nothing of what a user typed is ever run."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache, partial
from itertools import cycle
from typing import Any

from backprop.answer.evaluation import evaluate
from backprop.answer.report import Report
from backprop.child.process import Child
from backprop.drawing import folding
from backprop.drawing.building import MOST
from backprop.drawing.page import page
from backprop.drawing.page.scene import (
    ALL,
    NONE,
    labels_of,
    numbers,
    opened,
    picture,
    rooms_of,
    scene,
)
from backprop.emitting import ALIASES, LANGUAGES, emit
from backprop.errors import BackpropError, LimitError, UsageError
from backprop.explaining.explanation import explain
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.showing.numbers import spoken
from backprop.showing.sheets import Line, Table, sheet

LONGEST = 65_536  # characters of a program
LARGEST = 20_000  # stages that are computed for a page
POINTS = 64  # in one question
BOXED = 60  # gates from which a picture begins with boxes
TRUST = 8.0  # seconds that a check may take
VALUES = (1.0, 2.0, 0.5, 3.0, 1.5, 0.8)  # of variables that nobody gave one
PYTHON = re.compile(
    r"^[ \t]*(def |class |import |from \w[\w.]{0,200} import |@\w"
    r"|(for|while|if|with) .{0,200}:[ \t]{0,20}$)",
    re.MULTILINE,
)
DIGITS = 3
CONSTANTS = {"pi", "e"}

Question = Mapping[str, Any]
Answer = dict[str, Any]


def answer(question: Question) -> Answer:
    """What to show; an error is an answer too."""
    try:
        ask = ASKED.get(str(question.get("ask")))
        if ask is None:
            raise UsageError("the page asks for something unknown")
        return ask(question)
    except BackpropError as error:
        found: Answer = {"error": error.render(), "line": error.line, "column": error.column}
        found["names"] = names_in(question)
        return found


# The program of a question.


@lru_cache(maxsize=32)
def subject(text: str, unit: str) -> Any:
    """The tree of a text, or the unit of a source in Python."""
    if len(text) > LONGEST:
        raise LimitError(f"a program of {len(text):,} characters is too long for the page")
    if not text.strip():
        raise UsageError("there is no program yet", hint="(x+y)*z")
    if not PYTHON.search(text):
        return parse(text)
    from backprop.reading.source import parsed
    from backprop.reading.unit import Unit

    source = parsed(text, "the source", unit)
    if not unit and (functions := units_of(source.tree)):
        source = parsed(text, "the source", functions[-1])
    return Unit(source)


def units_of(module: Any) -> list[str]:
    """The functions at the top of a source, if there is nothing else that computes."""
    import ast

    passed = (ast.FunctionDef, ast.Import, ast.ImportFrom)
    body = [node for node in module.body if not is_text(node)]
    if not all(isinstance(node, passed) for node in body):
        return []
    return [node.name for node in body if isinstance(node, ast.FunctionDef)]


def is_text(node: Any) -> bool:
    import ast

    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def text_of(question: Question, name: str) -> str:
    found = question.get(name, "")
    if not isinstance(found, str):
        raise UsageError(f"{name} is a text")
    return found


def asked(question: Question) -> Any:
    return subject(text_of(question, "text"), text_of(question, "unit"))


def given(question: Question) -> dict[str, Any]:
    values = question.get("values", {})
    if not isinstance(values, dict):
        raise UsageError("values are an object by name")
    return {name: one for name, value in values.items() if (one := value_of(value)) is not None}


def value_of(value: Any) -> float | str | None:
    """A number or a text; None for anything else that JSON has."""
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    return value if isinstance(value, str) else None


def filled(program: Any, values: Mapping[str, Any]) -> dict[str, Any]:
    """A value for every variable: its own, or one that is as good as any."""
    spare = cycle(VALUES)
    if isinstance(program, Tree):
        from backprop.program.stage import stage_numbers

        known = stage_numbers(program, (), False, True)
        constants = () if values.keys() & CONSTANTS else CONSTANTS
        free = [name for name in program.names if name not in program.stored]
        names = [name for name in free if name not in constants]
        needed = names if known is None else [n for n in known.inputs if n not in known.defaults]
        found = {
            name: values[name]
            for name in program.names
            if name in values and (name in free or (known is not None and name in known.defaults))
        }
    else:
        names = [name for name, _ in program.parameters]
        needed = [name for name, default in program.parameters if default is None]
        found = {name: values[name] for name in names if name in values}
    return {name: next(spare) for name in needed} | found


def names_in(question: Question) -> list[str]:
    """The variables of a program that can be read but not computed, so that they can be given."""
    with suppress(BackpropError, AttributeError, TypeError):
        program = asked(question)
        if isinstance(program, Tree):
            return [name for name in program.names if name not in program.stored][:100]
        return [name for name, _ in program.parameters][:100]
    return []


def report_of(question: Question, values: Mapping[str, Any] | None = None) -> Report:
    program = asked(question)
    gates = text_of(question, "gates") or "written"
    wanted = filled(program, given(question) if values is None else values)
    compute = partial(evaluate, program, wanted, gates=gates)
    try:
        found = compute()
    except UsageError as error:
        if "upstream" not in f"{error.message} {error.hint}":
            raise
        found = compute(upstream="ones")
    if found.program.size > LARGEST:
        raise LimitError(f"{found.program.size:,} stages are too many for the page")
    return found


# What is asked.


def program(question: Question) -> Answer:
    """A program with its picture and its numbers."""
    report = report_of(question)
    name, labels, drawn = drawn_with(report, text_of(question, "view"))
    found = {
        "scene": scene(report),
        "pictures": {name: drawn},
        "boxes": labels,
        "start": name,
        "now": numbers(report),
        "notes": [notice.message for notice in report.notices][:20],
    }
    return found | {"units": functions(question)}


def functions(question: Question) -> list[str]:
    found = asked(question)
    return [] if isinstance(found, Tree) else units_of(found.source.tree)


def drawn_with(report: Report, wish: str) -> tuple[str, list[str], Answer]:
    """The picture that is wished for, by the boxes that are open in it."""
    size = report.program.size
    rooms = rooms_of(report, 2)
    parts = folding.collapse(report.program) if size > 2 else []
    labels = labels_of(parts)
    if not labels and size > MOST:
        raise LimitError(f"{size:,} gates are too many for a picture: {MOST} can be read")
    if not labels or (wish == ALL and size <= MOST) or (not wish and size <= BOXED):
        return ALL, labels, picture(report, 2, rooms)
    open_boxes = [int(one) for one in wish.split(",")[:100] if one in map(str, range(len(labels)))]
    name = ",".join(map(str, open_boxes)) or NONE
    return name, labels, picture(report, 2, rooms, opened(parts, *open_boxes))


def view(question: Question) -> Answer:
    name, _, drawn = drawn_with(report_of(question), text_of(question, "view"))
    return {"name": name, "picture": drawn}


def points(question: Question) -> Answer:
    """The numbers at some points, each a value for every input."""
    wanted, names = question.get("points"), question.get("names")
    if not isinstance(wanted, list) or not isinstance(names, list) or len(wanted) > POINTS:
        raise UsageError(f"points are a list of at most {POINTS}")
    found = []
    for point in wanted:
        if not isinstance(point, list) or len(point) != len(names):
            raise UsageError("a point is a list of values")
        at = dict(zip(map(str, names), map(value_of, point), strict=True))
        if None in at.values():
            raise UsageError("a value is a number or a text")
        found.append(numbers(report_of(question, at)))
    return {"points": found}


def explanation(question: Question) -> Answer:
    report = report_of(question)
    return {"lines": lines_of(explain(report, partial(spoken, precision=DIGITS)))}


def code(question: Question) -> Answer:
    name = text_of(question, "lang") or "python"
    report = report_of(question)
    lang = ALIASES.get(name, name)
    if report.program.arrays and lang not in ("numpy", "latex"):
        lang = "numpy"
    return {"lang": lang, "text": emit(report.program, lang), "languages": [*LANGUAGES]}


def verdict(question: Question) -> Answer:
    """What the independent check says. Its process begins with the first one."""
    from dataclasses import replace

    from backprop.checking.checker import check

    report = report_of(question)
    helper = Checking.process()
    checked = replace(report, check=check(report, helper, timeout=TRUST))
    lines = [line for line in lines_of(checked) if "rows" not in line]  # the page has a table
    return {"lines": lines, "verdict": checked.check.verdict}


class Checking:
    """The process that checks, kept from one question to the next."""

    child: Child | None = None

    @classmethod
    def process(cls) -> Child:
        if cls.child is None or not cls.child.alive:
            cls.child = Child()
        return cls.child


def lines_of(found: Any) -> list[Answer]:
    """A sheet as data."""
    made: list[Answer] = []
    for part in sheet(found):
        if isinstance(part, Line):
            made.append({"text": part.text, "kind": part.kind})
        elif isinstance(part, Table):
            heads = [column.heading for column in part.columns]
            kinds = [column.kind or ("code" if column.code else "") for column in part.columns]
            rows = [list(row.cells) for row in part.rows]
            made.append({"heads": heads, "kinds": kinds, "rows": rows})
    return made


def whole_page(question: Question) -> Answer:
    return {"page": page(report_of(question))}


ASKED: Mapping[str, Callable[[Question], Answer]] = {
    "program": program, "view": view, "points": points, "explanation": explanation,
    "code": code, "verdict": verdict, "page": whole_page,
}  # fmt: skip
