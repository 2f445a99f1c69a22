"""Plain lines without any alignment: for screen readers, grep and diff."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.cli.render.lines import answers, notes, passings, verdict
from backprop.cli.render.numbers import short
from backprop.errors import visible
from backprop.report import Report


def render(report: Report, precision: int) -> Iterator[str]:
    for name, value in report.point.items():
        yield f"input {name} = {short(value, precision)}\n"
    for computed in report.stages():
        stage = computed.stage
        out, back = short(computed.value, precision), short(computed.gradient, precision)
        yield f"stage {stage.id}: {stage.name} = {stage.code} = {out}, d{stage.name} = {back}\n"
        for passing in passings(report, computed, precision):
            yield f"  {passing.local}; {passing.flow or 'nothing passes'}\n"
    for answer in answers(report, precision):
        yield f"{answer.line}\n"
    yield f"check: {verdict(report)}\n"
    for note in notes(report):
        yield f"note: {visible(note)}\n"
