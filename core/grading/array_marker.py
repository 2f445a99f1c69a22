"""A worksheet on arrays: shapes, arrays of numbers, and formulas. Any right formula will do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.answer.sizes import read_shape
from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.whole import Scattered
from backprop.claims.array_numerals import numerals
from backprop.claims.claims import check_claims
from backprop.claims.instances import Asked
from backprop.claims.numerals import near
from backprop.engine.arrays import fitted
from backprop.engine.numbers import Branches
from backprop.errors import BackpropError
from backprop.gates.shapes import compact, words
from backprop.grading.claimed import with_slips
from backprop.grading.marker import Key, Marked, Marker
from backprop.grading.quiz import Cell, Quiz
from backprop.grading.worksheet import Row
from backprop.language.parser import parse
from backprop.program.program import Stage


class ArrayMarker(Marker):
    def __init__(self, quiz: Quiz, rows: Mapping[Key, Row]) -> None:
        self.asked = Asked(
            symbolic=False,
            ties=quiz.settings.ties,
        )
        super().__init__(quiz, rows)

    def understood(self, cell: Cell, answer: str) -> Any:
        if cell.part == "shapes":
            sides = answer.strip("()").replace(" ", "").rstrip(",").replace(",", "x")
            number = answer.lower() in ("number", "a number", "()", "1")
            return compact(() if number else read_shape(cell.name, sides))
        if cell.part == "formulas":
            return self.verdict(cell, answer)
        return numerals(cell.name, answer)

    def verdict(self, cell: Cell, answer: str) -> Any:
        """Whether a formula gives the gradient at this point and near it, or why it has no value;
        None for that of the key."""
        if answer == cell.answer:
            return None
        parse(answer)
        try:
            texts = [f"{cell.name}={answer}"]
            found = check_claims(self.program, self.report.point, texts, self.asked)
        except BackpropError as error:
            return error.message
        return with_slips(found, self.asked).verdicts[0]

    def marked(self, cell: Cell) -> Marked:
        key = cell.part, cell.name
        if cell.part not in ("shapes", "formulas") or key not in self.written:
            return super().marked(cell)
        row, found = self.rows[key], self.written[key]
        if cell.part == "shapes":
            right, hint = found == cell.answer, self.sizes(cell)
        elif isinstance(found, str):
            right, hint = False, found
        else:
            right = found is None or found.passed
            hint = "" if right else found.slip or self.elsewhere(found) or self.told(cell)
        state = "right" if right else "wrong"
        shown = "" if right else hint
        return Marked(cell.part, cell.name, row.line, cell.code, row.answer, state, shown)

    def sizes(self, cell: Cell) -> str:
        """What the operands of a stage are."""
        stage, shapes = self.stages[cell.slot], self.program.shapes
        told = dict.fromkeys(
            f"{name} is {words(shapes[slot])}"
            for name, slot in zip(stage.operand_names, stage.operands, strict=True)
            if slot not in self.program.constants
        )
        return ", ".join(told)

    def elsewhere(self, found: Any) -> str:
        return "it is right at these numbers alone" if found.state == "point" else ""

    def told(self, cell: Cell) -> str:
        return f"{cell.name} = {cell.answer}"

    # What a cell comes to with the worksheet's own arrays.

    def own(self, part: str, quiz: Quiz, right: Any) -> list[Any]:
        """An array of another shape is no use to what comes after it."""
        found = super().own(part, quiz, right)
        return [
            mine if np.shape(mine) == np.shape(its) else its
            for mine, its in zip(found, right, strict=True)
        ]

    def computed(self, stage: Stage) -> Any:
        with np.errstate(**IGNORED):
            return ARRAYS.value[stage.gate.name](*self.fed(stage))

    def passed(self, stage: Stage, place: int) -> Any:
        branches, gate = Branches.of(self.report.branches), stage.gate.name
        convention, fed = branches.convention, (*self.fed(stage), self.values[stage.slot])
        if stage.slot in branches.at:
            convention, fed = "first", branches.at[stage.slot]
        g = self.gradients[stage.slot]
        with np.errstate(**IGNORED):
            if stage.gate.array:
                heard = [k == place for k in range(len(stage.operands))]
                part = list(ARRAYS.message[convention][gate](heard, *fed, g))[place]
            else:
                slope = ARRAYS.local[convention][gate](*fed)[place]
                part = 0.0 if slope is None else slope * g
        part = part.whole() if isinstance(part, Scattered) else part
        return fitted(part, self.program.shapes[stage.operands[place]])

    # What is said of a wrong one.

    def hint(self, cell: Cell, number: Any) -> str:
        if np.shape(number) != np.shape(cell.answer):
            wanted, found = words(np.shape(cell.answer)), words(np.shape(number))
            return f"it is {found}, and {cell.name} has to be {wanted}"
        return super().hint(cell, number)

    def alike(self, a: Any, b: Any) -> bool:
        return np.shape(a) == np.shape(b) and all(
            near(one, other)
            for one, other in zip(np.ravel(a).tolist(), np.ravel(b).tolist(), strict=True)
        )

    def slip(self, number: Any, stage: Stage, place: int) -> str:
        array = self.passed(stage, place)
        if np.ndim(array) == 2 and self.alike(number, np.transpose(array)):
            return "it is the transpose"
        left_out = not stage.gate.array and self.alike(number, self.gradients[stage.slot])
        return "the local derivative is left out" if left_out else ""
