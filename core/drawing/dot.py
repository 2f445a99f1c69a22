"""A circuit for Graphviz. A fork is a point of its own, so that trunk and branches have labels."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from backprop.drawing.circuit import Circuit, Node, Numbers

GREEN, RED = "#116329", "#cf222e"
SHAPES = {"gate": "circle", "box": "box", "cut": "plaintext"}
SIDES = ("nw", "w", "sw")
HEAD = """digraph circuit {
  rankdir=LR
  ordering=in
  node [fontname="Helvetica" shape=plaintext]
  edge [fontname="Helvetica" arrowsize=0.6]"""


def draw(circuit: Circuit) -> str:
    return "".join(f"{line}\n" for line in lines(circuit))


def lines(circuit: Circuit) -> Iterator[str]:
    yield HEAD
    yield f"  label={quoted(circuit.title)} tooltip={quoted(circuit.title)}"
    for node in circuit.nodes:
        yield f"  {quoted(node.id)} [{attributes(node)}]"
    given = [quoted(node.id) for node in circuit.nodes if node.kind in ("input", "constant")]
    if given:
        yield f"  {{ rank=source; {'; '.join(given)} }}"
    forked = circuit.forked
    for number in forked:
        node = circuit.nodes[number]
        yield f"  {quoted('fork-' + node.id)} [shape=point width=0.08]"
        edge = f"{quoted(node.id)} -> {quoted('fork-' + node.id)}"
        yield f"  {edge} [dir=none {wire_label(node.numbers)}]"
    for wire in circuit.wires:
        start, stop = circuit.nodes[wire.start], circuit.nodes[wire.stop]
        source = ("fork-" if wire.start in forked else "") + start.id
        style = " style=dashed" if "cut" in (start.kind, stop.kind) else ""
        label = wire_label(wire.numbers)
        yield f"  {quoted(source)} -> {quoted(stop.id)} [{label}{style}{side(stop, wire.place)}]"
    yield "}"


def attributes(node: Node) -> str:
    found = f"label={quoted(node.symbol)}"
    if node.label:
        found = f"label=<{escape(node.symbol)}<br/><i>{escape(node.label)}</i>>"
    if node.kind in SHAPES:
        found += f" shape={SHAPES[node.kind]}"
    return found + (f" tooltip={quoted(node.says)}" if node.says else "")


def side(node: Node, place: int) -> str:
    """Where an operand enters a gate that tells them apart: the first above, the last below."""
    if node.free or not 2 <= node.ports <= len(SIDES):
        return ""
    sides = (SIDES[0], SIDES[-1]) if node.ports == 2 else SIDES
    return f" headport={sides[place]}"


def wire_label(numbers: Numbers) -> str:
    """The value above the gradient, as Graphviz's own kind of HTML."""
    if not numbers.value:
        return 'label=""'
    found = f'<b><font color="{GREEN}">{escape(numbers.value)}</font></b>'
    if numbers.gradient:
        found += f'<br/><font color="{RED}">{escape(numbers.gradient)}</font>'
    return f"label=<{found}>"


def quoted(text: str) -> str:
    """A string of the DOT language, in which a backslash would begin an escape."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'
