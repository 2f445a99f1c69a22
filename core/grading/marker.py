"""One worksheet's cells: what stands there, and what each comes to with the numbers around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from backprop.arithmetic.ieee import IEEE
from backprop.claims.numerals import near, numeral
from backprop.engine.numbers import Branches
from backprop.errors import BackpropError
from backprop.grading.quiz import Cell, Quiz, rule, uses_of
from backprop.grading.worksheet import Row
from backprop.program.program import Stage

Key = tuple[str, str]  # part and name


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


class Marker:
    """The rows of one worksheet, and what they come to."""

    def __init__(self, quiz: Quiz, rows: Mapping[Key, Row]) -> None:
        self.rows = rows
        self.report = quiz.report
        self.program = quiz.report.program
        self.stages = {one.slot: one for one in self.program.stages()}
        self.uses = uses_of(self.report)
        self.written: dict[Key, Any] = {}
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
            self.written[key] = self.understood(cell, row.answer)
        except BackpropError as error:
            self.trouble[key] = error.message

    def understood(self, cell: Cell, answer: str) -> Any:
        return numeral(cell.name, answer)

    def own(self, part: str, quiz: Quiz, right: Any) -> list[Any]:
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

    def again(self, cell: Cell) -> Any:
        if cell.part == "forward":
            stage = self.stages[cell.slot]
            return self.computed(stage)
        return sum(self.passed(stage, place) for stage, place in self.uses.get(cell.slot, []))

    def computed(self, stage: Stage) -> Any:
        return float(IEEE.value[stage.gate.name](*self.fed(stage)))

    def fed(self, stage: Stage) -> list[Any]:
        return [self.values[operand] for operand in stage.operands]

    def passed(self, stage: Stage, place: int) -> Any:
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

    def sources(self, cell: Cell) -> Iterator[tuple[str, str, Any]]:
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

    def hint(self, cell: Cell, number: Any) -> str:
        if self.alike(number, -cell.answer):
            return "the sign is wrong"
        if cell.part == "forward":
            return ""
        uses = self.uses.get(cell.slot, [])
        formula = rule(self.uses, cell.slot) if uses else "0: nothing passes back"
        told = f"{cell.name} = {formula}"
        parts = [self.passed(*use) for use in uses]
        if len(parts) > 1 and any(self.alike(number, part) for part in parts):
            return f"one of {len(parts)} contributions: gradients add up at forks; {told}"
        if len(uses) == 1 and (slip := self.slip(number, *uses[0])):
            return f"{slip}; {told}"
        return told

    def alike(self, a: Any, b: Any) -> bool:
        return near(a, b)

    def slip(self, number: Any, stage: Stage, place: int) -> str:
        """What is missing of a product of two factors."""
        if near(number, self.slope(stage, place) or 0.0):
            return f"the local derivative alone, without d{stage.name}"
        return (
            "the local derivative is left out" if near(number, self.gradients[stage.slot]) else ""
        )
