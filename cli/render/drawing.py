"""A text drawing in the colours of the notes: values green, gradients red."""

from __future__ import annotations

from rich.text import Text

from backprop.cli.output import print_rich
from backprop.drawing.circuit import Circuit
from backprop.drawing.text import draw

STYLES = {"value": "green", "gradient": "red", "gate": "bold", "name": "italic"}


def print_coloured(drawing: Circuit, width: int) -> None:
    print_rich(
        Text.assemble(
            *[(piece.text, STYLES.get(piece.kind, "")) for piece in row],
            no_wrap=True, overflow="ignore",
        )
        for row in draw(drawing, width)
    )  # fmt: skip
