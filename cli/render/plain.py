"""Plain lines without any alignment: for screen readers, grep and diff."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.answer.report import Report
from backprop.errors import visible
from backprop.showing.columns import backward, columns
from backprop.showing.lines import answers, notes, passings, shape_of, verdict
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, inputs, selected


def render_stages(report: Report, view: View) -> Iterator[str]:
    def shape(slot: int) -> str:
        return f" ({shape_of(report.program, slot)})" if view.shapes else ""

    def others(report: Report, slot: int, name: str) -> str:
        """`, d/dx = 2, dq = 3`: the tangents, and the gradient of a stage."""
        return "".join(
            f", {one.title if one.forward else f'd{name}'} = {view.short(one.number(slot))}"
            for one in [*columns(report)][1:]
            if one.forward or name
        )

    for name in inputs(report, view.selection or ALL):
        slot = report.program.inputs[name]
        value = view.short(report.point[name])
        yield f"input {name}{shape(slot)} = {value}{others(report, slot, '')}\n"
    for computed in selected(report, view.selection or ALL):
        stage = computed.stage
        out = view.short(computed.value)
        code = f"{stage.name} = {stage.code}{shape(stage.slot)}"
        yield f"stage {stage.id}: {code} = {out}{others(report, stage.slot, stage.name)}\n"
        for passing in passings(report, computed, view) if backward(report) else ():
            yield f"  {passing.line}\n"


def render_answers(report: Report, view: View) -> Iterator[str]:
    for answer in answers(report, view):
        yield f"{answer.line}\n"
    yield f"check: {verdict(report)}\n"
    for note in notes(report):
        yield f"note: {visible(note)}\n"
