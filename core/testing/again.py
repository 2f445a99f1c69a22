"""The command that shows again what a check of a gradient has found."""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Mapping
from shlex import quote
from typing import Any

from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.testing.results import LONGEST, held
from backprop.testing.sources import file_of


def command(f: Any, gradient: Any, point: Mapping[str, Any]) -> str:
    """`backprop check FILE.py:f --backward FILE.py:gradient --at '{...}'`; nothing for what stands
    in no file."""
    text = json.dumps({name: held(value) for name, value in point.items()})
    short = len(text) <= LONGEST
    where = quote(text) if short else "point.json"
    if isinstance(f, (str, Tree, Program)):
        program = f if isinstance(f, str) else f.text
        known = gradient is None and len(program) <= LONGEST and short
        return f"backprop check {quote(program)} --at {where}" if known else ""
    own = place_of(f)
    if isinstance(f, type):
        return f"backprop check {own} --at {where}" if own and short else ""
    other = own if gradient is None else place_of(gradient)
    if not own or not other:
        return ""
    before = "" if short else f"check.save({where!r}), then "
    return f"{before}backprop check {own} --backward {other} --at {where}"


def place_of(function: Any) -> str:
    """FILE.py:NAME of a function or a class at the top of a file."""
    name = getattr(function, "__qualname__", "")
    if (
        not (hasattr(function, "__code__") or isinstance(function, type))
        or "." in name
        or "<" in name
    ):
        return ""
    file = inspect.getsourcefile(function) or ""
    return f"{file_of(function)}:{name}" if os.path.isfile(file) else ""
