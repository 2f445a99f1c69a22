"""A report where a notebook shows it: the circuit, and below it the table of stages."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any

from backprop.answer.report import Report
from backprop.drawing.building import MOST, circuit
from backprop.drawing.numbers import short
from backprop.drawing.svg import draw

ROWS = 100  # stages that the table lists
DECIMALS = 4


def svg(report: Report) -> str | None:
    """The circuit; None if it is too large to be read."""
    if report.program.size > MOST:
        return None
    return draw(circuit(report.program, report))


def html(report: Report) -> str:
    rows = "".join(f"<tr>{''.join(cells)}</tr>" for cells in table(report))
    more = report.program.size - ROWS
    left = f"<p>and {more:,} more stages</p>" if more > 0 else ""
    return (
        f"<div>{svg(report) or ''}<table><thead><tr><th>stage</th><th>value</th>"
        f"<th>gradient</th><th>passes back</th></tr></thead><tbody>{rows}</tbody></table>"
        f"{left}</div>"
    )


def table(report: Report) -> Iterator[tuple[str, ...]]:
    for name, slot in list(report.program.inputs.items())[:ROWS]:
        value, gradient = report.values[slot], report.every.gradient(slot)
        yield cell(name), number(value), number(gradient), "<td></td>"
    for computed, _ in zip(report.stages(), range(ROWS), strict=False):
        stage = computed.stage
        flows = [
            f"d{name} = {short(flow, DECIMALS)}"
            for name, flow in zip(stage.operand_names, computed.flows, strict=True)
            if flow is not None
        ]
        passed = "<br>".join(map(escape, flows))
        code = cell(f"{stage.name} = {stage.code}")
        yield code, number(computed.value), number(computed.gradient), f"<td>{passed}</td>"


def cell(text: str) -> str:
    return f'<td style="text-align:left"><code>{escape(text)}</code></td>'


def number(value: Any) -> str:
    return f'<td style="text-align:right">{escape(short(value, DECIMALS))}</td>'
