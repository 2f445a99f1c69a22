"""A quiz as a text to print or to fill in, and such a text read again, whatever was done to it.

program:  inputs:  forward:  backward:     headings stand at the left, all else is indented
shapes:  formulas:                         of a program on arrays
q = x + y = ____                           a row: a name, how it is computed, and a blank
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.answer.evaluation import arrays_in
from backprop.answer.plain import nested
from backprop.claims.numerals import near
from backprop.engine.ties.conventions import CHOICES
from backprop.errors import UsageError
from backprop.grading.quiz import Cell, Quiz, Settings, make_quiz, missing_inputs, staged
from backprop.language.ending import ending
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.stager import GRANULARITIES

FIRST = "backprop worksheet"
PARTS = {
    "shapes": "shapes (2x3; 3 for a vector; a number):",
    "forward": "forward:",
    "formulas": "formulas, in letters, from the output on:",
    "backward": "backward, from the output on:",
}
HEADING = re.compile(rf"(settings|program|inputs|{'|'.join(PARTS)})\b[^:]*:(.*)")
BLANK = "____"
DIGITS = 20  # of a seed
EMPTY = re.compile(r"[\s_.?…]*")
MARGIN = "  "
INTRODUCTION = f"""\
{FIRST}

Fill in the blanks, then: backprop check @FILE
Three digits are enough where a number has more; 1/3 or exp(-1) will do as well.
"""
OF_ARRAYS = "Write an array as [[1, 2], [3, 4]], and a formula as dW = outer(dq, x).\n"


class Row(NamedTuple):
    """A line of a section: what is left of its first =, and what is right of its last, or in a
    formula of its first."""

    line: int
    name: str
    answer: str


class Worksheet(NamedTuple):
    """What a text holds: the program with its place in the text kept, and rows as they stand."""

    tree: Tree
    settings: Settings
    inputs: tuple[Row, ...]
    rows: tuple[tuple[str, Row], ...]  # with their sections

    def quiz(self) -> Quiz:
        """The quiz that the worksheet is of."""
        values: dict[str, Any] = {}
        for row in self.inputs:
            if row.name in values:
                raise UsageError(f"line {row.line}: {row.name} has a value already")
            values[row.name] = row.answer
        values |= (arrays := arrays_in(values, self.settings.seed))
        shapes = {name: array.shape for name, array in arrays.items()}
        program = staged(self.tree, values, self.settings, shapes)
        if missing := missing_inputs(program, values):
            raise UsageError(f"the worksheet has no value for {missing[0]}")
        return make_quiz(self.tree, values, self.settings)


# Writing.


def written(quiz: Quiz, *, key: bool = False) -> Iterator[str]:
    """The lines of a worksheet; with `key` its answers as well."""
    report = quiz.report
    yield from INTRODUCTION.splitlines()
    yield from OF_ARRAYS.splitlines() if quiz.arrays else ()
    yield ""
    yield "settings: " + " ".join(f"{name}={value}" for name, value in told(quiz).items())
    yield ""
    yield "program:"
    text = report.program.text.strip()
    yield from ((MARGIN + line).rstrip() for line in text.split("\n"))
    yield ""
    yield "inputs:"
    yield from (f"{MARGIN}{name} = {exact(value)}" for name, value in report.point.items())
    for part, heading in PARTS.items():
        asked = [cell for cell in quiz.cells if cell.part == part]
        if not asked:
            continue
        yield ""
        yield heading
        wide = max(len(head(cell)) for cell in asked)
        for cell in asked:
            shown = rounded(cell.answer) if key or cell.given else BLANK
            yield f"{MARGIN}{head(cell).ljust(wide)} = {shown}"


def told(quiz: Quiz) -> dict[str, str]:
    """The settings that a worksheet has to keep."""
    gates, share, ties, seed = quiz.settings
    found = {"seed": f"{seed}", "gates": gates, "ties": ties, "share": "yes" if share else "no"}
    usual = {"gates": "written", "ties": "auto", "share": "yes"}
    kept = {name: value for name, value in found.items() if usual.get(name) != value}
    output = quiz.report.program.tree.output
    return kept | ({"output": output} if output else {})


def head(cell: Cell) -> str:
    return f"{cell.name} = {cell.code}" if cell.code else cell.name


def exact(value: Any) -> str:
    """An input as it is read again."""
    if getattr(value, "ndim", 0):
        return in_brackets(value, exact)
    return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else f"{value!r}"


def rounded(value: Any) -> str:
    """An answer, to six digits where it is a number."""
    if isinstance(value, str):
        return value
    if getattr(value, "ndim", 0):
        return in_brackets(value, rounded)
    text = f"{value:.6g}" if value else "0"
    return text if near(float(text), value) else f"{value:#.6g}"


def in_brackets(array: Any, number: Callable[[float], str]) -> str:
    """`[[1, 2], [3, 4]]`, every number put through `number`."""
    return str(nested(array, number)).replace("'", "")


# Reading.


def is_worksheet(text: str) -> bool:
    return text.lstrip("\ufeff \t\r\n").startswith(FIRST)


def read_worksheet(text: str) -> Worksheet:
    """A worksheet from its text. Rows are judged later, so that one bad row spoils no other."""
    sections = sections_of(text)
    settings, output = read_settings(sections.get("settings", []))
    tree = program_of(sections.get("program", []))
    tree = ending(tree, output) if output else tree
    parts = [(part, sections.get(part, [])) for part in PARTS]
    rows = [(part, row) for part, lines in parts for row in rows_of(lines, part == "formulas")]
    inputs = tuple(rows_of(sections.get("inputs", [])))
    return Worksheet(tree, settings, inputs, tuple(rows))


Lines = list[tuple[int, str]]


def sections_of(text: str) -> dict[str, Lines]:
    """The numbered lines under each heading."""
    found: dict[str, Lines] = {}
    here = ""
    for number, line in enumerate(text.split("\n"), 1):
        heading = HEADING.fullmatch(line.rstrip())
        if heading:
            here = heading[1]
            found.setdefault(here, []).append((number, heading[2]))
        elif here and line.strip():
            found[here].append((number, line.rstrip("\r")))
    return found


def read_settings(lines: Lines) -> tuple[Settings, str]:
    """What a program was staged with, and its output, if that isn't the last statement."""
    pairs = dict(word.split("=", 1) for _, line in lines for word in line.split() if "=" in word)
    gates, ties = pairs.get("gates", "written"), pairs.get("ties", "auto")
    for name, value, choices in (("gates", gates, GRANULARITIES), ("ties", ties, CHOICES)):
        if value not in choices:
            known = ", ".join(choices)
            raise UsageError(f"the worksheet's {name} can be {known}, not {value[:40]}")
    word = pairs.get("seed", "")
    seed = int(word) if word.isascii() and word.isdigit() and len(word) < DIGITS else 0
    return Settings(gates, pairs.get("share") != "no", ties, seed), pairs.get("output", "")


def program_of(lines: Lines) -> Tree:
    """The program, read where it stands, so that an error points at the worksheet's own line."""
    kept = {number: line for number, line in lines if line.strip()}
    if not kept:
        raise UsageError("the worksheet has no program", hint="backprop quiz PROGRAM prints one")
    return parse("\n".join(kept.get(number, "") for number in range(1, max(kept) + 1)))


def rows_of(lines: Lines, formulas: bool = False) -> Iterator[Row]:
    """Of a formula all is kept that is right of its first =, since `axis=0` has one too."""
    for number, line in lines:
        bare = line.partition("#")[0].strip()
        if not bare:
            continue
        name, equals, rest = bare.partition("=")
        answer = rest.strip() if formulas else rest.rpartition("=")[2].strip() if equals else ""
        yield Row(number, name.strip(), "" if EMPTY.fullmatch(answer) else answer)
