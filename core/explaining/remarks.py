"""What is striking about one stage: scales far apart, saturation, dead units, ties."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from backprop.answer.report import Computed, Report

FAR = 1000.0  # one factor of a product so many times the other
FLAT = 0.01  # a slope below this lets next to nothing through
SQUASHING = ("sigmoid", "tanh")
DEAD = ("relu",)


def remarks(report: Report, computed: Computed, number: Callable[[Any], str]) -> Iterator[str]:
    """Sentences about a stage with numbers such as these."""
    if not report.every.reached(computed.stage.slot):
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
