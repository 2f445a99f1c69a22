"""A function as Python itself runs it, and as the reader reads it: values, and slopes.

The slopes of Python are those of a step into the complex plane: `f(x + ih)` has the slope times
`h` as its imaginary part, with nothing lost to cancelling. So arrays that a function makes are
complex then, and `abs`, `float` and the functions of `math` are replaced by ones that are smooth.
"""

from __future__ import annotations

import builtins
import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np

from backprop.answer.evaluation import evaluate
from backprop.language.syntax import Tree
from backprop.program.stage import stage
from backprop.reading.memory import Array, Number
from backprop.reading.reader import Found, read
from backprop.reading.source import parsed

STEP = 1e-30
Values = Mapping[str, Any]


def smooth_abs(a: Any) -> Any:
    return np.where(np.real(a) < 0, -a, a)[()]


def complex_made(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that makes an array, of complex numbers if it would be one of floats."""

    def made(*fed: Any, **named: Any) -> Any:
        found = function(*fed, **named)
        return found.astype(complex) if found.dtype == float else found

    return made


class ComplexNumPy:
    """NumPy, whose new arrays hold complex numbers."""

    MAKING = ("zeros", "ones", "empty", "full", "zeros_like", "ones_like", "full_like", "eye",
              "array", "arange", "linspace")  # fmt: skip

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        return complex_made(found) if name in self.MAKING else found

    abs = staticmethod(smooth_abs)
    fabs = staticmethod(smooth_abs)

    @staticmethod
    def var(a: Any) -> Any:
        return np.mean((a - np.mean(a)) ** 2)

    class linalg:  # noqa: N801
        @staticmethod
        def norm(a: Any, axis: Any = None) -> Any:
            return np.sqrt(np.sum(a * a, axis=axis))


MATH = SimpleNamespace(
    **{name: getattr(np, name) for name in ("sin", "cos", "exp", "log", "sqrt", "tanh", "log1p")},
    pi=math.pi, e=math.e, floor=lambda a: int(np.floor(np.real(a))),
    fabs=smooth_abs,
)  # fmt: skip


def smooth_int(value: Any) -> int:
    return int(float(np.real(value)))


def function_of(text: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    scope: dict[str, Any] = {"__builtins__": builtins, **names}
    exec(compile(text, "made", "exec"), scope)
    found: Callable[..., Any] = scope["f"]
    return found


def copies(values: Values) -> dict[str, Any]:
    return {name: np.array(one) if np.ndim(one) else one for name, one in values.items()}


def by_python(text: str, values: Values) -> Any:
    """What Python itself makes of it."""
    with np.errstate(all="ignore"):
        return function_of(text, {"np": np, "math": math})(**copies(values))


def slopes_of_python(text: str, values: Values, chosen: Callable[[Any], Any]) -> dict[str, Any]:
    """The slope of a number that is chosen of the result, by each entry of each input."""
    # The imports of the text would undo the replacements.
    kept = "\n".join(line for line in text.split("\n") if not line.startswith("import "))
    kept = kept.replace("astype(float)", "astype(complex)")
    names = {"np": ComplexNumPy(), "math": MATH, "abs": smooth_abs, "float": lambda a: a,
             "int": smooth_int}  # fmt: skip
    function = function_of(kept, names)
    found: dict[str, Any] = {}
    for name, value in values.items():
        slopes = np.zeros(np.shape(value))
        for place in np.ndindex(slopes.shape):
            fed = {
                other: np.asarray(one, dtype=complex).copy()[()] for other, one in values.items()
            }
            if place:
                fed[name][place] += 1j * STEP
            else:
                fed[name] = fed[name] + 1j * STEP
            with np.errstate(all="ignore"):
                slopes[place] = np.imag(chosen(function(**fed))) / STEP
        found[name] = slopes
    return found


def by_reader(text: str, values: Values, seed: int = 0) -> Found:
    return read(parsed(text, "made.py", "f"), values, seed=seed)


def slopes_of_tree(tree: Tree, values: Values) -> tuple[float, dict[str, Any]]:
    """The value of a tree and its gradient, staged and evaluated."""
    shapes = {name: np.shape(value) for name, value in values.items() if np.ndim(value)}
    program = stage(tree, list(values), shapes=shapes)
    known = {name: value for name, value in values.items() if name in program.inputs}
    report = evaluate(program, {name: as_given(one) for name, one in known.items()}, ties="first")
    gradient = {
        name: np.asarray(report.gradient[name]) if name in known else np.zeros(np.shape(one))
        for name, one in values.items()
    }
    return float(np.asarray(report.value)), gradient


def as_given(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def plain(value: Any) -> Any:
    """A value of the reader as Python has it."""
    if isinstance(value, Number):
        return value.value
    if isinstance(value, Array):
        return np.array(value.cells)
    if isinstance(value, (list, tuple)):
        return value.__class__(map(plain, value))
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    return value


def same(ours: Any, theirs: Any, close: float = 1e-12) -> bool:
    """Equal values, however they are nested; numbers as exactly as `close`."""
    if isinstance(theirs, (list, tuple)) and isinstance(ours, (list, tuple)):
        return len(ours) == len(theirs) and all(
            same(a, b, close) for a, b in zip(ours, theirs, strict=True)
        )
    if isinstance(theirs, dict):
        return isinstance(ours, dict) and list(ours) == list(theirs) and all(
            same(ours[name], theirs[name], close) for name in theirs
        )  # fmt: skip
    if isinstance(theirs, (str, type(None))):
        return bool(ours == theirs)
    a, b = np.asarray(ours, dtype=float), np.asarray(theirs, dtype=float)
    scale = max(1.0, float(np.abs(b[np.isfinite(b)]).max(initial=0.0)))
    return a.shape == b.shape and bool(
        np.allclose(a, b, rtol=0, atol=close * scale, equal_nan=True)
    )


def differing(text: str, values: Values, close: float = 1e-9) -> list[str]:
    """In what a function differs that returns a number, and anything else beside it: its values
    to 1e-12, those of the staged program, and its slopes to `close`."""
    theirs = by_python(text, values)
    found = by_reader(text, values)
    wrong = []
    if not same(plain(found.result), theirs):
        wrong.append("values")
    if not any(isinstance(one, Number) for one in found.result[:1]):
        return wrong  # nothing depends on an input
    value, gradient = slopes_of_tree(found.tree, values)
    if not same(value, theirs[0]):
        wrong.append("the program's value")
    expected = slopes_of_python(text, values, lambda result: result[0])
    wrong += [f"by {name}" for name in values if not same(gradient[name], expected[name], close)]
    return wrong
