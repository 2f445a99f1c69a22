"""The loss over the steps, as a line of braille dots in whatever width there is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.text import Text

from backprop.cli.render.plot import ACROSS, DOWN, UNBOUNDED, braille, letters
from backprop.descending.scale import scale_of

ROWS = 10
USUAL = 64  # cells where nobody sets a width
NARROWEST = 10
MARGIN = 9  # cells left of the plot

Dots = set[tuple[int, int]]


class LossCurve:
    def __init__(self, values: Sequence[float], name: str) -> None:
        self.values = values
        self.name = name

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = options.max_width
        cells = USUAL if width > UNBOUNDED else min(USUAL, width - MARGIN - 2)
        if cells < NARROWEST:
            yield Text("the plot needs more columns")
            return
        plain = options.ascii_only
        scale = scale_of(self.values)
        shares = [scale.share(value) for value in self.values]
        dots = dots_of(shares, cells * ACROSS, ROWS * DOWN)
        ticks = {
            (ROWS * DOWN - 1 - round(scale.share(tick) * (ROWS * DOWN - 1))) // DOWN: f"{tick:.4g}"
            for tick in scale.ticks(4)
        }
        yield Text(f"{self.name:>{MARGIN - 1}}", no_wrap=True, overflow="ellipsis")
        for row in range(ROWS):
            drawn = letters([(dots, "o")], row, cells) if plain else braille(dots, row, cells)
            mark = "|" if plain else "┤" if row in ticks else "│"
            yield Text(f"{ticks.get(row, ''):>{MARGIN - 1}} {mark}{drawn.rstrip()}", no_wrap=True)
        corner, dash = ("+", "-") if plain else ("┼", "─")
        yield Text(f"{'':>{MARGIN}}{corner}{dash * cells}", no_wrap=True)
        last = f"{len(self.values) - 1} steps"
        yield Text(f"{'':>{MARGIN + 1}}0{last:>{cells - 1}}", no_wrap=True)


def dots_of(shares: Sequence[float], across: int, down: int) -> Dots:
    """The dots of a line through these heights; where many fall into one column, all of them."""
    reach = max(1, len(shares) - 1)
    places = [
        (number * (across - 1) / reach, (1 - share) * (down - 1))
        for number, share in enumerate(shares)
    ]
    dots = {(round(x), round(y)) for x, y in places}
    for (left, high), (right, low) in pairwise(places):
        for column in range(round(left) + 1, round(right)):
            part = (column - left) / (right - left)
            dots.add((column, round(high + part * (low - high))))
    return dots
