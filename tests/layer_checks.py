"""Python and the tool, each on a class with both passes."""

from __future__ import annotations

import ast
import types
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import layer_table
import numpy as np
from layer_table import Layered, run, unit_of
from slipping import Slip, changed_lines, moved, written

import backprop
from backprop.grading.forward import Forward, forward_of
from backprop.grading.grade import grade
from backprop.grading.results import Grade
from backprop.reading.layers import at_path

STEP = 1e-5


# The tool.


def forward_for(layered: Layered, text: str = "", changed: Path | None = None) -> Forward:
    unit = unit_of(layered, text, changed)
    tree, values = unit.at(given(layered))
    return forward_of(tree, values, wrt=list(layered.gradients))


def given(layered: Layered) -> dict[str, Any]:
    return {name: value.astype(float) if isinstance(value, np.ndarray) else value
            for name, value in layered.values().items()}  # fmt: skip


def graded(layered: Layered, text: str = "", changed: Path | None = None) -> Grade:
    forward = forward_for(layered, text, changed)
    return grade(forward, forward.program.tree.text, str(layered.file), None, layered.name)


# Python.


@cache
def drawn(unit: str) -> Mapping[str, Any]:
    """The weights that the tool's object has made itself, by the way to them."""
    layered = next(one for one in layer_table.LAYERS if one.unit == unit)
    from backprop.reading.reader import read

    own = unit_of(layered)
    found = read(own.source, given(layered), making=own.making)
    values = dict(found.reader.inputs)
    ways = found.reader.attributes
    return {
        ".".join(map(str, ways[name])): value
        for name, value in values.items()
        if name in ways and name not in layered.made
    }


def right_gradients(layered: Layered) -> tuple[Any, dict[str, Any], Any]:
    """The tool's report; the gradients and the value that Python has."""
    values, attributes = layered.values(), drawn(layered.unit)
    value, _ = run(layered, values, attributes, None)
    upstream = start(layered)
    report = backprop.evaluate(unit_of(layered), given(layered), upstream=upstream)
    expected = {}
    for name in layered.gradients:
        way = name if name in values else next(one for one in attributes if one.endswith(name))
        held = values if name in values else attributes
        expected[name] = slope(layered, way, held, upstream)
    return report, expected, value


def start(layered: Layered) -> Any:
    value, _ = run(layered, layered.values(), drawn(layered.unit), None)
    if layered.takes != "upstream":
        return np.ones(np.shape(value))[()]
    return np.cos(np.arange(np.size(value), dtype=float)).reshape(np.shape(value))[()]


def slope(layered: Layered, name: str, held: Mapping[str, Any], upstream: Any) -> Any:
    values, attributes = layered.values(), drawn(layered.unit)
    value = np.asarray(held[name], float)
    found = np.zeros(value.shape)
    for place in np.ndindex(value.shape):
        sides = []
        for sign in (1, -1):
            other = value.copy()
            other[place] += sign * STEP
            where = {**held, name: other}
            args = (where, attributes) if held.keys() == values.keys() else (values, where)
            out, _ = run(layered, *args, None)
            sides.append(np.sum(np.asarray(out) * upstream))
        found[place] = (sides[0] - sides[1]) / (2 * STEP)
    return found


# Mistakes.


def backward_of(layered: Layered) -> ast.FunctionDef:
    tree = ast.parse(layered.file.read_text())
    name = layered.name.partition(".")[0]
    own = next(one for one in tree.body if isinstance(one, ast.ClassDef) and one.name == name)
    return next(
        one for one in own.body
        if isinstance(one, ast.FunctionDef) and one.name == layered.backward
    )  # fmt: skip


def made_slips(layered: Layered) -> Iterator[Slip]:
    """Every single mistake in the lines of the backward pass."""
    text = layered.file.read_text()
    node = backward_of(layered)
    random = Random(0)
    names = sorted({one.id for one in ast.walk(node) if isinstance(one, ast.Name)
                    and one.id[:1] == "d" and isinstance(one.ctx, ast.Store)})  # fmt: skip
    seen = {text}
    for statement in ast.walk(node):
        if isinstance(statement, (ast.Assign, ast.AugAssign)) and about_gradients(statement):
            for kind, changed in changed_lines(statement, names, random):
                slip = written(text, statement, kind, changed)
                if slip.text not in seen:
                    seen.add(slip.text)
                    yield slip
    yield from moved(text, node)


def about_gradients(node: ast.Assign | ast.AugAssign) -> bool:
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target
    text = ast.unparse(target)
    return not isinstance(target, (ast.Tuple, ast.List)) and text not in ("n", "s", "D", "x", "t")


def outcome(layered: Layered, text: str) -> str:
    """What Python says of a changed file: right, wrong, or stopped."""
    name = layered.unit.partition(":")[0]
    before = layer_table.module
    before(name)  # so that its package is known
    changed = types.ModuleType(f"layered.{name}")
    changed.__package__ = "layered"
    exec(compile(text, "changed", "exec"), changed.__dict__)  # noqa: S102
    right = run(layered, layered.values(), drawn(layered.unit), start(layered))[1]
    layer_table.module = lambda other: changed if other == name else before(other)  # type: ignore[assignment]
    try:
        with np.errstate(all="ignore"):
            found = run(layered, layered.values(), drawn(layered.unit), start(layered))[1]
    except Exception:
        return "stopped"
    finally:
        layer_table.module = before
    for key, value in right.items():
        other = np.asarray(found[key])
        if other.shape != value.shape or not np.allclose(other, value, rtol=1e-7, atol=1e-10):
            return "wrong"
    return "right"


__all__ = ["at_path", "graded", "made_slips", "outcome", "right_gradients"]
