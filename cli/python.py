"""PROGRAM as Python source: FILE.py:NAME, FILE.py, FILE.ipynb."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import number
from backprop.cli.files import read_bytes
from backprop.reading.source import decoded, parsed, unit_of
from backprop.reading.unit import Unit


def unit_named(word: str) -> Unit | None:
    """The unit that a word names; None if it is a text in the language."""
    found = unit_of(word)
    if found is None:
        return None
    file, unit = found
    return Unit(parsed(decoded(read_bytes(file), file), file, unit))


def numbers_of(values: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Values as numbers and arrays."""
    arrays = arrays_in(values, seed)
    return {
        name: arrays[name] if name in arrays else number(name, value)
        for name, value in values.items()
    }
