"""A circuit as a LaTeX document of its own, with TikZ, laid out as the SVG is."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.drawing.circuit import Circuit
from backprop.drawing.layout import Box, Layout, Path, layout
from backprop.drawing.svg import Pixels, inner_height
from backprop.emitting.typesetting import escaped

SCALE = 0.75  # points of a pixel
HEAD = r"""\documentclass[border=8pt]{standalone}
\usepackage{tikz}
\usetikzlibrary{arrows.meta}
\definecolor{forward}{HTML}{116329}
\definecolor{backward}{HTML}{CF222E}
\begin{document}
\begin{tikzpicture}[x=0.75pt, y=-0.75pt, font=\sffamily\footnotesize, semithick,
  gate/.style n args={3}{draw, rounded corners=#1, minimum width=#2, minimum height=#3,
    inner sep=0pt, font=\sffamily\small},
  name/.style={anchor=base, font=\sffamily\itshape\footnotesize},
  value/.style={anchor=base, text=forward, font=\sffamily\bfseries\footnotesize},
  gradient/.style={anchor=base, text=backward}]"""
TAIL = r"""\end{tikzpicture}
\end{document}"""


def draw(circuit: Circuit) -> str:
    return "".join(f"{line}\n" for line in lines(circuit, layout(circuit, Pixels())))


def lines(circuit: Circuit, placed: Layout) -> Iterator[str]:
    yield HEAD
    for path in placed.paths:
        yield rf"\draw{style(circuit, path)} {curve(path)};"
    for _, x, y in placed.forks:
        yield rf"\fill ({x},{y}) circle[radius=2.5pt];"
    for box in placed.boxes:
        yield from node_lines(circuit, box)
    for label in placed.labels:
        x, y, numbers = label.x, label.y, label.numbers
        if numbers.value:
            yield rf"\node[value] at ({x},{y - 5}) {{{escaped(numbers.value)}}};"
        if numbers.gradient:
            yield rf"\node[gradient] at ({x},{y + 15}) {{{escaped(numbers.gradient)}}};"
    yield TAIL


def node_lines(circuit: Circuit, box: Box) -> Iterator[str]:
    node, shape = circuit.nodes[box.node], ""
    if node.kind in ("gate", "box"):
        height = inner_height(box, node)
        corner = 4 if node.kind == "box" else min(box.width, height) / 2 * SCALE - 0.1
        shape = f"gate={{{corner:.1f}pt}}{{{box.width * SCALE:g}pt}}{{{height * SCALE:g}pt}}"
        if node.label not in ("", circuit.answer):
            y = box.y - height // 2 - 5
            yield rf"\node[name] at ({box.x},{y}) {{{escaped(node.label)}}};"
    yield rf"\node[{shape}] at ({box.x},{box.y}) {{{escaped(node.symbol)}}};"


def style(circuit: Circuit, path: Path) -> str:
    """An arrow into a gate; a trunk has none. What is cut off is dashed."""
    stop = circuit.nodes[circuit.wires[path.wire].stop].kind if path.wire >= 0 else ""
    found = ["-{Latex}"] if stop else []
    found += ["dashed"] if "cut" in (stop, circuit.nodes[path.node].kind) else []
    return f"[{', '.join(found)}]" if found else ""


def curve(path: Path) -> str:
    (x, y), *rest = path.points
    found = [f"({x},{y})"]
    for next_x, next_y in rest:
        middle = (x + next_x) / 2
        if next_y != y:
            found.append(
                f".. controls ({middle:g},{y}) and ({middle:g},{next_y}) .. ({next_x},{next_y})"
            )
        elif next_x != x:
            found.append(f"-- ({next_x},{next_y})")
        x, y = next_x, next_y
    return " ".join(found)
