"""A circuit from top to bottom: a row for each node, its wire a rail that runs down on the right.

     stage       value  gradient
     x           -2.00     -4.00  ○
     y            5.00     -4.00  │ ○
     q = x + y    3.00     -4.00  ○─╯
     z           -4.00      3.00  │ ○
     f = q * z  -12.00      1.00  ○─╯

A wire ends where its last gate is; a dot is where it is tapped and goes on.
"""

from __future__ import annotations

from backprop.drawing.circuit import Circuit, Node, apart, clipped
from backprop.drawing.layering import feeds
from backprop.drawing.pieces import Piece, Row, trimmed

GAP = Piece("  ")
KINDS = ("name", "gate", "value", "gradient")
LONG = 40  # characters of a stage as it is written
Texts = tuple[str, str, str, str]


def rails(circuit: Circuit, width: int) -> list[Row]:
    """The rows, none of them wider than `width`: with stages as they are written if there is
    room for them, else with gates by name, or without rails, or with numbers on lines below."""
    order = [node for node in in_order(circuit) if circuit.nodes[node].kind != "output"]
    nodes = [circuit.nodes[node] for node in order]
    drawn = Rails(circuit, order).lines()
    shown = apart([says(node) for node in nodes], LONG)
    full = table([written(node, shown[says(node)]) for node in nodes], ("stage", *KINDS[1:]))
    brief = table([named(node) for node in nodes], KINDS)
    room = width - max(map(len, drawn), default=0)
    if min(breadth(full), breadth(brief)) <= room:
        rows = full if breadth(full) <= room else brief
        return [trimmed([*row, Piece(rail)]) for row, rail in zip(rows, ["", *drawn], strict=True)]
    if breadth(full) <= width:
        return [trimmed(row) for row in full]
    return [fitted(row, width) for node in nodes for row in listed(node)]


def listed(node: Node) -> list[Row]:
    """A stage as it is written, and its numbers below."""
    numbers = zip(KINDS[2:], (node.numbers.value, node.numbers.gradient), strict=True)
    return [
        [Piece(says(node), "name")],
        *[[Piece(f"  {kind:<8} {text}", kind)] for kind, text in numbers if text],
    ]


def says(node: Node) -> str:
    return node.says or node.symbol


def written(node: Node, shown: str) -> Texts:
    return shown, "", node.numbers.value, node.numbers.gradient


def named(node: Node) -> Texts:
    gate = node.symbol if node.kind in ("gate", "box") else ""
    name = node.label if gate else node.symbol
    return name, gate, node.numbers.value, node.numbers.gradient


def table(texts: list[Texts], head: Texts) -> list[Row]:
    """Rows of cells as wide as their column, without columns that are empty."""
    used = [any(column) for column in zip(*texts, strict=True)]
    rows = [head, *texts]
    sizes = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        [
            piece
            for k, text in enumerate(row)
            if used[k]
            for piece in (Piece(f"{text:{'<' if k < 2 else '>'}{sizes[k]}}", KINDS[k]), GAP)
        ]
        for row in rows
    ]


def breadth(rows: list[Row]) -> int:
    return sum(len(piece.text) for piece in rows[0])


def in_order(circuit: Circuit) -> list[int]:
    """Gates in the order of computing, each input right before the first gate that it feeds."""
    feeding = feeds(circuit)
    found: dict[int, None] = {}
    for node, wires in enumerate(feeding):
        first = [wire.start for wire in wires if not feeding[wire.start]]
        found |= dict.fromkeys([*first, node] if wires else [])
    return [*found, *(node for node in range(len(feeding)) if node not in found)]


def fitted(row: Row, width: int) -> Row:
    """A row of one piece, cut with an ellipsis where the width ends."""
    (piece,) = row
    return [Piece(clipped(piece.text, width), piece.kind)]


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
        self.loose = -1  # the rail of a wire that leads nowhere, in the row above

    def lines(self) -> list[str]:
        return [self.line(row, node) for row, node in enumerate(self.order)]

    def line(self, row: int, node: int) -> str:
        """A row of rails: wires that go on, those that this node taps or ends, and its own."""
        rails = self.rails
        fed = [k for k, start in enumerate(rails) if start in self.feeding[node]]
        ended = [k for k in fed if self.last[rails[k] or 0] == row]
        own = ended[0] if ended else self.free_rail()
        reach = [own, *fed]
        cells = [
            self.cell(k, own, fed, ended, min(reach) <= k <= max(reach)) for k in range(len(rails))
        ]
        joints = ["─" if min(reach) <= k < max(reach) else " " for k in range(len(rails))]
        for k in ended:
            rails[k] = None
        rails[own] = node if self.last[node] > row else None
        self.loose = own if rails[own] is None else -1
        return "".join(a + b for a, b in zip(cells, joints, strict=True)).rstrip()

    def free_rail(self) -> int:
        """Not right below a wire that leads nowhere, which would look like its end."""
        free = (k for k, start in enumerate(self.rails) if start is None and k != self.loose)
        found = next(free, len(self.rails))
        if found == len(self.rails):
            self.rails.append(None)
        return found

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
