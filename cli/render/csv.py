"""One line for each input and stage, numbers exact."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.showing.columns import columns
from backprop.showing.numbers import View

FIELDS = ("kind", "id", "name", "gate", "code", "value", "gradient", "inputs", "local", "flows")


def render_stages(report: Report, view: View | None = None) -> Iterator[str]:
    del view
    traces = [one for one in columns(report) if one.forward][1:]
    yield line((*FIELDS, *(f"tangent {one.title}".removesuffix(" tangent") for one in traces)))
    for name, slot in report.program.inputs.items():
        value, gradient = report.values[slot], report.every.gradient(slot)
        yield line(("input", "", name, "", "", plain(value), plain(gradient), "", "", "",
                    *(plain(one.number(slot)) for one in traces)))  # fmt: skip
    for computed in report.stages():
        stage = computed.stage
        yield line((
            "stage", stage.id, stage.name, stage.gate.name, stage.code,
            plain(computed.value), plain(computed.gradient), " ".join(stage.operand_names),
            " ".join(map(cell, computed.slopes)), " ".join(map(cell, computed.flows)),
            *(plain(one.number(stage.slot)) for one in traces),
        ))  # fmt: skip
    for name, entries in (report.jacobian or {}).items():
        yield line(("jacobian", "", name, "", "", plain(entries), "", "", "", ""))


def render_answers(report: Report, view: View) -> Iterator[str]:
    """Nothing: the rows of the stages have it all."""
    del report, view
    yield from ()


def cell(number: Any) -> str:
    """A slope or flow without a space in it: 0 where nothing passes, lists for an array."""
    return str(plain(0.0 if number is None else number)).replace(" ", "")


def line(cells: tuple[object, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerow(cells)
    return buffer.getvalue()
