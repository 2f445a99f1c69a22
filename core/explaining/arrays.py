"""One stage of arrays in words: what passes back as a formula, and why only this one fits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from backprop.answer.report import Computed, Report
from backprop.explaining.remarks import DEAD, FLAT, SQUASHING
from backprop.explaining.sentences import Teller
from backprop.gates.shapes import words
from backprop.program.program import Program, Stage

PICKING = ("index", "reshape", "transpose")
SAME = 1e-9  # parts of a number that rounding may be

Shape = tuple[int, ...]


class ArrayTeller(Teller):
    def with_numbers(self, computed: Computed) -> str:
        del computed
        return ""

    def wish(self, computed: Computed) -> str:
        del computed
        return ""

    def passed(self, computed: Computed, place: int) -> Iterator[str]:
        stage = computed.stage
        name, formula = stage.operand_names[place], self.report.local(stage, place)
        sign = "+=" if len(self.paths.get(stage.operands[place], [])) > 1 else "="
        if not formula or not stage.gate.array:
            formula = self.report.pull(stage, place)
        yield f"d{name} {sign} {formula} = {self.number(computed.flows[place])}"
        yield from dimensions(self.report.program, stage, place)

    def striking(self, computed: Computed) -> Iterator[str]:
        if self.report.every.reached(computed.stage.slot):
            yield from remarks(self.report, computed, self.number)


# What is striking.


def remarks(report: Report, computed: Computed, number: Callable[[Any], str]) -> Iterator[str]:
    """What a softmax and a log come to together; how many entries are saturated or dead."""
    name = computed.stage.gate.name
    if name in ("softmax", "log_softmax"):
        yield from less_targets(report, computed, number)
    if name not in SQUASHING and name not in DEAD:
        return
    fed = np.asarray(report.values[computed.stage.operands[0]])
    out = np.asarray(computed.value)
    if name in DEAD:
        count, what = int(np.sum(fed <= 0)), "dead: no gradient passes"
    else:
        slope = out * (1 - out) if name == "sigmoid" else 1 - out * out
        count, what = int(np.sum(np.abs(slope) < FLAT)), "saturated: almost no gradient passes"
    if count and fed.size:
        yield f"{count:,} of its {fed.size:,} entries {'is' if count == 1 else 'are'} {what}"


def logged(program: Program, slot: int) -> bool:
    """Is the logarithm taken of a slot, or of entries that were picked from it?"""
    picked = {slot}
    for user, gate, operands in program.forward_steps():
        if operands[0] in picked:
            if gate == "log":
                return True
            if gate in PICKING:
                picked.add(user)
    return False


def less_targets(report: Report, computed: Computed, number: Callable[[Any], str]) -> Iterator[str]:
    """That cross-entropy hands probabilities less targets to what softmax is fed: if what comes
    to the logarithms of the probabilities is minus some shares of one, times a number."""
    stage = computed.stage
    out, gradient = np.asarray(computed.value), np.asarray(computed.gradient)
    if stage.gate.name == "softmax":
        if not logged(report.program, stage.slot):
            return
        probabilities, coming = out, gradient * out
    else:
        probabilities, coming = np.exp(out), gradient
    axis: Any = report.values[stage.operands[1]]
    totals = np.sum(coming, axis=axis.of(out.shape))
    weight = float(-np.ravel(totals)[0]) if totals.size else 0.0
    if not weight > 0 or not np.allclose(totals, -weight, rtol=1e-9, atol=0):
        return
    targets = coming / -weight
    if not np.all(targets >= 0):
        return
    difference = "p - y" if abs(weight - 1) < SAME else f"(p - y) times {number(weight)}"
    yield (
        f"with the log after it, d{stage.operand_names[0]} is the probabilities minus the targets,"
        f" {difference}: p = {number(probabilities)}, y = {number(np.round(targets, 12) + 0.0)}"
    )


# Dimension analysis.


def dimensions(program: Program, stage: Stage, place: int) -> Iterator[str]:
    """Why a matrix product passes back what it does: by shapes alone, as in the notes."""
    if stage.gate.name != "matmul" or len(program.shapes[stage.slot]) != 2:
        return
    name, other = stage.operand_names[place], stage.operand_names[1 - place]
    wanted = program.shapes[stage.operands[place]]
    gradient = program.shapes[stage.slot]
    beside = program.shapes[stage.operands[1 - place]]
    if len(beside) != 2:
        return
    fits = list(fitting(f"d{stage.name}", gradient, other, beside, wanted))
    text = (
        f"d{name} must be {words(wanted)}, as {name} is; of the products of d{stage.name},"
        f" {words(gradient)}, and {other}, {words(beside)},"
    )
    if len(fits) == 1:
        yield f"{text} only {fits[0]} fits"
    else:
        yield f"{text} these fit by shape alone: {', '.join(fits)}"


def fitting(gradient: str, first: Shape, other: str, second: Shape, wanted: Shape) -> Iterator[str]:
    """The products of two matrices, each as it is or transposed, that have a shape."""
    ways = [
        ((gradient, first), (other, second)),
        ((other, second), (gradient, first)),
    ]
    for left, right in ways:
        for name, (rows, inner) in as_it_is_or_transposed(*left):
            for beside, (depth, columns) in as_it_is_or_transposed(*right):
                if inner == depth and (rows, columns) == wanted:
                    yield f"{name} @ {beside}"


def as_it_is_or_transposed(name: str, shape: Shape) -> Iterator[tuple[str, Shape]]:
    yield name, shape
    yield f"{name}.T", shape[::-1]
