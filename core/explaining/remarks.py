"""What is striking about one stage: scales far apart, saturation, dead units, ties."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from backprop.answer.report import Computed, Report
from backprop.program.program import Program

FAR = 1000.0  # one factor of a product so many times the other
FLAT = 0.01  # a slope below this lets next to nothing through
SQUASHING = ("sigmoid", "tanh")
DEAD = ("relu",)
PICKING = ("index", "reshape", "transpose")
SAME = 1e-9  # parts of a number that rounding may be


def remarks(report: Report, computed: Computed, number: Callable[[Any], str]) -> Iterator[str]:
    """Sentences about a stage with numbers such as these."""
    if not report.every.reached(computed.stage.slot):
        return
    if report.program.arrays:
        yield from of_arrays(report, computed, number)
        return
    fed = [report.values[slot] for slot in computed.stage.operands]
    names = computed.stage.operand_names
    match computed.stage.gate.name:
        case "mul" if all(map(math.isfinite, fed)):
            yield from scales(names, fed, number)
        case "sigmoid" | "tanh" if abs(computed.slopes[0] or 0.0) < FLAT:
            passed = number(computed.slopes[0])
            yield (
                f"{computed.stage.name} is saturated at {number(computed.value)}: its local"
                f" derivative is {passed}, so it passes on almost none of its gradient"
            )
        case "relu" if computed.slopes[0] is None:
            yield (
                f"{names[0]} = {number(fed[0])} is not above 0, so this relu is dead: it passes no"
                " gradient, and the stages before it learn nothing from this point"
            )


def scales(names: tuple[str, ...], fed: list[float], number: Callable[[Any], str]) -> Iterator[str]:
    """In a product the scale of one factor is the scale of the other's gradient."""
    small, large = sorted((0, 1), key=lambda place: abs(fed[place]))
    if fed[small] and abs(fed[large]) >= FAR * abs(fed[small]):
        ratio = number(abs(fed[large] / fed[small]))
        yield (
            f"{names[large]} is {ratio} times as large as {names[small]}, so"
            f" {names[small]} gets {ratio} times the gradient: the scale of the data is the scale"
            " of the weights' gradient"
        )


def of_arrays(report: Report, computed: Computed, number: Callable[[Any], str]) -> Iterator[str]:
    """What a softmax and a log come to together; how many entries are saturated or dead."""
    import numpy as np

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
    import numpy as np

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
