"""Which column everything stands in, and in which order from top to bottom.

    layer      0        1              2           nodes, each right of what feeds it
    column     0        1      2       3           a layer's nodes, before them labels of branches

A wire that passes a column has an item of its own there, so it keeps its distance from all that
stands in it. Wires bend between columns only, where there is nothing else.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from typing import NamedTuple

from backprop.drawing.circuit import Circuit, Wire

ROUNDS = 24
EFFORT = 20_000  # items looked at while crossings are removed
LONGEST = 2_000  # columns that all wires together may pass, if inputs are to stand on the left


class Item(NamedTuple):
    """Something in a column: a node, or a wire on its way through."""

    column: int
    node: int  # the node, or the one that the wire comes from
    wire: int = -1  # the only wire that passes here, if it has a label
    is_node: bool = False


class Edge(NamedTuple):
    """A wire from an item to one in the next column."""

    start: int
    stop: int
    port: float = 0.5  # where it arrives, from 0 at the top of the item to 1
    wire: int = -1  # the wire that ends here


class Columns:
    """The items of a circuit, and the order of each column once `untangle` is done."""

    def __init__(self, circuit: Circuit) -> None:
        self.circuit = circuit
        self.layer = layers(circuit)
        self.leaving: defaultdict[int, list[int]] = defaultdict(list)
        for number, wire in enumerate(circuit.wires):
            self.leaving[wire.start].append(number)
        self.number_columns()
        self.items: list[Item] = []
        self.edges: list[Edge] = []
        self.place_items()
        self.orders: list[list[int]] = [[] for _ in range(self.count)]
        for number, item in enumerate(self.items):
            self.orders[item.column].append(number)
        self.ins: list[list[Edge]] = [[] for _ in self.items]
        self.outs: list[list[Edge]] = [[] for _ in self.items]
        for edge in self.edges:
            self.outs[edge.start].append(edge)
            self.ins[edge.stop].append(edge)

    def number_columns(self) -> None:
        """A column for each layer, with one before it if a branch that enters has a label."""
        labelled = {
            self.layer[self.circuit.wires[number].stop]
            for leaving in self.leaving.values()
            for number in leaving
            if self.is_labelled(number)
        }
        self.column: list[int] = []
        self.entry: list[int] = []
        self.count = 0
        for layer in range(max(self.layer, default=0) + 1):
            self.entry.append(self.count)
            self.count += layer in labelled
            self.column.append(self.count)
            self.count += 1

    def is_labelled(self, number: int) -> bool:
        """Has a wire numbers of its own, since there are others from the same node?"""
        wire = self.circuit.wires[number]
        alone = len(self.leaving[wire.start]) == 1
        shown = self.circuit.nodes[wire.start].numbers.value
        return bool(wire.numbers.value) and not (alone and shown)

    def place_items(self) -> None:
        nodes = range(len(self.circuit.nodes))
        self.items = [Item(self.column[self.layer[node]], node, is_node=True) for node in nodes]
        for node in nodes:
            self.lead(node)

    def lead(self, node: int) -> None:
        """Take a node's wire from column to column, with a branch for each gate that it feeds."""
        wires = self.circuit.wires
        waiting = sorted(self.leaving[node], key=lambda number: self.layer[wires[number].stop])
        trunk = node
        for column in range(self.items[node].column + 1, self.count if waiting else 0):
            for number in [n for n in waiting if self.entry[self.layer[wires[n].stop]] == column]:
                self.enter(trunk, number, column)
            waiting = [n for n in waiting if self.entry[self.layer[wires[n].stop]] > column]
            if not waiting:
                return
            trunk = self.passing(trunk, Item(column, node))

    def passing(self, start: int, item: Item) -> int:
        self.items.append(item)
        self.edges.append(Edge(start, len(self.items) - 1))
        return len(self.items) - 1

    def enter(self, trunk: int, number: int, column: int) -> None:
        wire = self.circuit.wires[number]
        target = self.circuit.nodes[wire.stop]
        if column < self.column[self.layer[wire.stop]]:
            labelled = number if self.is_labelled(number) else -1
            trunk = self.passing(trunk, Item(column, wire.start, labelled))
        port = 0.5 if target.free else (wire.place + 1) / (target.ports + 1)
        self.edges.append(Edge(trunk, wire.stop, port, number))

    # Order.

    def untangle(self, most: int = ROUNDS) -> None:
        """Order the columns so that few wires cross: by the mean place of their neighbours,
        to and fro, then by swapping items next to each other."""
        ranks = first_ranks(self.circuit)
        for order in self.orders:
            order.sort(key=lambda item: ranks[self.items[item].node])
        best, fewest = [list(order) for order in self.orders], self.crossings()
        rounds = max(2, min(most, EFFORT // (len(self.items) + 1)))
        for turn in range(rounds):
            if fewest == 0:
                break
            self.sweep(forward=turn % 2 == 0)
            if turn % 4 > 1:
                self.swap_neighbours()
            if (found := self.crossings()) < fewest:
                best, fewest = [list(order) for order in self.orders], found
        self.orders = best

    def sweep(self, forward: bool) -> None:
        columns = range(1, self.count) if forward else range(self.count - 2, -1, -1)
        for column in columns:
            order = self.orders[column]
            beside = self.places(column - 1 if forward else column + 1)
            wished = {
                item: sum(found) / len(found)
                for item in order
                if (found := self.beside(item, beside, forward))
            }
            moved = iter(sorted(wished, key=wished.__getitem__))
            self.orders[column] = [next(moved) if item in wished else item for item in order]

    def places(self, column: int) -> dict[int, int]:
        return {item: place for place, item in enumerate(self.orders[column])}

    def beside(self, item: int, places: dict[int, int], forward: bool) -> list[float]:
        """The places of an item's neighbours in the column on one side."""
        if forward:
            return [places[edge.start] + 0.5 - edge.port / 2 for edge in self.ins[item]]
        return [places[edge.stop] + edge.port for edge in self.outs[item]]

    def swap_neighbours(self) -> None:
        for column, order in enumerate(self.orders):
            before = self.places(column - 1) if column else {}
            after = self.places(column + 1) if column + 1 < self.count else {}
            ends: dict[int, tuple[list[float], list[float]]] = {
                item: (
                    sorted(before[edge.start] for edge in self.ins[item]),
                    sorted(after[edge.stop] + edge.port for edge in self.outs[item]),
                )
                for item in order
            }
            for k in range(len(order) - 1):
                one, other = ends[order[k]], ends[order[k + 1]]
                now = inversions(one[0], other[0]) + inversions(one[1], other[1])
                then = inversions(other[0], one[0]) + inversions(other[1], one[1])
                if then < now:
                    order[k], order[k + 1] = order[k + 1], order[k]

    def crossings(self) -> int:
        """How often wires cross."""
        return sum(self.crossings_after(column) for column in range(self.count - 1))

    def crossings_after(self, column: int) -> int:
        after = self.places(column + 1)
        seen: list[float] = []
        count = 0
        for item in self.orders[column]:
            ends = sorted(after[edge.stop] + edge.port for edge in self.outs[item])
            count += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
        return count


def inversions(upper: list[float], lower: list[float]) -> int:
    """How many pairs of ends lie the other way round, both lists sorted."""
    return sum(bisect_left(lower, end) for end in upper)


def first_ranks(circuit: Circuit) -> list[float]:
    """Where each node belongs from top to bottom: inputs as they are met on a walk back from the
    output, gates at the mean of what feeds them."""
    feeding = feeds(circuit)
    ranks = [-1.0] * len(circuit.nodes)
    met = [False] * len(circuit.nodes)
    leaves = 0
    for last in reversed(range(len(circuit.nodes))):
        stack = [last]
        while stack:
            node = stack.pop()
            if not met[node]:
                met[node] = True
                if not feeding[node]:
                    ranks[node] = leaves
                    leaves += 1
                stack += [wire.start for wire in reversed(feeding[node])]
    for node in topological(circuit):
        if feeding[node]:
            ranks[node] = sum(ranks[wire.start] for wire in feeding[node]) / len(feeding[node])
    return ranks


def feeds(circuit: Circuit) -> list[list[Wire]]:
    """The wires into every node."""
    found: list[list[Wire]] = [[] for _ in circuit.nodes]
    for wire in circuit.wires:
        found[wire.stop].append(wire)
    return found


def topological(circuit: Circuit) -> list[int]:
    """The nodes, each after those that feed it."""
    missing = [0] * len(circuit.nodes)
    leaving: list[list[int]] = [[] for _ in circuit.nodes]
    for wire in circuit.wires:
        missing[wire.stop] += 1
        leaving[wire.start].append(wire.stop)
    ready = [node for node, count in enumerate(missing) if not count]
    for node in ready:  # grows on the way
        for following in leaving[node]:
            missing[following] -= 1
            if not missing[following]:
                ready.append(following)
    return ready


def layers(circuit: Circuit) -> list[int]:
    """The longest way from any input; then a gate moves right as far as its wires go anyway.

    Where that makes very long wires, everything stands next to what it feeds.
    """
    order, feeding = topological(circuit), feeds(circuit)
    layer = [0] * len(circuit.nodes)
    leaving: list[list[int]] = [[] for _ in circuit.nodes]
    for wire in circuit.wires:
        leaving[wire.start].append(wire.stop)
    for node in order:
        layer[node] = max((layer[wire.start] + 1 for wire in feeding[node]), default=0)
    for node in reversed(order):
        if feeding[node] and leaving[node]:
            limit = min(layer[stop] for stop in leaving[node]) - 1
            reach = [
                max((layer[stop] for stop in leaving[wire.start] if stop != node), default=0)
                for wire in feeding[node]
            ]
            layer[node] = max(layer[node], min([limit, *reach]))
    long = sum(max(layer[s] for s in leaving[n]) - layer[n] - 1 for n in order if leaving[n])
    for node in reversed(order):
        near = long > LONGEST or circuit.nodes[node].kind == "cut"
        if near and leaving[node]:
            layer[node] = min(layer[stop] for stop in leaving[node]) - 1
    return layer
