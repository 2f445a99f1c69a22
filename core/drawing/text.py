"""A circuit in character cells, from left to right, or as rails where that is too wide.

     -2.00
    x──────╮    3.00
     -4.00 (+)──q────╮
      5.00 │   -4.00 │  -12.00
    y──────╯        (*)────────▶ f

Wires turn in the channels between the columns, each on a track of its own. A dot is a fork;
lines that only cross have none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby, pairwise

from backprop.drawing.circuit import Circuit, Node, Numbers
from backprop.drawing.layout import (
    Box,
    Channel,
    Hop,
    Label,
    Layout,
    Path,
    Size,
    TangledError,
    layout,
)
from backprop.drawing.pieces import Piece, Row, trimmed
from backprop.drawing.rails import rails

NORTH, EAST, SOUTH, WEST = 1, 2, 4, 8
LINES = {
    NORTH: "│", SOUTH: "│", NORTH | SOUTH: "│", EAST: "─", WEST: "─", EAST | WEST: "─",
    SOUTH | EAST: "╭", SOUTH | WEST: "╮", NORTH | EAST: "╰", NORTH | WEST: "╯",
    NORTH | SOUTH | EAST: "├", NORTH | SOUTH | WEST: "┤", EAST | WEST | SOUTH: "┬",
    EAST | WEST | NORTH: "┴", NORTH | SOUTH | EAST | WEST: "┼",
}  # fmt: skip
FORK = "●"


LEGEND: list[Row] = [
    [],
    [Piece("above: value", "value"), Piece("  "), Piece("below: gradient", "gradient")],
]


class Cells:
    """How large things are in characters."""

    gap = 0
    stretches = True

    def node(self, node: Node) -> Size:
        height = 3 if node.numbers.value or node.ports > 1 else 1
        if node.kind == "output" or (node.kind == "cut" and node.ports):
            return Size(len(node.symbol) + 2, 1)
        if node.kind in ("input", "constant", "cut"):
            return Size(len(node.symbol), height, self.tail(node, ""))
        ports = 2 * (node.ports // 2) + 1
        return Size(len(node.symbol) + 2, max(height, ports), self.tail(node, node.label))

    def tail(self, node: Node, name: str) -> int:
        return max(len(node.numbers.value), len(node.numbers.gradient), len(name)) + 2

    def label(self, numbers: Numbers) -> Size:
        return Size(max(len(numbers.value), len(numbers.gradient)) + 2, 3)

    def passing(self) -> Size:
        return Size(0, 1)

    def port(self, node: Node, place: int) -> int:
        """Rows beside the gate's own, which only the middle one of an odd number enters."""
        half = node.ports // 2
        if node.ports % 2:
            return place - half
        return place - half + (place >= half)

    def channel(self, hops: Sequence[Hop]) -> int:
        found = tracks(hops)
        return 2 * len(set(found.values())) + 1 if found else 1


def tracks(hops: Sequence[Hop]) -> dict[int, int]:
    """The track in which each wire that turns does so, counted from the left.

    Where one wire comes in at the row in which another goes out, it has to turn before that.
    """
    ends: dict[int, list[int]] = {}
    starts: dict[int, int] = {}
    for hop in hops:
        ends.setdefault(hop.start, []).append(hop.end)
        starts[hop.y] = hop.start
    y = {start: row for row, start in starts.items()}
    turning = [start for start, rows in ends.items() if any(row != y[start] for row in rows)]
    before: dict[int, set[int]] = {
        start: {starts[row] for row in ends[start] if starts.get(row, start) != start} & {*turning}
        for start in turning
    }
    found: dict[int, int] = {}
    spans: dict[int, list[tuple[int, int]]] = {}
    waiting = sorted(turning, key=lambda start: y[start])
    while waiting:
        ready = [start for start in waiting if before[start] <= found.keys()]
        if not ready:
            raise TangledError
        for start in ready:
            low, high = min(y[start], *ends[start]), max(y[start], *ends[start])
            track = 1 + max((found[other] for other in before[start]), default=-1)
            while any(a <= high and low <= b for a, b in spans.get(track, ())):
                track += 1
            spans.setdefault(track, []).append((low, high))
            found[start] = track
        waiting = [start for start in waiting if start not in found]
    return found


