"""The table as Markdown, to paste into notes and issues."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from backprop.answer.report import Report
from backprop.errors import visible
from backprop.showing.columns import backward, columns
from backprop.showing.lines import answers, notes, passings, shape_of, verdict
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, inputs, selected

LEFT = ("stage", "local derivative", "passes back")


def render_stages(report: Report, view: View) -> Iterator[str]:
    program = report.program
    numbers = [*columns(report)]
    names = ["stage", *(["shape"] if view.shapes else []), *(one.title for one in numbers)]
    names += [] if program.arrays else ["local derivative"]
    names += ["passes back"] if backward(report) else []
    yield row(names)
    yield f"|{'|'.join(':--' if name in LEFT else '--:' for name in names)}|\n"

    def cells(slot: int, **texts: str) -> str:
        found = {
            "shape": shape_of(program, slot),
            **{one.title: view.short(one.number(slot)) for one in numbers},
        }
        return row((found | texts).get(name, "") for name in names)

    for name, slot in inputs(report, view.selection or ALL).items():
        yield cells(slot, stage=code(name))
    for computed in selected(report, view.selection or ALL):
        stage = computed.stage
        first, *others = [
            {"local derivative": passing.local and code(passing.local),
             "passes back": passing.flow and code(passing.flow)}
            for passing in passings(report, computed, view)
        ] or [{}]  # fmt: skip
        yield cells(
            stage.slot, stage=f"({stage.id}) {code(f'{stage.name} = {stage.code}')}", **first
        )
        yield from (row(other.get(name, "") for name in names) for other in others)


def render_answers(report: Report, view: View) -> Iterator[str]:
    yield "\n"
    for answer in answers(report, view):
        yield f"- {code(answer.line)}\n"
    yield f"- check: {verdict(report)}\n"
    for note in notes(report):
        yield f"- note: {code(visible(note))}\n"


def row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"


def code(text: str) -> str:
    return f"`{text.replace('|', chr(92) + '|')}`"
