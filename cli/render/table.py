"""The table for people: inputs, every stage forward and backward, the gradient, the notes.

Values are green and gradients red, as in the lecture notes; without colour the column
headings say the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.cli.render.lines import answers, headline, notes, passings, shown_stages, verdict
from backprop.cli.render.numbers import short
from backprop.errors import visible
from backprop.report import Computed, Report

FORWARD = "green"
BACKWARD = "red"
VERDICT_STYLES = {"agree": "green", "unchecked": "dim", "differ": "bold red"}
WIDEST = 60  # columns of a stage's code before it is folded
INPUTS = 100  # inputs listed in the table; the gradient below it has all


def render_stages(report: Report, precision: int) -> Iterator[RenderableType]:
    yield Text(visible(headline(report)), style="bold", overflow="fold")
    yield stage_table(report, precision)


def render_answers(report: Report, precision: int) -> Iterator[RenderableType]:
    for answer in answers(report, precision):
        style = BACKWARD if "/" in answer.name else FORWARD
        yield Text.assemble(
            f"{answer.name} = ", answer.formula and f"{answer.formula} = ",
            (answer.number, style), answer.doubt and f"  ({answer.doubt})",
        )  # fmt: skip
        if answer.exact:
            yield Text(f"  exactly {answer.exact}", style=style, overflow="fold")
    yield Text(
        f"check: {verdict(report)}", style=VERDICT_STYLES.get(report.check.verdict, "yellow")
    )
    for note in notes(report):
        yield Text(f"note: {visible(note)}", style="yellow")


def stage_table(report: Report, precision: int) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("stage", overflow="fold", max_width=WIDEST)
    whole = report.program.shapes is None  # an array may have to be folded
    for heading, style in (("value", FORWARD), ("gradient", BACKWARD)):
        table.add_column(heading, justify="right", style=style, no_wrap=whole, overflow="fold")
    table.add_column("local derivative", overflow="fold")
    table.add_column("passes back", style=BACKWARD, overflow="fold")
    for name, slot in list(report.program.inputs.items())[:INPUTS]:
        value, gradient = report.values[slot], report.back.gradient(slot)
        table.add_row(name, short(value, precision), short(gradient, precision))
    table.add_section()
    for row in shown_stages(report):
        if isinstance(row, int):
            table.add_row(f"... {row:,} more stages, in --json and --format csv")
        else:
            add_stage(table, report, row, precision)
    return table


def add_stage(table: Table, report: Report, computed: Computed, precision: int) -> None:
    rows = passings(report, computed, precision)
    stage = computed.stage
    table.add_row(
        f"{stage.name} = {stage.code}",
        short(computed.value, precision),
        short(computed.gradient, precision),
        "\n".join(row.local for row in rows),
        "\n".join(row.flow for row in rows),
    )
