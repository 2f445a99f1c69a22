"""Fields of text that are numbers, or are none."""

from __future__ import annotations

import re
from typing import Any

from backprop.tables.frames import polars

COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII)  # a decimal comma
SHOWN = 30  # characters of a field that a message shows
TRUTHS = {"true": "1", "false": "0"}  # also as True and TRUE


def numbers_in(texts: Any, decimal: str = ".") -> Any:
    """An expression of texts as what Polars reads as numbers, true and false among them."""
    found = texts.str.strip_chars()
    if decimal != ".":
        found = found.str.replace_all(".", "?", literal=True).str.replace(
            decimal, ".", literal=True
        )
    lowered = found.str.to_lowercase()
    for word, number in TRUTHS.items():
        found = polars.when(lowered == word).then(polars.lit(number)).otherwise(found)
    return found


def described(text: str | None) -> str:
    """A field that is no number."""
    if text is None or not text.strip():
        return "empty"
    shown = text if len(text) <= SHOWN else text[:SHOWN] + "..."
    instead = f": {text.strip().replace(',', '.')} is" if COMMA.fullmatch(text.strip()) else ""
    more = " (or --decimal ,)" if instead else ""
    return f'"{shown}", which is not a number{instead}{more}'
