"""Where everything stands: boxes, wires and labels in whole units, pixels or character cells.

Within a column every item has room of its own; a `Drawn` says how much.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from backprop.drawing.circuit import Circuit, Node, Numbers
from backprop.drawing.layering import ROUNDS, Columns, Edge, Item
from backprop.drawing.rows import Rows

SHIFTS = (0, 1, -2, 3, -4, 5, -6)  # each from where the one before has moved to
Point = tuple[int, int]


class Size(NamedTuple):
    width: int
    height: int
    tail: int = 0  # the wire beside it that has its label
    room: int = 0  # what it needs at least, since its name may be wider
    lead: int = 0  # what stands before it, beside the wires that enter


class Hop(NamedTuple):
    """A wire from one column to the next."""

    start: int  # the item that it comes from: hops of one item are one wire that forks
    y: int
    end: int


class TangledError(Exception):
    """Wires change places between two columns in a way that a format can't draw."""


class Drawn(Protocol):
    """How large things are in a format. Heights are odd, so that a wire has a middle."""

    gap: int
    stretches: bool  # may a wire enter a gate from further above or below than its port?

    def node(self, node: Node) -> Size: ...
    def label(self, numbers: Numbers) -> Size: ...
    def passing(self) -> Size: ...
    def port(self, node: Node, place: int) -> int: ...  # from the middle, downwards
    def channel(self, hops: Sequence[Hop]) -> int: ...


class Box(NamedTuple):
    node: int
    x: int  # the middle
    y: int
    width: int
    height: int
    layer: int


class Label(NamedTuple):
    """Numbers on a wire: the value above the point, the gradient below."""

    x: int
    y: int
    width: int
    numbers: Numbers
    node: int  # the node whose wire this is
    wire: int = -1  # the branch, if it is one


class Path(NamedTuple):
    """A wire: level from the first point to the second, across to the third, level again ...

    One that ends at no gate is the trunk of a fork, or leads nowhere.
    """

    node: int
    wire: int
    points: tuple[Point, ...]


class Channel(NamedTuple):
    """The room between two columns, and what passes it."""

    left: int
    right: int
    hops: tuple[Hop, ...]


class Layout(NamedTuple):
    width: int
    height: int
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    paths: tuple[Path, ...]
    forks: tuple[tuple[int, int, int], ...]  # the node, and where its wire forks
    channels: tuple[Channel, ...]
    crossings: int


def layout(circuit: Circuit, drawn: Drawn, rounds: int = ROUNDS) -> Layout:
    columns = Columns(circuit)
    columns.untangle(rounds)
    return Placing(columns, drawn).layout(rounds)


