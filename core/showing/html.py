"""A sheet as HTML for notebooks, in the theme of the notebook: text has its colour, only values,
gradients and verdicts have their own, in shades that can be read on light and on dark ground. An
output has names of its own, so that no two outputs of a page get in each other's way."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from html import escape
from itertools import count
from typing import Any
from uuid import uuid4

from backprop.showing.sheets import PLAIN, Line, Part, Picture, Row, Table, sheet

SESSION = uuid4().hex[:8]  # outputs of other sessions may stand in the same notebook
NUMBERS = count(1)
LIGHT = {
    "value": "#116329", "gradient": "#cf222e", "good": "#116329", "bad": "#cf222e",
    "doubt": "#7a4d00", "note": "#57606a", "ground": "#f6f8fa", "rule": "#d0d7de",
}  # fmt: skip
DARK = {
    "value": "#56d364", "gradient": "#ff7b72", "good": "#56d364", "bad": "#ff7b72",
    "doubt": "#e3b341", "note": "#9198a1", "ground": "#161b22", "rule": "#3d444d",
}  # fmt: skip
# Jupyter, VS Code and pages of Sphinx say on an outer element which theme they have.
DARKENED = (
    '[data-jp-theme-light="false"]', ".vscode-dark", ".theme-dark", '[data-theme="dark"]',
    "html[theme=dark]",
)  # fmt: skip
STYLE = {
    "": "color:inherit;font-size:13px;line-height:1.45;overflow-x:auto",
    "table": "border-collapse:collapse;margin:.6em 0;color:inherit;background:none;border:0",
    "td": "padding:.15em .9em .15em 0;vertical-align:top;text-align:left;border:0;background:none;"
    "color:inherit;white-space:pre;max-width:none",
    "th": "padding:.15em .9em .15em 0;text-align:left;border:0;background:none;color:inherit;"
    "white-space:normal;font-weight:600;border-bottom:1px solid var(--bp-rule)",
    "tr.last td": "padding-bottom:.7em",
    "tr.head td": "font-weight:600",
    "td.right": "text-align:right",
    "th.right": "text-align:right",
    "td.code": "font:12px var(--jp-code-font-family,monospace),monospace",
    ".line": "font:12px var(--jp-code-font-family,monospace),monospace;white-space:pre-wrap;"
    "margin:0",
    ".line.head": "font-weight:600",
    **{f".{name}": f"color:var(--bp-{name})" for name in LIGHT if name not in ("ground", "rule")},
    "svg": "max-width:100%;height:auto;margin:.4em 0;background:none",
    "svg .page": "fill:none",
    "svg text": "fill:currentColor;font:14px sans-serif;text-anchor:middle",
    "svg .wire": "fill:none;stroke:currentColor;stroke-width:1.3;opacity:.65",
    "svg .outline": "fill:var(--bp-ground);stroke:currentColor;stroke-width:1.6",
    "svg .cut .wire": "stroke-dasharray:4 4",
    "svg .tip": "fill:currentColor;opacity:.65",
    "svg .fork": "fill:currentColor;opacity:.65",
    "svg text.symbol": "font-size:16px",
    "svg text.name": "font-size:13px;font-style:italic",
    "svg text.made": "opacity:.7",
    "svg text.value": "font-size:13px;font-weight:bold;fill:var(--bp-value)",
    "svg text.gradient": "font-size:13px;fill:var(--bp-gradient)",
    "svg text.key": "font-size:11px;text-anchor:start",
    "svg .axis": "fill:none;stroke:currentColor;opacity:.5",
    "svg .loss": "fill:none;stroke:var(--bp-value);stroke-width:1.8",
}


def html(answer: Any) -> str:
    name = f"bp-{SESSION}-{next(NUMBERS)}"
    return "".join(pieces(sheet(answer, pictures=True), name))


def only_pictures(answer: Any) -> str:
    name = f"bp-{SESSION}-{next(NUMBERS)}"
    found = [part for part in sheet(answer, pictures=True) if isinstance(part, Picture)]
    return "".join(pieces(found, name))


def pieces(parts: Iterable[Part], name: str) -> Iterator[str]:
    yield f'<div id="{name}" class="backprop"><style>{"".join(rules("#" + name))}</style>'
    for part in parts:
        if isinstance(part, Picture):
            yield own(part.svg(), name)
        elif isinstance(part, Table):
            yield from table(part)
        elif isinstance(part, Line):
            yield f'<p class="{classes("line", part.kind)}">{escape(part.text)}</p>'
    yield "</div>"


def rules(name: str) -> Iterator[str]:
    """The style of one output alone; its colours by the theme around it."""
    dark = colours(DARK)
    yield f"{name}{{{colours(LIGHT)}}}"
    other = f"body:not([data-jp-theme-light]) {name}{{{dark}}}"
    yield f"@media (prefers-color-scheme:dark){{{other}}}"
    yield from (f"{theme} {name}{{{dark}}}" for theme in DARKENED)
    yield from (f"{name} {what}{{{how}}}" for what, how in STYLE.items())


def colours(theme: dict[str, str]) -> str:
    return ";".join(f"--bp-{name}:{colour}" for name, colour in theme.items())


def table(part: Table) -> Iterator[str]:
    heads = "".join(
        f'<th class="{"right" if one.right else ""}">{escape(one.heading)}</th>'
        for one in part.columns
    )
    yield f"<table><thead><tr>{heads}</tr></thead><tbody>"
    for row in part.rows:
        kinds = classes(row.kind, "last" if row.last else PLAIN)
        yield f'<tr class="{kinds}">{cells(part, row)}</tr>'
    yield "</tbody></table>"


def cells(part: Table, row: Row) -> str:
    found = [*row.cells, *[""] * (len(part.columns) - len(row.cells))]
    return "".join(
        f'<td class="{classes("right" if column.right else PLAIN, "code", column.kind)}">'
        f"{marked(cell)}</td>"
        for cell, column in zip(found, part.columns, strict=True)
    )


def marked(cell: str) -> str:
    """The += of a fork stands out."""
    return escape(cell).replace(" += ", ' <b class="sum">+=</b> ')


def classes(*kinds: str) -> str:
    return " ".join(filter(None, kinds))


def own(svg: str, name: str) -> str:
    """A picture without its own style, its names made those of this output."""
    bare = re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL)
    bare = re.sub(r' id="([^"]*)"', lambda found: f' id="{name}-{found[1]}"', bare)

    def named(found: re.Match[str]) -> str:
        return f'aria-labelledby="{" ".join(f"{name}-{one}" for one in found[1].split())}"'

    return re.sub(r'aria-labelledby="([^"]*)"', named, bare)
