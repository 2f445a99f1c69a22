"""The numbers of a slot that a table of stages shows: value, tangents, gradient."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.answer.report import Report

TRACES = 6  # directions whose tangents a table shows; JSON has all


class Column(NamedTuple):
    title: str
    forward: bool  # does it run with the values, or against them?
    number: Callable[[int], Any]

    @property
    def heading(self) -> str:
        return f"{self.title} {'↓' if self.forward else '↑'}"


def columns(report: Report) -> Iterator[Column]:
    yield Column("value", True, report.values.__getitem__)
    motion = report.motion
    for name, tangents in [*(motion.tangents if motion else {}).items()][:TRACES]:

        def moved(slot: int, tangents: Any = tangents) -> Any:
            return 0.0 if tangents[slot] is None else tangents[slot]

        yield Column(f"d/d{name}" if name else "tangent", True, moved)
    if backward(report):
        yield Column("gradient", False, report.every.gradient)


def backward(report: Report) -> bool:
    """Is the backward pass shown?"""
    return report.motion is None or report.motion.mode != "forward"
