"""Which stages of a program are shown, and in which order: all, a range, or those near a stage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from backprop.answer.report import Computed, Report
from backprop.errors import UsageError

EDGE = 60  # stages shown at either end of a long program
SHOWING = ("table", "markdown", "plain")  # the formats that may show a part
NEAR = 2  # steps from the stage of --around to the stages that are shown


class Selection(NamedTuple):
    first: int = 1
    last: int | None = None
    around: str = ""
    backward: bool = False

    @property
    def every(self) -> bool:
        """Are all stages wanted?"""
        return self.first == 1 and self.last is None and not self.around


ALL = Selection()


class Gap(NamedTuple):
    """Stages that are left out between two that are shown."""

    first: int
    last: int

    def __str__(self) -> str:
        count = self.last - self.first + 1
        return f"... {count:,} more stages: --stages {self.first}:{self.last}, or --json for all"


def read_range(text: str, count: int) -> tuple[int, int]:
    """The stages of `3:9`, `3:`, `:9` or `5`, in a program of so many."""
    first, colon, last = text.partition(":")
    if not (first.isdecimal() or (colon and not first)) or not (last.isdecimal() or not last):
        raise UsageError(f"--stages takes numbers such as 3:9, not {text}")
    low = int(first or 1)
    high = int(last or count) if colon else low
    if not 1 <= low <= high or low > count:
        raise UsageError(f"--stages {text}: the stages are 1 to {count}")
    return low, min(high, count)


def selection(
    report: Report, kind: str, stages: str | None, around: str | None, order: str
) -> Selection:
    """What the options of the same names ask for."""
    asked = {"--stages": stages, "--around": around, "--order": order == "backward"}
    for option, given in asked.items():
        if given and kind not in SHOWING:
            raise UsageError(f"--format {kind} has all stages, and so no {option}")
    first, last = read_range(stages, report.program.size) if stages else (1, None)
    return Selection(first, last, around or "", order == "backward")


def numbers(report: Report, chosen: Selection) -> list[int]:
    """The numbers of the stages that are wanted, in forward order."""
    program = report.program
    last = program.size if chosen.last is None else chosen.last
    if not chosen.around:
        return [*range(chosen.first, last + 1)]
    from backprop.drawing.folding import neighbours

    near = neighbours(program, chosen.around, NEAR)
    return [
        number for number, slot in enumerate(program.stage_slots, 1)
        if slot in near and chosen.first <= number <= last
    ]  # fmt: skip


def selected(report: Report, chosen: Selection) -> Iterator[Computed]:
    """Every stage that is wanted."""
    found = numbers(report, chosen)
    for number in reversed(found) if chosen.backward else found:
        yield computed(report, number)


def shown(report: Report, chosen: Selection) -> Iterator[Computed | Gap]:
    """The same; of very many both ends, and the gap between."""
    found: list[int | Gap] = [*numbers(report, chosen)]
    if len(found) > 2 * EDGE + 1:
        low, high = found[EDGE], found[-EDGE - 1]
        assert isinstance(low, int)
        assert isinstance(high, int)
        found[EDGE:-EDGE] = [Gap(low, high)]
    for entry in reversed(found) if chosen.backward else found:
        yield entry if isinstance(entry, Gap) else computed(report, entry)


def computed(report: Report, number: int) -> Computed:
    slots = report.program.stage_slots
    return report.computed(report.program.stage(slots[number - 1], number))


def inputs(report: Report, chosen: Selection) -> dict[str, int]:
    """The inputs to show: all, or those that the wanted stages use."""
    program = report.program
    if chosen.every:
        return dict(program.inputs)
    used = {
        slot
        for number in numbers(report, chosen)
        for slot in program.operands[program.stage_slots[number - 1]]
    }
    return {name: slot for name, slot in program.inputs.items() if slot in used}
