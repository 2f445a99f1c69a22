"""Plain lines without any alignment: for screen readers, grep and diff."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.answer.report import Report
from backprop.errors import visible
from backprop.showing.lines import answers, notes, passings, shape_of, verdict
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, inputs, selected


def render_stages(report: Report, view: View) -> Iterator[str]:
    def shape(slot: int) -> str:
        return f" ({shape_of(report.program, slot)})" if view.shapes else ""

    for name in inputs(report, view.selection or ALL):
        value = view.short(report.point[name])
        yield f"input {name}{shape(report.program.inputs[name])} = {value}\n"
    for computed in selected(report, view.selection or ALL):
        stage = computed.stage
        out, back = view.short(computed.value), view.short(computed.gradient)
        code = f"{stage.name} = {stage.code}{shape(stage.slot)}"
        yield f"stage {stage.id}: {code} = {out}, d{stage.name} = {back}\n"
        for passing in passings(report, computed, view):
            yield f"  {passing.line}\n"


def render_answers(report: Report, view: View) -> Iterator[str]:
    for answer in answers(report, view):
        yield f"{answer.line}\n"
    yield f"check: {verdict(report)}\n"
    for note in notes(report):
        yield f"note: {visible(note)}\n"
