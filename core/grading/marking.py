"""A filled-in worksheet, marked cell by cell, each by what is right before it.

A cell that follows from a mistake further up is told from a mistake of its own: it is computed
once more with the numbers that stand in the worksheet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from backprop.arithmetic.ieee import IEEE
from backprop.claims.numerals import Numeral, near, numeral
from backprop.engine.numbers import Branches
from backprop.errors import BackpropError, closest
from backprop.grading.quiz import Cell, Quiz
from backprop.grading.worksheet import Row, Worksheet
from backprop.program.program import Stage

FAULTS = ("wrong", "carried", "coarse", "unreadable", "unknown")


class Marked(NamedTuple):
    """right, wrong; carried: right but for a mistake before it; coarse: too few digits; empty;
    unreadable; unknown: a row that the quiz doesn't have."""

    part: str
    name: str
    line: int | None  # None for a row that is no longer there
    code: str
    answer: str
    state: str
    hint: str = ""


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


Key = tuple[str, str]  # part and name


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
    marker = Marker(quiz, rows)
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


class Marker:
    """The rows of one worksheet, and what they come to."""

    def __init__(self, quiz: Quiz, rows: Mapping[Key, Row]) -> None:
        self.rows = rows
        self.report = quiz.report
        self.program = quiz.report.program
        self.stages = {one.slot: one for one in self.program.stages()}
        self.uses: dict[int, list[tuple[Stage, int]]] = {}
        for stage in self.stages.values():
            for place, operand in enumerate(stage.operands):
                if self.report.back.flow(stage.slot, place) is not None:
                    self.uses.setdefault(operand, []).append((stage, place))
        self.written: dict[Key, Numeral] = {}
        self.trouble: dict[Key, str] = {}
        for cell in quiz.cells:
            self.read(cell)
        self.values = self.own("forward", quiz, self.report.values)
        right = [self.report.back.gradient(slot) for slot in range(len(self.values))]
        self.gradients = self.own("backward", quiz, right)

    def read(self, cell: Cell) -> None:
        """The number in a cell, or why there is none."""
        key = cell.part, cell.name
        row = self.rows.get(key)
        if row is None or not row.answer or row.answer == cell.code:
            return
        try:
            self.written[key] = numeral(cell.name, row.answer)
        except BackpropError as error:
            self.trouble[key] = error.message

    def own(self, part: str, quiz: Quiz, right: Any) -> list[float]:
        """The numbers of one pass as they stand in the worksheet, or else the right ones."""
        found = list(right)
        for cell in quiz.cells:
            if cell.part == part and not cell.given and (part, cell.name) in self.written:
                found[cell.slot] = self.written[part, cell.name].value
        return found

    def marked(self, cell: Cell) -> Marked:
        key = cell.part, cell.name
        row = self.rows.get(key)
        line, answer = (row.line, row.answer) if row else (None, "")

        def with_state(state: str, hint: str = "") -> Marked:
            return Marked(cell.part, cell.name, line, cell.code, answer, state, hint)

        if key in self.trouble:
            return with_state("unreadable", self.trouble[key])
        if key not in self.written:
            return with_state("empty", "" if row else "the row is not there")
        number = self.written[key]
        if number.fits(cell.answer):
            if number.coarse(cell.answer):
                return with_state("coarse", "right so far: give three digits")
            return with_state("right")
        if number.fits(self.again(cell)):
            if blame := self.blamed(cell):
                return with_state("carried", f"right for the wrong {blame} above")
            return with_state("right")
        return with_state("wrong", self.hint(cell, number.value))

    # What a cell comes to with the worksheet's own numbers.

    def again(self, cell: Cell) -> float:
        if cell.part == "forward":
            stage = self.stages[cell.slot]
            return float(IEEE.value[stage.gate.name](*self.fed(stage)))
        return sum(self.passed(stage, place) for stage, place in self.uses.get(cell.slot, []))

    def fed(self, stage: Stage) -> list[float]:
        return [self.values[operand] for operand in stage.operands]

    def passed(self, stage: Stage, place: int) -> float:
        """What a stage passes back to an operand."""
        slope = self.slope(stage, place)
        return 0.0 if slope is None else slope * self.gradients[stage.slot]

    def slope(self, stage: Stage, place: int) -> float | None:
        branches = Branches.of(self.report.branches)
        out = self.values[stage.slot]
        slopes = branches.slopes(IEEE, stage.slot, stage.gate.name, self.fed(stage), out)
        found: float | None = slopes[place]
        return found

    def blamed(self, cell: Cell) -> str:
        """The first number further up that is wrong and that a cell was computed from."""
        for part, name, answer in self.sources(cell):
            number = self.written.get((part, name))
            if number and not number.fits(answer):
                return name
        return ""

    def sources(self, cell: Cell) -> Iterator[tuple[str, str, float]]:
        labels, report = self.program.labels, self.report
        stages = [self.stages[cell.slot]] if cell.part == "forward" else []
        for stage, _ in [] if stages else self.uses.get(cell.slot, []):
            yield "backward", f"d{stage.name}", report.back.gradient(stage.slot)
            yield "forward", stage.name, report.values[stage.slot]
            stages.append(stage)
        for stage in stages:
            for operand in stage.operands:
                yield "forward", labels[operand], report.values[operand]

    # What is said of a wrong one.

    def hint(self, cell: Cell, number: float) -> str:
        if near(number, -cell.answer):
            return "the sign is wrong"
        if cell.part == "forward":
            return ""
        uses = self.uses.get(cell.slot, [])
        rule = f"{cell.name} = {self.rule(cell)}"
        parts = [self.passed(*use) for use in uses]
        if len(parts) > 1 and any(near(number, part) for part in parts):
            return f"one of {len(parts)} contributions: gradients add up at forks; {rule}"
        if len(uses) == 1:
            (stage, place) = uses[0]
            if near(number, self.slope(stage, place) or 0.0):
                return f"the local derivative alone, without d{stage.name}; {rule}"
            if near(number, self.gradients[stage.slot]):
                return f"the local derivative is left out; {rule}"
        return rule

    def rule(self, cell: Cell) -> str:
        """How a gradient comes about, in letters."""
        uses = self.uses.get(cell.slot, [])
        return " + ".join(stage.pull(place) for stage, place in uses) or "0: nothing passes back"
