"""The gate table as a table, and one gate in full."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.cli.render.forms import code, escaped, markdown_table, plain_rows
from backprop.gates.composites import ROWS as COMPOSITES
from backprop.gates.functions import functions
from backprop.gates.row import Gate
from backprop.program.listing import row_dict

LONG = 44  # local derivatives longer than this are only shown by `backprop gates NAME`
HEADINGS = ("gate", "drawn", "written", "local derivatives", "the gate")
MOST = 22  # letters of how a gate is written
WIDE = 100  # columns of a screen on which functions are written in full
EXACT = "{value} ulp, local derivatives {local} ulp"


def render_all(families: Mapping[str, Sequence[Gate]], width: int) -> Iterator[RenderableType]:
    """A line a gate: how it is written, its local derivatives, how gradient passes."""
    rows = [row_dict(gate) for gates in families.values() for gate in gates]
    first = min(MOST, max(len(row["code"]) for row in rows))
    for family, gates in families.items():
        yield Text(family, style="bold")
        for gate in gates:
            row = row_dict(gate)
            local = ", ".join(text for text in row["textbook"] if text)
            shown = f"{local}: {gate.flow}" if local and len(local) <= LONG else gate.flow
            line = f"  {shortened(row['code'], first):<{first}}  {shown}"
            yield Text(shortened(line, width), no_wrap=True)
    yield Text("functions of several gates", style="bold")
    for composite in COMPOSITES:
        code = f"{composite.name}({', '.join(composite.operands)})"
        line = f"  {shortened(code, first):<{first}}  {composite.text}"
        yield Text(shortened(line, width), no_wrap=True)
    calls = {function.call: function.about for function in functions().values()}
    first = max(map(len, calls)) if width >= WIDE else first
    for code, about in calls.items():
        line = f"  {shortened(code, first):<{first}}  {about}"
        yield Text(shortened(line, width), no_wrap=True)


def cells_of(gate: Gate) -> list[str]:
    """A gate as a row of a table."""
    row = row_dict(gate)
    local = ", ".join(text if len(text) <= LONG else "..." for text in row["textbook"] if text)
    return [gate.name, row["symbol"], row["code"], local, gate.flow]


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 3]}..."


def render_one(gate: Gate) -> Iterator[RenderableType]:
    yield Text(f"{gate.name} {gate.flow}", style="bold")
    table = Table.grid(padding=(0, 2))
    for label, text in facts(gate):
        table.add_row(label, text)
    yield table


def render_markdown(gates: Sequence[Gate], *, whole: bool) -> Iterator[str]:
    if whole:
        rows = ([*map(code, cells[:-1]), escaped(cells[-1])] for cells in map(cells_of, gates))
        yield from markdown_table(HEADINGS, rows)
        return
    for gate in gates:
        yield f"**{gate.name}** {escaped(gate.flow)}\n\n"
        yield from markdown_table(("", ""), ((label, code(text)) for label, text in facts(gate)))


def render_plain(gates: Sequence[Gate], *, whole: bool) -> Iterator[str]:
    if whole:
        yield from plain_rows(HEADINGS, map(cells_of, gates))
        return
    for gate in gates:
        yield f"{gate.name} {gate.flow}\n"
        yield from (f"{label}: {text}\n" for label, text in facts(gate))


FORMS = {"markdown": render_markdown, "plain": render_plain}


def facts(gate: Gate) -> Iterator[tuple[str, str]]:
    """What there is to know about a gate, each with its label."""
    row = row_dict(gate)
    kink = row["kink"]
    for label, text in (
        ("written", row["code"]),
        ("drawn", row["symbol"]),
        ("also", ", ".join(row["aliases"])),
        ("defined as", row["formula"] or ""),
        ("domain", row["domain"] or ""),
        ("shape", row["shape"] or ""),
        *passed_back(gate),
        *(("where", text) for text in row["where"]),
        (
            "no slope where",
            f"{kink['where']}: {kink['slopes']}" if kink else "",
        ),
        ("taken there as", kink["takes"] if kink else ""),
        ("elsewhere", kink["elsewhere"] if kink else ""),
        ("fuses", "; ".join(row["fuses"])),
        ("exact to", EXACT.format(**row["ulps"]) if row["ulps"] else ""),
    ):
        if text:
            yield label, text


def passed_back(gate: Gate) -> Iterator[tuple[str, str]]:
    """The local derivatives, as a textbook has them and as they are computed; of a gate on arrays,
    what goes back where the gradient is g. The operands of one that takes any number may have a
    text of their own after the first."""
    names = (*gate.operands, "b") if gate.variadic else gate.operands
    for place, (name, local) in enumerate(zip(names, gate.partials, strict=False)):
        if gate.array:
            if local:
                yield f"d{name}", re.sub(r"\ba\b", name, local) if gate.variadic else local
            continue
        shown = gate.shown(place)
        if shown == local:
            yield f"d/d{name}", local or "no gradient passes"
        else:
            yield f"d/d{name}", shown
            yield "computed as", local
