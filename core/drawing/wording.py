"""The circuit in words, for those who can't see the picture."""

from __future__ import annotations

from backprop.drawing.circuit import Circuit, Node

SAID = 40  # gates that a description goes through


def description(circuit: Circuit) -> str:
    """What is computed from what, and what comes back."""
    inputs = [node for node in circuit.nodes if node.kind == "input"]
    gates = [node for node in circuit.nodes if node.kind in ("gate", "box")]
    said = [f"A circuit of {many(len(inputs), 'input')} and {many(len(gates), 'gate')}."]
    said += [f"{node.name}{amount(node)}." for node in inputs[:SAID]]
    said += [f"{node.says or node.name}{amount(node)}." for node in gates[:SAID]]
    left_out = max(0, len(inputs) - SAID) + max(0, len(gates) - SAID)
    if left_out:
        said.append(f"And {left_out} more.")
    return " ".join(said)


def many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"


def amount(node: Node) -> str:
    if not node.numbers.gradient:
        return ""
    return f" is {node.numbers.value}, with gradient {node.numbers.gradient}"