def draw(circuit: Circuit, width: int) -> list[Row]:
    """The rows of the picture, none of them wider than `width`."""
    try:
        placed = layout(circuit, Cells())
    except TangledError:
        return rails(circuit, width)
    if placed.width > width:
        return rails(circuit, width)
    return Grid(circuit, placed).rows() + (LEGEND if circuit.evaluated else [])


class Grid:
    """Cells by row and column: the directions that lines leave to, and text over them."""

    def __init__(self, circuit: Circuit, placed: Layout) -> None:
        self.circuit = circuit
        self.placed = placed
        self.answer = circuit.answer
        self.lines: defaultdict[tuple[int, int], int] = defaultdict(int)
        self.texts: dict[tuple[int, int], tuple[str, str]] = {}
        self.channels = {channel.left: channel.right for channel in placed.channels}
        for channel in placed.channels:
            self.cross(channel)
        for path in placed.paths:
            self.run(path)
        for box in placed.boxes:
            self.box(box)
        for label in placed.labels:
            self.label(label)

    def rows(self) -> list[Row]:
        lines = {cell: (LINES[sides], "") for cell, sides in self.lines.items()}
        cells = lines | self.texts
        empty = (" ", "")
        found = []
        for y in range(self.placed.height):
            row = [cells.get((y, x), empty) for x in range(self.placed.width)]
            pieces = [
                Piece("".join(char for char, _ in group), kind)
                for kind, group in groupby(row, key=lambda cell: cell[1])
            ]
            found.append(trimmed(pieces))
        return found

    def write(self, y: int, x: int, text: str, kind: str) -> None:
        for k, char in enumerate(text):
            self.texts[y, x + k] = (char, kind)

    def level(self, y: int, left: int, right: int) -> None:
        for x in range(left, right):
            self.lines[y, x] |= EAST | WEST

    def upright(self, x: int, top: int, bottom: int) -> None:
        """From the middle of one row to the middle of another."""
        for y in range(top, bottom + 1):
            self.lines[y, x] |= (NORTH if y > top else 0) | (SOUTH if y < bottom else 0)

    def cross(self, channel: Channel) -> None:
        """All wires that pass between two columns."""
        place = tracks(channel.hops)
        rows: dict[int, list[int]] = {}
        for hop in channel.hops:
            if hop.start not in place:
                self.level(hop.y, channel.left, channel.right)
                continue
            x = channel.left + 1 + 2 * place[hop.start]
            rows.setdefault(hop.start, [hop.y]).append(hop.end)
            self.lines[hop.end, x] |= EAST
            self.level(hop.end, x + 1, channel.right)
        starts = {hop.start: hop.y for hop in channel.hops if hop.start in place}
        for start, y in starts.items():
            x = channel.left + 1 + 2 * place[start]
            self.level(y, channel.left, x)
            self.lines[y, x] |= WEST
            self.upright(x, min(rows[start]), max(rows[start]))
            if len(rows[start]) > 2:
                self.write(y, x, FORK, "")

    def run(self, path: Path) -> None:
        """What of a wire lies in columns; its last bit turns into the gate."""
        points = path.points
        for (left, y), (right, end) in pairwise(points):
            if y == end and self.channels.get(left) != right:
                self.level(y, left, right)
        if path.wire < 0:
            return
        gate = self.placed.boxes[self.circuit.wires[path.wire].stop]
        x, y = points[-1]
        if y != gate.y:
            self.level(y, x, gate.x)
            self.lines[y, gate.x] |= WEST
            self.upright(gate.x, min(y, gate.y), max(y, gate.y))

    def box(self, box: Box) -> None:
        node = self.circuit.nodes[box.node]
        left = box.x - box.width // 2
        if node.kind == "output":
            self.write(box.y, left, f"▶ {node.symbol}", "name")
        elif node.kind == "gate":
            self.write(box.y, left, f"({node.symbol})", "gate")
        elif node.kind == "box":
            self.write(box.y, left, f"[{node.symbol}]", "gate")
        else:
            self.write(box.y, left, f" {node.symbol}"[-box.width :], "name")

    def label(self, label: Label) -> None:
        name = self.circuit.nodes[label.node].label
        if label.wire < 0 and name != self.answer:
            self.centre(label.y, label.x, name, "name")
        self.centre(label.y - 1, label.x, label.numbers.value, "value")
        self.centre(label.y + 1, label.x, label.numbers.gradient, "gradient")

    def centre(self, y: int, x: int, text: str, kind: str) -> None:
        self.write(y, x - len(text) // 2, text, kind)
