"""Twenty layers with hand-written gradients, and the bugs that are planted in them, each in one
line. Whether a bug is caught is asked of this tool and, in a campaign, of the checkers of PyTorch
and JAX."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

FILE = Path(__file__).parent / "idioms" / "gradients" / "layers.py"
N = 4  # rows and columns: arrays are square, so that a wrong axis has a right shape
LAYERS: dict[str, tuple[tuple[int, ...], ...]] = {
    "affine": ((N, N), (N, N), (N,)),
    **dict.fromkeys(
        ("relu", "leaky_relu", "elu", "sigmoid", "tanh", "softplus", "silu", "gelu", "softmax",
         "log_softmax", "huber"),
        ((N, N),),
    ),
    "layer_norm": ((N, N), (N,), (N,)),
    "batch_norm": ((N, N), (N,), (N,)),
    "rms_norm": ((N, N), (N,)),
    "squared_error": ((N, N), (N, N)),
    "absolute_error": ((N, N), (N,)),
    "hinge": ((N, N), (N, N)),
    "clipped": ((N, N), (N,)),
    "attention": ((N, N), (N, N), (N, N)),
}  # fmt: skip
NAMES = {
    "affine": ("x", "w", "b"), "layer_norm": ("x", "gamma", "beta"),
    "batch_norm": ("x", "gamma", "beta"), "rms_norm": ("x", "gamma"), "attention": ("x", "w", "v"),
}  # fmt: skip
MILLIONTH, ENTRY, NEGATIVE, AXIS, KINK, MASK = KINDS = (
    "1e-6", "one entry of 1 %", "only where x < 0", "wrong axis", "a kink as 0.5", "a mask turned",
)  # fmt: skip
HALF = {  # lines that decide at a kink, and what makes 0.5 of it
    "relu": ("mask = x > 0", "mask = (x > 0) + 0.5 * (x == 0)"),
    "leaky_relu": ("slope = np.where(x > 0, 1.0, 0.1)",
                   "slope = np.where(x > 0, 1.0, np.where(x < 0, 0.1, 0.5))"),
    "elu": ("slope = np.where(x > 0, 1.0, 2.0 * np.exp(np.minimum(x, 0.0)))",
            "slope = np.where(x > 0, 1.0, np.where(x < 0, 2.0 * np.exp(np.minimum(x, 0.0)), 1.5))"),
    "absolute_error": ("side = np.where(x > w, 1.0, -1.0)",
                       "side = np.where(x > w, 1.0, np.where(x < w, -1.0, 0.5))"),
    "hinge": ("dmargin = dout * (margin > 0)", "dmargin = dout * ((margin > 0) + 0.5 * (margin == 0))"),
    "clipped": ("inside = (ratio > -1.5) & (ratio < 1.5)",
                "inside = np.where(np.abs(ratio) < 1.5, 1.0, np.where(np.abs(ratio) > 1.5, 0.0, 0.5))"),
}  # fmt: skip
TURNED = {
    "relu": ("mask = x > 0", "mask = x < 0"),
    "leaky_relu": ("np.where(x > 0, 1.0, 0.1)", "np.where(x > 0, 0.1, 1.0)"),
    "elu": ("np.where(x > 0, 1.0, 2.0", "np.where(x < 0, 1.0, 2.0"),
    "huber": ("np.where(inside, x, np.sign(x))", "np.where(inside, np.sign(x), x)"),
    "absolute_error": ("side = np.where(x > w,", "side = np.where(x < w,"),
    "hinge": ("(margin > 0)", "(margin < 0)"),
    "clipped": ("(ratio > -1.5) & (ratio < 1.5)", "(ratio < -1.5) | (ratio > 1.5)"),
}
AXES = {
    "affine": ("db = np.sum(dout, axis=0)", "db = np.sum(dout, axis=1)"),
    "softmax": ("total = np.sum(dout * p, axis=1,", "total = np.sum(dout * p, axis=0,"),
    "log_softmax": ("total = np.sum(dout, axis=1,", "total = np.sum(dout, axis=0,"),
    "layer_norm": ("dgamma = np.sum(dout * norm, axis=0)", "dgamma = np.sum(dout * norm, axis=1)"),
    "batch_norm": ("shift = np.sum(dnorm, axis=0)", "shift = np.sum(dnorm, axis=1)"),
    "rms_norm": ("along = np.mean(dnorm * x, axis=1,", "along = np.mean(dnorm * x, axis=0,"),
    "absolute_error": ("dw = -np.sum(dx, axis=0)", "dw = -np.sum(dx, axis=1)"),
    "clipped": ("dw = np.sum(dratio * x, axis=0)", "dw = np.sum(dratio * x, axis=1)"),
    "attention": ("total = np.sum(dp * p, axis=1,", "total = np.sum(dp * p, axis=0,"),
}


class Bug(NamedTuple):
    """A layer with one changed line."""

    layer: str
    kind: str
    text: str  # of the file
    line: int


def names_of(layer: str) -> tuple[str, ...]:
    return NAMES.get(layer, ("x", "w")[: len(LAYERS[layer])])


def bugs() -> Iterator[Bug]:
    for layer in LAYERS:
        yield multiplied(layer, MILLIONTH, "(1.0 + 1e-6)")
        yield multiplied(layer, ENTRY, f"np.where(np.arange({N}) == 1, 1.01, 1.0)", rows=True)
        if layer != "relu":  # whose gradient is 0 there
            yield multiplied(layer, NEGATIVE, "np.where(x < 0, 1.1, 1.0)")
        for kind, table in ((AXIS, AXES), (KINK, HALF), (MASK, TURNED)):
            if layer in table:
                yield replaced(layer, kind, *table[layer])


def lines_of(layer: str) -> tuple[list[str], int, int]:
    """The lines of the file, and those of the gradient of a layer."""
    lines = FILE.read_text("utf-8").split("\n")
    start = lines.index(next(one for one in lines if one.startswith(f"def {layer}_backward(")))
    stop = next(k for k in range(start, len(lines)) if lines[k].startswith("    return"))
    return lines, start, stop


def multiplied(layer: str, kind: str, factor: str, *, rows: bool = False) -> Bug:
    """The line that gives dx, times something; in one entry alone if it is for a column."""
    lines, start, stop = lines_of(layer)
    k = next(k for k in range(start, stop) if lines[k].startswith("    dx = "))
    name, _, code = lines[k].partition(" = ")
    factor = f"np.where(np.arange({N})[:, None] == 2, {factor}, 1.0)" if rows else factor
    lines[k] = f"{name} = ({code}) * {factor}"
    return Bug(layer, kind, "\n".join(lines), k + 1)


def replaced(layer: str, kind: str, old: str, new: str) -> Bug:
    lines, start, stop = lines_of(layer)
    (k,) = [k for k in range(start, stop) if old in lines[k]]
    lines[k] = lines[k].replace(old, new)
    return Bug(layer, kind, "\n".join(lines), k + 1)


def point(layer: str, kind: str = "") -> dict[str, Any]:
    """Where a layer is checked: positive numbers for a bug that only negative ones have, and a
    kink for one that only kinks have."""
    random = np.random.default_rng(len(layer))
    found = {
        name: random.standard_normal(shape)
        for name, shape in zip(names_of(layer), LAYERS[layer], strict=True)
    }
    if kind == NEGATIVE:
        found["x"] = np.abs(found["x"]) + 0.5
    if kind == KINK:
        at_kink(layer, found)
    return found


def at_kink(layer: str, found: dict[str, Any]) -> None:
    x = found["x"]
    if layer == "absolute_error":
        x[1, 2] = found["w"][2]
    elif layer == "hinge":
        x[1], found["w"][:, 2] = np.eye(N)[0], np.eye(N)[0]
    elif layer == "clipped":
        found["w"][2] = 0.75
        x[1, 2] = 2.0
    else:
        x[1, 2] = 0.0


def module_of(text: str, folder: Path, name: str) -> ModuleType:
    """A file as a module, which inspect finds the source of."""
    path = folder / f"{name}.py"
    path.write_text(text, "utf-8")
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    sys.modules[name] = made
    spec.loader.exec_module(made)
    return made
