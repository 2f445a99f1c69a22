"""A circuit as SVG: self-contained, for light and dark pages, every part with its data.

Green above a wire is the value, red below the gradient; the weight of the letters, the place
and a sentence say the same to those who can't tell the colours apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from backprop.drawing.circuit import Circuit, Node, Numbers, Wire
from backprop.drawing.layout import Box, Hop, Label, Layout, Path, Size, layout
from backprop.drawing.wording import description

MARGIN = 20
LEGEND = 38
RADIUS = 21
PITCH = 16  # between the wires that enter a gate
LETTER = 8.1  # pixels of a character, 14 high
NARROW = 7.7  # 13 high

STYLE = """
.page{fill:#fff}
.wire,.outline{fill:none;stroke:#57606a;stroke-width:1.5}
.cut .wire,.cut .outline{stroke-dasharray:4 4}
.tip,.fork{fill:#57606a}
.outline{fill:#f6f8fa;stroke-width:2}
text{font:14px "DejaVu Sans",Verdana,Helvetica,Arial,sans-serif;text-anchor:middle;fill:#1f2328}
.symbol{font-size:16px}
.name{font-size:13px;font-style:italic}
.made{fill:#8c959f}
.value{font-size:13px;font-weight:bold;fill:#116329}
.gradient{font-size:13px;fill:#cf222e}
.key{font-size:11px;text-anchor:start}
@media (prefers-color-scheme:dark){
.page{fill:#0d1117}
.wire,.outline{stroke:#9198a1}
.tip,.fork{fill:#9198a1}
.outline{fill:#161b22}
text{fill:#f0f6fc}
.made{fill:#7d8590}
.value{fill:#56d364}
.gradient{fill:#ff7b72}
}
"""


class Pixels:
    """How large things are in pixels."""

    gap = 13
    stretches = False

    def node(self, node: Node) -> Size:
        tail = self.label(node.numbers, 1).width if node.numbers.value else 18
        if node.kind in ("input", "constant", "output", "cut"):
            width = round(len(node.symbol) * LETTER) + 8
            return Size(width, 37 if node.numbers.value else 23, 0 if node.ports else tail)
        width = max(2 * RADIUS, round(len(node.symbol) * LETTER) + 22)
        height = max(2 * RADIUS, PITCH * node.ports + 10)
        named = 16 if node.label else 0
        return Size(width, height + 2 * named + 1, tail)

    def label(self, numbers: Numbers, count: int) -> Size:
        texts = (numbers.value, numbers.gradient, f"{count} wires" if count > 1 else "")
        return Size(round(max(map(len, texts)) * NARROW) + 18, 37)

    def passing(self) -> Size:
        return Size(0, 9)

    def port(self, node: Node, place: int) -> int:
        return round((place - (node.ports - 1) / 2) * PITCH)

    def channel(self, hops: Sequence[Hop]) -> int:
        steep = max((abs(hop.end - hop.y) for hop in hops), default=0)
        return 16 + min(70, steep * 2 // 5)


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
        legend = LEGEND if self.circuit.evaluated else 0
        width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN + legend
        width = max(width, 210 if legend else 0)
        yield (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" '
            f'width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        )
        yield f'<title id="title">{quoted(self.circuit.title)}</title>'
        yield f'<desc id="desc">{quoted(description(self.circuit))}</desc>'
        yield f"<style>{STYLE}</style>"
        yield f'<rect class="page" width="{width}" height="{height}" rx="6"/>'
        yield f'<g transform="translate({MARGIN} {MARGIN})">'
        for path in placed.paths:
            yield self.path(path)
        for node, x, y in placed.forks:
            start = quoted(self.circuit.nodes[node].name)
            yield f'<circle class="fork" data-from="{start}" cx="{x}" cy="{y}" r="4"/>'
        for box in placed.boxes:
            yield from self.box(box)
        for label in placed.labels:
            yield from self.label(label)
        yield "</g>"
        if legend:
            yield from self.legend(height - 14)
        yield "</svg>"

    # Wires.

    def path(self, path: Path) -> str:
        start = self.circuit.nodes[path.node]
        wire = self.circuit.wires[path.wire] if path.wire >= 0 else None
        stop = self.circuit.nodes[wire.stop] if wire else None
        cut = " cut" if "cut" in (start.kind, stop.kind if stop else "") else ""
        numbers = wire.numbers if wire else start.numbers
        line = f'<path class="wire" d="{curve(path)}"/>'
        if stop:
            line += tip(path.points[-1])
        return f'<g{self.wire_id(path, wire)} class="run{cut}"{data(numbers)}{ends(start, stop, wire)}>{line}</g>'

    def wire_id(self, path: Path, wire: Wire | None) -> str:
        """A wire's own name; trunks have none, since a wire may have several."""
        if wire is None:
            return ""
        start, stop = self.circuit.nodes[wire.start], self.circuit.nodes[wire.stop]
        return f' id="wire-{quoted(start.id)}-{quoted(stop.id)}-{wire.place}"'

    # Nodes.

    def box(self, box: Box) -> Iterator[str]:
        node = self.circuit.nodes[box.node]
        symbol = quoted(node.symbol)
        cut = " cut" if node.kind == "cut" else ""
        stage = f' data-stage="{quoted(node.name)}"' if node.kind in ("gate", "box") else ""
        yield f'<g id="{quoted(node.id)}" class="{node.kind}{cut}"{stage}{data(node.numbers)}>'
        if node.says:
            yield f"<title>{quoted(node.says)}</title>"
        if node.kind in ("gate", "box"):
            height = box.height - (33 if node.label else 1)
            corner = 6 if node.kind == "box" else min(box.width, height) / 2
            x, y = box.x - box.width // 2, box.y - height // 2
            yield f'<rect class="outline" x="{x}" y="{y}" width="{box.width}" height="{height}" rx="{corner:g}"/>'
            made = "" if node.given else " made"
            if node.label not in ("", self.answer):
                yield f'<text class="name{made}" x="{box.x}" y="{y - 5}">{quoted(node.name)}</text>'
        yield f'<text class="symbol" x="{box.x}" y="{box.y + 5}">{symbol}</text>'
        yield "</g>"

    # Labels.

    def label(self, label: Label) -> Iterator[str]:
        if label.wire >= 0:
            wire = self.circuit.wires[label.wire]
            numbers, count = wire.numbers, wire.count
        else:
            numbers, count = self.circuit.nodes[label.node].numbers, 1
        above = f"{count} wires" if count > 1 else numbers.value
        if above:
            yield f'<text class="value" x="{label.x}" y="{label.y - 6}">{quoted(above)}</text>'
        if numbers.gradient:
            yield f'<text class="gradient" x="{label.x}" y="{label.y + 16}">{quoted(numbers.gradient)}</text>'

    def legend(self, y: int) -> Iterator[str]:
        yield f'<text class="key value" x="{MARGIN}" y="{y - 16}">above: value, forward →</text>'
        yield f'<text class="key gradient" x="{MARGIN}" y="{y}">below: gradient, backward ←</text>'


def quoted(text: str) -> str:
    return escape(text, quote=True)


def data(numbers: Numbers) -> str:
    found = ""
    if numbers.exact_value:
        found += f' data-value="{quoted(numbers.exact_value)}"'
    if numbers.exact_gradient:
        found += f' data-gradient="{quoted(numbers.exact_gradient)}"'
    return found


def ends(start: Node, stop: Node | None, wire: Wire | None) -> str:
    found = f' data-from="{quoted(start.name)}"'
    if stop and wire:
        found += f' data-to="{quoted(stop.name)}" data-place="{wire.place}"'
    return found


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
