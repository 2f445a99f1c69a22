"""Two curves over a step size, drawn in braille dots; both axes go from 1e-16 to 1.

The first curve is a line and the second a row of dots, so that no colour is needed. A cell of
braille has two columns of four dots; a row of cells is a decade. Where only ASCII can be
shown, a cell is a letter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

DECADES = 16
GAP = 3  # columns between the parts of the legend
EVERY = 4  # decades between labels
WIDEST = 6  # cells a decade
USUAL = 4  # where nobody sets a width
MARGIN = 7  # cells left of the plot
UNBOUNDED = 1000
ACROSS, DOWN = 2, 4  # dots of a cell
BRAILLE = ((0x01, 0x02, 0x04, 0x40), (0x08, 0x10, 0x20, 0x80))
SPARSE = 3  # of the second curve every third dot is drawn

Curve = Sequence[tuple[float, float | None]]
Dots = set[tuple[int, int]]


class Plot:
    """A line and a row of dots in whatever width there is. `names` say which is which."""

    def __init__(self, line: Curve, dotted: Curve, names: tuple[str, str], label: str) -> None:
        self.line = line
        self.dotted = dotted
        self.names = names
        self.label = label

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        cells = USUAL if width > UNBOUNDED else min(WIDEST, (width - MARGIN - 2) // DECADES)
        if cells < 1:
            yield Text("the plot needs more columns")
            return
        line = set(dots_of(self.line, cells))
        dotted = {dot for dot in dots_of(self.dotted, cells) if dot[0] % SPARSE == 0}
        plain = options.ascii_only
        samples = ("ooo", ". .") if plain else ("⠤⠤⠤", "⠄⠠⠀")
        legend = [f"{s} {name}" for s, name in zip(samples, self.names, strict=True)]
        for part in fitted([f"{self.label:>{MARGIN - 1}}", *legend], width):
            yield Text(part, no_wrap=True, overflow="crop")
        for row in range(DECADES):
            edge = axis_label(-row) + ("|" if plain else "┤" if row % EVERY == 0 else "│")
            if plain:
                drawn = letters([(dotted, "."), (line, "o")], row, DECADES * cells)
            else:
                drawn = braille(line | dotted, row, DECADES * cells)
            yield Text(edge + drawn.rstrip(), no_wrap=True)
        yield Text(bottom(cells, plain=plain), no_wrap=True)
        yield Text(ticks(cells), no_wrap=True)


def fitted(parts: Sequence[str], width: int) -> Iterator[str]:
    """The parts on one line, or on as many as they need."""
    line = ""
    for part in parts:
        if line and len(line) + GAP + len(part) > width:
            yield line
            line = part
        else:
            line = line + " " * GAP + part if line else part
    yield line


def dots_of(curve: Curve, cells: int) -> Iterator[tuple[int, int]]:
    """The dots of a curve, one for each column of dots; what is off the plot lies on its edge."""
    last = DECADES * cells * ACROSS - 1
    places = [
        None if error is None else ((math.log10(h) + DECADES) * cells * ACROSS, height(error))
        for h, error in curve
    ]
    for left, right in pairwise(places):
        if left is None or right is None:
            continue
        for column in range(math.ceil(left[0]), math.ceil(right[0])):
            share = (column - left[0]) / (right[0] - left[0])
            yield min(column, last), round(left[1] + share * (right[1] - left[1]))


def height(error: float) -> float:
    """How many dots below the top an error lies."""
    lowest = DECADES * DOWN - 1
    return min(max(-math.log10(error) * DOWN, 0), lowest) if error > 0 else lowest


def braille(dots: Dots, row: int, width: int) -> str:
    """One row of cells, and the dots in it."""
    return "".join(
        chr(0x2800 + sum(
            BRAILLE[x][y]
            for x in range(ACROSS)
            for y in range(DOWN)
            if (cell * ACROSS + x, row * DOWN + y) in dots
        )).replace(chr(0x2800), " ")
        for cell in range(width)
    )  # fmt: skip


def letters(curves: Sequence[tuple[Dots, str]], row: int, width: int) -> str:
    """The same in ASCII; where curves meet, the last one is seen."""
    marks = [" "] * width
    for dots, mark in curves:
        for column, down in dots:
            if down // DOWN == row:
                marks[column // ACROSS] = mark
    return "".join(marks)


def axis_label(power: int) -> str:
    return f"{f'1e{power}' if power % EVERY == 0 else '':>{MARGIN - 1}} "


def bottom(cells: int, *, plain: bool) -> str:
    corner, dash, tick = "+-+" if plain else "┼─┴"
    stretch = dash * (EVERY * cells - 1) + tick
    return (
        axis_label(-DECADES)
        + corner
        + stretch[:-1]
        + (tick + stretch[:-1]) * (DECADES // EVERY - 1)
        + tick
    )


def ticks(cells: int) -> str:
    """The labels of the step size, each ending below its tick; fewer where they would touch."""
    text = ""
    for power in range(-DECADES, 1, EVERY if EVERY * cells > MARGIN else DECADES):
        place = MARGIN + 1 + (power + DECADES) * cells
        text = text.ljust(place - 3) + f"1e{power}"
    return text + "  h"
