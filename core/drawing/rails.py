"""A circuit from top to bottom: a row for each node, its wire a rail that runs down on the right.

     name  gate  value  gradient
     x            -2.00    -4.00  ○
     y             5.00    -4.00  │ ○
     q     +       3.00    -4.00  ○─╯
     z            -4.00     3.00  │ ○
     f     *     -12.00     1.00  ○─╯

A wire ends where its last gate is; a dot is where it is tapped and goes on. Where there are too
many rails for the width, the rows name what feeds them instead.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop.drawing.circuit import Circuit, Node, clipped
from backprop.drawing.layering import feeds

if TYPE_CHECKING:
    from backprop.drawing.text import Row

HEAD = ("name", "gate", "value", "gradient")
KINDS = ("name", "gate", "value", "gradient")


def rails(circuit: Circuit, width: int) -> list[Row]:
    """The rows, none of them wider than `width`."""
    from backprop.drawing.text import Piece

    order = [node for node in in_order(circuit) if circuit.nodes[node].kind != "output"]
    columns = [cells(circuit.nodes[node]) for node in order]
    used = [any(texts) for texts in zip(*columns, strict=True)] or [True] * len(HEAD)
    head = [title if shown else "" for title, shown in zip(HEAD, used, strict=True)]
    sizes = [max(map(len, column)) for column in zip(head, *columns, strict=True)]
    drawn = Rails(circuit, order).lines()
    table = sum(size + 2 for size in sizes if size)
    if table + max(map(len, drawn), default=0) > width:
        drawn = [sources(circuit, node) for node in order]
    rows = []
    for texts, rail in zip([head, *columns], ["", *drawn], strict=True):
        row = [
            Piece(f"{text:<{size}}" if k < 2 else f"{text:>{size}}", KINDS[k])
            for k, (text, size) in enumerate(zip(texts, sizes, strict=True))
            if size
        ]
        rows.append(fitted([piece for cell in row for piece in (cell, Piece("  "))], rail, width))
    return rows


def cells(node: Node) -> tuple[str, str, str, str]:
    gate = node.symbol if node.kind in ("gate", "box") else ""
    name = node.label if gate else node.symbol
    return name, gate, node.numbers.value, node.numbers.gradient


def in_order(circuit: Circuit) -> list[int]:
    """Gates in the order of computing, each input right before the first gate that it feeds."""
    feeding = feeds(circuit)
    found: dict[int, None] = {}
    for node, wires in enumerate(feeding):
        first = [wire.start for wire in wires if not feeding[wire.start]]
        found |= dict.fromkeys([*first, node] if wires else [])
    return [*found, *(node for node in range(len(feeding)) if node not in found)]


def sources(circuit: Circuit, node: int) -> str:
    names = dict.fromkeys(
        clipped(circuit.nodes[wire.start].name) for wire in circuit.wires if wire.stop == node
    )
    return f"← {', '.join(names)}" if names else ""


def fitted(row: Row, rail: str, width: int) -> Row:
    """A row with its rails, cut with an ellipsis where the width ends."""
    from backprop.drawing.text import Piece, trimmed

    row = trimmed([*row, Piece(rail)])
    if sum(len(piece.text) for piece in row) <= width:
        return row
    kept: Row = []
    room = width - 1
    for piece in row:
        kept.append(Piece(piece.text[:room], piece.kind))
        room -= len(kept[-1].text)
    return trimmed([*[piece for piece in kept if piece.text], Piece("…")])


class Rails:
    """Which rail each wire runs down, row by row."""

    def __init__(self, circuit: Circuit, order: list[int]) -> None:
        self.order = order
        self.feeding = [sorted({wire.start for wire in wires}) for wires in feeds(circuit)]
        row = {node: number for number, node in enumerate(order)}
        self.last = dict(row)  # the row in which each wire ends
        for node in order:
            for start in self.feeding[node]:
                self.last[start] = max(self.last[start], row[node])
        self.rails: list[int | None] = []

    def lines(self) -> list[str]:
        return [self.line(row, node) for row, node in enumerate(self.order)]

    def line(self, row: int, node: int) -> str:
        """A row of rails: wires that go on, those that this node taps or ends, and its own."""
        rails = self.rails
        fed = [k for k, start in enumerate(rails) if start in self.feeding[node]]
        ended = [k for k in fed if self.last[rails[k] or 0] == row]
        own = ended[0] if ended else rails.index(None) if None in rails else len(rails)
        if own == len(rails):
            rails.append(None)
        reach = [own, *fed]
        cells = [
            self.cell(k, own, fed, ended, min(reach) <= k <= max(reach)) for k in range(len(rails))
        ]
        joints = ["─" if min(reach) <= k < max(reach) else " " for k in range(len(rails))]
        for k in ended:
            rails[k] = None
        rails[own] = node if self.last[node] > row else None
        return "".join(a + b for a, b in zip(cells, joints, strict=True)).rstrip()

    def cell(self, k: int, own: int, fed: list[int], ended: list[int], within: bool) -> str:
        if k == own:
            return "○"
        if k in ended:
            last = k == max([own, *fed])
            return "╯" if last else "╰" if k == min([own, *fed]) else "┴"
        if k in fed:
            return "●"
        running = self.rails[k] is not None
        if within:
            return "┼" if running else "─"
        return "│" if running else " "
