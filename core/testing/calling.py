"""What functions take and return: inputs as they are called, values and gradients as they come."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from backprop.errors import UsageError, closest, listed

UPSTREAM = re.compile(r"(d|g|grad|up)", re.IGNORECASE)  # as the grading of files has it
Point = Mapping[str, Any]


def parameters_of(function: Callable[..., Any]) -> list[tuple[str, Any]]:
    """The parameters and their defaults; `inspect.Parameter.empty` where there is none."""
    try:
        found = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return []
    skipped = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return [(one.name, one.default) for one in found if one.kind not in skipped]


def is_required(default: Any) -> bool:
    return default is inspect.Parameter.empty


class Caller:
    """A function, called with copies of a point's arrays, since it may write into them."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        try:
            rows = [*inspect.signature(function).parameters.values()]
        except (TypeError, ValueError):
            rows = []
        names = {one.name for one in rows}
        self.first = [one.name for one in rows if one.kind is one.POSITIONAL_ONLY]
        self.open = not rows or any(one.kind is one.VAR_POSITIONAL for one in rows)
        self.names = names

    def __call__(self, point: Point) -> Any:
        fed = {name: copied(value) for name, value in point.items()}
        if self.open and not self.names & fed.keys():
            return self.function(*fed.values())
        first = [fed.pop(name) for name in self.first if name in fed]
        return self.function(*first, **fed)


def called(function: Callable[..., Any], point: Point) -> Any:
    return Caller(function)(point)


@contextmanager
def quietly() -> Iterator[None]:
    """Functions that are tried near their limits warn of it."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def copied(value: Any) -> Any:
    return value.copy() if isinstance(value, np.ndarray) else value


# Values.


def result_of(returned: Any) -> tuple[Any, list[Any]]:
    """The result of a function as numbers, and what it returns beside it."""
    rest: list[Any] = []
    if isinstance(returned, (tuple, list)) and returned and not is_plain_list(returned):
        returned, *rest = returned
    return numeric(returned, "the function"), rest


def is_plain_list(value: Any) -> bool:
    """Is a list or a tuple one array, and not several results?"""
    return isinstance(value, list) and all(isinstance(one, (int, float)) for one in value)


def numeric(value: Any, who: str) -> Any:
    """A number or an array of float64."""
    try:
        found = np.asarray(plain_array(value))
    except (TypeError, ValueError):
        raise UsageError(f"{who} returns {type(value).__name__}, not numbers") from None
    if found.dtype.kind == "c":
        raise UsageError(f"{who} returns complex numbers")
    if found.dtype.kind not in "fiub":
        raise UsageError(f"{who} returns {type(value).__name__}, not numbers")
    return found.astype(float)[()]


def plain_array(value: Any) -> Any:
    """A tensor of another library as an array."""
    if hasattr(value, "detach"):
        return value.detach().cpu().numpy()
    if hasattr(value, "__array__") and not isinstance(value, (np.ndarray, np.generic)):
        return np.asarray(value)
    return value


# Gradients.


class GradientFunction:
    """A gradient that is a function: how it is called, and what it returns."""

    def __init__(self, function: Callable[..., Any], inputs: Sequence[str]) -> None:
        self.function = function
        self.inputs = list(inputs)
        self.rows = parameters_of(function)
        names = [name for name, _ in self.rows]
        own = [name for name, default in self.rows if is_required(default)]
        left = [name for name in own if name not in inputs]
        self.by_place = len(left) == len(own) == len(inputs) and not any(map(UPSTREAM.match, own))
        self.caller = Caller(function)
        left = [] if self.by_place else left
        self.upstream = next((name for name in left if UPSTREAM.match(name)), "")
        self.rest = [name for name in left if name != self.upstream]
        self.takes = [name for name in names if name in inputs]
        if not self.rows and not names:
            self.takes = list(inputs)

    def __call__(self, point: Point, upstream: Any, rest: Sequence[Any]) -> Any:
        if self.by_place:
            order = [name for name, default in self.rows if is_required(default)]
            return self.caller(dict(zip(order, point.values(), strict=False)))
        fed = {name: point[name] for name in self.takes if name in point}
        if self.upstream:
            fed[self.upstream] = upstream
        if len(self.rest) == len(rest):
            fed |= dict(zip(self.rest, rest, strict=True))
        elif len(self.rest) == 1 and rest:
            fed[self.rest[0]] = tuple(rest)
        elif (
            len(rest) == 1 and isinstance(rest[0], (tuple, list)) and len(rest[0]) == len(self.rest)
        ):
            fed |= dict(zip(self.rest, rest[0], strict=True))
        elif self.rest:
            raise UsageError(
                f"{name_of(self.function)} takes {listed(self.rest)}, which the function neither"
                " takes nor returns",
                hint="name parameters as the function names what they are",
            )
        order = [name for name, _ in self.rows]
        fed = {name: fed[name] for name in [*order, *fed] if name in fed}
        return self.caller(fed)


def gradients_in(returned: Any, moving: Sequence[str], everything: Sequence[str]) -> dict[str, Any]:
    """What a gradient function returns, by the names of inputs."""
    if isinstance(returned, Mapping):
        return dict(of_mapping(returned, everything))
    parts = list(returned) if isinstance(returned, (tuple, list)) and not (
        is_plain_list(returned) and len(moving) == 1
    ) else [returned]  # fmt: skip
    if len(parts) == len(everything):
        names = list(everything)
    elif len(parts) <= len(moving):
        names = list(moving)
    else:
        raise UsageError(
            f"the gradient returns {len(parts)} parts, and there are {len(moving)} inputs:"
            f" {listed(list(moving))}"
        )
    found = {name: one for name, one in zip(names, parts, strict=False) if one is not None}
    return {name: numeric(one, "the gradient") for name, one in found.items() if name in moving}


def of_mapping(returned: Mapping[Any, Any], inputs: Sequence[str]) -> Iterator[tuple[str, Any]]:
    ways = {
        pattern.format(name): name
        for name in inputs for pattern in ("{}", "d{}", "d_{}", "grad_{}", "{}_grad")
    }  # fmt: skip
    for key, value in returned.items():
        if key not in ways:
            near = closest(str(key), list(inputs))
            raise UsageError(
                f"the gradient has a part {key!r}, and the inputs are {listed(list(inputs))}",
                hint=f"did you mean {near}?" if near else "",
            )
        if value is not None:
            yield ways[key], numeric(value, "the gradient")


def name_of(thing: Any) -> str:
    return str(getattr(thing, "__name__", "") or type(thing).__name__)
