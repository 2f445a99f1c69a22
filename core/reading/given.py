"""What a command line gives to parameters of Python source that are no numbers: texts, True and
False, None, dicts, lists of these. Each becomes an expression of Python that the reader reads."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from backprop.errors import BackpropError, UsageError

CONSTANTS = {"true": "True", "false": "False", "null": "None"}
WORD = re.compile(r"[A-Za-z_][\w.-]*")
LONGEST = 1_000_000  # characters


def split(
    parameters: Sequence[tuple[str, str | None]], values: Mapping[str, Any],
    is_number: Callable[[str, Any], bool],
) -> tuple[dict[str, Any], dict[str, str]]:  # fmt: skip
    """The values that are numbers and arrays, and the others as expressions of Python."""
    defaults = dict(parameters)
    numbers, texts = {}, {}
    for name, value in values.items():
        found = expression(name, value, defaults.get(name), is_number)
        if found is None:
            numbers[name] = value
        else:
            texts[name] = found
    return numbers, texts


def expression(
    name: str, value: Any, default: str | None, is_number: Callable[[str, Any], bool]
) -> str | None:
    """A value as Python, if it is neither a number nor an array."""
    if isinstance(value, (bool, dict)) or value is None:
        return python_of(value)
    if isinstance(value, list) and not all(map(is_plain_number, entries(value))):
        return python_of(value)
    if not isinstance(value, str):
        return None
    text = value.strip()
    if len(text) > LONGEST:
        return None
    if text[:1] in ("{", '"', "'"):
        return written(name, text)
    if default is not None and is_text(default):
        return repr(value)
    if text in ("True", "False", "None"):
        return text
    if is_number(name, value):
        return None
    if text in CONSTANTS:
        return CONSTANTS[text]
    if WORD.fullmatch(text):
        return repr(text)
    return written(name, text) if text[:1] == "(" else None


def entries(value: Any) -> Iterator[Any]:
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting += found
        else:
            yield found


def is_plain_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_text(default: str) -> bool:
    """Is the default of a parameter a text?"""
    try:
        return isinstance(ast.literal_eval(default), str)
    except (ValueError, SyntaxError, RecursionError, MemoryError):
        return False


def written(name: str, text: str) -> str:
    """JSON or Python as an expression of Python."""
    try:
        return python_of(json.loads(text))
    except (ValueError, RecursionError):
        pass
    try:
        ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise UsageError(
            f"the value of {name} is neither JSON nor an expression of Python",
            hint="""a dict looks like this: '{"mode": "train", "eps": 1e-5}'""",
        ) from None
    return text


def python_of(value: Any) -> str:
    try:
        return repr(value)
    except RecursionError:
        raise UsageError("a value is nested too deeply") from None


def numeric(number: Callable[[str, Any], Any]) -> Callable[[str, Any], bool]:
    """Can something be read as a number or an array?"""

    def asked(name: str, value: Any) -> bool:
        try:
            number(name, value)
        except BackpropError:
            return False
        return True

    return asked
