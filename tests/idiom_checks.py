"""Python and the grader, each on both passes of an idiom."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from types import CodeType
from typing import Any

import numpy as np
from idiom_table import Idiom
from torch_spelling import TORCH, tensor

from backprop.grading.backward import UPSTREAM
from backprop.grading.forward import Forward
from backprop.grading.grade import forward_of, grade
from backprop.grading.results import Grade
from backprop.reading.source import parsed
from backprop.reading.unit import Unit

STEP = 1e-5
READY: dict[str, Forward] = {}
Gradients = dict[str, Any]


# The grader.


def forward_for(idiom: Idiom, text: str) -> Forward:
    """The forward pass; read once, unless both passes are in a text that is another one."""
    if idiom.name in READY and not (text != idiom.text and idiom.together):
        return READY[idiom.name]
    unit = Unit(parsed(text, f"{idiom.file}.py", idiom.forward))
    tree, values = unit.at(idiom.values, result="" if idiom.forward else "loss")
    found = forward_of(tree, values)
    return READY.setdefault(idiom.name, found) if text == idiom.text else found


def graded(idiom: Idiom, text: str = "") -> Grade:
    """The grade of the file, or of a text in its place."""
    text = text or idiom.text
    return grade(forward_for(idiom, text), text, f"{idiom.file}.py", None, idiom.backward)


# Python.


@cache
def compiled(text: str) -> CodeType:
    return compile(text.replace("import torch\n", "\n"), "idiom", "exec")


def as_python(idiom: Idiom, value: Any) -> Any:
    """A copy that may be changed; a whole number is an index."""
    if isinstance(value, np.ndarray):
        return tensor(value.copy()) if "torch" in idiom.file else value.copy()
    return int(value) if value.is_integer() else value


def module(idiom: Idiom, text: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The file as a module; of a script, with the values as its variables."""
    found: dict[str, Any] = {"torch": TORCH}
    if not idiom.forward:
        found |= {name: as_python(idiom, value) for name, value in values.items()}
    exec(compiled(text), found)
    return found


def forward_run(idiom: Idiom, found: Mapping[str, Any], values: Mapping[str, Any]) -> Any:
    """What the forward function returns, and its arguments as they were passed."""
    if not idiom.forward:
        return found["loss"], {}
    given = {name: as_python(idiom, value) for name, value in values.items()}
    return found[idiom.forward](**given), given


def result_of(returned: Any) -> Any:
    return np.asarray(returned[0] if isinstance(returned, tuple) else returned, float)


def gradients(idiom: Idiom, text: str, values: Mapping[str, Any], upstream: Any) -> Gradients:
    """The gradients that the backward pass gives, by Python itself."""
    found = module(idiom, text, values)
    if not idiom.forward:
        return {name: np.asarray(found[f"d{name}"]) for name in idiom.wanted.split()}
    returned, given = forward_run(idiom, found, values)
    if idiom.together:
        return by_name(idiom, returned[1:])
    kept = returned[1:] if isinstance(returned, tuple) else ()
    arguments: dict[str, Any] = {}
    names = [
        name for name, parameter in inspect.signature(found[idiom.backward]).parameters.items()
        if name not in given and parameter.default is parameter.empty
    ]  # fmt: skip
    if result_of(returned).ndim:
        first = next(name for name in names if UPSTREAM.match(name))
        arguments[first] = tensor(upstream) if "torch" in idiom.file else upstream.copy()
        names.remove(first)
    arguments |= dict(zip(names, kept if len(kept) == len(names) else [kept], strict=True))
    own = inspect.signature(found[idiom.backward]).parameters
    arguments |= {name: value for name, value in given.items() if name in own}
    return by_name(idiom, found[idiom.backward](**arguments))


def by_name(idiom: Idiom, returned: Any) -> Gradients:
    wanted = idiom.wanted.split()
    while isinstance(returned, tuple) and len(returned) == 1:
        (returned,) = returned
    if isinstance(returned, dict):
        return {name: np.asarray(returned.get(f"d{name}", returned.get(name))) for name in wanted}
    parts = returned if isinstance(returned, tuple) else (returned,)
    return {name: np.asarray(part) for name, part in zip(wanted, parts, strict=True)}


def start(idiom: Idiom) -> Any:
    """A gradient of the result to begin with: 1 of a number, anything of an array."""
    values = idiom.values
    returned, _ = forward_run(idiom, module(idiom, idiom.text, values), values)
    shape = result_of(returned).shape
    return np.random.default_rng(7).standard_normal(shape) if shape else np.ones(())


def differences(idiom: Idiom) -> Gradients:
    """The gradients by central differences of the forward pass."""
    values, upstream = idiom.values, start(idiom)
    whole = module(idiom, idiom.text, values)

    def loss(changed: Mapping[str, Any]) -> float:
        found = whole if idiom.forward else module(idiom, idiom.text, changed)
        return float(np.sum(result_of(forward_run(idiom, found, changed)[0]) * upstream))

    found: Gradients = {}
    for name in idiom.wanted.split():
        value = np.asarray(values[name], float)
        slope = np.zeros(value.shape)
        for place in np.ndindex(value.shape):
            sides = []
            for sign in (1, -1):
                moved = value.copy()
                moved[place] += sign * STEP
                sides.append(loss({**values, name: moved if value.ndim else float(moved)}))
            slope[place] = (sides[0] - sides[1]) / (2 * STEP)
        found[name] = slope
    return found
