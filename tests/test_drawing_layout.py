"""Where things stand in a drawing: nothing covers anything else, and wires are whole."""

from __future__ import annotations

import time
from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import NamedTuple

import pytest
from drawing import CASES, all_circuits, drawn

from backprop.drawing.circuit import Circuit
from backprop.drawing.layout import Drawn, Layout, TangledError, layout, spread
from backprop.drawing.svg import LETTER, Pixels
from backprop.drawing.text import Cells

CIRCUITS = all_circuits()
FORMATS: dict[str, Drawn] = {"pixels": Pixels(), "cells": Cells()}
# What letters take at most: of the fonts that are asked for, DejaVu Sans has the widest digits.
DIGIT = 7.7


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
        yield Area(f"{node.id}", left, box.y - half, left + box.width, box.y + half + 1)
    for label in placed.labels:
        texts = (label.numbers.value, label.numbers.gradient)
        for text, below in zip(texts, (False, True), strict=True):
            if not text:
                continue
            if pixels:
                half_width = len(text) * DIGIT / 2
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


def placed_or_tangled(circuit: Circuit, kind: str) -> Layout:
    try:
        return layout(circuit, FORMATS[kind])
    except TangledError:
        pytest.skip("drawn as rails")


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_nothing_covers_anything_else(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    placed = placed_or_tangled(circuit, kind)
    found = sorted(areas(circuit, placed, kind), key=lambda area: area.left)
    assert [(a.what, b.what) for a, b in combinations(found, 2) if a.meets(b)] == []
    inside = [a.what for a in found if a.left < 0 or a.top < -1 or a.right > placed.width + 0.5]
    assert inside == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_no_wire_runs_through_a_node_or_a_label(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    placed = placed_or_tangled(circuit, kind)
    through = [
        (area.what, y)
        for area in areas(circuit, placed, kind)
        for y, left, right in level_runs(placed)
        if area.top <= y < area.bottom and left < area.right and area.left < right
    ]
    assert through == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_nothing_stands_in_the_channels_where_wires_turn(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    placed = placed_or_tangled(circuit, kind)
    for channel in placed.channels:
        room = Area("channel", channel.left, -1, channel.right, placed.height + 1)
        assert [area.what for area in areas(circuit, placed, kind) if area.meets(room)] == []


@pytest.mark.parametrize("kind", FORMATS)
@pytest.mark.parametrize("name", CIRCUITS)
def test_every_wire_leads_from_its_node_to_its_gate(name: str, kind: str) -> None:
    circuit = CIRCUITS[name]
    placed = placed_or_tangled(circuit, kind)
    boxes = {box.node: box for box in placed.boxes}
    reached = {(box.node, (box.x - box.width // 2 + box.width, box.y)) for box in placed.boxes} | {
        (box.node, (box.x + (box.width + 1) // 2, box.y)) for box in placed.boxes
    }
    arrived = set()
    waiting = list(placed.paths)
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
    for path in layout(CIRCUITS[name], Pixels()).paths:
        assert [a for a, b in pairwise(path.points) if b[0] < a[0]] == []


@pytest.mark.parametrize("kind", FORMATS)
def test_few_circuits_are_too_tangled_for_cells(kind: str) -> None:
    tangled = []
    for name, circuit in CIRCUITS.items():
        try:
            layout(circuit, FORMATS[kind])
        except TangledError:
            tangled.append(name)
    assert tangled == []


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


@pytest.mark.parametrize(
    "text",
    [
        "+".join(f"w{k % 12}*x{k}" for k in range(150)),
        "+".join(f"sin(x{k})" for k in range(150)),
        "\n".join(["h0 = x", *(f"h{k} = tanh(h{k - 1}*w + b)" for k in range(1, 100))]),
    ],
)
def test_three_hundred_stages_take_little_time(text: str) -> None:
    names = dict.fromkeys(__import__("backprop").parse(text).inputs, 0.5)
    circuit = drawn(text, names)
    start = time.process_time()
    layout(circuit, Pixels())
    assert time.process_time() - start < 3


def test_spreading_finds_the_nearest_places() -> None:
    assert spread([0, 0, 0], [1, 1, 1], [4, 4]) == [-4, 0, 4]
    assert spread([0, 10, 11], [1, 1, 1], [4, 4]) == [0, 9, 13]
    assert spread([5, 0], [3, 1], [2]) == [3, 5]


def test_letters_are_as_wide_in_the_test_as_in_the_picture() -> None:
    assert LETTER >= DIGIT
