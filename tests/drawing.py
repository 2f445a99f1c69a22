"""What the tests of drawings share: circuits to draw, and pictures read back as data."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree import ElementTree

from programs import sample

import backprop
from backprop.drawing.building import circuit
from backprop.drawing.circuit import Circuit
from backprop.drawing.folding import around, collapse

SVG = "{http://www.w3.org/2000/svg}"
CASES: dict[str, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent / "cases/lecture.json").read_text("utf-8"))[
        "cases"
    ]
}
CHAIN = ("(x+y)*z", {"x": -2.0, "y": 5.0, "z": -4.0})
LAYERS = "\n".join(f"h{k} = tanh(h{k - 1}*w + b)" for k in range(1, 6))
TEXTS: dict[str, tuple[str, dict[str, float]]] = {
    "twice the same": ("x*x", {"x": 3.0}),
    "an input": ("x", {"x": 3.0}),
    "a constant": ("3*4", {}),
    "three ports": ("where(x > 0, y*2, max(x, y, x*y, 3, z))", {"x": 3.0, "y": -1.0, "z": 2.0}),
    "unused": ("a = x*y\nb = a + 1\nc = x*2", {"x": 3.0, "y": -1.0}),
    "a long chain": (f"h0 = x\n{LAYERS}\nexp(h5)", {"x": 0.5, "w": 2.0, "b": -1.0}),
    "a sum": ("+".join(f"x{k}" for k in range(40)), {f"x{k}": float(k) for k in range(40)}),
    "wide numbers": ("x*1e-300 + y/1e-300", {"x": 1e-9, "y": 123456.789}),
    "changing places": ("(x - y)*(y - x)*(x/y)*(y/x) - y", {"x": 2.0, "y": 3.0}),
}


def drawn(text: str, point: dict[str, float], gates: str = "written") -> Circuit:
    report = backprop.evaluate(text, point, gates=gates)
    return circuit(report.program, report)


def all_circuits() -> dict[str, Circuit]:
    """The lecture cases, the texts above and random programs, whole, folded and in part."""
    found = {}
    for name, case in CASES.items():
        for gates in ("written", "fine"):
            found[f"{name} {gates}"] = drawn(case["program"], case["point"], gates)
    for name, (text, point) in TEXTS.items():
        found[name] = drawn(text, point)
        found[f"{name}, without values"] = circuit(backprop.parse(text))
    for seed in range(50):
        program = sample(f"drawing {seed}")
        found[f"random {seed}"] = drawn(program.text, program.point)
    for seed in range(10):
        program = sample(f"drawing {seed}")
        report = backprop.evaluate(program.text, program.point)
        near = around(report.program, report.program.output_name, 2)
        found[f"random {seed} in part"] = circuit(report.program, report, 2, near)
        found[f"random {seed} folded"] = circuit(
            report.program, report, 2, collapse(report.program)
        )
    return found


class Seen(NamedTuple):
    """An SVG read back: gates and wires by the names that they have as data."""

    gates: dict[str, str]  # stage: its symbol
    wires: dict[tuple[str, str], list[tuple[float, float]]]  # from, to: value and gradient
    labels: list[tuple[str, str]]  # class and text of everything written beside wires


def seen(svg: str) -> Seen:
    root = ElementTree.fromstring(svg)
    gates: dict[str, str] = {}
    wires: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for group in root.iter(f"{SVG}g"):
        if stage := group.get("data-stage"):
            (symbol,) = [t.text for t in group.iter(f"{SVG}text") if t.get("class") == "symbol"]
            gates[stage] = str(symbol)
        if group.get("data-to"):
            ends = (group.attrib["data-from"], group.attrib["data-to"])
            numbers = (float(group.attrib["data-value"]), float(group.attrib["data-gradient"]))
            wires.setdefault(ends, []).append(numbers)
    labels = [
        (str(text.get("class")), str(text.text))
        for text in root.iter(f"{SVG}text")
        if text.get("class") in ("value", "gradient")
    ]
    return Seen(gates, wires, labels)
