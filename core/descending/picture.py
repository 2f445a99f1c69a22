"""The loss over the steps as SVG: self-contained, for light and dark pages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from backprop.descending.scale import Scale, scale_of

WIDTH, HEIGHT = 640, 360
LEFT, RIGHT, TOP, BOTTOM = 76, 20, 44, 48
MOST_POINTS = 2_000
MARK = 60  # with fewer points, each is marked

STYLE = (
    ".descent .page{fill:#fff}.descent .grid{stroke:#d0d7de}"
    ".descent .loss{fill:none;stroke:#0969da;stroke-width:2;stroke-linejoin:round}"
    ".descent .mark{fill:#0969da}"
    '.descent text{font:13px "DejaVu Sans",Verdana,Helvetica,Arial,sans-serif;fill:#1f2328}'
    ".descent .title{font-weight:bold;font-size:14px}.descent .up{text-anchor:end}"
    ".descent .along{text-anchor:middle}"
    "@media (prefers-color-scheme:dark){.descent .page{fill:#0d1117}.descent .grid{stroke:#30363d}"
    ".descent .loss{stroke:#58a6ff}.descent .mark{fill:#58a6ff}.descent text{fill:#f0f6fc}}"
)


def draw(values: Sequence[float], title: str, name: str) -> str:
    """The picture; `title` says what was done, `name` is that of the loss."""
    return "".join(f"{line}\n" for line in lines(values, title, name))


def lines(values: Sequence[float], title: str, name: str) -> Iterator[str]:
    up = scale_of(values)
    along = Scale(0.0, max(1.0, len(values) - 1.0), False)
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="descent" role="img" '
        f'aria-label="{escape(title)}" width="{WIDTH}" height="{HEIGHT}" '
        f'viewBox="0 0 {WIDTH} {HEIGHT}">'
    )
    yield f"<style>{STYLE}</style>"
    yield f'<rect class="page" width="{WIDTH}" height="{HEIGHT}" rx="6"/>'
    yield f'<text class="title" x="{LEFT}" y="26">{escape(title)}</text>'
    for tick in up.ticks(6):
        y = down(up, tick)
        yield f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:g}" y2="{y:g}"/>'
        yield f'<text class="up" x="{LEFT - 8}" y="{y + 4:g}">{tick:.4g}</text>'
    for tick in along.ticks(6):
        if tick.is_integer():
            x = across(along, tick)
            yield f'<text class="along" x="{x:g}" y="{HEIGHT - BOTTOM + 20}">{tick:.0f}</text>'
    yield f'<text class="up" x="{LEFT - 8}" y="26">{escape(name)}</text>'
    yield f'<text class="along" x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 10}">step</text>'
    yield from curve(values, up, along)
    yield "</svg>"


def curve(values: Sequence[float], up: Scale, along: Scale) -> Iterator[str]:
    stride = -(-len(values) // MOST_POINTS)
    chosen = sorted({*range(0, len(values), stride), len(values) - 1})
    points = [(across(along, float(step)), down(up, values[step])) for step in chosen]
    path = " ".join(f"{x:.6g},{y:.6g}" for x, y in points)
    yield f'<polyline class="loss" points="{path}"/>'
    if len(values) <= MARK:
        for (x, y), step in zip(points, chosen, strict=True):
            told = f"<title>step {step}: {values[step]!r}</title>"
            yield f'<circle class="mark" cx="{x:.6g}" cy="{y:.6g}" r="3">{told}</circle>'


def down(up: Scale, value: float) -> float:
    return round(HEIGHT - BOTTOM - up.share(value) * (HEIGHT - TOP - BOTTOM), 2)


def across(along: Scale, step: float) -> float:
    return round(LEFT + along.share(step) * (WIDTH - LEFT - RIGHT), 2)
