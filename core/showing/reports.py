"""A report as a sheet: its circuit, its table of stages, its answers and notes."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.answer.report import Report
from backprop.drawing.building import MOST, circuit
from backprop.drawing.svg import draw
from backprop.showing.arrays import brief
from backprop.showing.columns import columns
from backprop.showing.lines import (
    NOTHING,
    answers,
    headline,
    notes,
    passings,
    pulls,
    short_code,
    verdict,
)
from backprop.showing.numbers import View
from backprop.showing.selection import ALL, Gap, shown
from backprop.showing.sheets import (
    BAD,
    DOUBT,
    GOOD,
    GRADIENT,
    HEAD,
    NOTE,
    PLAIN,
    VALUE,
    Column,
    Line,
    Part,
    Picture,
    Row,
    Table,
)

INPUTS = 100  # that the table lists
VERDICTS = {"agree": GOOD, "differ": BAD, "unchecked": PLAIN}
STAGE, LOCAL, BACK = (
    Column("stage", code=True),
    Column("local derivative", code=True),
    Column("passes back", kind=GRADIENT, code=True),
)


def parts(report: Report) -> Iterator[Part]:
    view = View()
    yield Line(headline(report.program), HEAD)
    if report.program.size <= MOST:
        yield Picture(lambda: draw(circuit(report.program, report)))
    numbers = not report.program.arrays
    headings = [
        Column(one.heading, numbers, VALUE if one.forward else GRADIENT) for one in columns(report)
    ]
    others = [LOCAL, BACK] if numbers else [BACK]
    yield Table((STAGE, *headings, *others), [*rows(report, view)])
    for answer in answers(report, view):
        yield Line(answer.line.replace(" (", "  (", 1) if answer.doubt else answer.line)
    kind = VERDICTS.get(report.check.verdict, DOUBT)
    yield Line(f"check: {verdict(report)}", kind)
    for note in notes(report):
        yield Line(f"note: {note}", NOTE)


def rows(report: Report, view: View) -> Iterator[Row]:
    program = report.program
    room = len(str(program.size)) + 3 if program.size else 0
    given = list(program.inputs.items())[:INPUTS]
    for place, (name, slot) in enumerate(given, 1):
        yield Row([" " * room + name, *numbers(report, view, slot)], last=place == len(given))
    found = list(shown(report, ALL))
    for place, one in enumerate(found, 1):
        last = place == len(found)
        if isinstance(one, Gap):
            yield Row([str(one)], last=last)
            continue
        head = f"({one.stage.id}) ".rjust(room)
        title = f"{head}{one.stage.name} = {short_code(one.stage.code)}"
        kind = HEAD if one.stage.slot == program.output else PLAIN
        cells = [title, *numbers(report, view, one.stage.slot)]
        if program.arrays:
            back = "\n".join(pulled(report, view, one))
            yield Row([*cells, back], kind, last)
            continue
        passing = [(p.local, p.flow or NOTHING) for p in passings(report, one, view)] or [("", "")]
        for number, (local, flow) in enumerate(passing, 1):
            own = cells if number == 1 else [""] * len(cells)
            yield Row([*own, local, flow], kind, last and number == len(passing))


def numbers(report: Report, view: View, slot: int) -> list[str]:
    show = view.block if report.program.arrays else view.short
    return [show(one.number(slot)) for one in columns(report)]


def pulled(report: Report, view: View, computed: object) -> Iterator[str]:
    """`dW = dD @ X.T`, and below it what that is."""
    for name, sign, formula, flow in pulls(report, computed):  # type: ignore[arg-type]
        if flow is None:
            yield f"{name} {sign} {formula}: {NOTHING}" if sign else f"{name}  {formula}"
            continue
        yield f"{name} {sign} {formula}"
        text = brief(flow, view.precision) if flow.ndim else view.short(flow)
        margin = " " * (len(name) + 1)
        for number, line in enumerate(text.split("\n")):
            yield f"{margin}{'=' if not number else ' ':>{len(sign)}} {line}"
