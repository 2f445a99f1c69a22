"""What is drawn: a Program, with the numbers of a Report if there is one, as nodes and wires.

    input  name -> gates    gate  symbol -> gates    box  several stages    output  <- a stage

An operation with a constant is one gate, as in the notes: `*2`, `+1`, `max(0, ·)`. A node has
the numbers of the wire that leaves it; where that forks, each branch has its own gradient.
"""

from __future__ import annotations

from collections import Counter
from typing import NamedTuple

LONG = 24  # characters of a name or symbol


class Numbers(NamedTuple):
    """What a wire carries, as it is shown and as data; empty if no value is known."""

    value: str = ""
    gradient: str = ""
    exact_value: str = ""
    exact_gradient: str = ""
    slot: int = -1  # whose value it is; -1 for a bundle of wires
    uses: tuple[tuple[int, int], ...] = ()  # the stages and places whose messages add up to it
    outside: bool = False  # does a gradient come from outside of the program as well?


class Node(NamedTuple):
    kind: str  # input, constant, gate, box, cut or output
    name: str  # unique among nodes of a kind
    symbol: str = ""  # what stands in it
    given: bool = True  # is the name the user's own?
    named: bool = False  # does the name stand beside it?
    says: str = ""  # the stage as it is written: `q = x + y`
    numbers: Numbers = Numbers()
    ports: int = 0
    free: bool = False  # may its inputs be drawn in any order?

    @property
    def label(self) -> str:
        """The name that stands beside a gate."""
        return clipped(self.name) if self.named else ""

    @property
    def id(self) -> str:
        return f"{self.kind}-{self.name}"


class Wire(NamedTuple):
    start: int  # the node that it leaves
    stop: int
    place: int  # which of the inputs of `stop` it feeds
    numbers: Numbers


class Part(NamedTuple):
    """The slots that one node shows."""

    slots: tuple[int, ...]
    label: str = ""  # of a box


class Circuit(NamedTuple):
    """Nodes with their wires, in the order of computing, and what they are a picture of."""

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    title: str
    evaluated: bool

    @property
    def forked(self) -> list[int]:
        """The nodes whose wire goes to several places."""
        leaving = Counter(wire.start for wire in self.wires)
        return [node for node, many in sorted(leaving.items()) if many > 1]

    @property
    def answer(self) -> str:
        """The name of the output as it is shown, if it is in the picture."""
        return next((node.symbol for node in self.nodes if node.kind == "output"), "")


def clipped(text: str, most: int = LONG) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
