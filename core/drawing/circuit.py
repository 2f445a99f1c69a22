"""What is drawn: a Program, with the numbers of a Report if there is one, as nodes and wires.

    input  name -> gates    gate  symbol -> gates    box  several stages    output  <- a stage

An operation with a constant is one gate, as in the notes: `*2`, `+1`, `max(0, ·)`. A node has
the numbers of the wire that leaves it; where that forks, each branch has its own gradient.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
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
    shown: str = ""  # the name, cut where it is long

    @property
    def label(self) -> str:
        """The name that stands beside a gate."""
        return (self.shown or clipped(self.name)) if self.named else ""

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


def apart(texts: Iterable[str], most: int = LONG) -> dict[str, str]:
    """Texts with each cut to so many characters, and no two of them alike: where the beginnings
    are the same it is cut in the middle, and where that isn't enough not at all."""
    known = dict.fromkeys(texts)
    found = {text: clipped(text, most) for text in known}
    for other in (middle_cut, lambda text, most: text):
        counts = Counter(found.values())
        alike = [text for text in known if counts[found[text]] > 1 and len(text) > most]
        found |= {text: other(text, most) for text in alike}
    return found


def middle_cut(text: str, most: int) -> str:
    end = most // 2
    return f"{text[: most - 1 - end]}…{text[-end:]}"
