"""check_gradient and assert_gradient: is the gradient that somebody wrote the gradient of the
function?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.reading.unit import Unit
from backprop.testing import foreign
from backprop.testing.calling import parameters_of, quietly
from backprop.testing.checking import Checking
from backprop.testing.judging import Rules
from backprop.testing.results import (
    KINK,
    UNCHECKED,
    UNDEFINED,
    GradientCheck,
)
from backprop.testing.subjects import FunctionSubject, TextSubject

POINTS = 20
RTOL = 1e-9
MOST_POINTS = 10_000
ALLOWED = (KINK, UNDEFINED, UNCHECKED)
CLOSE = 1e-4  # off by less than this, what is right as it is read is rounding
AGREES = 1e-6  # to which the engine and the function have the same value
SLOW = 30_000  # calls of a function, after which no more points are looked at


def check_gradient(
    f: Any,
    gradient: Any = None,
    *,
    at: Any = None,
    shapes: Mapping[str, Any] | None = None,
    points: int = POINTS,
    ranges: Mapping[str, Any] | None = None,
    rtol: float = RTOL,
    atol: float | str = "scaled",
    allow: Sequence[str] = (),
    seed: int = 0,
) -> GradientCheck:
    """Is `gradient` the gradient of `f`? At a point, at `points` others around it.

    `f` is a text, a Program, a Python function or class, a torch.autograd.Function, a
    torch.nn.Module or a function of JAX. `gradient` is a function of the same arguments, which
    returns gradients in their order or a dict by name; or a dict of texts; or nothing, where f has
    its own. `at` has the values by name; an input without one is drawn from `ranges`, as a number
    or with the shape in `shapes`. An entry may be off by `rtol` of itself and by `atol`, which is
    `rtol` of the largest entry if it is "scaled". `allow` names verdicts that pass as well.
    """
    rules = Rules(*checked(rtol, atol))
    allowed = checked_allow(allow)
    if not isinstance(points, int) or isinstance(points, bool) or not 0 <= points <= MOST_POINTS:
        raise UsageError(f"points is a number from 0 to {MOST_POINTS:,}, not {points}")
    if not isinstance(seed, int) or seed < 0:
        raise UsageError(f"the seed is {seed}, and seeds begin with 0")
    subject = subject_of(f, gradient, at)
    with quietly():
        return Checking(subject, f, gradient, rules, seed).run(at, shapes, ranges, points, allowed)


def assert_gradient(f: Any, gradient: Any = None, **options: Any) -> GradientCheck:
    """The same, and an AssertionError that says what is wrong, and where."""
    __tracebackhide__ = True
    found = check_gradient(f, gradient, **options)
    if not found.passed:
        raise AssertionError("\n".join(found.sentences()))
    return found


def checked(rtol: Any, atol: Any) -> tuple[float, float | None]:
    for name, value in (("rtol", rtol), ("atol", atol)):
        if name == "atol" and value == "scaled":
            continue
        if (
            isinstance(value, bool)
            or not isinstance(value, (int, float))
            or not 0 <= value < np.inf
        ):
            raise UsageError(f"{name} is a number of 0 or more, not {value!r}")
    return float(rtol), None if atol == "scaled" else float(atol)


def checked_allow(allow: Any) -> tuple[str, ...]:
    words = (allow,) if isinstance(allow, str) else tuple(allow)
    for word in words:
        if word not in ALLOWED:
            raise UsageError(f"allow can name {', '.join(ALLOWED)}, not {word!r}")
    return words


def subject_of(f: Any, gradient: Any, at: Any) -> Any:
    """What is to be checked, as something with values and gradients."""
    if gradient is not None and not callable(gradient) and not isinstance(gradient, Mapping):
        raise UsageError(
            f"the gradient is a function, or a dict of texts, not {type(gradient).__name__}"
        )
    if isinstance(f, (str, Tree, Program)):
        return TextSubject(f, gradient)
    if isinstance(f, Unit):
        return f
    found = foreign.subject(f, gradient, at)
    if found is not None:
        return found
    if isinstance(f, type):
        return f
    if not callable(f):
        raise UsageError(f"f is a text, a Program, a function or a class, not {type(f).__name__}")
    if isinstance(gradient, Mapping):
        texts = {str(name): str(text) for name, text in gradient.items()}
        return FunctionSubject(f, texts_function(texts, [name for name, _ in parameters_of(f)]))
    return FunctionSubject(f, gradient)


def texts_function(texts: Mapping[str, str], names: Sequence[str]) -> Callable[..., Any]:
    """A gradient in texts as a function of the same arguments."""
    from backprop.answer.evaluation import evaluate

    def gradient(**values: Any) -> dict[str, Any]:
        return {
            name: evaluate(text, {n: v for n, v in values.items() if n in words(text)}).value
            for name, text in texts.items()
        }

    def words(text: str) -> dict[str, int]:
        from backprop.language.parser import parse

        return parse(text).names

    import inspect

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    gradient.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [inspect.Parameter(name, kind) for name in names]
    )
    return gradient