class Placing:
    def __init__(self, columns: Columns, drawn: Drawn) -> None:
        self.columns = columns
        self.drawn = drawn
        self.nodes = columns.circuit.nodes
        self.sizes = [self.size(item) for item in columns.items]
        self.offsets = self.port_offsets()
        self.y = [0] * len(columns.items)
        self.left = [0] * columns.count
        self.right = [0] * columns.count
        self.leads = [0] * columns.count  # how much of a column stands before its nodes
        self.bodies = [0] * columns.count  # where the widest node of a column ends
        self.channels: list[Channel] = []

    def size(self, item: Item) -> Size:
        if item.is_node:
            return self.drawn.node(self.nodes[item.node])
        if item.wire < 0:
            return self.drawn.passing()
        wire = self.columns.circuit.wires[item.wire]
        return self.drawn.label(wire.numbers)

    def port_offsets(self) -> dict[int, int]:
        """How far from the middle of its gate each wire arrives. Where the order of its inputs
        doesn't matter, it is the order in which they come."""
        place = {item: k for order in self.columns.orders for k, item in enumerate(order)}
        found = {}
        for item, edges in enumerate(self.columns.ins):
            if not self.columns.items[item].is_node:
                continue
            node = self.nodes[self.columns.items[item].node]
            wires = self.columns.circuit.wires
            if node.free:
                edges = sorted(edges, key=lambda edge: (place[edge.start], edge.port))
                ports = [*range(len(edges))]
            else:
                ports = [wires[edge.wire].place for edge in edges]
            for edge, port in zip(edges, ports, strict=True):
                found[edge.wire] = self.drawn.port(node, port)
        return found

    def layout(self, rounds: int) -> Layout:
        rows = Rows(self.columns, [size.height for size in self.sizes], self.offsets)
        self.y = rows.placed(self.drawn.gap, self.drawn.stretches, (rounds + 1) // 2)
        self.place_columns()
        self.trim()
        paths, forks = self.paths()
        return Layout(
            max(self.right, default=0), self.height, tuple(self.boxes()), tuple(self.labels()),
            tuple(paths), tuple(forks), tuple(self.channels), self.columns.crossings(),
        )  # fmt: skip

    # Columns.

    def place_columns(self) -> None:
        x = 0
        for column, order in enumerate(self.columns.orders):
            self.left[column] = x
            sizes = [self.sizes[item] for item in order]
            self.leads[column] = max((size.lead for size in sizes), default=0)
            widest = max((max(size.width, size.room) for size in sizes), default=0)
            self.bodies[column] = self.leads[column] + widest
            x += self.bodies[column] + max((size.tail for size in sizes), default=0)
            self.right[column] = x
            if column + 1 < self.columns.count:
                hops, wide = self.channel_after(column)
                self.channels.append(Channel(x, x + wide, tuple(hops)))
                x += wide

    def channel_after(self, column: int) -> tuple[list[Hop], int]:
        """What passes between a column and the next, and the room it takes. If it is tangled,
        all that follows moves up or down a little."""
        following = [item for item, kind in enumerate(self.columns.items) if kind.column > column]
        for shift in SHIFTS:
            for item in following:
                self.y[item] += shift
            hops = self.hops(column)
            try:
                return hops, self.drawn.channel(hops)
            except TangledError:
                pass
        raise TangledError

    def hops(self, column: int) -> list[Hop]:
        return [
            Hop(edge.start, self.y[edge.start], self.arrival(edge))
            for item in self.columns.orders[column]
            for edge in self.columns.outs[item]
        ]

    def arrival(self, edge: Edge) -> int:
        return self.y[edge.stop] + self.offsets.get(edge.wire, 0)

    def trim(self) -> None:
        """Begin at row 0."""
        tops = [y - size.height // 2 for y, size in zip(self.y, self.sizes, strict=True)]
        top = min(tops, default=0)
        self.y = [y - top for y in self.y]
        bottoms = [y + size.height // 2 for y, size in zip(self.y, self.sizes, strict=True)]
        self.height = max(bottoms, default=0) + 1
        self.channels = [
            Channel(left, right, tuple([Hop(start, y - top, end - top) for start, y, end in hops]))
            for left, right, hops in self.channels
        ]

    # What comes out.

    def boxes(self) -> Iterator[Box]:
        for number, item in enumerate(self.columns.items[: len(self.nodes)]):
            size = self.sizes[number]
            x = self.left[item.column] + self.middle(number)
            layer = self.columns.layer[item.node]
            yield Box(item.node, x, self.y[number], size.width, size.height, layer)

    def middle(self, item: int) -> int:
        """Inputs end where their wires begin; gates stand in the middle."""
        column = self.columns.items[item].column
        room, lead, size = self.bodies[column], self.leads[column], self.sizes[item]
        kind = self.nodes[self.columns.items[item].node].kind
        if kind in ("input", "constant"):
            return room - size.width // 2
        return lead + (size.width // 2 if kind == "output" else (room - lead) // 2)

    def labels(self) -> Iterator[Label]:
        for number, item in enumerate(self.columns.items):
            size, y = self.sizes[number], self.y[number]
            left, right = self.left[item.column], self.right[item.column]
            if item.is_node and size.tail:
                body = left + self.bodies[item.column]
                numbers = self.nodes[item.node].numbers
                yield Label((body + right) // 2, y, size.tail, numbers, item.node)
            elif item.wire >= 0:
                numbers = self.columns.circuit.wires[item.wire].numbers
                yield Label((left + right) // 2, y, size.width, numbers, item.node, item.wire)

    def paths(self) -> tuple[list[Path], list[tuple[int, int, int]]]:
        found: list[Path] = []
        forks: list[tuple[int, int, int]] = []
        for node in range(len(self.nodes)):
            waiting: list[tuple[int, tuple[Point, ...]]] = [(node, (self.start_of(node),))]
            while waiting:
                item, points = waiting.pop()
                here = (self.right[self.columns.items[item].column], self.y[item])
                leaving = self.columns.outs[item]
                points = (*points, here)
                loose = not leaving and self.sizes[item].tail > 0
                if points[0] != here and (loose or len(leaving) > 1):
                    found.append(Path(node, -1, points))
                if len(leaving) > 1:
                    forks.append((node, *here))
                    points = (here, here)
                for edge in leaving:
                    target = self.columns.items[edge.stop]
                    arrival = (self.left[target.column], self.arrival(edge))
                    if target.is_node:
                        end = (self.end_of(edge.stop), arrival[1])
                        found.append(Path(node, edge.wire, (*points, arrival, end)))
                    else:
                        waiting.append((edge.stop, (*points, arrival)))
        return found, forks

    def start_of(self, item: int) -> Point:
        """Where the wire of a node leaves its body."""
        left = self.left[self.columns.items[item].column]
        return left + self.middle(item) + (self.sizes[item].width + 1) // 2, self.y[item]

    def end_of(self, item: int) -> int:
        left = self.left[self.columns.items[item].column]
        return left + self.middle(item) - self.sizes[item].width // 2
