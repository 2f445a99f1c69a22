"""A circuit for Mermaid, which GitHub draws in Markdown. Nodes have numbers of the file's own, and
whatever isn't plain is written as a character code."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.drawing.circuit import Circuit, Node, Numbers

PLAIN = " .,_"
SIGNS = "-+"  # which numbers have as they are
SHAPES = {"gate": ('("', '")'), "box": ('["', '"]'), "output": ('(["', '"])')}
# Labels have a ground of their own, so that their colours are legible in every theme.
HEAD = """%%{init: {"themeVariables": {"edgeLabelBackground": "#ffffff"}}}%%
flowchart LR"""
STYLES = """  classDef plain fill:#ffffff,stroke:none,color:#1f2328
  classDef gate fill:#ddf4ff,stroke:#57606a,color:#1f2328
  classDef fork fill:#57606a,stroke:none"""


def draw(circuit: Circuit) -> str:
    return "".join(f"{line}\n" for line in lines(circuit))


def lines(circuit: Circuit) -> Iterator[str]:
    yield HEAD
    yield f"  accTitle: {coded(circuit.title)}"
    for number, node in enumerate(circuit.nodes):
        opening, closing = SHAPES.get(node.kind, ('["', '"]'))
        style = ":::gate" if node.kind in ("gate", "box") else ":::plain"
        yield f"  n{number}{opening}{inside(node)}{closing}{style}"
    forked = circuit.forked
    for start in forked:
        yield f'  k{start}((" ")):::fork'
        yield f"  n{start} {line(circuit.nodes[start].numbers, '---')} k{start}"
    for wire in circuit.wires:
        source = f"k{wire.start}" if wire.start in forked else f"n{wire.start}"
        cut = "cut" in (circuit.nodes[wire.start].kind, circuit.nodes[wire.stop].kind)
        arrow = line(wire.numbers, "-.->" if cut else "-->")
        yield f"  {source} {arrow} n{wire.stop}"
    yield STYLES


def inside(node: Node) -> str:
    return coded(node.symbol) + (f"<br/>{coded(node.label)}" if node.label else "")


def line(numbers: Numbers, arrow: str) -> str:
    """An arrow with the value in bold letters above the gradient."""
    texts = [
        f"<font color={colour}>{mark}{coded(text, SIGNS)}{end}</font>"
        for text, colour, mark, end in (
            (numbers.value, "darkgreen", "<b>", "</b>"),
            (numbers.gradient, "crimson", "", ""),
        )
        if text
    ]
    return f'{arrow}|"{"<br/>".join(texts)}"|' if texts else arrow


def coded(text: str, others: str = "") -> str:
    return "".join(
        char if (char.isascii() and char.isalnum()) or char in PLAIN + others else f"#{ord(char)};"
        for char in text
    )
