"""A filled-in worksheet, marked cell by cell, each by what is right before it.

A cell that follows from a mistake further up is told from a mistake of its own: it is computed
once more with the numbers that stand in the worksheet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from backprop.errors import closest
from backprop.grading.marker import Key, Marked, Marker
from backprop.grading.quiz import Quiz
from backprop.grading.worksheet import Row, Worksheet

FAULTS = ("wrong", "carried", "coarse", "unreadable", "unknown")


class Result(NamedTuple):
    quiz: Quiz
    cells: tuple[Marked, ...]

    def count(self, *states: str) -> int:
        return sum(cell.state in states for cell in self.cells)

    @property
    def exit_code(self) -> int:
        if self.count(*FAULTS):
            return 1
        return 3 if self.count("empty") else 0


def mark(sheet: Worksheet) -> Result:
    """The worksheet's cells in the order of the quiz, then what it has beside them."""
    quiz = sheet.quiz()
    known = {(cell.part, cell.name) for cell in quiz.cells}
    rows: dict[Key, Row] = {}
    strange: list[Marked] = []
    for part, row in sheet.rows:
        if (part, row.name) in known and (part, row.name) not in rows:
            rows[part, row.name] = row
        else:
            strange.append(unknown(part, row, known))
    marker = marker_of(quiz, rows)
    asked = [cell for cell in quiz.cells if not cell.given]
    return Result(quiz, (*map(marker.marked, asked), *strange))


def unknown(part: str, row: Row, known: set[Key]) -> Marked:
    names = [name for section, name in known if section == part]
    if row.name in names:
        hint = "it is there twice, and the first counts"
    else:
        near = closest(row.name, names)
        hint = f"did you mean {near}?" if near else "the quiz doesn't ask for this"
    return Marked(part, row.name[:40], row.line, "", row.answer, "unknown", hint)


def marker_of(quiz: Quiz, rows: Mapping[Key, Row]) -> Marker:
    if not quiz.arrays:
        return Marker(quiz, rows)
    from backprop.grading.array_marker import ArrayMarker

    return ArrayMarker(quiz, rows)
