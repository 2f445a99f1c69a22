"""Golden results: what a program is expected to give, kept in a file."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from backprop.answer.evaluation import arrays_in
from backprop.answer.plain import plain
from backprop.answer.report import Report
from backprop.answer.values import number as as_float
from backprop.errors import UsageError

SCHEMA = "backprop/expect/1"
SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Expectation(NamedTuple):
    """Numbers; nested lists of them for arrays."""

    point: Mapping[str, Any]
    value: Any
    gradient: Mapping[str, Any]


def expected_text(report: Report) -> str:
    """What a report gives, as the text of a file to compare with later."""
    found = {
        "schema": SCHEMA,
        "expression": report.program.text,
        "point": {name: plain(value) for name, value in report.point.items()},
        "value": plain(report.value),
        "gradient": {name: plain(slope) for name, slope in report.gradient.items()},
    }
    return json.dumps(found, indent=2) + "\n"


def read_expectation(text: str, origin: str) -> Expectation:
    try:
        data = json.loads(text, object_pairs_hook=without_doubles)
    except (ValueError, RecursionError):
        raise UsageError(f"{origin} is not JSON") from None
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:
        raise UsageError(
            f"{origin} is not a stored result",
            hint="backprop check PROGRAM --write-expect FILE makes one",
        )
    try:
        return Expectation(
            numbers(data["point"]), number_or_array(data["value"]), numbers(data["gradient"])
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise UsageError(f"{origin} is a damaged stored result") from None


def without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) < len(pairs):
        raise ValueError("a name is there twice")
    return dict(pairs)


def numbers(data: Mapping[str, Any]) -> dict[str, Any]:
    return {name: number_or_array(value) for name, value in data.items()}


def number_or_array(value: Any) -> Any:
    if not isinstance(value, list):
        return number(value)
    entries("", value)  # raises if one is no number
    return value


def entries(name: str, value: Any) -> dict[str, float]:
    """The numbers of nested lists, by names such as `x[0][1]`."""
    found: dict[str, float] = {}
    waiting = [(name, value)]
    while waiting:
        name, value = waiting.pop()
        if isinstance(value, list):
            waiting += [(f"{name}[{k}]", part) for k, part in reversed([*enumerate(value)])]
        else:
            found[name] = number(value)
    return found


def number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        raise TypeError
    return SPECIAL[value] if isinstance(value, str) else float(value)


def point_of(expectation: Expectation, values: Mapping[str, Any]) -> dict[str, Any]:
    """The point to compare at: the stored one, which given values may not contradict."""
    arrays = arrays_in(values, 0)
    for name, value in values.items():
        stored = expectation.point.get(name)
        given = arrays[name].tolist() if name in arrays else None
        if stored is not None and stored != (given or as_float(name, value)):
            raise UsageError(f"the stored result is for {name}={shown(stored)}, not {value}")
    return {**values, **expectation.point}


def shown(value: Any) -> str:
    return str(value if isinstance(value, list) else plain(value))


def departures(report: Report, expectation: Expectation, tolerance: float) -> Iterator[str]:
    """Every number that is not what was expected, as a sentence."""
    output = report.program.output_name
    yield from different(output, plain(report.value), expectation.value, tolerance)
    for name, slope in expectation.gradient.items():
        found = report.gradient.get(name)
        if found is None and name in report.program.inputs:
            continue  # not asked for
        if found is None:
            yield f"d{output}/d{name} is expected, but the program has no {name}"
        else:
            yield from different(f"d{output}/d{name}", plain(found), slope, tolerance)
    for name in report.gradient:
        if name not in expectation.gradient:
            yield f"d{output}/d{name} is new: nothing is stored for it"


def different(name: str, found: Any, expected: Any, tolerance: float) -> Iterator[str]:
    """What is not as expected, entry by entry."""
    ours, theirs = entries(name, found), entries(name, expected)
    if ours.keys() != theirs.keys():
        yield f"{name} has another shape than expected"
        return
    for entry, number_found in ours.items():
        if not close(number_found, theirs[entry], tolerance):
            yield f"{entry} is {plain(number_found)}, expected {plain(theirs[entry])}"


def close(a: float, b: float, tolerance: float) -> bool:
    if a != a or b != b:
        return a != a and b != b
    return a == b or abs(a - b) <= tolerance * max(abs(a), abs(b))
