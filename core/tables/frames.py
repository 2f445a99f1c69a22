"""Polars, or a message that says how to get it."""

from __future__ import annotations

from typing import Any

from backprop.errors import UsageError

try:
    import polars
except ImportError:
    raise UsageError(
        "tables are read and written by Polars, which is not installed",
        hint="pip install 'backprop-cli[batch]'",
    ) from None

Frame = Any  # a polars.DataFrame
__all__ = ["Frame", "polars"]
