"""A page to play with: the circuit, its inputs as sliders, and both passes step by step.

One file without any network: the emitted JavaScript computes every wire anew as an input moves.
`backprop play` serves the same page with the library behind it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from importlib.resources import files

from backprop.answer.report import Report
from backprop.drawing.page.frame import PANELS, TABS
from backprop.drawing.page.scene import numbers, pictures, scene, tied
from backprop.drawing.svg import stylesheet
from backprop.emitting import at_ties
from backprop.emitting.tracing import trace
from backprop.program.program import Program

SCRIPTS = ("numbers", "camera", "circuit", "steps", "inputs", "wires", "panels", "page")


def page(
    report: Report,
    decimals: int = 2,
    *,
    collapse: bool = False,
    around: tuple[str, int] | None = None,
) -> str:
    """The page of a program at a point. With `collapse` it begins with boxes; `around` a stage
    or an input, so many steps away, it shows these alone."""
    program = report.program
    found, boxes, start = pictures(report, decimals, collapse=collapse, around=around)
    common = scene(report, decimals)
    first = found[start].pop("svg")
    data = {
        "scene": common,
        "pictures": found,
        "boxes": boxes,
        "start": start,
        "now": numbers(report) if program.arrays or tied(report) else None,
    }
    script = f'"use strict";\n{computing(program)}{script_of("offline")}'
    style = style_of()
    kept = json.dumps(data, allow_nan=False).replace("<", "\\u003c")
    return asset("frame.html").format(
        policy=policy(script, style),
        kind="offline",
        title=escape(common["title"]),
        head=f"<style>{style}</style>",
        editor=program_shown(common["program"], common["title"]),
        tabs=TABS,
        panels=PANELS,
        saves="",
        picture=first,
        ties=escape(" ".join(at_ties(program, "split"))) if not program.arrays else FIXED,
        scripts=SCRIPTED.format(data=kept, script=script),
    )


SCRIPTED = """<script id="data" type="application/json">{data}</script>
<script>{script}</script>"""
FIXED = "The numbers of arrays stay as they were computed; backprop play moves them too."


def computing(program: Program) -> str:
    """What computes a program of numbers anew, with its helpers to itself."""
    if program.arrays:
        return ""
    return f"const trace = (() => {{\n{trace(program, 'split').strip()}\nreturn trace;\n}})();\n"


def program_shown(text: str, title: str) -> str:
    """The program above its circuit, where the title doesn't say it all."""
    if "\n" not in text and text in title:
        return ""
    return (
        f'<details id="program"><summary>The program</summary><pre>{escape(text)}</pre></details>'
    )


def policy(script: str, style: str) -> str:
    """What the page may do: run and draw by what stands in it, and nothing else."""
    return (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def digest(text: str) -> str:
    return f"sha256-{b64encode(sha256(text.encode()).digest()).decode()}"


def script_of(last: str) -> str:
    """The script of the page; the last part says who answers."""
    return "\n".join(asset(f"script/{name}.js") for name in (*SCRIPTS, last))


def style_of() -> str:
    """The look of the page and of the circuits in it."""
    return "\n".join([*stylesheet(), asset("page.css")])


def asset(name: str) -> str:
    return files("backprop.drawing.page").joinpath(name).read_text("utf-8")
