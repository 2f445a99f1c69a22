"""The files that the page is made of: the same script and look as those of a page in a file, with
a field for the program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from backprop.drawing.page import asset, script_of, style_of
from backprop.drawing.page.frame import (
    EDITOR,
    PANELS,
    PLAYED_PANELS,
    PLAYED_TABS,
    SAVE_PAGE,
    TABS,
)
from backprop.serving.examples import EXAMPLES
from backprop.serving.server import POLICY, File


def files(text: str, unit: str, values: Mapping[str, Any]) -> dict[str, File]:
    """What is served, by its name after the token; it begins with a program, or an example."""
    if not text.strip():
        _, text, values = EXAMPLES[0]
    begun = {"text": text, "unit": unit, "values": dict(values), "examples": EXAMPLES}
    kept = json.dumps(begun).replace("<", "\\u003c")
    html = asset("frame.html").format(
        policy=POLICY.partition("; frame-ancestors")[0],
        kind="play",
        title="backprop play",
        head='<link rel="stylesheet" href="page.css">',
        editor=EDITOR,
        tabs=TABS + PLAYED_TABS,
        panels=PANELS + PLAYED_PANELS,
        saves=SAVE_PAGE,
        picture="",
        ties="",
        scripts=(
            f'<script id="data" type="application/json">{kept}</script>\n'
            '<script src="page.js"></script>'
        ),
    )
    return {
        "": File("text/html", html),
        "page.js": File("text/javascript", f'"use strict";\n{script_of("play")}'),
        "page.css": File("text/css", style_of()),
    }
