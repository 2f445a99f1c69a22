"""A picture whose numbers change: each label has room for what it may show, and says what it
shows; each wire says what it carries, and before a gate stands its local derivative."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

from backprop.drawing.building import Builder
from backprop.drawing.circuit import Circuit, Node, Numbers
from backprop.drawing.layout import Box, Label, Path, Size, layout
from backprop.drawing.page.ranges import Rooms
from backprop.drawing.svg import SMALL, Picture, Pixels, line, text
from backprop.emitting.tracing import flow_key

ROUNDS = 8  # of untangling: somebody waits
LOCAL = 11  # the height of the letters of a local derivative
SLOPE = 44  # pixels that it has at most; what is longer is drawn narrower
TIP = 12  # before a gate, the arrow's head
MAP_WIDTH, MAP_HEIGHT = 48, 26  # of the picture of an array
ENTRIES = 2  # of an array that is written out; of a larger one there is a picture
OUTSIDE = "outside"  # where the gradient of the output comes from


def minus(text: str) -> str:
    """A number with a real minus sign."""
    return text.replace("-", "−")


class LivePixels(Pixels):
    """Sizes with room for all that the sliders can bring."""

    def __init__(self, builder: Builder, rooms: Rooms | None) -> None:
        self.rooms = rooms
        self.program = builder.program
        self.known: dict[Numbers, Size] = {}  # every label is asked for several times

    def node(self, node: Node) -> Size:
        size = super().node(node)
        tail = self.label(node.numbers).width if size.tail else 0
        lead = self.lead(node) if node.kind == "gate" else 0
        height = size.height
        if tail and node.numbers.slot >= 0:
            height = max(height, self.label(node.numbers).height)
        return size._replace(height=height, tail=tail, lead=lead)

    def lead(self, node: Node) -> int:
        """Room for the local derivatives, which stand above the wires that enter."""
        if self.rooms is None or node.numbers.slot < 0:
            return 0
        slot = node.numbers.slot
        places = range(len(self.program.operands[slot]))
        widest = max((self.rooms.slope((slot, p), LOCAL) for p in places), default=0)
        return TIP + 12 + min(widest, SLOPE)

    def label(self, numbers: Numbers) -> Size:
        if numbers not in self.known:
            self.known[numbers] = self.label_of(numbers)
        return self.known[numbers]

    def label_of(self, numbers: Numbers) -> Size:
        found = super().label(numbers)
        if numbers.slot < 0:
            return found
        if self.rooms is None:
            mapped = MAP_HEIGHT if self.mapped(numbers.slot) else 0
            return Size(max(found.width, MAP_WIDTH + 14), found.height + 2 * mapped)
        width = self.room(numbers)
        return Size(width + 14, found.height)

    def room(self, numbers: Numbers) -> int:
        """The pixels that the value and the gradient need, whichever is wider."""
        assert self.rooms is not None
        value = self.rooms.value(numbers.slot, SMALL)
        return max(value, self.rooms.gradient(numbers, SMALL))

    def mapped(self, slot: int) -> bool:
        """Is a slot an array that is shown as a picture of its own?"""
        return prod(self.program.shapes[slot]) > ENTRIES


class LivePicture(Picture):
    def __init__(self, circuit: Circuit, pixels: LivePixels) -> None:
        super().__init__(circuit, layout(circuit, pixels, ROUNDS))
        self.pixels = pixels
        self.program = pixels.program
        self.gradients: list[tuple[str, ...]] = []  # of every label, the messages it adds up

    @property
    def legend_height(self) -> int:
        """The page says itself what is above and below."""
        return 0

    def style(self) -> Iterator[str]:
        """The page has the rules of all its pictures."""
        return iter(())

    def label(self, label: Label) -> Iterator[str]:
        numbers = label.numbers
        if numbers.slot < 0:
            yield from super().label(label)
            return
        flows = keys_of(numbers)
        self.gradients.append(flows)
        room = label.width - 14
        shown = f'data-room="{room}" data-slot="{numbers.slot}"'
        high = MAP_HEIGHT if self.pixels.rooms is None and self.pixels.mapped(numbers.slot) else 0
        value = text("value", label.x, label.y - 6 - high, minus(numbers.value))
        gradient = text("gradient", label.x, label.y + 16 + high, minus(numbers.gradient))
        yield value.replace("<text", f"<text {shown}", 1)
        number = len(self.gradients) - 1
        flowing = f'data-room="{room}" id="gradient-{number}" data-flows="{" ".join(flows)}"'
        yield gradient.replace("<text", f"<text {flowing}", 1)
        if high:
            left = label.x - MAP_WIDTH // 2
            yield (
                f'<g class="heat" data-map="{numbers.slot}" '
                f'data-x="{left}" data-y="{label.y - high}"/>'
            )
            yield (
                f'<g class="heat back" data-map-of="gradient-{number}" '
                f'data-x="{left}" data-y="{label.y + 6}"/>'
            )

    def path(self, path: Path) -> str:
        """A wire with what it carries, a broader one under it to be clicked at, and the local
        derivative by which its gate multiplies."""
        found = super().path(path)
        numbers = self.numbers_of(path)
        flows = " ".join(keys_of(numbers))
        carries = (
            f' data-carries="{flows}" data-value-of="{numbers.slot}"' if numbers.slot >= 0 else ""
        )
        found = found.replace("<g ", f"<g{carries} ", 1)
        wide = line(path).replace('class="wire"', 'class="broad"')
        end = self.local(path, numbers)
        return found.removesuffix("</g>") + wide + end + "</g>"

    def numbers_of(self, path: Path) -> Numbers:
        if path.wire < 0:
            return self.circuit.nodes[path.node].numbers
        return self.circuit.wires[path.wire].numbers

    def local(self, path: Path, numbers: Numbers) -> str:
        if path.wire < 0 or self.pixels.rooms is None or len(numbers.uses) != 1:
            return ""
        stop = self.circuit.nodes[self.circuit.wires[path.wire].stop]
        if stop.kind != "gate":
            return ""
        x, y = path.points[-1]
        room = self.pixels.lead(stop) - TIP
        shown = text("local", x - TIP, y - 4, "")
        return shown.replace(
            "<text", f'<text data-local="{flow_key(*numbers.uses[0])}" data-room="{room}"', 1
        )

    def inner_height(self, box: Box, node: Node) -> int:
        """The picture of an array beside a gate makes room, not the gate higher."""
        return super().inner_height(box._replace(height=Pixels().node(node).height), node)

    def box(self, box: Box) -> str:
        found = super().box(box)
        node = self.circuit.nodes[box.node]
        return found.replace("<g ", f'<g data-node="{box.node}" ', 1) if node.kind else found


def keys_of(numbers: Numbers) -> tuple[str, ...]:
    """The messages that a gradient is the sum of."""
    outside = (OUTSIDE,) if numbers.outside else ()
    return (*[flow_key(*use) for use in numbers.uses], *outside)


class LiveBuilder(Builder):
    """Arrays are told by their shape, since a picture of them stands below."""

    def texts(self, slot: int, gradient: Any) -> Numbers:
        found = super().texts(slot, gradient)
        shape = self.program.shapes[slot]
        if prod(shape) <= ENTRIES:
            return found
        size = "×".join(map(str, shape))
        return found._replace(value=size, gradient=size)
