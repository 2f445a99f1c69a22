"""Reports in, text or Rich renderables out. A format is a file here and a row in FORMATS."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from backprop.answer.report import Report
from backprop.cli.render.numbers import View

FORMATS = ("table", "json", "csv", "markdown", "plain")


def render_text(report: Report, kind: str, view: View) -> Iterator[str]:
    """The pieces of a text format, which never pass through Rich."""
    pieces: Iterator[str] = import_module(f"backprop.cli.render.{kind}").render(report, view)
    return pieces
