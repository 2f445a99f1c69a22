"""The gate table as a table, and one gate in full."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.gates.row import Gate
from backprop.program.listing import row_dict

LONG = 44  # a local derivative longer than this is only shown by `backprop gates NAME`
EXACT = "{value} ulp, local derivatives {local} ulp"


def render_all(gates: Sequence[Gate]) -> Iterator[RenderableType]:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for heading in ("gate", "drawn", "written", "local derivatives", "the gate"):
        table.add_column(heading, overflow="fold")
    for gate in gates:
        row = row_dict(gate)
        local = ", ".join(text if len(text) <= LONG else "..." for text in row["textbook"] if text)
        table.add_row(gate.name, row["symbol"], row["code"], local, gate.flow)
    yield table


def render_one(gate: Gate) -> Iterator[RenderableType]:
    row = row_dict(gate)
    yield Text(f"{gate.name} {gate.flow}", style="bold")
    facts = Table.grid(padding=(0, 2))
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
            facts.add_row(label, text)
    yield facts


def passed_back(gate: Gate) -> Iterator[tuple[str, str]]:
    """The local derivatives, as a textbook has them and as they are computed; of a gate on arrays,
    what goes back where the gradient is g."""
    others = ["..."] * (len(gate.partials) - len(gate.operands))  # any number of further operands
    names = [*gate.operands, *others]
    for place, (name, local) in enumerate(zip(names, gate.partials, strict=True)):
        shown = gate.shown(place)
        if gate.array:
            if local:
                yield f"d{name}", local
        elif shown == local:
            yield f"d/d{name}", local or "no gradient passes"
        else:
            yield f"d/d{name}", shown
            yield "computed as", local
