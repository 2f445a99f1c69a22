"""Where things stand in a drawing: nothing covers anything else, and wires are whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cache
from itertools import combinations, pairwise
from typing import NamedTuple

import pytest
from counting_calls import calls_of
from drawing import CASES, all_circuits, drawn

import backprop
from backprop.drawing.circuit import Circuit
from backprop.drawing.layout import Drawn, Layout, layout
from backprop.drawing.rows import spread
from backprop.drawing.svg import SMALL, SYMBOL, Pixels
from backprop.drawing.text import EAST, FORK, NORTH, SOUTH, WEST, Cells, Grid

CIRCUITS = all_circuits()
FORMATS: dict[str, Drawn] = {"pixels": Pixels(), "cells": Cells()}
# DejaVu Sans has the widest letters of the fonts that are asked for: its advances at 2048 units.
ADVANCE = {**dict.fromkeys("0123456789", 1303), "-": 739, ".": 651, "+": 1716, "e": 1260, "σ": 1298,
           "m": 1995, "w": 1675, "W": 2025, "…": 2048, "*": 1024, "/": 690, "·": 651}  # fmt: skip
BOLD = 1.13  # digits are so much wider in bold


def breadth(text: str, height: int) -> float:
    return sum(ADVANCE.get(char, 1300) for char in text) / 2048 * height


class Area(NamedTuple):
    what: str
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: Area) -> bool:
        across = self.left < other.right and other.left < self.right
        return across and self.top < other.bottom and other.top < self.bottom


def areas(circuit: Circuit, placed: Layout, kind: str) -> Iterator[Area]:
    """What is covered by nodes with their names, and by the two texts of every label."""
    pixels = kind == "pixels"
    for box in placed.boxes:
        node = circuit.nodes[box.node]
        half = box.height // 2
        if node.kind not in ("gate", "box"):
            half = 8 if pixels else 0
        elif not pixels:
            half = 0
        left = box.x - box.width // 2
        yield Area(node.id, left, box.y - half, left + box.width, box.y + half + 1)
        if pixels and node.label:
            wide = breadth(node.label, SMALL) / 2
            yield Area(node.label, box.x - wide, box.y - half, box.x + wide, box.y - half + 12)
    for label in placed.labels:
        texts = (label.numbers.value, label.numbers.gradient)
        for text, below in zip(texts, (False, True), strict=True):
            if not text:
                continue
            if pixels:
                half_width = breadth(text, SMALL) * (1 if below else BOLD) / 2
                top = label.y + 4 if below else label.y - 18
                yield Area(text, label.x - half_width, top, label.x + half_width, top + 14)
            else:
                start = label.x - len(text) // 2
                row = label.y + (1 if below else -1)
                yield Area(text, start, row, start + len(text), row + 1)


def level_runs(placed: Layout) -> Iterator[tuple[int, int, int]]:
    """The level parts of wires that lie in columns: y, and from where to where."""
    channels = {(channel.left, channel.right) for channel in placed.channels}
    for path in placed.paths:
        for (x, y), (end, below) in pairwise(path.points):
            if y == below and x != end and (x, end) not in channels:
                yield y, x, end


@cache
def placed(name: str, kind: str) -> Layout:
    return layout(CIRCUITS[name], FORMATS[kind])


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_nothing_covers_anything_else(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    found = placed(name, kind)
    covered = sorted(areas(circuit, found, kind), key=lambda area: area.left)
    meeting = [(a.what, b.what) for a, b in combinations(covered, 2) if a.meets(b)]
    own = {(node.label, node.id) for node in circuit.nodes}
    assert [pair for pair in meeting if not {pair, pair[::-1]} & own] == []
    inside = [a.what for a in covered if a.left < 0 or a.top < -1 or a.right > found.width + 0.5]
    assert inside == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_no_wire_runs_through_a_node_or_a_label(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    found = placed(name, kind)
    through = [
        (area.what, y)
        for area in areas(circuit, found, kind)
        for y, left, right in level_runs(found)
        if area.top <= y < area.bottom and left < area.right and area.left < right
    ]
    assert through == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_nothing_stands_in_the_channels_where_wires_turn(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    found = placed(name, kind)
    for channel in found.channels:
        room = Area("channel", channel.left, -1, channel.right, found.height + 1)
        assert [area.what for area in areas(circuit, found, kind) if area.meets(room)] == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_every_wire_leads_from_its_node_to_its_gate(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    found = placed(name, kind)
    boxes = {box.node: box for box in found.boxes}
    reached = {(box.node, (box.x - box.width // 2 + box.width, box.y)) for box in found.boxes} | {
        (box.node, (box.x + (box.width + 1) // 2, box.y)) for box in found.boxes
    }
    arrived = set()
    waiting = list(found.paths)
    while ready := [path for path in waiting if (path.node, path.points[0]) in reached]:
        for path in ready:
            waiting.remove(path)
            reached.add((path.node, path.points[-1]))
            if path.wire >= 0:
                arrived.add(path.wire)
                gate = boxes[circuit.wires[path.wire].stop]
                assert path.points[-1][0] == gate.x - gate.width // 2
    assert (waiting, arrived) == ([], set(range(len(circuit.wires))))


@pytest.mark.parametrize("name", CIRCUITS)
def test_wires_run_from_left_to_right(name: str) -> None:
    for path in placed(name, "pixels").paths:
        assert [a for a, b in pairwise(path.points) if b[0] < a[0]] == []


@pytest.mark.parametrize("name", CIRCUITS)
def test_no_cell_has_two_things_in_it(name: str) -> None:
    """Gates and names interrupt wires, forks stand on them; numbers stand on nothing at all."""
    grid = Grid(CIRCUITS[name], placed(name, "cells"))
    texts = sum(len(piece.text) for row in grid.rows() for piece in row if piece.kind)
    assert texts == sum(map(len, written(CIRCUITS[name], grid.placed)))
    numbers = [cell for cell, (_, kind) in grid.texts.items() if kind in ("value", "gradient")]
    assert [cell for cell in numbers if grid.lines.get(cell)] == []


def written(circuit: Circuit, placed: Layout) -> Iterator[str]:
    """All texts that a drawing in cells has to show."""
    for node in circuit.nodes:
        yield {
            "gate": f"({node.symbol})",
            "box": f"[{node.symbol}]",
            "output": "▶ " + node.symbol,
        }.get(node.kind, node.symbol)
    for label in placed.labels:
        yield from (label.numbers.value, label.numbers.gradient)
        name = circuit.nodes[label.node].label
        yield name if label.wire < 0 and name != circuit.answer else ""


STEPS = {NORTH: (-1, 0), EAST: (0, 1), SOUTH: (1, 0), WEST: (0, -1)}
BACK = {NORTH: SOUTH, EAST: WEST, SOUTH: NORTH, WEST: EAST}
CROSSING = NORTH | EAST | SOUTH | WEST


def followed(grid: Grid, start: tuple[int, int], ends: dict[tuple[int, int], int]) -> Iterator[int]:
    """The gates that are met on the way along a line, straight on where it only crosses another."""
    waiting = [(start, EAST)]
    while waiting:
        cell, heading = waiting.pop()
        if cell in ends:
            yield ends[cell]
            continue
        sides, came = grid.lines.get(cell, 0), BACK[heading]
        assert sides & came, f"a line breaks off at {cell}"
        crossing = sides == CROSSING and grid.texts.get(cell, "") != (FORK, "")
        for side in [heading] if crossing else [s for s in STEPS if s & sides and s != came]:
            down, right = STEPS[side]
            waiting.append(((cell[0] + down, cell[1] + right), side))


@pytest.mark.parametrize("name", CIRCUITS)
def test_lines_of_characters_lead_where_the_wires_do(name: str) -> None:
    circuit, found = CIRCUITS[name], placed(name, "cells")
    grid = Grid(circuit, found)
    ends = {(box.y, box.x - box.width // 2): box.node for box in found.boxes}
    for path in found.paths:
        if path.wire >= 0:
            gate = found.boxes[circuit.wires[path.wire].stop]
            x, y = path.points[-1]
            ends[y, gate.x if y != gate.y else x] = gate.node
    read: Counter[tuple[int, int]] = Counter()
    for box in found.boxes:
        if any(wire.start == box.node for wire in circuit.wires):
            right = box.x + (box.width + 1) // 2
            read.update((box.node, end) for end in followed(grid, (box.y, right), ends))
    assert read == Counter((wire.start, wire.stop) for wire in circuit.wires)


CROSSINGS = {
    "mul": 0, "chain": 0, "neuron-fine": 0, "neuron-fused": 0, "patterns": 0, "square": 0,
    "apples": 0, "baydin": 0, "griewank": 1, "staged": 1, "svm": 1, "fork": 1, "colah": 0,
    "speelpenning": 0, "lee-upper": 0,
}  # fmt: skip


@pytest.mark.parametrize("name", CROSSINGS)
def test_few_wires_cross(name: str) -> None:
    gates = "fused" if name == "staged" else "written"
    circuit = drawn(CASES[name]["program"], CASES[name]["point"], gates)
    assert layout(circuit, Pixels()).crossings <= CROSSINGS[name]


LARGE = [
    "+".join(f"w{k % 12}*x{k}" for k in range(150)),
    "+".join(f"sin(x{k})" for k in range(150)),
    "\n".join(["h0 = x", *(f"h{k} = tanh(h{k - 1}*w + b)" for k in range(1, 100))]),
]


@pytest.mark.parametrize("text", LARGE)
def test_three_hundred_stages_take_little_work(text: str) -> None:
    circuit = drawn(text, dict.fromkeys(backprop.parse(text).inputs, 0.5))
    assert calls_of(lambda: layout(circuit, Pixels())) < 1_200_000


def test_spreading_finds_the_nearest_places() -> None:
    assert spread([0, 0, 0], [1, 1, 1], [4, 4]) == [-4, 0, 4]
    assert spread([0, 10, 11], [1, 1, 1], [4, 4]) == [0, 9, 13]
    assert spread([5, 0], [3, 1], [2]) == [3, 5]


@pytest.mark.parametrize("name", CIRCUITS)
def test_symbols_fit_into_their_gates(name: str) -> None:
    circuit = CIRCUITS[name]
    tight = [
        node.symbol
        for box in placed(name, "pixels").boxes
        if breadth((node := circuit.nodes[box.node]).symbol, SYMBOL) > box.width
    ]
    assert tight == []
