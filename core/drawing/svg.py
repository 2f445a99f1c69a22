"""A circuit as SVG: self-contained, for light and dark pages, every part with its data.

Green above a wire is the value, red below the gradient; the weight of the letters, the place
and a sentence say the same to those who can't tell the colours apart.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from html import escape

from backprop.drawing.circuit import Circuit, Node, Numbers
from backprop.drawing.layout import Box, Hop, Label, Layout, Path, Size, layout
from backprop.drawing.wording import description

MARGIN = 20
LEGEND = 38
NAME = 16  # the height of a gate's name
RADIUS = 21
FEW = 6  # branches of a fork that need no more room than one
PITCH = 16  # between the wires that enter a gate
WIDE = "mwMW@%…σωψ"  # letters as wide as they are high
USUAL = 0.66  # of its height is the width of any other, at most
SYMBOL, SMALL = 16, 13  # the height of letters in gates, and beside wires

LIGHT = {
    ".page": "fill:#fff",
    ".wire": "fill:none;stroke:#57606a;stroke-width:1.5",
    ".outline": "fill:#f6f8fa;stroke:#57606a;stroke-width:2",
    ".cut .wire": "stroke-dasharray:4 4",
    ".tip,.circuit .fork": "fill:#57606a",
    "text": 'font:14px "DejaVu Sans",Verdana,Helvetica,Arial,sans-serif;text-anchor:middle;'
    "fill:#1f2328",
    ".symbol": "font-size:16px",
    ".name": "font-size:13px;font-style:italic",
    ".made": "fill:#6e7781",
    ".value": "font-size:13px;font-weight:bold;fill:#116329",
    ".gradient": "font-size:13px;fill:#cf222e",
    ".key": "font-size:11px;text-anchor:start",
}
DARK = {
    ".page": "fill:#0d1117",
    ".wire": "stroke:#9198a1",
    ".outline": "fill:#161b22;stroke:#9198a1",
    ".tip,.circuit .fork": "fill:#9198a1",
    "text": "fill:#f0f6fc",
    ".made": "fill:#9198a1",
    ".value": "fill:#56d364",
    ".gradient": "fill:#ff7b72",
}


class Pixels:
    """How large things are in pixels."""

    gap = 13
    stretches = False

    def node(self, node: Node) -> Size:
        tail = self.label(node.numbers).width if node.numbers.value else 18
        if node.kind in ("input", "constant", "output", "cut"):
            width = breadth(node.symbol, SYMBOL) + 8
            return Size(width, 37 if node.numbers.value else 23, 0 if node.ports else tail)
        width = max(2 * RADIUS, breadth(node.symbol, SYMBOL) + 14)
        height = max(2 * RADIUS, PITCH * node.ports + 10)
        named = NAME if node.label else 0
        return Size(width, height + 2 * named + 1, tail, breadth(node.label, SMALL))

    def label(self, numbers: Numbers) -> Size:
        texts = (numbers.value, numbers.gradient)
        return Size(max(breadth(text, SMALL) for text in texts) + 14, 37)

    def passing(self) -> Size:
        return Size(0, 9)

    def port(self, node: Node, place: int) -> int:
        return round((place - (node.ports - 1) / 2) * PITCH)

    def channel(self, hops: Sequence[Hop]) -> int:
        steep = max((abs(hop.end - hop.y) for hop in hops), default=0)
        fan = max(Counter(hop.start for hop in hops).values(), default=0)
        return 16 + min(70, steep * 2 // 5) + min(160, max(0, fan - FEW) * 8)


def breadth(text: str, height: int) -> int:
    """How wide a text is at most, in the widest of the fonts that are asked for."""
    return round(sum(height * (1.0 if char in WIDE else USUAL) for char in text))


def draw(circuit: Circuit) -> str:
    placed = layout(circuit, Pixels())
    return "".join(f"{line}\n" for line in Picture(circuit, placed).lines())


class Picture:
    def __init__(self, circuit: Circuit, placed: Layout) -> None:
        self.circuit = circuit
        self.placed = placed
        self.answer = circuit.answer

    def lines(self) -> Iterator[str]:
        placed = self.placed
        legend = self.legend_height
        width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN + legend
        width = max(width, 210 if legend else 0)
        yield (
            '<svg xmlns="http://www.w3.org/2000/svg" class="circuit" role="img" '
            'aria-labelledby="circuit-title circuit-desc" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        )
        yield f'<title id="circuit-title">{quoted(self.circuit.title)}</title>'
        yield f'<desc id="circuit-desc">{quoted(description(self.circuit))}</desc>'
        yield from self.style()
        yield f'<rect class="page" width="{width}" height="{height}" rx="6"/>'
        yield f'<g transform="translate({MARGIN} {MARGIN})">'
        for path in placed.paths:
            yield self.path(path)
        for node, x, y in placed.forks:
            start = quoted(self.circuit.nodes[node].name)
            yield f'<circle class="fork" data-from="{start}" cx="{x}" cy="{y}" r="4"/>'
        for box in placed.boxes:
            yield self.box(box)
        for label in placed.labels:
            yield from self.label(label)
        yield "</g>"
        if legend:
            yield from self.legend(height - 14)
        yield "</svg>"

    @property
    def legend_height(self) -> int:
        return LEGEND if self.circuit.evaluated else 0

    def style(self) -> Iterator[str]:
        yield "<style>"
        yield from stylesheet()
        yield "</style>"

    # Wires.

    def path(self, path: Path) -> str:
        """A branch has the numbers of its wire, a trunk those of the node that it comes from."""
        start = self.circuit.nodes[path.node]
        found = f' data-from="{quoted(start.name)}"'
        if path.wire < 0:
            return group(classes("run", start), found + data(start.numbers), line(path))
        wire = self.circuit.wires[path.wire]
        stop = self.circuit.nodes[wire.stop]
        found += f' data-to="{quoted(stop.name)}" data-place="{wire.place}"{data(wire.numbers)}'
        name = f' id="wire-{quoted(start.id)}-{quoted(stop.id)}-{wire.place}"'
        drawn = line(path) + tip(path.points[-1])
        return group(classes("run", start, stop), name + found, drawn)

    # Nodes.

    def box(self, box: Box) -> str:
        node = self.circuit.nodes[box.node]
        drawn = f"<title>{quoted(node.says)}</title>" if node.says else ""
        stage = ""
        if node.kind in ("gate", "box"):
            stage = f' data-stage="{quoted(node.name)}"'
            drawn += self.outline(node, box)
        drawn += text("symbol", box.x, box.y + 5, node.symbol)
        name = f' id="{quoted(node.id)}"'
        return group(classes(node.kind, node), name + stage + data(node.numbers), drawn)

    def outline(self, node: Node, box: Box) -> str:
        """A gate is round, a box has corners; its name stands above."""
        height = self.inner_height(box, node)
        corner = 6 if node.kind == "box" else min(box.width, height) / 2
        x, y = box.x - box.width // 2, box.y - height // 2
        found = (
            f'<rect class="outline" x="{x}" y="{y}" '
            f'width="{box.width}" height="{height}" rx="{corner:g}"/>'
        )
        if node.label in ("", self.answer):
            return found
        return found + text("name" if node.given else "name made", box.x, y - 5, node.label)

    def inner_height(self, box: Box, node: Node) -> int:
        return inner_height(box, node)

    # Labels.

    def label(self, label: Label) -> Iterator[str]:
        value, gradient = label.numbers.value, label.numbers.gradient
        if value:
            yield text("value", label.x, label.y - 6, value)
        if gradient:
            yield text("gradient", label.x, label.y + 16, gradient)

    def legend(self, y: int) -> Iterator[str]:
        yield text("key value", MARGIN, y - 16, "above: value, forward →")
        yield text("key gradient", MARGIN, y, "below: gradient, backward ←")


def stylesheet() -> Iterator[str]:
    yield from rules(LIGHT)
    yield "@media (prefers-color-scheme:dark){"
    yield from rules(DARK)
    yield "}"


def rules(style: dict[str, str]) -> Iterator[str]:
    """Rules for this picture alone, also where it stands in a page among others."""
    return (f".circuit {names}{{{what}}}" for names, what in style.items())


def quoted(text: str) -> str:
    return escape(text, quote=True)


def data(numbers: Numbers) -> str:
    found = ""
    if numbers.exact_value:
        found += f' data-value="{quoted(numbers.exact_value)}"'
    if numbers.exact_gradient:
        found += f' data-gradient="{quoted(numbers.exact_gradient)}"'
    return found


def group(kinds: str, attributes: str, inside: str) -> str:
    return f'<g class="{kinds}"{attributes}>{inside}</g>'


def classes(kind: str, *nodes: Node) -> str:
    """What an element is; `cut` where a picture of a part ends."""
    cut = kind != "cut" and any(node.kind == "cut" for node in nodes)
    return f"{kind} cut" if cut else kind


def text(kinds: str, x: int, y: int, words: str) -> str:
    return f'<text class="{kinds}" x="{x}" y="{y}">{quoted(words)}</text>'


def inner_height(box: Box, node: Node) -> int:
    """The height of a gate without its name and the room that keeps the gate in the middle."""
    return box.height - 1 - (2 * NAME if node.label else 0)


def line(path: Path) -> str:
    return f'<path class="wire" d="{curve(path)}"/>'


def curve(path: Path) -> str:
    """Level runs, and between them curves that begin and end level."""
    (x, y), *rest = path.points
    found = [f"M{x} {y}"]
    for next_x, next_y in rest:
        if next_y != y:
            middle = (x + next_x) / 2
            found.append(f"C{middle:g} {y} {middle:g} {next_y} {next_x} {next_y}")
        elif next_x != x:
            found.append(f"H{next_x}")
        x, y = next_x, next_y
    return "".join(found)


def tip(point: tuple[int, int]) -> str:
    """The arrow's head."""
    x, y = point
    return f'<path class="tip" d="M{x} {y}l-8 -4v8z"/>'
