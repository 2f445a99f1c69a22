"""A report told in words, as plain data that any renderer can lay out.

forward    a line a stage, with its numbers
backward   a paragraph a stage, from the output to the inputs: what its gate does, what it
           passes back, and what deserves a remark
meanings   a paragraph an input: where its gradient comes from, and whether it is true
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from backprop.answer.plain import nested
from backprop.answer.report import Report
from backprop.answer.shown import Shown
from backprop.errors import UsageError, closest
from backprop.explaining.nudging import Nudge, nudges
from backprop.explaining.sentences import Number, Teller, Told
from backprop.gates.shapes import words
from backprop.program.program import Stage

SCHEMA = "backprop/explain/1"
MOST = 200  # stages that are told
INPUTS = 50  # inputs whose meaning is told


class Meaning(NamedTuple):
    """One input: the sum that its gradient is, and a nudge that shows it."""

    name: str
    gradient: Any
    paths: tuple[tuple[str, Any], ...]  # through which stage, and how much
    sum: str
    nudge: Nudge | None
    words: str


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
    what: ClassVar[str] = "explanation"

    title: str
    output: str
    value: Any
    stages: tuple[Told, ...]  # in forward order
    meanings: tuple[Meaning, ...]
    notes: tuple[str, ...]

    @property
    def brief(self) -> str:
        return self.title


def spelled(value: Any) -> str:
    """A number in six digits; of an array every one."""
    if getattr(value, "ndim", 0):
        return str(nested(value, spelled)).replace("'", "")
    return f"{value:.6g}" if value else "0"


def explain(report: Report, number: Number = spelled, stage: str | None = None) -> Explanation:
    """A report in words; of one stage alone, if it is named. `number` writes numbers."""
    if not isinstance(report, Report):
        raise UsageError(
            f"explain takes a Report, not {type(report).__name__}",
            hint="backprop.evaluate makes one",
        )
    chosen = list(chosen_stages(report, stage))
    teller = teller_of(report, number)
    told = tuple(teller.told(report.computed(one)) for one in chosen)
    means = () if stage else tuple(meanings(teller))
    said = [notice for notice in report.notices if notice not in report.faults]
    notes = () if stage else tuple(notice.message for notice in said)
    return Explanation(
        title(report, number), report.program.output_name, report.value, told, means, notes
    )


def chosen_stages(report: Report, wanted: str | None) -> Iterator[Stage]:
    program = report.program
    if wanted is None:
        if program.size > MOST:
            raise UsageError(
                f"{program.size:,} stages are too many to explain; the limit is {MOST}",
                hint="--stage NAME explains one; eval shows them all as a table",
            )
        yield from program.stages()
        return
    names = {program.labels[slot]: slot for slot in program.stage_slots}
    names |= {name: slot for name, slot in program.names.items() if program.operands[slot]}
    if wanted not in names:
        near = closest(wanted, list(names))
        what = "an input, not a stage" if wanted in program.inputs else "no stage"
        raise UsageError(f"{wanted} is {what}", hint=f"did you mean {near}?" if near else "")
    slot = names[wanted]
    yield program.stage(slot, program.stage_slots.index(slot) + 1)


def title(report: Report, number: Number) -> str:
    program = report.program
    shapes = program.shapes_of_inputs()
    values = [
        f"{name} {words(shapes[name])}" if name in shapes else f"{name} = {number(value)}"
        for name, value in list(report.point.items())[:12]
    ]
    more = len(report.point) - len(values)
    at = f" at {', '.join(values)}" if values else ""
    text = " ".join(program.text.split())
    single = "=" not in program.text and len(text) <= 100
    head = f"{program.output_name} = {text}" if single else f"{program.output_name}"
    return head + at + (f" and {more} more" if more > 0 else "")


def teller_of(report: Report, number: Number) -> Teller:
    if not report.program.arrays:
        return Teller(report, number)
    from backprop.explaining.arrays import ArrayTeller

    return ArrayTeller(report, number)


def meanings(teller: Teller) -> Iterator[Meaning]:
    """Every input's gradient: the paths that it is the sum of, and a nudge."""
    report, number = teller.report, teller.number
    for name in report.wrt[:INPUTS]:
        slot = report.program.inputs[name]
        parts = tuple(teller.paths.get(slot, []))
        nudge = next(nudges(report, name), None)
        told = "" if nudge is None else nudge.told(report.program.output_name, number)
        gradient = report.back.gradient(slot)
        yield Meaning(name, gradient, parts, teller.sum(slot, name), nudge, told)
