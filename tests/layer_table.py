"""Classes with both passes, in files that import each other: how each is made, what its forward
pass is given, and where Python finds the gradients afterwards."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from backprop.reading.files import Files
from backprop.reading.source import parsed
from backprop.reading.unit import Unit

IDIOMS = Path(__file__).parent / "idioms"
FOLDER = IDIOMS / "layered"
Values = Mapping[str, Any]


class Layered(NamedTuple):
    unit: str  # FILE:CLASS or FILE:CLASS.METHOD
    made: Mapping[str, Any]  # what the constructor takes: shapes, or values
    given: Mapping[str, Any]  # the same of the forward pass
    gradients: Mapping[str, str]  # expressions, of `out` that is returned, and of `self`
    backward: str = "backward"
    takes: str = "upstream"  # what the backward pass takes: that, the inputs, or nothing

    @property
    def file(self) -> Path:
        return FOLDER / f"{self.unit.partition(':')[0]}.py"

    @property
    def name(self) -> str:
        return self.unit.partition(":")[2]

    @property
    def init(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in self.made.items()
                         if not isinstance(value, tuple))  # fmt: skip

    def values(self) -> dict[str, Any]:
        """What is given to the forward pass, and arrays for the constructor."""
        random = np.random.default_rng(len(self.unit))
        return {
            name: random.standard_normal(value) if isinstance(value, tuple) else value
            for name, value in {**self.made, **self.given}.items()
            if isinstance(value, (tuple, np.ndarray)) or name in self.given
        }


def files_of(text: str = "", file: Path | None = None) -> Files:
    """The files beside; one of them may have another text."""

    def look(path: str) -> str | None:
        if file is not None and path == str(file):
            return text
        place = Path(path)
        return place.read_text() if place.is_file() else None

    return Files([str(IDIOMS)], look=look, main=str(file or ""))


def unit_of(layered: Layered, text: str = "", changed: Path | None = None) -> Unit:
    """The class as a unit. `text` is another text of its file, or of another one."""
    own = layered.file
    if changed in (None, own):
        return Unit(
            parsed(text or own.read_text(), str(own), layered.name, files_of("", own)),
            init=layered.init,
        )
    files = files_of(text, changed)
    files.main = str(own)
    return Unit(parsed(own.read_text(), str(own), layered.name, files), init=layered.init)


# Python itself.


@cache
def module(name: str) -> ModuleType:
    if str(IDIOMS) not in sys.path:
        sys.path.insert(0, str(IDIOMS))
    return importlib.import_module(f"layered.{name}")


def own_seed() -> None:
    """The random numbers of an object that draws its own weights."""
    np.random.seed(0)


def run(layered: Layered, values: Values, attributes: Values, upstream: Any) -> tuple[Any, Values]:
    """What Python makes of it: the value, and every gradient."""
    home = module(layered.unit.partition(":")[0])
    made = {name: values.get(name, value) for name, value in layered.made.items()}
    one = getattr(home, layered.name.partition(".")[0])(**made)
    put(one, attributes)
    given = [values[name] for name in layered.given]
    forward = next(getattr(one, name) for name in ("forward", "fprop", "fn", "loss", "__call__")
                   if hasattr(one, name))  # fmt: skip
    value = forward(*given)
    if upstream is None:
        return value, {}
    backward = getattr(one, layered.backward)
    fed = {"upstream": [np.array(upstream)], "inputs": given, "nothing": []}[layered.takes]
    out = backward(*fed)
    names = {"self": one, "out": out}
    return value, {name: eval(text, {}, names) for name, text in layered.gradients.items()}  # noqa: S307


def put(one: Any, attributes: Values) -> None:
    """Put weights where an object has drawn its own."""
    for path, value in attributes.items():
        *holders, last = path.split(".")
        holder = one
        for name in holders:
            holder = holder[name] if isinstance(holder, dict) else getattr(holder, name)
        if isinstance(holder, dict):
            holder[last] = value
        else:
            setattr(holder, last, value)


INDICES = np.array([1, 0, 2, 1])
LAYERS = (
    Layered("dense:Dense", {"W": (3, 2), "b": (2,)}, {"x": (4, 3)},
            {"x": "out", "W": "self.grads['W']", "b": "self.grads['b']"}),
    Layered("dense:DenseRelu", {"W": (3, 2), "b": (2,)}, {"x": (4, 3)},
            {"x": "out", "W": "self.grads['W']", "b": "self.grads['b']"}),
    Layered("dense:Gated", {"n_in": 3, "n_out": 2}, {"x": (4, 3)}, {"x": "out"}),
    Layered("dense:Lazy", {"n_out": 2}, {"inputs": (4, 3)},
            {"inputs": "self.dinputs", "weights": "self.dweights"}),
    Layered("dense:Embedding", {"W": (3, 2)}, {"idx": INDICES}, {"W": "self.grads[0]"}),
    Layered("activations:Relu", {}, {"x": (4, 3)}, {"x": "out"}),
    Layered("activations:Leaky", {"slope": 0.2}, {"x": (4, 3)}, {"x": "out"}, "bprop"),
    Layered("activations:Sigmoid", {}, {"x": (4, 3)}, {"x": "out"}, "gradient", "inputs"),
    Layered("activations:Swish", {"beta": 0.7}, {"z": (4, 3)}, {"z": "out"}, "grad", "inputs"),
    Layered("activations:Softmax", {}, {"x": (4, 3)}, {"x": "out"}),
    Layered("norms:BatchNorm", {"gamma": (3,), "beta": (3,)}, {"x": (5, 3)},
            {"x": "out", "gamma": "self.dgamma", "beta": "self.dbeta"}),
    Layered("norms:LayerNorm", {"gain": (3,), "shift": (3,)}, {"x": (5, 3)},
            {"x": "out", "gain": "self.grad_gain", "shift": "self.grad_shift"}),
    Layered("norms:RmsNorm", {"g": (3,)}, {"x": (5, 3)}, {"x": "out", "g": "self.g_grad"}),
    Layered("recurrent:RnnCell", {"Wx": (3, 2), "Wh": (2, 2), "b": (2,)},
            {"x": (4, 3), "h": (4, 2)},
            {"x": "out[0]", "h": "out[1]", "Wx": "self.dWx", "Wh": "self.dWh", "b": "self.db"}),
    Layered("recurrent:Rnn", {"Wx": (3, 2), "Wh": (2, 2), "b": (2,)}, {"xs": (2, 3, 3)},
            {"xs": "out", "Wx": "self.dWx", "Wh": "self.dWh", "b": "self.db"}),
    Layered("recurrent:LstmCell", {"W": (5, 8), "b": (8,)},
            {"x": (4, 3), "h": (4, 2), "c": (4, 2)},
            {"x": "out[0]", "h": "out[1]", "c": "out[2]", "W": "self.dW", "b": "self.db"}),
    Layered("losses:MeanSquare", {}, {"y_pred": (4, 3), "y": (4, 3)}, {"y_pred": "out"},
            "gradient", "inputs"),
    Layered("losses:CrossEntropy", {}, {"logits": (4, 3), "labels": INDICES}, {"logits": "out"},
            takes="nothing"),
    Layered("losses:Hinge", {}, {"scores": (4, 3), "y": INDICES}, {"scores": "out"},
            takes="nothing"),
    Layered("images:Conv", {"W": (2, 2, 2, 2), "b": (2,)}, {"x": (2, 2, 4, 4)},
            {"x": "out", "W": "self.dW", "b": "self.db"}),
    Layered("images:MaxPool", {"size": 2}, {"x": (2, 2, 4, 4)}, {"x": "out"}),
)  # fmt: skip
