"""The table as Markdown, to paste into notes and issues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop.cli.render.lines import answers, notes, passings, verdict
from backprop.cli.render.numbers import short
from backprop.errors import visible
from backprop.report import Report

HEADINGS = ("stage", "value", "gradient", "local derivative", "passes back")


def render(report: Report, precision: int) -> Iterator[str]:
    yield row(HEADINGS)
    yield "|:--|--:|--:|:--|:--|\n"
    for name, slot in report.program.inputs.items():
        value, gradient = report.values[slot], report.back.gradient(slot)
        yield row([code(name), short(value, precision), short(gradient, precision), "", ""])
    for computed in report.stages():
        stage, rows = computed.stage, passings(report, computed, precision)
        yield row([
            code(f"{stage.name} = {stage.code}"),
            short(computed.value, precision),
            short(computed.gradient, precision),
            "<br>".join(code(passing.local) for passing in rows),
            "<br>".join(code(passing.flow) for passing in rows if passing.flow),
        ])  # fmt: skip
    yield "\n"
    for answer in answers(report, precision):
        yield f"- {code(answer.line)}\n"
    yield f"- check: {verdict(report)}\n"
    for note in notes(report):
        yield f"- note: {code(visible(note))}\n"


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"
