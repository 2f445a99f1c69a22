"""How far down everything stands. Each column is brought as close to what its neighbours want as
there is room for, to and fro, so that wires run straight."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from backprop.drawing.layering import Columns, Edge

SWEEPS = 10
EFFORT = 12_000  # items moved in all sweeps
THROUGH = 16.0  # how much more a wire on its way wants to be straight
FAR = 1 << 40
WEAK = 0.01  # how much an item that nothing pulls wants to stay
Wishes = list[list[tuple[int, int, float]]]


class Rows:
    """The middle of every item. `offsets` says how far from the middle of its gate each wire
    arrives; stretching changes that."""

    def __init__(self, columns: Columns, heights: Sequence[int], offsets: dict[int, int]) -> None:
        self.columns = columns
        self.heights = heights
        self.offsets = offsets
        self.y = [0] * len(heights)

    def placed(self, gap: int, stretches: bool, most: int = SWEEPS) -> list[int]:
        count = self.columns.count
        before, after = self.wishes()
        for column in range(count):
            self.settle(column, gap, ())
        for _ in range(max(2, min(most, SWEEPS, EFFORT // (len(self.y) + 1)))):
            here = list(self.y)
            for column in range(1, count):
                self.settle(column, gap, (before,))
            for column in range(count - 2, -1, -1):
                self.settle(column, gap, (after,))
            if here == self.y:
                break
        for column in range(count):
            self.settle(column, gap, (before, after))
        for column in range(1, count):
            self.settle(column, gap, (before,))
        for column in range(1, count) if stretches else ():
            self.stretch(column)
        return self.y

    def stretch(self, column: int) -> None:
        """Let the outermost wires of a gate come in at their own height, where that is free."""
        order = self.columns.orders[column]
        tops = [self.y[item] - self.heights[item] // 2 for item in order]
        ends = [self.y[item] + self.heights[item] // 2 for item in order]
        for k, item in enumerate(order):
            above = ends[k - 1] if k else -FAR
            below = tops[k + 1] if k + 1 < len(order) else FAR
            for edge in self.columns.ins[item]:
                row = self.y[edge.start]
                if above < row < below and self.is_outermost(edge, row - self.y[item]):
                    self.offsets[edge.wire] = row - self.y[item]
                    tops[k], ends[k] = min(tops[k], row), max(ends[k], row)

    def is_outermost(self, edge: Edge, wished: int) -> bool:
        """Would a wire still be the first or last of its gate, were it there?"""
        offset = self.offsets.get(edge.wire, 0)
        others = [
            self.offsets[other.wire]
            for other in self.columns.ins[edge.stop]
            if other is not edge and other.wire >= 0
        ]
        if offset < 0:
            return wished < min([0, *others])
        return offset > 0 and wished > max([0, *others])

    def settle(self, column: int, gap: int, sides: Sequence[Wishes]) -> None:
        """Move a column's items as near to where their neighbours want them as they fit."""
        order, y = self.columns.orders[column], self.y
        wished, weights = [], []
        for item in order:
            total, weight = 0.0, 0.0
            for side in sides:
                for other, offset, strength in side[item]:
                    total += (y[other] + offset) * strength
                    weight += strength
            wished.append(total / weight if weight else y[item])
            weights.append(weight or WEAK)
        heights = [self.heights[item] for item in order]
        apart = [(a + b) // 2 + gap for a, b in pairwise(heights)]
        for item, found in zip(order, spread(wished, weights, apart), strict=True):
            y[item] = found

    def wishes(self) -> tuple[Wishes, Wishes]:
        """For each item, before it and after it: where a wire would be straight, as another item
        and how far from that, and how much that matters."""
        items = self.columns.items
        before: Wishes = [[] for _ in items]
        after: Wishes = [[] for _ in items]
        for edge in self.columns.edges:
            offset = self.offsets.get(edge.wire, 0)
            through = (not items[edge.start].is_node) + (not items[edge.stop].is_node)
            strength = (1.0, 2.0, THROUGH)[through]
            before[edge.stop].append((edge.start, -offset, strength))
            after[edge.start].append((edge.stop, offset, strength))
        return before, after


def spread(wished: Sequence[float], weights: Sequence[float], apart: Sequence[int]) -> list[int]:
    """Whole numbers at least so far apart, and in sum of squares nearest to what is wished.

    With the distances taken off, they only have to rise: neighbours that don't are merged
    into blocks, which get the mean of their wishes.
    """
    blocks: list[tuple[float, float, int]] = []  # mean, weight, members
    taken, shift = [], 0
    for k, (wish, weight) in enumerate(zip(wished, weights, strict=True)):
        shift += apart[k - 1] if k else 0
        taken.append(shift)
        mean, members = wish - shift, 1
        while blocks and blocks[-1][0] >= mean:
            other, other_weight, more = blocks.pop()
            mean = (mean * weight + other * other_weight) / (weight + other_weight)
            weight, members = weight + other_weight, members + more
        blocks.append((mean, weight, members))
    rounded = [int(mean // 1 + (mean % 1 >= 0.5)) for mean, _, many in blocks for _ in range(many)]
    return [base + off for base, off in zip(rounded, taken, strict=True)]
