"""PROGRAM as Python source: FILE.py:NAME, FILE.py, FILE.ipynb."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import number
from backprop.cli.files import read_bytes

if TYPE_CHECKING:
    from backprop.reading.unit import Unit

NAMES_A_SOURCE = re.compile(r"\.(?:py|ipynb)(?::|$)")


def unit_named(word: str) -> Unit | None:
    """The unit that a word names; None if it is a text in the language."""
    found = file_and_unit(word)
    if found is None:
        return None
    from backprop.reading.source import decoded, parsed
    from backprop.reading.unit import Unit

    file, unit = found
    return Unit(parsed(decoded(read_bytes(file), file), file, unit))


def file_and_unit(word: str) -> tuple[str, str] | None:
    """The file and the name in FILE.py:NAME; None if a word is something else."""
    if not NAMES_A_SOURCE.search(word):
        return None
    from backprop.reading.source import unit_of

    return unit_of(word)


def split_values(
    parameters: Sequence[tuple[str, str | None]], values: Mapping[str, Any], seed: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """Values that are numbers and arrays, and the others as expressions of Python."""
    from backprop.reading.given import numeric, split

    asked = numeric(lambda name, value: numbers_of({name: value}, seed))
    return split(parameters, values, asked)


def numbers_of(values: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Values as numbers and arrays."""
    arrays = arrays_in(values, seed)
    return {
        name: arrays[name] if name in arrays else number(name, value)
        for name, value in values.items()
    }
