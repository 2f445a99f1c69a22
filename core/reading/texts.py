"""Texts that are put together: f-strings, the operator %, str.format. Python's own functions do
it, over numbers and texts alone and with widths of a few digits; anything else is three dots."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from string import Formatter
from typing import Any

from backprop.reading.diagnostics import UnreadError
from backprop.reading.memory import Number
from backprop.reading.values import plain_number

LONGEST = 1_000_000  # characters
WIDEST = 1_000  # characters of a value
WHOLE = 1e15
UNSHOWN: str = "..."
SPEC = re.compile(r"(?:.?[<>=^])?[-+ ]?z?#?0?\d{0,2}[,_]?(?:\.\d{1,2})?[a-zA-Z%]?")
PERCENT = re.compile(r"%(?:\(\w+\))?[-+ #0]*\d{0,2}(?:\.\d{0,2})?[hlL]?[diouxXeEfFgGcrsa%]|%")


def shown(value: Any, spec: str = "", conversion: str = "") -> str:
    """A value as it stands in a text."""
    plain = simple(value)
    if plain is UNSHOWN:
        return "..."
    if conversion in ("r", "a"):
        plain = repr(plain) if conversion == "r" else ascii(plain)
    if not SPEC.fullmatch(spec):
        raise UnreadError(f"the format {spec[:20]!r} can't be read")
    try:
        return f"{plain:{spec}}" if spec else str(plain)
    except (ValueError, TypeError):
        raise UnreadError(f"the format {spec!r} doesn't fit this value") from None


def simple(value: Any) -> Any:
    """A number or a text as Python's own; three dots for anything else."""
    value = plain_number(value)
    if isinstance(value, Number):  # an input may have been a whole number
        return (
            int(value.value) if abs(value.value) < WHOLE and value.value % 1 == 0 else value.value
        )
    if isinstance(value, (str, int, float, bool, type(None))):
        return value
    return UNSHOWN


def joined(parts: Sequence[str], between: str = "") -> str:
    if sum(map(len, parts)) + len(between) * len(parts) > LONGEST:
        raise UnreadError("this text becomes too long")
    return between.join(parts)


def replaced(text: str, old: str, new: str, count: int = -1) -> str:
    if len(text) + text.count(old) * len(new) > LONGEST:
        raise UnreadError("this text becomes too long")
    return text.replace(old, new, count)


def refuse_many(text: str, mark: str) -> None:
    if text.count(mark) > LONGEST // WIDEST or len(text) > LONGEST:
        raise UnreadError("this text becomes too long")


def percent(text: str, values: Any) -> str:
    """`text % values`."""
    refuse_many(text, "%")
    if any(found == "%" for found in PERCENT.findall(text)):
        raise UnreadError("this format can't be read")
    fed: Any
    if isinstance(values, dict):
        fed = {name: simple(value) for name, value in values.items()}
    else:
        fed = tuple(
            [simple(value) for value in (values if isinstance(values, tuple) else (values,))]
        )
    parts = fed.values() if isinstance(fed, dict) else fed
    try:
        return joined([text % fed])
    except (TypeError, ValueError, KeyError, OverflowError):
        if any(part is UNSHOWN for part in parts):
            return text
        raise UnreadError("these values don't fit the format") from None


def braces(text: str, fed: Sequence[Any], named: Mapping[str, Any]) -> str:
    """`text.format(...)`."""
    refuse_many(text, "{")
    parts: list[str] = []
    count = 0
    try:
        pieces = list(Formatter().parse(text))
    except ValueError:
        raise UnreadError("this format can't be read") from None
    for literal, field, spec, conversion in pieces:
        parts.append(literal)
        if field is None:
            continue
        if not field:
            field, count = str(count), count + 1
        found: Any
        if field.isdecimal() and int(field) < len(fed):
            found = fed[int(field)]
        elif field in named:
            found = named[field]
        else:
            raise UnreadError(f"nothing is given for {{{field[:20]}}}")
        parts.append(shown(found, spec or "", conversion or ""))
    return joined(parts)
