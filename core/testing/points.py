"""The point at which a gradient is checked, and others around it, the same for the same seed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError, closest, listed
from backprop.testing.calling import plain_array

SPREADS = (0.3, 1.0, 3.0, 0.1, 2.0)  # how far others are, in parts of an array's scale
LOW, HIGH = -2.0, 2.0  # of numbers that nobody says anything of
TRIES = 4  # points that may lie outside of the domain for each one inside
NARROW = ("float32", "float16", "bfloat16")
Point = dict[str, Any]


def first_point(
    names: Sequence[tuple[str, bool]], at: Any, shapes: Mapping[str, Any] | None,
    ranges: Mapping[str, Any] | None, seed: int,
) -> Point:  # fmt: skip
    """The value of every input: given, or drawn. `names` say which need one."""
    known = [name for name, _ in names]
    given = given_point(at, known)
    sizes, bounds = dict(shapes or {}), checked_ranges(ranges)
    for which in (sizes, bounds):
        for name in which:
            if known and name not in known:
                raise no_input(name, known)
    both = [name for name in sizes if name in given]
    if both:
        raise UsageError(f"{both[0]} is given a value and a shape")
    random = np.random.default_rng(seed)
    drawn = {
        name: draw(random, checked_shape(name, sizes.get(name, ())), bounds.get(name))
        for name in [*known, *(one for one in [*sizes, *bounds] if one not in known)]
        if name not in given and (name in sizes or name in bounds or dict(names).get(name))
    }
    found = {**given, **drawn}
    return {
        name: found[name]
        for name in [*(n for n in known if n in found), *(n for n in found if n not in known)]
    }


def given_point(at: Any, known: Sequence[str]) -> Point:
    if at is None:
        return {}
    if isinstance(at, Mapping):
        for name in at:
            if known and name not in known:
                raise no_input(name, known)
        return {str(name): value_of(str(name), value) for name, value in at.items()}
    if isinstance(at, (tuple, list)):
        if known and len(at) > len(known):
            raise UsageError(f"at has {len(at)} values, and the inputs are {listed(known)}")
        names = known or [f"x{k}" for k in range(1, len(at) + 1)]
        return {name: value_of(name, value) for name, value in zip(names, at, strict=False)}
    if len(known) == 1:
        return {known[0]: value_of(known[0], at)}
    raise UsageError(
        f"at is a dict of values by name, not {type(at).__name__}", hint='at={"x": 1.0}'
    )


def no_input(name: str, known: Sequence[str]) -> UsageError:
    near = closest(str(name), list(known))
    hint = f"did you mean {near}?" if near else ""
    return UsageError(f"there is no input {name}; the inputs are {listed(list(known))}", hint=hint)


def value_of(name: str, value: Any) -> Any:
    """A value as it is handed over: numbers as floats, arrays of floats in float64, labels and
    what is no number as they are."""
    if isinstance(value, bool) or value is None or isinstance(value, (str, Mapping)):
        return value
    value = plain_array(value)
    if isinstance(value, (int, float, np.floating)):
        return float(value)
    if isinstance(value, np.ndarray) and value.dtype.kind == "c":
        raise UsageError(f"the value of {name} is complex")
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return np.array(value, dtype=float) if value.ndim else float(value)
    if isinstance(value, list):
        try:
            found = np.array(value)
        except ValueError:
            return value
        return found.astype(float) if found.dtype.kind in "fi" else value
    return value


def narrow(at: Any) -> list[str]:
    """The inputs that are given in a narrower format than float64."""
    rows = (
        at.items()
        if isinstance(at, Mapping)
        else enumerate(at)
        if isinstance(at, (list, tuple))
        else ()
    )
    kinds = ((name, str(getattr(value, "dtype", "")).rpartition(".")[2]) for name, value in rows)
    return [f"{name} is {kind}" for name, kind in kinds if kind in NARROW]


def checked_ranges(ranges: Mapping[str, Any] | None) -> dict[str, tuple[float, float]]:
    found = {}
    for name, bounds in dict(ranges or {}).items():
        try:
            low, high = map(float, bounds)
        except (TypeError, ValueError):
            raise UsageError(f"the range of {name} is two numbers: (low, high)") from None
        if not low <= high or not np.isfinite([low, high]).all():
            raise UsageError(f"the range of {name} goes from {low:g} to {high:g}")
        found[str(name)] = (low, high)
    return found


def checked_shape(name: str, shape: Any) -> tuple[int, ...]:
    try:
        found = (int(shape),) if isinstance(shape, int) else tuple(int(one) for one in shape)
    except (TypeError, ValueError):
        raise UsageError(f"the shape of {name} is a tuple of lengths, such as (3, 4)") from None
    if any(length < 0 for length in found):
        raise UsageError(f"the shape of {name} has a length below 0")
    return found


def draw(
    random: np.random.Generator, shape: tuple[int, ...], bounds: tuple[float, float] | None
) -> Any:
    """Random numbers of few digits, which are easy to read and to type."""
    low, high = bounds or (LOW, HIGH)
    found = random.uniform(low, high, shape)
    largest = max(abs(low), abs(high))
    if high - low > 0.01 * largest and 1e-9 < largest < 1e9:
        decimals = 3 - int(np.floor(np.log10(largest)))
        found = np.clip(np.round(found, decimals), low, high)
    return found if shape else float(found)


def moving_in(point: Mapping[str, Any]) -> list[str]:
    """The inputs that can be differentiated by: numbers and arrays of floats."""
    return [name for name, value in point.items() if is_moving(value)]


def is_moving(value: Any) -> bool:
    if isinstance(value, float):
        return True
    return isinstance(value, np.ndarray) and value.dtype.kind == "f" and value.size > 0


def scale_of(value: Any) -> float:
    """How large the numbers of an input are; 1 if all are 0."""
    found = float(np.max(np.abs(value), initial=0.0))
    return found if found and np.isfinite(found) else 1.0


def around(
    first: Point, moving: Sequence[str], ranges: Mapping[str, Any] | None, seed: int, most: int
) -> Iterator[Point]:
    """Points in the ranges that are given, else around the first, near and far in turn."""
    bounds = checked_ranges(ranges)
    random = np.random.default_rng([seed, 1])
    for attempt in range(most * TRIES):
        spread = SPREADS[attempt % len(SPREADS)]
        point = dict(first)
        for name in moving:
            value = first[name]
            if name in bounds:
                point[name] = draw(random, np.shape(value), bounds[name])
                continue
            steps = random.uniform(-1, 1, np.shape(value)) * spread
            moved = value + steps * (scale_of(value) + np.abs(value)) / 2
            point[name] = moved if np.shape(value) else float(moved)
        yield point
