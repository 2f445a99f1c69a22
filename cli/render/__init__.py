"""Reports in, text or Rich renderables out. A format is a file here and a row in FORMATS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module

from backprop.answer.report import Report
from backprop.showing.numbers import View

Render = Callable[[Report, View], Iterator[str]]

FORMATS = ("table", "json", "csv", "markdown", "plain")


def stages_as(kind: str) -> tuple[Render, Render]:
    """What prints the stages in a text format that never passes through Rich, and what prints the
    answers after them, which the check may add to."""
    module = import_module(f"backprop.cli.render.{kind}")
    return module.render_stages, module.render_answers
